import { describe, expect, it } from "vitest";
import type { DbtRun } from "../../src/artifacts/dbt-run.ts";
import type { Diagnostic } from "../../src/artifacts/diagnostics.ts";
import { type JudgeInput, judge } from "../../src/severity/judge.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { aDbtRun, aManifest, aNode, aResult, aTest } from "../artifacts/build.ts";
import { matchesStar } from "./build.ts";

const ORDERS = "model.shop.orders";
const UNTIL = { until: "2026-12-15", reason: "DATA-12" };

const warning = (overrides: Partial<Diagnostic> = {}): Diagnostic => ({
  ...{ severity: "warn", name: "SyntaxInvalid", code: "dbt0101", text: "mismatched input", id: null },
  place: { path: "models/orders.sql", line: 3, column: 10 },
  ...overrides,
});
const inYml = (overrides: Partial<Diagnostic> = {}) =>
  warning({ ...{ name: "NoNodeForYamlKey", code: "dbt1089", text: "Unused entry" }, ...overrides });
const YML = { path: "models/schema.yml", line: null, column: null };
const OF_PROJECT = inYml({ place: YML });

function verdictOf(
  diagnostics: readonly Diagnostic[],
  { run = {}, ...input }: Partial<JudgeInput> & { readonly run?: Partial<DbtRun> } = {},
): Verdict {
  return judge({
    runs: [aDbtRun([aResult(ORDERS, "success")], { diagnostics, ...run })],
    manifest: aManifest([
      aNode("orders", { meta: { owner: "ana" } }),
      aTest("not_null_orders", [ORDERS]),
      aNode("other", { package: "kit" }),
    ]),
    place: { folders: new Map([["kit", "packages/kit"]]), packages: "dbt_packages", projectDir: "transform" },
    rules: [],
    matches: matchesStar,
    now: Date.parse("2026-11-25T08:00:00Z"),
    base: null,
    ...input,
  });
}

