import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DbtRun } from "../../src/artifacts/dbt-run.ts";
import type { NodeResult } from "../../src/artifacts/run-results.ts";
import { mergeAttempts } from "../../src/severity/attempts.ts";
import { judge } from "../../src/severity/judge.ts";
import { exitCodeOf } from "../../src/severity/outcome.ts";
import { kindOf } from "../../src/severity/status.ts";
import { aDbtRun, aManifest, aNode, aResult, aTest } from "../artifacts/build.ts";
import { matchesStar } from "./build.ts";

const id = (name: string) => `model.shop.${name}`;
const RATE = "Exceeded rate limits: x";
const NODES = [
  aNode("a"),
  aNode("b", { parents: [id("a")] }),
  aTest("t_a", [id("a")]),
  aNode("eph", { materialized: "ephemeral" }),
];
const MANIFEST = aManifest(NODES, { adapter: "bigquery" });
const T = "test.shop.t_a";
const HOOK = "operation.shop.shop-on-run-start-0";

const row = (text: string): NodeResult => {
  const [key = "", status = "", message = null] = text.split("|");
  const names: Record<string, string> = { a: id("a"), b: id("b"), t: T, hook: HOOK, eph: id("eph") };
  return aResult(names[key] ?? key, status, {
    message: message === "rate" ? RATE : (message?.replaceAll("_", " ") ?? null),
  });
};
const rows = (text: string) => (text === "" ? [] : text.split(" ").map(row));

function first(text: string | null, overrides: Partial<DbtRun> = {}): DbtRun {
  return aDbtRun(text === null ? null : rows(text), { manifest: MANIFEST, ...overrides });
}
function second(text: string | null, ids: string, overrides: Partial<DbtRun> = {}): DbtRun {
  return first(text, {
    startedAt: Date.parse("2026-11-25T07:10:00Z"),
    again: { ids: rows(ids).map((each) => each.id), pauseSeconds: 40, why: "1 node: BigQuery rate limit" },
    ...overrides,
  });
}
const short = (key: string) => (key === T ? "t" : key === HOOK ? "hook" : key.replace("model.shop.", ""));
const FAIL_FAST = { empty: false, sample: false, failFast: true, fullRefresh: false };

function verdictOf(runs: readonly DbtRun[]) {
  return judge({
    runs,
    manifest: MANIFEST,
    place: { folders: new Map(), projectDir: "" },
    rules: [],
    matches: matchesStar,
    now: 0,
    base: null,
  });
}

/** What could be dropped when a second start is laid over the first: `id status` of what counts, and what was replaced. */
const MATRIX: readonly [
  what: string,
  firstRows: string,
  secondRows: string,
  again: string,
  counts: string,
  replaced: string,
][] = [
  [
    "a failure that passes at the second try",
    "a|error|rate b|skipped",
    "a|success b|success",
    "a b",
    "a success, b success",
    "a",
  ],
  [
    "a failure that fails again alike",
    "a|error|rate b|skipped",
    "a|error|rate b|skipped",
    "a b",
    "a error, b skipped",
    "a",
  ],
  ["a failure that fails on code then", "a|error|rate", "a|error|Syntax_error:_x", "a", "a error", "a"],
  [
    "a failure whose test then fails",
    "a|error|rate t|skipped b|skipped",
    "a|success t|fail b|skipped",
    "a t b",
    "a success, t fail, b skipped",
    "a",
  ],
  [
    "a failure whose test then warns",
    "a|error|rate t|skipped b|skipped",
    "a|success t|warn b|success",
    "a t b",
    "a success, t warn, b success",
    "a",
  ],
  ["a failure that is only skipped then", "a|error|rate", "a|skipped", "a", "a error", ""],
  ["a failure that has no row then", "a|error|rate t|pass", "t|pass", "a", "a error, t pass", ""],
  ["a skip that has no row then", "a|error|rate b|skipped", "a|success", "a b", "a success, b error", "a"],
  [
    "a skip that is skipped again",
    "a|error|rate b|skipped",
    "a|error|rate b|skipped",
    "a b",
    "a error, b skipped",
    "a",
  ],
  [
    "what was not to be built again, and has a row",
    "a|error|rate t|fail",
    "a|success t|pass",
    "a",
    "a success, t fail",
    "a",
  ],
  [
    "a pass that fails in a start that was not to build it",
    "a|error|rate t|pass",
    "a|success t|fail",
    "a",
    "a success, t fail",
    "a",
  ],
  [
    "a warning that passes in a start that was not to build it",
    "a|error|rate t|warn",
    "a|success t|pass",
    "a",
    "a success, t warn",
    "a",
  ],
  ["a failure of data beside it", "a|error|rate t|fail", "a|success", "a", "a success, t fail", "a"],
  ["wrong code beside it", "a|error|rate b|error|code", "a|success", "a", "a success, b error", "a"],
  ["a warning beside it", "a|error|rate t|warn", "a|success", "a", "a success, t warn", "a"],
  [
    "a hook that passes then",
    "hook|error|rate a|skipped",
    "hook|success a|success",
    "a",
    "hook success, a success",
    "hook",
  ],
  ["a hook that fails then", "hook|success a|error|rate", "hook|error|x a|skipped", "a", "hook error, a error", ""],
  [
    "a hook that failed on code, and passes then",
    "hook|error|Syntax a|error|rate",
    "hook|success a|success",
    "a",
    "hook error, a success",
    "a",
  ],
  [
    "a hook that is skipped then",
    "hook|error|rate a|skipped",
    "hook|skipped a|success",
    "a",
    "hook error, a success",
    "",
  ],
  ["a status that nobody knows", "a|error|rate", "a|odd", "a", "a odd", "a"],
  ["a node that was stopped, and passes", "a|stopped t|pass", "a|success", "a", "a success, t pass", "a"],
  ["an ephemeral model, which has no row", "a|error|rate", "a|success", "a eph", "a success", "a"],
  ["a node that only the second start came to", "t|pass", "a|success b|fail", "a b", "a success, b fail, t pass", ""],
];

