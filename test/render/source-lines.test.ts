import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locateFindings } from "../../src/render/source-lines.ts";
import { outlineOf } from "../../src/support/yaml-outline.ts";
import { finding, model, richVerdict, subject, verdict } from "./build.ts";

const YML = `version: 2

models:
  - name: stg_orders   # the first
    description: |
      - name: stg_orders
        columns:
          - name: customer_id
    config:
      tags: [a, b]
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          arguments:
            combination_of_columns: [a, b]
    columns:
      - name: order_id
        data_tests: [unique, not_null]
      - description: "The customer who
          - name: odd"
        name: "customer_id"
        tests:
          - not_null
          - relationships:
              to: ref('stg_customers')
              field: customer_id
          - accepted_values: { values: [1] }
          - accepted_values: { values: [2] }
          - not_null:
              name: customers_are_known
              where: "a = 1"

  - name: stg_customers
    columns: &columns
    - name: id
      data_tests:
      - unique
  - name: aliased
    columns: *columns
  - name: twice
  - name: twice

sources:
  - name: billing
    tables:
      - name: payments
        columns:
          - {name: id, data_tests: [unique]}
          - name: amount
            data_tests:
              - not_null

unit_tests:
- name: cancelled_orders_are_no_revenue
  model: stg_orders
`;

const lineOf = (text: string, nth = 0) =>
  YML.split("\n").flatMap((line, index) => (line.includes(text) ? [index + 1] : []))[nth] ?? null;

function locate(given: ReturnType<typeof subject>, text: string | null = YML): number | null {
  const { findings } = locateFindings(verdict({ findings: [finding({ subject: given })] }), () => text, outlineOf);
  const located = findings[0]?.subject;
  return located?.kind === "node" ? located.line : null;
}

it.each([
  ["line breaks of Windows", "models:\r\n- name: orders\r\n"],
  ["the mark of an editor of Windows", "\ufeffmodels:\n- name: orders\n"],
])("finds what is declared in a file with %s", (_, text) => {
  const { findings } = locateFindings(
    verdict({ findings: [finding({ subject: model("orders", { path: "a.yml" }) })] }),
    () => text,
    outlineOf,
  );

  expect(findings[0]?.subject).toMatchObject({ line: 2 });
});

