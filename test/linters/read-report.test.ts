import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ReportFormat, readToolEnd } from "../../src/linters/read-report.ts";
import { readSarif } from "../../src/linters/sarif.ts";
import type { ToolReport } from "../../src/linters/tool-report.ts";

const same = (text: string) => text;

function read(report: string | null, format: ReportFormat, exitCode: number | null = 1, lastWords = ""): ToolReport {
  return readToolEnd({ exitCode, report, lastWords }, format, same);
}

function told(report: ToolReport): readonly string[] {
  if (report.kind === "unread") return [report.why];
  return report.remarks.map(
    ({ rule, file, firstLine, lastLine, column, isMild, isOfFile, message }) =>
      `${rule} ${file} ${isOfFile ? "whole" : `${firstLine}-${lastLine}:${column}`} ${isMild ? "mild " : ""}${message.slice(0, 60)}`,
  );
}

const outputOf = (name: string) => readFileSync(new URL(`outputs/${name}`, import.meta.url), "utf8");

describe("what real tools print", () => {
  it.each<[string, ReportFormat, readonly string[], readonly string[] | null]>([
    [
      "sqlfluff-4.4.0.json",
      "sqlfluff",
      [
        "LT01 models/marts/finance/fct_orders.sql 15-15:13 Expected single whitespace between naked identifier and bina",
        "LT01 models/marts/finance/fct_orders.sql 15-15:14 Expected single whitespace between binary operator '-' and n",
        "CP01 models/marts/finance/fct_orders.sql 15-15:27 Keywords must be consistently lower case.",
        "LT01 models/marts/finance/fct_orders.sql 15-15:37 Unnecessary trailing whitespace.",
      ],
      ["models/marts/finance/fct_orders.sql", "models/staging/stg_orders.sql"],
    ],
    [
      "sqlfluff-4.4.0-unknown-macro.json",
      "sqlfluff",
      ["TMP undef.sql whole mild not linted: Undefined jinja template variable: 'mypkg'"],
      ["clean.sql", "undef.sql"],
    ],
    [
      "sqlfluff-4.4.0.sarif",
      "sarif",
      [
        "LT01 models/marts/finance/fct_orders.sql 15-15:13 Expected single whitespace between naked identifier and bina",
      ],
      null,
    ],
    [
      "sqruff-0.44.0.sarif",
      "sarif",
      ['LT01 models/marts/finance/fct_orders.sql 15-15:13 Expected single whitespace between "paid_eur" and "-".'],
      null,
    ],
    [
      "sqruff-0.44.0-no-jinja.sarif",
      "sarif",
      [
        "TMP models/marts/finance/fct_orders.sql whole mild not linted: Failed to template file models/marts/finance/fct",
      ],
      null,
    ],
    [
      "sqruff-0.44.0-no-bracket.sarif",
      "sarif",
      ["???? models/marts/finance/zz.sql whole mild not linted: Couldn't find closing bracket for opening bracke"],
      null,
    ],
    [
      "dbt-bouncer-4.3.0.sarif",
      "sarif",
      [
        "check_model_has_unique_test:2:stg_payments models/staging/stg_payments.sql whole mild `stg_payments` does not have a test for uniqueness of a colu",
        "check_model_has_unique_test:2:stg_products models/staging/stg_products.sql whole mild `stg_products` does not have a test for uniqueness of a colu",
        "check_source_freshness_populated:3:shop_order_items models/staging/_sources.yml whole `shop.order_items` does not have a populated freshness.",
      ],
      null,
    ],
  ])("%s", (name, format, first, files) => {
    const report = read(outputOf(name), format);

    expect(told(report).slice(0, first.length)).toEqual(first);
    expect(report.kind === "read" && report.files && [...report.files].sort()).toEqual(files);
  });
});

const ran = (run: object) => JSON.stringify({ version: "2.1.0", runs: [run] });
const result = (fields: object = {}) => ({ ruleId: "R1", level: "error", message: { text: "no" }, ...fields });
const at = (uri: string, region?: object) => [{ physicalLocation: { artifactLocation: { uri }, region } }];

