import { describe, expect, it } from "vitest";
import { withToldErrors } from "../../src/dbt/told-errors.ts";
import { NOTHING_SEEN, observe } from "../../src/dbt/watch.ts";

const ERROR = `[error]: Error materializing test test.shop.a (target/run/a.sql)
  Catalog Error: Table with name b does not exist!. Treating as failing test.`;

function log(...events: readonly { name: string; level: string; msg: string; id?: string }[]) {
  return events
    .map(({ id, ...info }) => JSON.stringify({ data: id === undefined ? {} : { node_info: { unique_id: id } }, info }))
    .reduce((progress, line) => observe(progress, line, 0), NOTHING_SEEN);
}
const error = (msg: string, id?: string) => ({
  ...{ name: "Generic", level: "error", msg },
  ...(id === undefined ? {} : { id }),
});
const failedQuery = (id: string) => ({
  ...{ name: "SQLQuery", level: "debug", id },
  msg: "-- created_at: 1\n-- outcome: error\n-- error message: Internal: Catalog Error: no b\nLINE 1: b\n-- dialect: duckdb\nselect",
});
const rows = (...results: readonly Record<string, unknown>[]) => JSON.stringify({ args: { which: "build" }, results });
const read = (text: string | null) => (text === null ? null : JSON.parse(text).results);

describe("what dbt 2 tells in its log alone", () => {
  it("is the error of a test whose query failed, and whose row tells of failures", () => {
    const row = { unique_id: "test.shop.a", status: "fail", message: "Error", failures: 1 };

    expect(read(withToldErrors(rows(row), log(error(ERROR, "test.shop.a")), 1))).toEqual([
      {
        unique_id: "test.shop.a",
        status: "error",
        failures: null,
        message:
          "Error materializing test test.shop.a (target/run/a.sql)\n  Catalog Error: Table with name b does not exist!",
      },
    ]);
  });

  it("is the query that failed of a test that warns of nothing", () => {
    const row = { unique_id: "test.shop.a", status: "warn", message: "Warn", failures: 0 };
    const found = { ...row, unique_id: "test.shop.b", failures: 3 };
    const progress = log(failedQuery("test.shop.a"), failedQuery("test.shop.b"));

    expect(read(withToldErrors(rows(row, found), progress, 0))).toEqual([
      { ...row, message: "its query failed: Catalog Error: no b\nLINE 1: b", failures: null },
      found,
    ]);
  });

  it("is why a node did not compile where others did", () => {
    const ran = { unique_id: "model.shop.b", status: "success", message: "Succeeded" };
    const row = { unique_id: "model.shop.a", status: "error", message: "Compilation Error" };
    const progress = log(error("[error] [JinjaError (dbt1501)]: no such thing", "model.shop.a"));

    expect(read(withToldErrors(rows(row, ran), progress, 1))).toEqual([
      { ...row, message: "[JinjaError (dbt1501)]: no such thing" },
      ran,
    ]);
  });

  it.each([
    ["has none", []],
    ["are all the same", [{ unique_id: "model.shop.a", status: "error", message: "Compilation Error" }]],
  ])("says more than the results of a project that does not compile: of rows it %s", (_, results) => {
    const progress = log(error("[error] [DependencyNotFound (dbt1048)]: Ref 'a' not found\n  --> b.sql:1:15\n"));

    expect(progress.lastWords).toBe("[DependencyNotFound (dbt1048)]: Ref 'a' not found\n  --> b.sql:1:15");
    expect(withToldErrors(rows(...results), progress, 1)).toBe("uncompiled");
    expect(withToldErrors(rows(...results), progress, 0)).toBeNull();
  });

  it.each([
    ["a row says why itself", rows({ unique_id: "test.shop.a", status: "error", message: "Database Error" })],
    ["a test did fail", rows({ unique_id: "test.shop.b", status: "fail", message: "Error", failures: 2 })],
    ["a query that failed was of no account", rows({ unique_id: "model.shop.q", status: "success", message: "OK" })],
    ["the file is cut short", '{"results":['],
    ["the file is none", '{"results":1}'],
  ])("changes nothing where %s", (_, text) => {
    expect(withToldErrors(text, log(error(ERROR, "test.shop.a"), failedQuery("model.shop.q")), 1)).toBeNull();
  });

  it("leaves out that it was stopped, which is known", () => {
    expect(log(error("[error] [OperationCanceled (dbt8995)]: Operation cancelled")).lastWords).toBeNull();
  });

  it("is kept to a few thousand characters, whole errors", () => {
    const each = "[error] [X (dbt1)]: ".concat("x".repeat(900));
    const { lastWords } = log(...Array.from({ length: 50 }, () => error(each)));

    expect(lastWords?.split("\n")).toHaveLength(4);
  });
});