describe("a warning about code", () => {
  it("is a finding of the node whose file it is in, with owner and line, which has not passed then", () => {
    expect(verdictOf([warning()])).toMatchObject({
      level: "warn",
      findings: [
        {
          subject: { id: ORDERS, path: "models/orders.sql", line: 3, owner: "ana" },
          ...{ severity: "warn", status: "warn", failureClass: "code", skipped: [], failures: null },
          message: "SyntaxInvalid (dbt0101): mismatched input\n  --> models/orders.sql:3:10",
          places: [
            { path: "models/orders.sql", line: 3, column: 10, message: "SyntaxInvalid (dbt0101): mismatched input" },
          ],
        },
      ],
      passed: [],
    });
  });

  it("is one of the project where no node has the place, all of them in one", () => {
    const { findings } = verdictOf([OF_PROJECT, inYml({ place: { ...YML, line: 4, column: 2 } })]);

    expect(findings).toMatchObject([
      {
        subject: { kind: "run", what: "project" },
        message:
          "NoNodeForYamlKey (dbt1089): Unused entry\n  --> models/schema.yml\nNoNodeForYamlKey (dbt1089): Unused entry\n  --> models/schema.yml:4:2",
        places: [{ line: null }, { line: 4 }],
      },
    ]);
  });

  it("is told once, whatever start and however often dbt says it", () => {
    const named = warning({ id: ORDERS });
    const runs = [1, 2].map((startedAt) =>
      aDbtRun([aResult(ORDERS, "success")], { startedAt, diagnostics: [warning(), named, OF_PROJECT] }),
    );

    const { findings } = verdictOf([], { runs });

    expect(findings.map(({ places }) => places?.length)).toEqual([1, 1]);
  });

  it("stands behind what went wrong with the node itself", () => {
    const rows = [aResult(ORDERS, "error", { message: "Parser Error" })];

    const { findings } = verdictOf([], { runs: [aDbtRun(rows, { exitCode: 1, diagnostics: [warning()] })] });

    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      ...{ severity: "error", status: "error", subject: { id: ORDERS, line: 3 } },
      message: "Parser Error\nSyntaxInvalid (dbt0101): mismatched input\n  --> models/orders.sql:3:10",
    });
  });

  it.each<[what: string, diagnostic: Diagnostic]>([
    ["a package", inYml({ place: { ...YML, path: "dbt_packages/kit/models/schema.yml" } })],
    ["a local package", inYml({ place: { ...YML, path: "packages/kit/models/schema.yml" } })],
    ["a node of a package", warning({ id: "model.shop.other" })],
    ["dbt's adapters", inYml({ place: { ...YML, path: "dbt_internal_packages/dbt-duckdb/macros/x.sql" } })],
    ["no file of the repository", inYml({ place: { ...YML, path: "../../etc/passwd" } })],
    ["an absolute path", inYml({ place: { ...YML, path: "/etc/passwd" } })],
    ["what is no error of a node, and would be dbt's end", inYml({ severity: "error", place: YML })],
  ])("is none of the project's in %s", (_, diagnostic) => {
    expect(verdictOf([diagnostic])).toMatchObject({ level: "pass", findings: [], passed: [ORDERS] });
  });

  it("is no warning where nothing was built", () => {
    expect(verdictOf([OF_PROJECT], { runs: [aDbtRun([], { diagnostics: [OF_PROJECT] })] }).level).toBe("nothing");
  });

  describe("and the rules", () => {
    const level = (rules: JudgeInput["rules"], found = [warning(), OF_PROJECT]) =>
      verdictOf(found, { rules }).findings.map(({ subject, severity, muted }) => [
        subject.kind,
        severity,
        muted !== null,
      ]);

    it.each<[what: string, rules: JudgeInput["rules"], found: ReturnType<typeof level>]>([
      [
        "ignore it by its number",
        [{ match: { rule: "dbt1089" }, severity: "ignore", ...UNTIL }],
        [["node", "warn", false]],
      ],
      ["by its name", [{ match: { rule: "Syntax*" }, severity: "ignore", ...UNTIL }], [["run", "warn", false]]],
      ["by its file", [{ match: { path: "models/schema*" }, severity: "ignore", ...UNTIL }], [["node", "warn", false]]],
      [
        "make an error of it, by the owner of its node",
        [{ match: { owner: "ana" }, severity: "error" }],
        [
          ["node", "error", false],
          ["run", "warn", false],
        ],
      ],
      [
        "mute it",
        [{ match: { tool: "dbt" }, mute: true, ...UNTIL }],
        [
          ["node", "warn", true],
          ["run", "warn", true],
        ],
      ],
      [
        "are asked for each",
        [{ match: { tool: "sqlfluff" }, severity: "error" }],
        [
          ["node", "warn", false],
          ["run", "warn", false],
        ],
      ],
    ])("%s", (_, rules, found) => {
      expect(level(rules)).toEqual(found);
    });

    it("mute what holds several only where they mute each", () => {
      const rules: JudgeInput["rules"] = [{ match: { rule: "dbt1089" }, mute: true, ...UNTIL }];

      expect(level(rules, [OF_PROJECT, inYml({ code: "dbt1", place: YML })])).toEqual([["run", "warn", false]]);
    });
  });
});

describe("an error in the code that ends dbt", () => {
  it("gives the finding about the run its places", () => {
    const lastWords = "[UnusedConfigKey (dbt1060)]: Ignored unexpected key";
    const diagnostics = [inYml({ severity: "error", place: { ...YML, line: 6, column: 5 } })];

    const { findings } = verdictOf([], {
      runs: [aDbtRun([], { exitCode: 1, results: null, trouble: "missing", lastWords, diagnostics })],
    });

    expect(findings).toMatchObject([
      {
        subject: { what: "dbt-failed" },
        message: lastWords,
        places: [{ path: "models/schema.yml", line: 6, column: 5 }],
      },
    ]);
  });
});