describe("locating a test in yml", () => {
  const onOrders = (name: string, test: string, column: string | null = "customer_id") =>
    subject({ name, test, column });

  it.each([
    ["a test by its name", onOrders("not_null_stg_orders_customer_id", "not_null"), lineOf("          - not_null")],
    [
      "a test with arguments",
      onOrders("relationships_stg_orders_customer_id__customer_id__ref_stg_customers_", "relationships"),
      lineOf("- relationships"),
    ],
    ["a test with a name of its own", onOrders("customers_are_known", "not_null"), lineOf("          - not_null:")],
    [
      "a test of a package on a whole model",
      onOrders("dbt_utils_unique_combination_of_columns_stg_orders_a__b", "unique_combination_of_columns", null),
      lineOf("- dbt_utils"),
    ],
    [
      "the column, where two tests could be meant",
      onOrders("accepted_values_stg_orders_customer_id__1", "accepted_values"),
      lineOf('- description: "The customer'),
    ],
    [
      "a test in a list on one line",
      onOrders("unique_stg_orders_order_id", "unique", "order_id"),
      lineOf("data_tests: [unique, not_null]"),
    ],
    [
      "the model, where the column is not to be seen",
      onOrders("unique_stg_orders_gone", "unique", "gone"),
      lineOf("- name: stg_orders"),
    ],
    [
      "a list that stands at its key's column",
      subject({
        test: "unique",
        name: "unique_stg_customers_id",
        attachedTo: "model.shop.stg_customers",
        column: "id",
      }),
      lineOf("      - unique"),
    ],
    [
      "the model, behind an alias",
      subject({ test: "unique", name: "unique_aliased_id", attachedTo: "model.shop.aliased", column: "id" }),
      lineOf("- name: aliased"),
    ],
    [
      "a test on a source",
      subject({
        test: "not_null",
        name: "source_not_null_billing_payments_amount",
        attachedTo: "source.shop.billing.payments",
        column: "amount",
      }),
      lineOf("              - not_null"),
    ],
    [
      "a test of a source's column that is written in braces",
      subject({
        test: "unique",
        name: "source_unique_billing_payments_id",
        attachedTo: "source.shop.billing.payments",
        column: "id",
      }),
      lineOf("- {name: id"),
    ],
    [
      "a source",
      subject({ id: "source.shop.billing.payments", name: "payments", type: "source", attachedTo: null, column: null }),
      lineOf("- name: payments"),
    ],
    [
      "a unit test",
      subject({ name: "cancelled_orders_are_no_revenue", type: "unit_test" }),
      lineOf("- name: cancelled"),
    ],
    [
      "nothing, where a name is there twice",
      subject({ test: "unique", name: "unique_twice_id", attachedTo: "model.shop.twice", column: "id" }),
      null,
    ],
    ["nothing, where the model is elsewhere", subject({ attachedTo: "model.shop.gone" }), null],
  ])("finds %s", (_, given, line) => {
    expect(locate(given)).toBe(line);
  });

  it("finds line 1 of a file that is the test or the model", () => {
    expect(locate(model("fct_orders"), "select 1")).toBe(1);
    expect(locate(subject({ path: "tests/refunds.sql", attachedTo: null }), "select 1")).toBe(1);
  });

  it("says nothing of a file that is not there, and keeps a line that is known", () => {
    expect(locate(model("fct_orders"), null)).toBeNull();
    expect(locate(model("fct_orders", { path: null }), "select 1")).toBeNull();
    expect(locate(subject({ line: 7 }))).toBe(7);
  });

  it("reads a file once", () => {
    const read: string[] = [];

    locateFindings(
      verdict({ findings: [finding(), finding(), finding({ subject: { kind: "run", what: "queue-timeout" } })] }),
      (path) => {
        read.push(path);
        return null;
      },
      outlineOf,
    );

    expect(read).toEqual(["models/staging/_staging.yml"]);
  });

  it("finds the tests of the example project where a person would look", () => {
    const withoutLines = richVerdict().findings.map((each) =>
      each.subject.kind === "node" ? { ...each, subject: { ...each.subject, line: null } } : each,
    );

    const read = (path: string) => readFileSync(`examples/shop/${path}`, "utf8");
    const { findings } = locateFindings(verdict({ findings: withoutLines }), read, outlineOf);

    const lines = findings.map(({ subject }) => {
      if (subject.kind === "run" || subject.path === null || subject.line === null) return null;
      return readFileSync(`examples/shop/${subject.path}`, "utf8").split("\n")[subject.line - 1]?.trim();
    });
    expect(lines[0]).toBe("- relationships:");
    expect(lines[2]).toBe("- name: cancelled_orders_are_no_revenue");
    expect(lines[3]).toBe("- not_null:");
    expect(lines[4]).toBe("- name: payments");
  });
});

describe("the outline of a yml file", () => {
  it("knows every form of a key and a value, and its line", () => {
    const keys = (text: string) => outlineOf(text).map(({ key, value, line }) => `${line} ${key}=${value}`);

    expect(keys("a: >-\n  b: 1\n\n  c: 2\nd: 'x # y' # z\n# e: 1\n'f g': 3\n? [h]\n: i\n1.10: 1.20\nk: *k\n")).toEqual([
      "1 a=b: 1\nc: 2",
      "5 d=x # y",
      "7 f g=3",
      "8 null=i",
      "10 1.10=1.20",
      "11 k=null",
    ]);
    expect(keys('a: "one\n  b: two"\nc: https://x # y')).toEqual(["1 a=one b: two", "3 c=https://x"]);
  });

  it("is empty where the text is not YAML, or too deep to be read", () => {
    expect(outlineOf("a: 1\nb: c: d\n")).toEqual([]);
    expect(outlineOf("- ".repeat(5000))).toEqual([]);
  });

  it("never throws and never invents a line", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "- ",
            "name: ",
            "a",
            ":",
            "\n",
            "  ",
            "#",
            "'",
            '"',
            "|",
            ">",
            "[",
            "{",
            "&",
            "*",
            "\t",
            "\r\n",
          ),
        ),
        (parts) => {
          const text = parts.join("");
          const lines = text.split(/\r?\n/).length;
          const all = (entries: ReturnType<typeof outlineOf>): number[] =>
            entries.flatMap(({ line, children }) => [line, ...all(children)]);

          expect(all(outlineOf(text)).every((line) => line >= 1 && line <= lines)).toBe(true);
        },
      ),
    );
  });
});
