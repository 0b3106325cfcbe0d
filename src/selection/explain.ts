import type { Manifest, Node } from "../artifacts/manifest.ts";
import { type Compare, createCompare } from "./changes.ts";
import { buildGraph, type Graph } from "./graph.ts";
import type { NewerSource } from "./newer-data.ts";
import type { PlannedNode, Reason } from "./plan.ts";

/** Follows of one node that are told: enough to say why it is there. */
const MOST_ORIGINS = 5;

/**
 * Why each node is in the plan: what changed in it, or the nearest changed nodes that it follows, five at most. A node
 * that shows no change and follows none has no reasons: the selector asks for it by other means.
 */
export function explain(
  ids: readonly string[],
  current: Manifest,
  baseline: Manifest,
  { newer = [], ...options }: { readonly compareUnrendered?: boolean; readonly newer?: readonly NewerSource[] } = {},
): readonly PlannedNode[] {
  const compare = createCompare(current, baseline, options);
  return explainChanges(ids, current, { compare, graph: buildGraph(current.nodes), newer });
}

/**
 * What looks changed here and was not selected, by id: `state:modified` of a dbt whose rules are not known may pass it over.
 * `isCandidate`: what the selection could hold.
 */
export function changedButNot(
  selected: readonly string[],
  current: Manifest,
  baseline: Manifest,
  options: { readonly compareUnrendered?: boolean; readonly isCandidate: (node: Node) => boolean },
): readonly PlannedNode[] {
  const compare = createCompare(current, baseline, options);
  const known = new Set(selected);
  return [...current.nodes.values()]
    .filter((node) => options.isCandidate(node) && !known.has(node.id) && compare(node).isModified)
    .map((node) => ({ id: node.id, type: node.type, path: node.path, reasons: compare(node).reasons }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * `explain` for a comparison and a graph that are there already; compare null: nothing is known of any change. `newer`:
 * sources with newer rows, which nodes follow as they follow a change.
 */
export function explainChanges(
  ids: readonly string[],
  current: Manifest,
  {
    compare,
    graph,
    newer,
  }: { readonly compare: Compare | null; readonly graph: Graph; readonly newer: readonly NewerSource[] },
): readonly PlannedNode[] {
  const changed = new Map(compare === null ? [] : changedNodes(current, compare));
  for (const { source } of newer) if (!changed.has(source)) changed.set(source, []);
  const origins = nearestChanges(graph, changed);
  return [...new Set(ids)].sort().map((id) => {
    const node = current.nodes.get(id);
    const follows = (origins.get(id) ?? []).map((of): Reason => ({ kind: "downstream", of }));
    return {
      id,
      type: node?.type ?? id.split(".")[0] ?? "",
      path: node?.path ?? "",
      reasons: changed.get(id) ?? follows,
    };
  });
}

function changedNodes(current: Manifest, compare: Compare): ReadonlyMap<string, readonly Reason[]> {
  const changed = new Map<string, readonly Reason[]>();
  for (const node of current.nodes.values()) {
    const { isModified, isNew, reasons } = compare(node);
    if (isModified || isNew) changed.set(node.id, reasons);
  }
  return changed;
}

/** From all changed nodes downwards at once, so that each node is reached over a shortest way, and but once. */
function nearestChanges(
  graph: Graph,
  changed: ReadonlyMap<string, readonly Reason[]>,
): ReadonlyMap<string, readonly string[]> {
  const origins = new Map<string, readonly string[]>();
  let layer = new Map([...changed.keys()].map((id): [string, readonly string[]] => [id, [id]]));
  while (layer.size > 0) {
    const next = new Map<string, Set<string>>();
    for (const [id, from] of layer) {
      for (const child of graph.childrenOf(id)) {
        if (changed.has(child) || origins.has(child)) continue;
        const known = next.get(child) ?? new Set();
        for (const origin of from) known.add(origin);
        next.set(child, known);
      }
    }
    layer = new Map([...next].map(([id, from]) => [id, [...from].sort().slice(0, MOST_ORIGINS)]));
    for (const [id, from] of layer) origins.set(id, from);
  }
  return origins;
}
