import { describe, expect, it } from "vitest";
import { describeAgain, describeRetried } from "../../src/render/retried-words.ts";
import type { EarlierTry, Retried } from "../../src/severity/verdict.ts";
import { aFinding, aSubject, aVerdict } from "../severity/build.ts";

const busy: EarlierTry = {
  status: "error",
  failureClass: "throttled",
  message: "x",
  words: "BigQuery quota",
  seconds: 1,
};
const start: Retried["starts"][number] = {
  ...{ startedAt: "2026-11-25T07:10:00Z", seconds: 8, pauseSeconds: 40, threads: 3, exitCode: 0, trouble: "none" },
  ...{ nodes: 3, why: "3 nodes: BigQuery quota" },
};
const tests = ["test.shop.a", "test.shop.b", "test.shop.c"];
const nodes = Object.fromEntries(tests.map((id) => [id, [busy]]));

describe("what a second start made of a build", () => {
  it.each<[string, readonly string[], Partial<Retried["starts"][number]>, readonly string[]]>([
    [
      "all",
      tests,
      {},
      [
        "3 tests: BigQuery quota, all passed at the second try, +48 s",
        "the warehouse had too much at once; it went with 3 threads: consider modes.*.threads in signalbox.yml",
      ],
    ],
    ["a part", tests.slice(1), { exitCode: 1 }, ["3 tests: BigQuery quota, 2 of them passed at the second try, +48 s"]],
    ["none", [], { exitCode: 1 }, ["3 tests: BigQuery quota, failed again at the second try, +48 s"]],
  ])("is told where %s passed", (_, passed, ended, lines) => {
    expect(describeRetried(aVerdict([], { passed, retried: { starts: [{ ...start, ...ended }], nodes } }))).toEqual(
      lines,
    );
  });

  it("counts a test that warns as one that passed", () => {
    const warned = aFinding({ severity: "warn", subject: aSubject({ id: "test.shop.a" }) });
    const retried = { starts: [start], nodes: { "test.shop.a": [busy] } };

    expect(describeRetried(aVerdict([warned], { retried }))[0]).toBe(
      "1 test: BigQuery quota, passed at the second try, +48 s",
    );
  });

  it("is told of a dbt that was stopped before it had a node", () => {
    const retried = { starts: [{ ...start, why: "DuckDB file lock" }], nodes: {} };

    expect(describeRetried(aVerdict([], { retried }))).toEqual(["dbt was started again: DuckDB file lock, +48 s"]);
  });

  it("is nothing where dbt was started once", () => {
    expect(describeRetried(aVerdict())).toEqual([]);
  });
});

describe("what is about to happen", () => {
  const decided = {
    kind: "again",
    ...{ ids: ["model.shop.a"], hasOthers: false, threads: 3, pauseSeconds: 45 },
    causes: [{ words: "BigQuery quota", failureClass: "throttled", nodes: 1 }],
    left: [{ id: "snapshot.shop.s", why: "a snapshot that had begun" }],
  } as const;

  it("says when, for what, with how many threads, why, and what is left", () => {
    expect(describeAgain(decided)).toBe(
      "dbt is started again in 45 s for 1 node, with 3 threads (1 node: BigQuery quota)\nnot built again: snapshot.shop.s (a snapshot that had begun)",
    );
  });

  it("says that it is for everything", () => {
    const causes = [{ words: "", failureClass: "stopped", nodes: 0 }] as const;

    expect(describeAgain({ ...decided, ids: null, threads: null, causes, left: [] })).toBe(
      "dbt is started again in 45 s for everything (dbt was stopped)",
    );
  });
});
