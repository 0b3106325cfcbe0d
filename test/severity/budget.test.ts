import { describe, expect, it } from "vitest";
import type { RunBudget } from "../../src/severity/budget.ts";
import { judge } from "../../src/severity/judge.ts";
import { exitCodeOf, type FailOn } from "../../src/severity/outcome.ts";
import type { Rule } from "../../src/severity/rules.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { aDbtRun, aManifest, aNode, aResult } from "../artifacts/build.ts";
import { aRule, matchesStar } from "./build.ts";

const BUDGET: RunBudget = { bytes: 10e9, seconds: 60, severity: "warn" };

function bigQueryRow(name: string, bytesBilled: number, seconds: number) {
  const nothing = { code: "CREATE TABLE", bytesProcessed: null, slotMs: null, jobUrl: null, queryId: null };
  return aResult(`model.shop.${name}`, "success", { seconds, response: { ...nothing, bytesBilled } });
}

function verdictOf(
  rows: readonly ReturnType<typeof aResult>[],
  budget: RunBudget | null,
  rules: readonly Rule[] = [],
): Verdict {
  const owned = aNode("orders", { meta: { owner: "finance" } });
  return judge({
    runs: [aDbtRun(rows)],
    manifest: aManifest([owned, aNode("customers")]),
    place: { folders: new Map(), projectDir: "" },
    ...{ rules, matches: matchesStar, now: Date.parse("2026-11-25T08:00:00Z"), base: null, budget },
  });
}

const OVER = [bigQueryRow("orders", 30e9, 1), bigQueryRow("customers", 11.2e9, 70)];

function exitCode(verdict: Verdict, failOn: FailOn): number {
  return exitCodeOf({ kind: "verdict", verdict }, { failOn, nothing: "fine", undelivered: false });
}

describe("a run that took more than its budget", () => {
  it("is a finding that says what it took, what it may, and which nodes and owners took most", () => {
    const { level, findings } = verdictOf(OVER, BUDGET);

    expect(level).toBe("warn");
    expect(findings).toMatchObject([
      {
        subject: { kind: "run", what: "budget" },
        status: "over budget",
        message:
          "41 GB, and the budget is 10 GB; most of it: orders 30 GB (owner finance), customers 11 GB\n1 min 11 s, and the budget is 1 min 00 s; most of it: customers 1 min 10 s, orders 1.0 s (owner finance)",
      },
    ]);
  });

  it.each<[string, RunBudget | null]>([
    ["no budget", null],
    ["a budget that is just enough", { bytes: 41.2e9, seconds: 71, severity: "error" }],
    ["a budget of the other kind", { bytes: null, seconds: 100, severity: "error" }],
  ])("is none with %s", (_, budget) => {
    expect(verdictOf(OVER, budget)).toMatchObject({ level: "pass", findings: [] });
  });

  it.each<["error" | "warn", FailOn, number]>([
    ["warn", "error", 0],
    ["warn", "warn", 1],
    ["error", "error", 1],
    ["error", "never", 0],
  ])("ends, as %s with --fail-on %s, with %i", (severity, failOn, code) => {
    expect(exitCode(verdictOf(OVER, { ...BUDGET, severity }), failOn)).toBe(code);
  });

  it("goes through the rules", () => {
    const match = { status: "over budget" };
    const of = (rule: Partial<Rule>) => verdictOf(OVER, BUDGET, [aRule({ match, ...rule })]).findings;

    expect(of({ severity: "error" })).toMatchObject([{ severity: "error" }]);
    expect(of({ severity: "ignore", until: "2026-12-15", reason: "x" })).toEqual([]);
    expect(of({ mute: true, until: "2026-12-15", reason: "x" })).toMatchObject([{ muted: { reason: "x" } }]);
  });
});
