import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AdapterResponse } from "../../src/artifacts/adapter-response.ts";
import type { NodeResult } from "../../src/artifacts/run-results.ts";
import { type Amounts, bytesOf, type Cost, SHARES } from "../../src/severity/amounts.ts";
import { isUncounted } from "../../src/severity/budget.ts";
import { costOf } from "../../src/severity/cost.ts";
import { aDbtRun, aManifest, aNode, aResult, aRunResults, aTest } from "../artifacts/build.ts";

const NOTHING: AdapterResponse = {
  code: null,
  bytesBilled: null,
  bytesProcessed: null,
  slotMs: null,
  jobUrl: null,
  queryId: null,
};

function row(id: string, code: string | null, bytes: number | null, overrides: Partial<NodeResult> = {}): NodeResult {
  const response = { ...NOTHING, code, bytesBilled: bytes, bytesProcessed: bytes };
  return aResult(id, "success", { response, ...overrides });
}

const ORDERS = "model.shop.orders";
const EVENTS = "model.shop.events";
const TEST = "test.shop.t";
const PROJECT = aManifest([
  aNode("orders"),
  aNode("events", { materialized: "incremental" }),
  aNode("history", { type: "snapshot", materialized: "snapshot" }),
  aTest("t", [ORDERS]),
]);

function cost(now: readonly NodeResult[], before: readonly NodeResult[] | null): Cost {
  return costOf([aDbtRun(now)], PROJECT, before === null ? null : aRunResults({ results: before }));
}

describe("what a run took", () => {
  it("is the sum of its nodes, each try counted, each row once", () => {
    const first = row(ORDERS, null, null, { status: "error", seconds: 3, startedAt: "2026-11-25T07:00:01.000Z" });
    const second = row(ORDERS, "CREATE TABLE", 10, { seconds: 4, startedAt: "2026-11-25T07:01:01.000Z" });
    const runs = [aDbtRun([first]), aDbtRun([second]), aDbtRun([second, row(TEST, "SELECT", 5, { seconds: 1 })])];

    const { total, nodes, against } = costOf(runs, PROJECT, null);

    expect(total).toEqual({ seconds: 8, bytesBilled: 15, bytesProcessed: 15, slotMs: null });
    expect(nodes[ORDERS]).toMatchObject({ seconds: 7, bytesBilled: 10, share: null, before: null });
    expect(against).toBeNull();
  });

  it("counts no results that are not this run's", () => {
    expect(costOf([aDbtRun([row(ORDERS, null, 9)], { trouble: "stale" })], PROJECT, null).total.bytesBilled).toBeNull();
  });

  it("is compared with production's where the work is the same", () => {
    const { against, nodes } = cost([row(ORDERS, "CREATE TABLE", 12)], [row(ORDERS, "CREATE TABLE", 10)]);

    expect(nodes[ORDERS]).toMatchObject({ share: "same", before: { bytesBilled: 10 } });
    expect(against).toMatchObject({ at: "2026-11-25T07:00:09.000Z", before: { bytesBilled: 10 } });
    expect(against?.shares.same).toMatchObject({ nodes: 1, bytesBilled: 12 });
  });

  it.each<[string, NodeResult, NodeResult[], string | null]>([
    ["a new model", row(ORDERS, null, 1), [], "new"],
    ["a test that failed then and now", aResult(TEST, "fail"), [aResult(TEST, "fail")], "same"],
    ["a model that failed now", aResult(ORDERS, "error"), [aResult(ORDERS)], "unfinished"],
    ["a model that failed then", aResult(ORDERS), [aResult(ORDERS, "error")], "unfinished"],
    ["an exposure", aResult("exposure.shop.e", "no-op"), [aResult("exposure.shop.e", "no-op")], null],
    ["a model that dbt 2 took over", aResult(ORDERS, "reused"), [aResult(ORDERS)], "unfinished"],
    ["an incremental model's merges", row(EVENTS, "MERGE", 1), [row(EVENTS, "MERGE", 1)], "same"],
    ["an incremental model's first build", row(EVENTS, "CREATE TABLE", 9), [row(EVENTS, "MERGE", 1)], "from-start"],
    ["a merge, and a first build before", row(EVENTS, "MERGE", 9), [row(EVENTS, "CREATE TABLE", 1)], "from-start"],
    ["Postgres's first build", row(EVENTS, "SELECT", null), [row(EVENTS, "INSERT", null)], "from-start"],
    [
      "Postgres's inserts, which a contract's first build is too",
      row(EVENTS, "INSERT", null),
      [row(EVENTS, "INSERT", null)],
      "unclear",
    ],
    ["an incremental model on Snowflake", row(EVENTS, "SUCCESS", null), [row(EVENTS, "SUCCESS", null)], "unclear"],
    ["an incremental model on DuckDB", aResult(EVENTS), [aResult(EVENTS)], "unclear"],
    ["a snapshot on DuckDB", aResult("snapshot.shop.history"), [aResult("snapshot.shop.history")], "unclear"],
    ["a model that the manifest does not know", aResult("model.shop.x"), [aResult("model.shop.x")], "unclear"],
    ["a source's freshness", aResult("source.shop.raw.x", "pass"), [], null],
  ])("calls %s by its share", (_, now, before, share) => {
    expect(cost([now], before).nodes[now.id]?.share).toBe(share);
  });

  it("compares nothing with a full refresh that is incremental, and every table all the same", () => {
    const flags = { empty: false, sample: false, failFast: false, fullRefresh: true };
    const rows = [row(EVENTS, "MERGE", 1), row(ORDERS, "CREATE TABLE", 1)];

    const { nodes } = costOf([aDbtRun(rows, { flags })], PROJECT, aRunResults({ results: rows }));

    expect([nodes[EVENTS]?.share, nodes[ORDERS]?.share]).toEqual(["from-start", "same"]);
  });

  it.each(["empty", "sample"] as const)("compares nothing of a build with --%s", (name) => {
    const flags = { empty: false, sample: false, failFast: false, fullRefresh: false, [name]: true };

    expect(costOf([aDbtRun([aResult(ORDERS)], { flags })], PROJECT, aRunResults()).against).toBeNull();
  });

  it("is told as not counted where a budget of bytes meets a warehouse that tells none", () => {
    expect(isUncounted(cost([aResult(ORDERS)], null), { bytes: 1 })).toBe(true);
    expect(isUncounted(cost([row(ORDERS, null, 0)], null), { bytes: 1 })).toBe(false);
    expect(isUncounted(cost([aResult(ORDERS)], null), { bytes: null })).toBe(false);
  });
});