describe("what could be dropped", () => {
  it.each(MATRIX)("keeps %s", (_, one, two, again, counts, replaced) => {
    const { runs, retried } = mergeAttempts([first(one), second(two, again)], MANIFEST);

    const found = runs.flatMap(({ results }) => results ?? []).map((each) => `${short(each.id)} ${each.status}`);
    expect(found.sort()).toEqual(counts.split(", ").sort());
    expect(Object.keys(retried?.nodes ?? {}).map(short)).toEqual(replaced === "" ? [] : [replaced]);
    expect(runs).toHaveLength(1);
  });

  it("is green only where everything passed in the end, and says what was replaced", () => {
    const verdict = verdictOf([first("a|error|rate b|skipped"), second("a|success b|success", "a b")]);

    expect(verdict).toMatchObject({
      level: "pass",
      findings: [],
      passed: [id("a"), id("b")],
      dbt: { commands: ["build", "build"], exitCodes: [1, 0] },
      retried: {
        starts: [{ seconds: 10, pauseSeconds: 40, nodes: 2 }],
        nodes: { [id("a")]: [{ status: "error", failureClass: "throttled", words: "BigQuery rate limit" }] },
      },
    });
  });

  it.each<[string, DbtRun, DbtRun, string]>([
    [
      "a first start that was killed, and a second that built the rest",
      first("a|success", { trouble: "killed", exitCode: null }),
      second("b|success t|pass", "b t"),
      "pass",
    ],
    [
      "a second start that was killed",
      first("a|error|rate b|skipped"),
      second("a|success", "a b", { trouble: "killed", exitCode: null }),
      "error",
    ],
    [
      "a second start that does not compile",
      first("a|error|rate"),
      second(null, "a", { trouble: "missing", exitCode: 2, lastWords: "Compilation Error" }),
      "error",
    ],
    [
      "a second start without results",
      first("a|error|rate"),
      second(null, "a", { trouble: "missing", exitCode: 0 }),
      "error",
    ],
    [
      "a second start that ends with 1 and no failure",
      first("a|error|rate"),
      second("a|success", "a", { exitCode: 1 }),
      "error",
    ],
    [
      "a dbt that was locked out, and built all then",
      first(null, { trouble: "missing", exitCode: 2, lastWords: RATE }),
      second("a|success b|success t|pass", "a b t"),
      "pass",
    ],
    [
      "a dbt that was locked out twice",
      first(null, { trouble: "missing", exitCode: 2, lastWords: RATE }),
      second(null, "a b t", { trouble: "missing", exitCode: 2, lastWords: RATE }),
      "error",
    ],
  ])("judges %s", (_, one, two, level) => {
    expect(verdictOf([one, two])).toMatchObject({ level });
  });

  it.each<[what: string, runs: readonly DbtRun[], counts: string, troubles: string, level: string, exit: number]>([
    [
      "a failure of data, and a second start that was locked out",
      [first("a|error|rate t|fail"), second(null, "a", { trouble: "missing", exitCode: 2, lastWords: RATE })],
      "a error, t fail",
      "none missing",
      "error",
      1,
    ],
    [
      "a failure that passes, and a second start that was locked out",
      [first("a|error|rate"), second(null, "a", { trouble: "missing", exitCode: 2, lastWords: RATE })],
      "a error",
      "none missing",
      "error",
      4,
    ],
    [
      "two that were locked out",
      [
        first("a|error|rate t|fail"),
        second(null, "a", { trouble: "missing", exitCode: 2, lastWords: RATE }),
        second(null, "a", { trouble: "missing", exitCode: 2, lastWords: RATE }),
      ],
      "a error, t fail",
      "none missing missing",
      "error",
      1,
    ],
    [
      "one that was locked out, and one that built all",
      [
        first("a|error|rate t|pass"),
        second(null, "a", { trouble: "missing", exitCode: 2, lastWords: RATE }),
        second("a|success", "a"),
      ],
      "a success, t pass",
      "none",
      "pass",
      0,
    ],
    [
      "one that built all, and one that was killed before its first row",
      [
        first("a|error|rate b|error|rate t|pass"),
        second("a|success b|error|rate", "a b"),
        second(null, "b", { trouble: "killed", exitCode: null }),
      ],
      "a success, b error, t pass",
      "none killed",
      "error",
      4,
    ],
    [
      "--fail-fast, and a second start that leaves nodes out without a failure",
      [first("a|error|rate b|skipped"), second("a|success", "a b", { flags: FAIL_FAST })],
      "a success, b error",
      "none",
      "error",
      1,
    ],
    [
      "--fail-fast, and a second start that a failure cut short",
      [first("a|error|rate t|skipped b|skipped"), second("a|success t|fail", "a t b", { flags: FAIL_FAST })],
      "a success, b skipped, t fail",
      "none",
      "error",
      1,
    ],
  ])("counts %s", (_, runs, counts, troubles, level, exit) => {
    const merged = mergeAttempts(runs, MANIFEST).runs;

    const found = merged.flatMap(({ results }) => results ?? []).map((each) => `${short(each.id)} ${each.status}`);
    expect(found.sort()).toEqual(counts.split(", ").sort());
    expect(merged.map(({ trouble }) => trouble).join(" ")).toBe(troubles);
    const verdict = verdictOf(runs);
    expect(verdict.level).toBe(level);
    expect(exitCodeOf({ kind: "verdict", verdict }, { failOn: "error", nothing: "fine", undelivered: false })).toBe(
      exit,
    );
  });

  it("says how long a build took with all that was tried between", () => {
    const lockedOut = second(null, "a", { trouble: "missing", exitCode: 2, lastWords: RATE, seconds: 3 });

    const [run] = mergeAttempts([first("a|error|rate"), lockedOut, second("a|success", "a")], MANIFEST).runs;

    expect(run?.seconds).toBe(10 + 40 + 3 + 40 + 10);
  });

  it("keeps every try of a node over three starts", () => {
    const third = { ...second("a|success", "a"), startedAt: Date.parse("2026-11-25T07:20:00Z") };

    const { retried } = mergeAttempts(
      [first("a|error|rate"), second("a|error|Connection_reset", "a"), third],
      MANIFEST,
    );

    expect(retried?.nodes[id("a")]?.map(({ words }) => words)).toEqual(["BigQuery rate limit", "connection lost"]);
  });

  it("leaves starts alone that are no second ones: dbt run and dbt test, a build and its freshness", () => {
    const runs = [first("a|success"), first("t|pass", { command: "test" })];

    expect(mergeAttempts(runs, MANIFEST)).toEqual({ runs, retried: null });
  });

  it("holds of any two starts: nothing that went wrong is gone unless it was tried again and went better", () => {
    const status = fc.constantFrom("success", "pass", "warn", "fail", "error", "skipped", "stopped", "odd");
    const keys = ["a", "b", "t", "hook", "eph"];
    const some = fc
      .uniqueArray(fc.record({ key: fc.constantFrom(...keys), status, rate: fc.boolean() }), {
        selector: ({ key }) => key,
      })
      .map((list) => list.map((each) => `${each.key}|${each.status}${each.rate ? "|rate" : ""}`).join(" "));
    fc.assert(
      fc.property(some, some, fc.subarray(["a", "b", "t", "eph"], { minLength: 1 }), (one, two, again) => {
        const { runs, retried } = mergeAttempts([first(one), second(two, again.join(" "))], MANIFEST);
        const final = new Map((runs[0]?.results ?? []).map((each) => [each.id, each]));
        const [before, after] = [rows(one), new Map(rows(two).map((each) => [each.id, each]))];
        const asked = new Set(again.map((key) => row(key).id));
        const isBad = (each: NodeResult | undefined) =>
          each !== undefined && ["failed", "unknown"].includes(kindOf(each.status));

        expect(runs[0]?.results).toHaveLength(final.size);
        for (const old of before) {
          const now = final.get(old.id);
          expect(now).toBeDefined();
          if (!isBad(old) || isBad(now)) continue;
          expect(asked.has(old.id) || old.id === HOOK).toBe(true);
          expect(now).toEqual(after.get(old.id));
          expect(kindOf(now?.status ?? "")).not.toBe("skipped");
          expect(retried?.nodes[old.id]).toHaveLength(1);
        }
        for (const [key, each] of after) if (isBad(each)) expect(isBad(final.get(key))).toBe(true);
      }),
    );
  });
});
