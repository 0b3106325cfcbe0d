import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/artifacts/manifest.ts";
import { readManifest } from "../../src/artifacts/manifest.ts";
import { judge } from "../../src/severity/judge.ts";
import { exitCodeOf, saysMoreThanTools } from "../../src/severity/outcome.ts";
import type { Rule } from "../../src/severity/rules.ts";
import type { Remark, ToolRun } from "../../src/severity/tool-findings.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { matchesStar } from "./build.ts";

const model = (name: string) => ({
  ...{ unique_id: `model.shop.${name}`, resource_type: "model", name, package_name: "shop", tags: ["daily"] },
  ...{ original_file_path: `models/${name}.sql`, config: { group: "finance" }, group: "finance" },
});
const MANIFEST: Manifest = readManifest(
  JSON.stringify({
    metadata: { project_name: "shop" },
    nodes: { "model.shop.orders": model("orders") },
    groups: { "group.shop.finance": { name: "finance", owner: { name: "Finance", slack: "S0FINANCE1" } } },
  }),
  "manifest.json",
);

const remark = (overrides: Partial<Remark> = {}): Remark => ({
  ...{ rule: "LT01", message: "Unnecessary trailing whitespace.", isMild: false },
  ...{ path: "models/orders.sql", line: 3, column: 7, ...overrides },
});
const tool = (overrides: Partial<ToolRun> = {}): ToolRun => ({
  ...{ tool: "sqlfluff", severity: "warn", state: "ran", why: null, files: 2, filesLeftOut: 0 },
  ...{ remarks: [remark()], elsewhere: 1, seconds: 1, ...overrides },
});
const failed = tool({ state: "failed", why: "failed with exit code 2: no dialect", remarks: [] });

function judged(tools: readonly ToolRun[], rules: readonly Rule[] = []): Verdict {
  const place = { folders: new Map(), projectDir: "dbt" };
  return judge({
    runs: [],
    manifest: MANIFEST,
    place,
    rules,
    matches: matchesStar,
    now: 0,
    base: { findings: [] },
    tools,
  });
}
const severities = ({ findings }: Verdict) => findings.map(({ severity }) => severity);
const exitOf = (verdict: Verdict, failOn: "error" | "warn" | "never" = "error") =>
  exitCodeOf({ kind: "verdict", verdict }, { failOn, nothing: "fine", undelivered: false });

describe("a remark of a tool", () => {
  it("is a finding with the node, the owner and the group of its file", () => {
    const [finding] = judged([tool()]).findings;

    expect(finding).toMatchObject({
      subject: {
        ...{ kind: "tool", tool: "sqlfluff", rule: "LT01", path: "models/orders.sql", line: 3, column: 7 },
        ...{ id: "model.shop.orders", name: "orders", owner: "Finance", ownerSlack: "S0FINANCE1", tags: ["daily"] },
      },
      ...{ severity: "warn", status: "LT01", message: "Unnecessary trailing whitespace.", isNew: null },
    });
  });

  it("has the name of its file where that is no node's", () => {
    expect(judged([tool({ remarks: [remark({ path: "macros/money.sql" })] })]).findings[0]?.subject).toMatchObject({
      ...{ id: null, name: "money.sql", owner: null },
    });
  });

  it.each<[string, Partial<ToolRun>, Partial<Remark>, Rule["severity"] | null, readonly string[]]>([
    ["a warning", {}, {}, null, ["warn"]],
    ["an error where the tool is to give errors", { severity: "error" }, {}, null, ["error"]],
    ["a warning where the tool itself says so", { severity: "error" }, { isMild: true }, null, ["warn"]],
    ["what a rule makes of it", {}, {}, "error", ["error"]],
    ["none where a rule ignores it", {}, {}, "ignore", []],
  ])("is %s", (_, run, overrides, severity, expected) => {
    const rules = severity === null ? [] : [{ match: { tool: "sql*", rule: "LT*", owner: "Finance" }, severity }];

    expect(severities(judged([tool({ ...run, remarks: [remark(overrides)] })], rules))).toEqual(expected);
  });

  it("is not what dbt's word for a result is about", () => {
    const rules: Rule[] = [{ match: { status: "*" }, severity: "error" }];

    expect(severities(judged([tool()], rules))).toEqual(["warn"]);
  });

  it("fails the run where warnings do, and is no verdict on a build", () => {
    const verdict = judged([tool()]);

    expect([exitOf(verdict), exitOf(verdict, "warn"), saysMoreThanTools(verdict)]).toEqual([0, 1, false]);
  });

  it("is listed with the worst 500 of its tool, in the order of the file; the others are counted", () => {
    const remarks = Array.from({ length: 600 }, (_, index) => remark({ line: 600 - index, isMild: index !== 10 }));
    const verdict = judged([tool({ severity: "error", remarks })]);

    expect(verdict.findings.length).toBe(500);
    expect(
      verdict.findings.slice(0, 3).map(({ severity, subject }) => [severity, subject.kind === "tool" && subject.line]),
    ).toEqual([
      ["error", 590],
      ["warn", 101],
      ["warn", 102],
    ]);
    expect(verdict.tools).toMatchObject([{ found: 600, cut: 100, elsewhere: 1 }]);
  });
});

describe("a tool that failed", () => {
  it("is an error of its own kind, exit 3, which no rule and no policy takes away", () => {
    const verdict = judged([failed], [{ match: { tool: "*" }, severity: "warn" }]);

    expect(verdict.findings).toMatchObject([
      { subject: { tool: "sqlfluff", rule: null }, severity: "error", message: "failed with exit code 2: no dialect" },
    ]);
    expect([verdict.level, exitOf(verdict), exitOf(verdict, "never")]).toEqual(["error", 3, 3]);
  });
});
