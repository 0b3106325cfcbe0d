import { describe, expect, it } from "vitest";
import type { AffectedNode } from "../../../src/render/page/affected.ts";
import { graphSection } from "../../../src/render/page/graph.ts";
import { markupOf } from "../../../src/text/html.ts";

/** Layers of nodes, of which each reads all of all layers before it. */
function dense(layers: number, rows: number): readonly AffectedNode[] {
  const ids = (layer: number) => Array.from({ length: rows }, (_, row) => `model.shop.n${layer}_${row}`);
  return Array.from({ length: layers }, (_, layer) =>
    ids(layer).map(
      (id): AffectedNode => ({
        ...{ id, isSkipped: layer > 0, failed: 0, warned: 0, card: null, state: layer === 0 ? "error" : "skipped" },
        parents: Array.from({ length: layer }, (__, before) => ids(before)).flat(),
      }),
    ),
  ).flat();
}
const drawn = (nodes: readonly AffectedNode[]) => markupOf(graphSection(nodes, () => false)?.body ?? null);

describe("the lines of the graph", () => {
  it("are all drawn where they have room", () => {
    const markup = drawn(dense(4, 3));

    expect(markup.match(/<path /g)).toHaveLength(9 * 6);
    expect(markup).not.toContain("more lines");
  });

  it("are cut where said, so that the page keeps its size", () => {
    const markup = drawn(dense(12, 12));

    expect(markup.length).toBeLessThan(400_000);
    expect(markup).toMatch(/\+[\d,]+ more lines between them are too many to draw/);
  });
});
