import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AffectedNode } from "../../../src/render/page/affected.ts";
import { layGraph } from "../../../src/render/page/graph-layout.ts";

const node = (id: string, parents: readonly string[] = [], state: AffectedNode["state"] = "skipped"): AffectedNode => ({
  ...{ id, state, parents, isSkipped: state === "skipped", failed: 0, warned: 0, card: null },
});
const idsOf = ({ layers }: ReturnType<typeof layGraph>) =>
  layers.map((layer) =>
    layer.map((place) => (place.kind === "node" ? place.node.id : `+${place.nodes} (${place.skipped})`)).join(" "),
  );

describe("the layout of the graph", () => {
  it("puts each node behind all that it reads, and what is there for its children right before them", () => {
    const nodes = [
      node("b", ["a"], "error"),
      node("c", ["b"]),
      node("d", ["b", "c", "e"]),
      node("a", [], "passed"),
      node("e", [], "around"),
    ];

    expect(idsOf(layGraph(nodes))).toEqual(["a", "b", "c e", "d"]);
  });

  it("puts nodes that belong together side by side", () => {
    const nodes = [node("a", [], "error"), node("b", [], "error"), node("x", ["b"]), node("y", ["a"])];

    expect(idsOf(layGraph(nodes))).toEqual(["a b", "y x"]);
  });

  it("keeps of a large layer what weighs most, and counts the rest", () => {
    const many = Array.from({ length: 30 }, (_, index) => node(`s${index}`, ["a"]));
    const nodes = [...many, node("bad", ["a"], "error"), node("a", [], "error")];
    const { layers, edges } = layGraph(nodes);

    expect(layers.map((layer) => layer.length)).toEqual([1, 13]);
    expect(idsOf({ layers, edges })[1]).toMatch(/\bbad\b.* \+19 \(19\)$/);
    expect(edges).toHaveLength(13);
  });

  it("is cut where a chain is long", () => {
    const chain = Array.from({ length: 50 }, (_, index) => node(`n${index}`, index === 0 ? [] : [`n${index - 1}`]));
    const ids = idsOf(layGraph(chain));

    expect(ids).toHaveLength(13);
    expect(ids.at(-1)).toBe("+38 (38)");
  });

  it("draws a line as stopped only from a failure to what it kept from running", () => {
    const nodes = [node("a", [], "passed"), node("b", ["a"], "error"), node("c", ["b"])];

    expect(layGraph(nodes).edges.map(({ isStopped }) => isStopped)).toEqual([false, true]);
  });

  it("has every node once, small and in order, whatever reads what", () => {
    const graph = fc
      .integer({ min: 1, max: 60 })
      .chain((size) =>
        fc
          .array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 150 })
          .map((pairs) =>
            Array.from({ length: size }, (_, index) =>
              node(
                `n${index}`,
                [...new Set(pairs.flatMap(([from, to]) => (to === index ? [`n${from}`] : [])))],
                index % 3 === 0 ? "error" : index % 3 === 1 ? "around" : "skipped",
              ),
            ),
          ),
      );
    fc.assert(
      fc.property(graph, (nodes) => {
        const { layers, edges } = layGraph(nodes);
        const places = layers.flat();
        const shown = places.flatMap((place) => (place.kind === "node" ? [place.node.id] : []));
        const more = places.reduce((sum, place) => sum + (place.kind === "more" ? place.nodes : 0), 0);

        expect(new Set(shown).size).toBe(shown.length);
        expect(shown.length + more).toBe(nodes.length);
        expect(layers.length).toBeLessThanOrEqual(13);
        for (const layer of layers) expect(layer.length).toBeLessThanOrEqual(13);
        for (const { from, to } of edges) {
          expect(from[0]).toBeLessThan(to[0]);
          for (const [layer, row] of [from, to]) expect(layers[layer]?.[row]).toBeDefined();
        }
      }),
      { numRuns: 100 },
    );
  });
});
