import type { AffectedNode } from "./affected.ts";

const MOST_LAYERS = 12;
const MOST_IN_LAYER = 12;

/** A place in the graph: a node, or all that there was no room for. */
export type GraphPlace =
  | { readonly kind: "node"; readonly node: AffectedNode }
  | { readonly kind: "more"; readonly nodes: number; readonly skipped: number };

export interface GraphLayout {
  /** From left to right; in each, from top to bottom. What reads a node stands to the right of it. */
  readonly layers: readonly (readonly GraphPlace[])[];
  /** Between places: layer and row. Each goes to the right. */
  readonly edges: readonly { readonly from: At; readonly to: At; readonly isStopped: boolean }[];
}

export type At = readonly [layer: number, row: number];

/**
 * The affected nodes in layers: each as far to the right as the longest way to it. So many layers of so many nodes; what is
 * more is one place at the end of its layer.
 */
export function layGraph(nodes: readonly AffectedNode[]): GraphLayout {
  const depths = depthsOf(nodes);
  const layers: AffectedNode[][] = [];
  for (const node of nodes) {
    const depth = Math.min(depths.get(node.id) ?? 0, MOST_LAYERS);
    for (let at = layers.length; at <= depth; at += 1) layers.push([]);
    layers[depth]?.push(node);
  }
  const kept = layers.map((layer, depth) => (depth === MOST_LAYERS ? [] : firstOf(layer)));
  const ordered = inOrder(kept);
  const at = new Map<string, At>();
  const placed = layers.map((layer, depth): GraphPlace[] => {
    const shown = ordered[depth] ?? [];
    for (const [row, { id }] of shown.entries()) at.set(id, [depth, row]);
    const left = layer.filter(({ id }) => !at.has(id));
    for (const { id } of left) at.set(id, [depth, shown.length]);
    const places = shown.map((node): GraphPlace => ({ kind: "node", node }));
    const skipped = left.filter(({ isSkipped }) => isSkipped).length;
    return left.length === 0 ? places : [...places, { kind: "more", nodes: left.length, skipped }];
  });
  return { layers: placed, edges: edgesOf(nodes, at) };
}

/** The longest way to each node. What stands in a circle, which no dbt writes, comes behind all others. */
function depthsOf(nodes: readonly AffectedNode[]): ReadonlyMap<string, number> {
  const waits = new Map(nodes.map(({ id, parents }) => [id, parents.length]));
  const children = childrenIn(nodes);
  const depths = new Map<string, number>();
  const ready = nodes.filter(({ parents }) => parents.length === 0).map(({ id }) => id);
  const longest = new Map<string, number>();
  for (let next = 0; next < ready.length; next += 1) {
    const id = ready[next] ?? "";
    const depth = longest.get(id) ?? 0;
    depths.set(id, depth);
    for (const child of children.get(id) ?? []) {
      longest.set(child, Math.max(longest.get(child) ?? 0, depth + 1));
      const left = (waits.get(child) ?? 0) - 1;
      waits.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  const last = [...depths.values()].reduce((most, depth) => Math.max(most, depth), -1) + 1;
  for (const { id } of nodes) if (!depths.has(id)) depths.set(id, last);
  // What reads nothing of the others stands right before the first that reads it.
  for (const { id, parents } of nodes) {
    const first = (children.get(id) ?? []).reduce(
      (least, child) => Math.min(least, depths.get(child) ?? 0),
      Number.POSITIVE_INFINITY,
    );
    if (parents.length === 0 && Number.isFinite(first)) depths.set(id, Math.max(0, first - 1));
  }
  return depths;
}

function childrenIn(nodes: readonly AffectedNode[]): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const { id, parents } of nodes) {
    for (const parent of parents) {
      const known = children.get(parent);
      if (known === undefined) children.set(parent, [id]);
      else known.push(id);
    }
  }
  return children;
}

const WEIGHTS = ["error", "skipped", "warn", "passed", "around"];

/** What weighs most; of the same weight as the verdict has it. */
function firstOf(layer: readonly AffectedNode[]): readonly AffectedNode[] {
  if (layer.length <= MOST_IN_LAYER + 1) return layer;
  return [...layer].sort((a, b) => WEIGHTS.indexOf(a.state) - WEIGHTS.indexOf(b.state)).slice(0, MOST_IN_LAYER);
}

/** Each node near what it reads and what reads it, so that fewer lines cross: there, back, and there again. */
function inOrder(layers: readonly (readonly AffectedNode[])[]): readonly (readonly AffectedNode[])[] {
  const rows = new Map<string, number>();
  for (const layer of layers) for (const [row, { id }] of layer.entries()) rows.set(id, row);
  const children = childrenIn(layers.flat());
  const sorted = layers.map((layer) => [...layer]);
  const sort = (layer: AffectedNode[], near: (node: AffectedNode) => readonly string[]) => {
    const wish = new Map(
      layer.map((node) => {
        const known = near(node).flatMap((id) => rows.get(id) ?? []);
        const mean = known.reduce((sum, row) => sum + row, 0) / known.length;
        return [node.id, known.length === 0 ? (rows.get(node.id) ?? 0) : mean];
      }),
    );
    layer.sort((a, b) => (wish.get(a.id) ?? 0) - (wish.get(b.id) ?? 0));
    for (const [row, { id }] of layer.entries()) rows.set(id, row);
  };
  const there = () => {
    for (const layer of sorted) sort(layer, ({ parents }) => parents);
  };
  there();
  for (const layer of sorted.toReversed()) sort(layer, ({ id }) => children.get(id) ?? []);
  there();
  return sorted;
}

function edgesOf(nodes: readonly AffectedNode[], at: ReadonlyMap<string, At>): GraphLayout["edges"] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const edges = new Map<string, GraphLayout["edges"][number]>();
  for (const { id, parents, isSkipped } of nodes) {
    const to = at.get(id);
    for (const parent of parents) {
      const from = at.get(parent);
      if (from === undefined || to === undefined || from[0] >= to[0]) continue;
      const by = byId.get(parent);
      const isStopped = isSkipped && (by?.state === "error" || by?.isSkipped === true);
      const key = `${from} ${to}`;
      edges.set(key, { from, to, isStopped: isStopped || edges.get(key)?.isStopped === true });
    }
  }
  return [...edges.values()];
}