describe("a tool that did not do its work is none without findings", () => {
  it.each<[string, string | null, ReportFormat, number | null, RegExp]>([
    ["prints nothing and says that all is well", "", "sqlfluff", 0, /^ended with exit code 0 and gave no report/],
    ["prints nothing, as sqruff where it crashes", "\n", "sarif", 1, /exit code 1 and gave no report: panicked at/],
    ["leaves no file", null, "sarif", 1, /gave no report/],
    ["fails, whatever it prints", "[]", "sqlfluff", 2, /^failed with exit code 2: panicked at/],
    ["was killed", "[]", "sqlfluff", null, /^was ended by a signal/],
    [
      "prints for people",
      "== [a.sql] FAIL\nL: 1",
      "sqlfluff",
      1,
      /gave no JSON \(its format has to be --format json\), but "== \[a/,
    ],
    ["is cut off", '[{"filepath": "a.sql", "vio', "sqlfluff", 1, /gave no JSON/],
    ["prints an error in JSON", '{"error": "no"}', "sqlfluff", 0, /not sqlfluff's: no list/],
    ["prints another list", "[1]", "sqlfluff", 0, /a file without filepath or violations/],
    ["reports nothing and ends with 1", "[]", "sqlfluff", 1, /exit code 1 and a report of nothing/],
    ["prints what is no SARIF", "[]", "sarif", 0, /no SARIF: it has no runs/],
    ["prints SARIF 1", '{"version": "1.0.0", "runs": []}', "sarif", 0, /version "1.0.0", where 2.1.0/],
    ["did not look at anything", '{"version": "2.1.0", "runs": []}', "sarif", 0, /without a run/],
    ["did not compute results", ran({}), "sarif", 0, /has no results/],
    ["has null for results", ran({ results: null }), "sarif", 0, /has no results/],
    [
      "says that it failed",
      ran({
        results: [],
        invocations: [
          { executionSuccessful: false, toolExecutionNotifications: [{ message: { text: "no manifest" } }] },
        ],
      }),
      "sarif",
      0,
      /did not succeed: no manifest/,
    ],
  ])("%s", (_, report, format, exitCode, why) => {
    const end = read(report, format, exitCode, "panicked at discovery.rs");

    expect(end.kind).toBe("unread");
    expect(told(end)[0]).toMatch(why);
  });

  it("reads a report of nothing from one that ended well", () => {
    expect(read("[]", "sqlfluff", 0)).toEqual({ kind: "read", remarks: [], files: [] });
    expect(read(`\uFEFF${ran({ results: [] })}`, "sarif", 0)).toEqual({ kind: "read", remarks: [], files: null });
  });
});

describe("SARIF", () => {
  it.each<[string, object, object, readonly string[]]>([
    [
      "a place",
      {},
      result({ locations: at("a.sql", { startLine: 3, endLine: 5, startColumn: 2 }) }),
      ["R1 a.sql 3-5:2 no"],
    ],
    ["no place", {}, result(), ["R1 null whole no"]],
    [
      "line 1 and nothing more is the file",
      {},
      result({ locations: at("a.sql", { startLine: 1 }) }),
      ["R1 a.sql whole no"],
    ],
    ["line 1 with a column", {}, result({ locations: at("a", { startLine: 1, startColumn: 1 }) }), ["R1 a 1-1:1 no"]],
    ["what is no line", {}, result({ locations: at("a", { startLine: "1", startColumn: -1 }) }), ["R1 a whole no"]],
    ["a line beyond any file", {}, result({ locations: at("a", { startLine: 1e300 }) }), ["R1 a whole no"]],
    ["a URI", {}, result({ locations: at("file:///repo/a%20b.sql") }), ["R1 /repo/a b.sql whole no"]],
    ["a URI with its host", {}, result({ locations: at("file://localhost/repo/a.sql") }), ["R1 /repo/a.sql whole no"]],
    ["a broken URI", {}, result({ locations: at("a%zz.sql") }), ["R1 a%zz.sql whole no"]],
    [
      "a base",
      { originalUriBaseIds: { SRC: { uri: "models/", uriBaseId: "TOP" }, TOP: { uri: "file:///repo/" } } },
      result({ locations: [{ physicalLocation: { artifactLocation: { uri: "a.sql", uriBaseId: "SRC" } } }] }),
      ["R1 /repo/models/a.sql whole no"],
    ],
    [
      "a base in a circle",
      { originalUriBaseIds: { A: { uri: "x/", uriBaseId: "A" } } },
      result({ locations: [{ physicalLocation: { artifactLocation: { uri: "a.sql", uriBaseId: "A" } } }] }),
      ["R1 x/x/x/x/x/a.sql whole no"],
    ],
    [
      "a listed file",
      { artifacts: [{ location: { uri: "b.sql" } }] },
      result({ locations: [{ physicalLocation: { artifactLocation: { index: 0 } } }] }),
      ["R1 b.sql whole no"],
    ],
    ["a warning", {}, result({ level: "warning" }), ["R1 null whole mild no"]],
    ["no level", {}, result({ level: undefined }), ["R1 null whole mild no"]],
    [
      "the level and the text of its rule",
      {
        tool: {
          driver: {
            rules: [
              { id: "R9", defaultConfiguration: { level: "error" }, messageStrings: { m: { text: "{0} of {1} {2}" } } },
            ],
          },
        },
      },
      { ruleIndex: 0, message: { id: "m", arguments: ["a", "b"] } },
      ["R9 null whole a of b {2}"],
    ],
    [
      "of a text with many holes, the beginning",
      { tool: { driver: { rules: [{ id: "R9", messageStrings: { m: { text: "{0}".repeat(600) } } }] } } },
      { ruleId: "R9", message: { id: "m", arguments: ["a"] } },
      [`R9 null whole mild ${"a".repeat(20)}`],
    ],
    ["no rule and no message", {}, {}, ["unnamed null whole mild "]],
    ["level none", {}, result({ level: "none" }), []],
    ["what passed", {}, result({ kind: "pass" }), []],
    ["what is suppressed", {}, result({ suppressions: [{ kind: "inSource" }] }), []],
    ["what somebody wants suppressed", {}, result({ suppressions: [{ status: "underReview" }] }), ["R1 null whole no"]],
    ["what is gone", {}, result({ baselineState: "absent" }), []],
    ["what is no result", {}, ["x"], ["unnamed null whole mild "]],
  ])("%s", (_, run, each, expected) => {
    expect(told(read(ran({ ...run, results: [each] }), "sarif", 0))).toEqual(expected);
  });

  it("is read in a moment where each of many results names the same long base, or has nonsense for a word", () => {
    const location = [{ physicalLocation: { artifactLocation: { uri: "a.sql", uriBaseId: "A" } } }];
    const bases = { A: { uri: "x".repeat(1e6), uriBaseId: "A" } };
    const results = Array.from({ length: 5000 }, () => result({ locations: location }));
    const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

    expect(told(read(ran({ originalUriBaseIds: bases, results }), "sarif", 0)).at(-1)).toBe("R1 null whole no");
    const odd = `{"version":"2.1.0","runs":[{"results":[{"kind":${nested},"level":${nested},"ruleId":${nested}}]}]}`;
    expect(told(read(odd, "sarif", 0))).toEqual(["unnamed null whole mild "]);
  });

  it("decodes a place once, however many results name it", () => {
    let reads = 0;
    const location = {
      get uri() {
        reads += 1;
        return "b%20c.sql";
      },
    };
    const named = result({ locations: [{ physicalLocation: { artifactLocation: { index: 0 } } }] });
    const readsOf = (results: readonly object[]) => {
      reads = 0;
      const report = readSarif({ version: "2.1.0", runs: [{ artifacts: [{ location }], results }] });
      return { reads, told: new Set(told(report)) };
    };

    expect(readsOf(Array.from({ length: 9 }, () => named))).toEqual(readsOf([named]));
    expect(readsOf([named]).told).toEqual(new Set(["R1 b c.sql whole no"]));
  });

  it("is read in a moment where it is deep, and cut where its texts are long", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const report = read(
      `{"version":"2.1.0","runs":[{"results":[{"message":{"text":"${"x".repeat(1e6)}"},"locations":${deep}}]}]}`,
      "sarif",
      0,
    );

    expect(report.kind === "read" && report.remarks.map(({ message }) => message.length)).toEqual([2000]);
  });
});