describe("the shares of a cost, whatever was built", () => {
  const names = ["orders", "events", "history", "other"];
  const nodes = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...names.map((name) => `${name === "history" ? "snapshot" : "model"}.shop.${name}`), TEST),
      code: fc.constantFrom("MERGE", "CREATE TABLE", "SUCCESS", "INSERT", null),
      bytes: fc.option(fc.nat(1000), { nil: null }),
      seconds: fc.nat(1000),
      status: fc.constantFrom("success", "error", "skipped", "fail", "warn", "no-op"),
    }),
    { selector: ({ id }) => id },
  );
  const rowsOf = fc
    .tuple(nodes, nodes)
    .map((both) => both.map((each) => each.map(({ id, code, bytes, ...rest }) => row(id, code, bytes, rest))));

  it("add up to the total, and only the same work is compared", () => {
    fc.assert(
      fc.property(rowsOf, fc.boolean(), ([now = [], before = []], fullRefresh) => {
        const flags = { empty: false, sample: false, failFast: false, fullRefresh };
        const {
          total,
          against,
          nodes: costs,
        } = costOf([aDbtRun(now, { flags })], PROJECT, aRunResults({ results: before }));

        const shares = SHARES.map((share) => against?.shares[share]);
        const sum = (of: (amounts: Amounts) => number | null) =>
          shares.reduce((all, each) => all + (each === undefined ? 0 : (of(each) ?? 0)), 0);
        expect(sum(({ seconds }) => seconds)).toBe(total.seconds);
        expect(sum(bytesOf)).toBe(bytesOf(total) ?? 0);
        for (const [id, each] of Object.entries(costs)) {
          expect(each.before === null).toBe(each.share !== "same");
          const isKept = id === EVENTS || id.startsWith("snapshot.") || id === "model.shop.other";
          if (!isKept || each.share !== "same") continue;
          // The first build of what keeps its rows is never beside a later one.
          expect(fullRefresh).toBe(false);
          for (const rows of [now, before]) expect(rows.find((other) => other.id === id)?.response?.code).toBe("MERGE");
        }
      }),
    );
  });

  it("are not changed by a first build that comes to it", () => {
    const table = row(ORDERS, "CREATE TABLE", 5);
    const alone = cost([table], [table, row(EVENTS, "MERGE", 1)]).against?.shares.same;
    const beside = cost([table, row(EVENTS, "CREATE TABLE", 1e9)], [table, row(EVENTS, "MERGE", 1)]).against?.shares
      .same;

    expect(beside).toEqual(alone);
  });
});
