import { describe, expect, it } from "vitest";
import { createVersions, MOST_NODES, type NodeRecord, recordOf } from "../../src/severity/run-record.ts";
import { aDbtRun, aResult } from "../artifacts/build.ts";
import { macro, manifest, node } from "../selection/build.ts";
import { aRecord } from "./history-build.ts";

const { nodes: _, level, ...facts } = aRecord();
const plain = (text: string) => text;

function rowsOf(...runs: Parameters<typeof aDbtRun>[]): ReadonlyMap<string, NodeRecord> {
  return recordOf({ facts, level, runs: runs.map((each) => aDbtRun(...each)), manifest: null, hash: plain }).nodes;
}
type Row = Parameters<typeof aResult>[2];
const oneRow = (row: Row, id = "model.shop.a") => rowsOf([[aResult(id, "success", row)], {}]).get(id) ?? null;

describe("the record of a run", () => {
  it.each<[what: string, row: Row, told: Partial<NodeRecord> | null]>([
    ["passed", { status: "success", seconds: 1.26 }, { state: "p", seconds: 1.3, failures: null }],
    ["warned", { status: "warn", failures: 8 }, { state: "w", failures: 8 }],
    ["failed on its data", { status: "fail", failures: 36 }, { state: "f", failures: 36 }],
    ["has an error in its code", { status: "error", message: "Binder Error" }, { state: "e", seconds: null }],
    ["was stopped", { status: "stopped" }, { state: "i", seconds: null }],
    ["lost its connection", { status: "error", message: "Connection reset by peer" }, { state: "i" }],
    ["did a part of its batches", { status: "partial success", message: null }, { state: "e", seconds: null }],
    ["has a time that is no number", { status: "success", seconds: Number.NaN }, { state: "p", seconds: null }],
    ["has a count that is none", { status: "fail", failures: -1 }, { state: "f", failures: null }],
    ["was skipped", { status: "skipped" }, null],
    ["was not run, as nothing had changed", { status: "reused" }, null],
    ["did nothing", { status: "no-op" }, null],
    ["has a status that nobody knows", { status: "haunted" }, null],
  ])("of a node that %s", (_, row, told) => {
    const found = oneRow(row);

    expect(found).toEqual(told === null ? null : expect.objectContaining(told));
  });

  it("tells of a source that is too old as of data", () => {
    expect(oneRow({ status: "error", message: null }, "source.shop.billing.payments")?.state).toBe("f");
  });

  it("tells what passed in a second start from what passed at once", () => {
    const reset = aResult("model.shop.a", "error", { message: "Connection reset by peer" });
    const again = { ids: ["model.shop.a"], pauseSeconds: 30, why: "1 node" };

    const found = rowsOf(
      [[reset, aResult("model.shop.b")], { startedAt: 1 }],
      [[aResult("model.shop.a")], { startedAt: 2, again }],
    );

    expect([...found].map(([id, { state }]) => [id, state]).sort()).toEqual([
      ["model.shop.a", "r"],
      ["model.shop.b", "p"],
    ]);
  });

  it("tells nothing of nodes that were built without data, or from another run's file", () => {
    const flags = { empty: true, sample: false, failFast: false, fullRefresh: false };

    expect(rowsOf([[aResult("model.shop.a")], { flags }]).size).toBe(0);
    expect(rowsOf([[aResult("model.shop.a")], { trouble: "stale" }]).size).toBe(0);
  });

  it("has no times of a full refresh", () => {
    const flags = { empty: false, sample: false, failFast: false, fullRefresh: true };

    expect(rowsOf([[aResult("model.shop.a")], { flags }]).get("model.shop.a")).toMatchObject({
      state: "p",
      seconds: null,
    });
  });

  it("has a bound, and keeps what failed and what takes long", () => {
    const many = Array.from({ length: MOST_NODES + 10 }, (_, index) =>
      aResult(`model.shop.m${index}`, "success", { seconds: index }),
    );
    const failed = aResult("test.shop.t", "fail", { failures: 1, seconds: 0 });

    const found = rowsOf([[...many, failed, aResult(`model.shop.${"x".repeat(1000)}`)], {}]);

    expect([found.size, found.has("test.shop.t"), found.has("model.shop.m0")]).toEqual([MOST_NODES, true, false]);
  });
});

describe("the version of a node", () => {
  const build = (orders: string, sql: string, macroSql = "m") =>
    manifest(
      [
        node("customers", { raw_code: "c" }),
        node("orders", { raw_code: orders }, { parents: ["model.shop.customers"] }),
        node("revenue", { raw_code: sql }, { parents: ["model.shop.orders"], macros: ["macro.shop.eur"] }),
      ],
      [macro("eur", { sql: macroSql })],
    );
  const versions = (...args: Parameters<typeof build>) => {
    const versionOf = createVersions(build(...args), plain);
    return ["customers", "orders", "revenue"].map((name) => versionOf(`model.shop.${name}`));
  };
  const changed = (...args: Parameters<typeof build>) => {
    const [before, after] = [versions("o", "r"), versions(...args)];
    return before.map((each, index) => each !== after[index]);
  };

  it.each<[what: string, args: Parameters<typeof build>, changed: readonly boolean[]]>([
    ["nothing", ["o", "r"], [false, false, false]],
    ["its own code", ["o", "r2"], [false, false, true]],
    ["what it is built from", ["o2", "r"], [false, true, true]],
    ["a macro that it calls", ["o", "r", "m2"], [false, false, true]],
  ])("is another where %s has changed", (_, args, expected) => {
    expect(changed(...args)).toEqual(expected);
  });

  it("ends also in a circle, and in a chain that is longer than calls can be deep", () => {
    const length = 20_000;
    const chain = Array.from({ length }, (_, index) =>
      node(`m${index}`, {}, { parents: [`model.shop.m${(index + 1) % length}`] }),
    );

    expect(createVersions(manifest(chain), (text) => String(text.length))("model.shop.m0")).not.toBeNull();
  });

  it("is not known of what the manifest does not have", () => {
    expect(createVersions(manifest([]), plain)("model.shop.a")).toBeNull();
    expect(createVersions(null, plain)("model.shop.a")).toBeNull();
  });
});
