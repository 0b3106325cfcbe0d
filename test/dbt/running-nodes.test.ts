import { describe, expect, it } from "vitest";
import { describeLate, describeProgress, lateNodes, progressLine } from "../../src/dbt/running-nodes.ts";
import { type BuildProgress, NOTHING_SEEN, type RunningNode } from "../../src/dbt/watch.ts";

const JOB = "https://console.cloud.google.com/bigquery?project=acme&j=bq:US:1a2b&page=queryresults";
const NOW = 10_000_000;
const running = (
  nodes: Readonly<Record<string, number>>,
  jobs: Readonly<Record<string, string>> = {},
): BuildProgress => ({
  ...NOTHING_SEEN,
  total: 34,
  finished: 12,
  running: new Map(
    Object.entries(nodes).map(([name, seconds]): [string, RunningNode] => [
      `model.shop.${name}`,
      { name, since: NOW - seconds * 1000, job: jobs[name] ?? null },
    ]),
  ),
});
const patience = (usual: Readonly<Record<string, number>> = {}, stallAfterSeconds = 120) => ({
  stallAfterSeconds,
  usualSeconds: new Map(Object.entries(usual).map(([name, seconds]) => [`model.shop.${name}`, seconds])),
});

describe("a node that runs is late", () => {
  it.each<[what: string, seconds: number, usual: number | null, stallAfter: number, isLate: boolean]>([
    ["after two minutes, where nobody knows how long it takes", 120, null, 120, true],
    ["not before", 119, null, 120, false],
    ["not before two minutes, however short it is otherwise", 100, 2, 120, false],
    ["after two minutes, if it is short otherwise", 121, 2, 120, true],
    ["not while it is below three times its usual time", 899, 300, 120, false],
    ["beyond three times its usual time", 900, 300, 120, true],
    ["after less where --stall-after says so", 30, 2, 30, true],
    ["after no less than three times its time even so", 30, 11, 30, false],
    ["as any other where it took no time at all", 120, 0, 120, true],
  ])("%s", (_, seconds, usual, stallAfter, isLate) => {
    const found = lateNodes(running({ a: seconds }), patience(usual === null ? {} : { a: usual }, stallAfter), NOW);

    expect(found).toEqual(isLate ? ["model.shop.a"] : []);
  });

  it("and is named with its time, the usual one, and what it waits for", () => {
    const known = patience({ a: 12.4, b: 0.01 });
    const progress = running({ a: 130, b: 121, c: 125 }, { a: JOB, b: JOB });

    expect(lateNodes(progress, known, NOW).map((id) => describeLate(id, progress, known, NOW))).toEqual([
      `model.shop.a (130 s, usually 12 s, waits for ${JOB})`,
      "model.shop.c (125 s)",
      `model.shop.b (121 s, usually 1 s, waits for ${JOB})`,
    ]);
  });
});

describe("the heartbeat", () => {
  it("names what is late first, whatever runs for longer, and three nodes at most", () => {
    const nodes = { slow: 400, long: 300, late: 130, late_too: 125, young: 5 };
    const known = patience({ slow: 300, long: 200, late: 12, late_too: 1 });

    expect(describeProgress(running(nodes, { late: JOB, slow: JOB }), NOW, known)).toBe(
      `12 of 34 nodes done; running: model.shop.late (130 s, usually 12 s, waits for ${JOB}), model.shop.late_too (125 s, usually 1 s), slow (400 s), +2 more`,
    );
  });

  it("is short where all is as usual", () => {
    expect(describeProgress(running({ a: 59, b: 3 }, { a: JOB }), NOW, patience())).toBe(
      "12 of 34 nodes done; running: a (59 s), b (3 s)",
    );
    expect(describeProgress(running({}), NOW, patience())).toBe("12 of 34 nodes done");
  });
});

describe("the line of progress", () => {
  it.each<[what: string, progress: BuildProgress, line: string]>([
    ["names what runs, the oldest first", running({ orders: 3, customers: 10 }), "12/34 · customers 10 s, orders 3 s"],
    ["and no more than three", running({ a: 5, b: 4, c: 3, d: 2, e: 1 }), "12/34 · a 5 s, b 4 s, c 3 s, +2 more"],
    ["says that all is done", running({}), "12/34"],
    ["does not know how many there are", { ...running({ a: 1 }), total: null }, "12 done · a 1 s"],
    ["has nothing to say of nodes yet", { ...NOTHING_SEEN, total: 34 }, "dbt build · 7 s"],
    ["shows a name that steers terminals as one", running({ "\u001b[2J\nx\u202ey": 1 }), "12/34 · xy 1 s"],
    ["cuts a long name", running({ ["n".repeat(500)]: 1 }), `12/34 · ${"n".repeat(99)}… 1 s`],
  ])("%s", (_, progress, line) => {
    expect(progressLine(progress, { command: "build", seconds: 7, now: NOW })).toBe(line);
  });
});
