import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Node } from "../../src/artifacts/manifest.ts";
import { estimate } from "../../src/selection/estimate.ts";
import { aNode, aResult, aRunResults, aTest } from "../artifacts/build.ts";
import { manifest } from "./build.ts";

const idOf = (name: string) => `model.shop.${name}`;
const model = (name: string, ...parents: string[]) => aNode(name, { parents: parents.map(idOf) });
const took = (seconds: Readonly<Record<string, number>>, threads: number) =>
  aRunResults({
    threads,
    results: Object.entries(seconds).map(([name, each]) => aResult(idOf(name), "success", { seconds: each })),
  });

/** `a` and `b` beside each other, `c` behind both. */
const nodes = [model("a"), model("b"), model("c", "a", "b")];
const times = { a: 4, b: 6, c: 1 };

function ofAll(all: readonly Node[], earlier: ReturnType<typeof took>) {
  return estimate(
    all.map(({ id }) => id),
    manifest(all),
    earlier,
    null,
  );
}

describe("how long a plan takes", () => {
  it.each([
    [1, 11],
    [2, 7],
    [8, 7],
  ])("on %i threads is from the first start to the last end", (threads, seconds) => {
    expect(ofAll(nodes, took(times, threads))).toEqual({ seconds, threads, untimed: 0 });
  });

  it("counts the tests of a parent as before its children, and those that join it to others as not", () => {
    const testOf = (name: string, ...parents: string[]) => aTest(name, parents.map(idOf));
    const all = [model("a"), model("b"), testOf("of_a", "a"), testOf("of_both", "a", "b"), model("c", "a")];
    const seconds = { [idOf("a")]: 1, [idOf("b")]: 1, [idOf("c")]: 1, "test.shop.of_a": 5, "test.shop.of_both": 20 };
    const rows = all.map(({ id }) => aResult(id, "success", { seconds: seconds[id] ?? 0 }));
    const until = (ids: readonly string[]) =>
      estimate(ids, manifest(all), aRunResults({ threads: 9, results: rows }), null)?.seconds;

    expect(until(all.map(({ id }) => id))).toBe(21);
    expect(until([idOf("a"), "test.shop.of_a", idOf("c")])).toBe(7);
  });

  it("begins with dbt's own start, where it is known how long that takes", () => {
    expect(estimate([idOf("c")], manifest(nodes), took(times, 4), 8.5)?.seconds).toBe(9.5);
    expect(estimate([idOf("c")], manifest(nodes), took(times, 4), null)?.seconds).toBe(1);
  });

  it("waits for no parent that is not in the plan", () => {
    expect(estimate([idOf("c")], manifest(nodes), took(times, 4), null)?.seconds).toBe(1);
  });

  it("takes a node that is new for the usual one of its type, and counts it", () => {
    const all = [...nodes, model("new", "c")];

    expect(ofAll(all, took(times, 1))).toEqual({ seconds: 15, threads: 1, untimed: 1 });
  });

  it("does not take a node that was skipped for a fast one", () => {
    const earlier = took(times, 1);
    const results = earlier.results.map((row) =>
      row.id === idOf("b") ? { ...row, status: "skipped", seconds: 0 } : row,
    );

    expect(ofAll(nodes, { ...earlier, results })).toEqual({ seconds: 9, threads: 1, untimed: 1 });
  });

  it("does not count exposures: they are no work", () => {
    const exposure = aNode("board", { id: "exposure.shop.board", type: "exposure", parents: [idOf("c")] });

    expect(ofAll([...nodes, exposure], took(times, 1))).toEqual({ seconds: 11, threads: 1, untimed: 0 });
  });

  it("is not known where the earlier run built nothing of the kind", () => {
    expect(ofAll(nodes, aRunResults({ results: [aResult("seed.shop.a")] }))).toBeNull();
    expect(ofAll([], took(times, 1))).toBeNull();
  });

  it("ends also where an artifact says that two nodes wait for each other", () => {
    expect(ofAll([model("a", "b"), model("b", "a"), model("c")], took(times, 2))?.seconds).toBe(1);
  });

  it("lies between the longest chain and one node after the other, and shrinks to the chain with threads", () => {
    const project = fc
      .array(fc.record({ seconds: fc.integer({ min: 0, max: 50 }), parents: fc.array(fc.nat(), { maxLength: 3 }) }), {
        minLength: 1,
        maxLength: 30,
      })
      .map((rows) =>
        rows.map(({ seconds, parents }, index) => ({
          seconds,
          parents: [...new Set(index === 0 ? [] : parents.map((parent) => parent % index))],
        })),
      );
    fc.assert(
      fc.property(project, fc.integer({ min: 1, max: 8 }), (rows, threads) => {
        const all = rows.map(({ parents }, index) => model(`m${index}`, ...parents.map((parent) => `m${parent}`)));
        const seconds = Object.fromEntries(rows.map((row, index) => [`m${index}`, row.seconds]));
        const ends: number[] = [];
        for (const row of rows) ends.push(row.seconds + Math.max(0, ...row.parents.map((parent) => ends[parent] ?? 0)));
        const [longest, sum] = [Math.max(...ends), rows.reduce((total, row) => total + row.seconds, 0)];

        const on = (count: number) => ofAll(all, took(seconds, count))?.seconds;

        expect(on(1)).toBe(sum);
        expect(on(rows.length)).toBe(longest);
        expect(on(threads)).toBeGreaterThanOrEqual(Math.max(longest, sum / threads));
        expect(on(threads)).toBeLessThanOrEqual(longest + sum / threads);
      }),
    );
  });
});
