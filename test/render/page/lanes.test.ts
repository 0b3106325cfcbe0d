import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layLanes, longestChain, MOST_LANES } from "../../../src/render/page/lanes.ts";
import type { NodeRow } from "../../../src/render/page/node-rows.ts";

const T = Date.UTC(2026, 10, 25, 7);
const row = (id: string, start: number | null, seconds: number): NodeRow => ({
  ...{ id, name: id, path: "", state: "passed", seconds },
  startedAt: start === null ? null : T + start * 1000,
});
const lay = (rows: readonly NodeRow[], narrowest = 0) => layLanes(rows, new Set(), narrowest);

describe("lanes", () => {
  it.each<[what: string, rows: readonly NodeRow[], lanes: readonly (readonly [string, number])[]]>([
    [
      "one after the other are in one",
      [row("a", 0, 1), row("b", 1, 2)],
      [
        ["a", 0],
        ["b", 0],
      ],
    ],
    [
      "at once are side by side",
      [row("a", 0, 2), row("b", 1, 2)],
      [
        ["a", 0],
        ["b", 1],
      ],
    ],
    [
      "the first that is free is taken",
      [row("a", 0, 3), row("b", 0, 1), row("c", 1, 1)],
      [
        ["a", 0],
        ["b", 1],
        ["c", 1],
      ],
    ],
    ["nodes without a time have none", [row("a", 0, 1), row("b", null, 1), row("c", 2, 0)], [["a", 0]]],
  ])("%s", (_, rows, lanes) => {
    expect(
      lay(rows)
        .bars.flatMap(({ nodes, lane }) => nodes.map(({ id }) => [id, lane]))
        .toSorted(),
    ).toEqual(lanes);
  });

  it("joins short neighbours, so that many nodes are few bars", () => {
    const rows = Array.from({ length: 1000 }, (_, index) => row(`n${index}`, index, 1));

    const { bars, seconds, lanes } = lay(rows, 0.01);

    expect([bars.length, seconds, lanes]).toEqual([100, 1000, 1]);
    expect(bars.flatMap(({ nodes }) => nodes)).toHaveLength(1000);
  });

  it("are looked for among so many only: what runs beside them is counted", () => {
    const rows = Array.from({ length: MOST_LANES + 6 }, (_, index) => row(`n${index}`, index, 1000));

    const { bars, lanes, unplaced } = lay([...rows, row("later", 2000, 1)]);

    expect([bars.length, lanes, unplaced]).toEqual([MOST_LANES + 1, MOST_LANES + 6, 6]);
  });

  it("has no bar for nothing", () => {
    expect(lay([])).toEqual({ bars: [], lanes: 0, unplaced: 0, seconds: 0, untimed: 0 });
  });

  it("never has two nodes of a lane at once, and loses none", () => {
    const timed = fc.record({ start: fc.nat(100), seconds: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(fc.array(timed, { maxLength: 40 }), (times) => {
        const { bars, untimed } = lay(times.map(({ start, seconds }, index) => row(`n${index}`, start, seconds)));

        expect(bars.length + untimed).toBe(times.length);
        for (const a of bars)
          for (const b of bars)
            if (a !== b && a.lane === b.lane) expect(a.end <= b.start || b.end <= a.start).toBe(true);
      }),
    );
  });
});

describe("the longest chain", () => {
  const at = (start: number, seconds: number) => ({ startedAt: new Date(T + start * 1000).toISOString(), seconds });

  it("goes back from the node that ended last, each time to the parent that ended last", () => {
    const nodes = { a: at(0, 2), b: at(0, 5), c: at(5, 3), d: at(2, 1), off: { startedAt: null, seconds: 0 } };
    const parents: Record<string, readonly string[]> = { c: ["a", "b", "gone", "off"], d: ["a"] };

    expect(longestChain(nodes, (id) => parents[id] ?? [])).toEqual(["b", "c"]);
  });

  it("ends where a manifest has a circle, and is empty without times", () => {
    expect(longestChain({ a: at(0, 1), b: at(1, 1) }, (id) => [id === "a" ? "b" : "a"])).toEqual(["a", "b"]);
    expect(longestChain({ a: { startedAt: null, seconds: 0 } }, () => [])).toEqual([]);
  });
});
