import type { Manifest, Node } from "../artifacts/manifest.ts";
import type { PlannedNode, Reason } from "./plan.ts";
import { changesOf } from "./same.ts";

/**
 * Why each node is in the plan: what changed in it, or the nearest changed node that it follows. A node that shows no
 * change here and follows none has no reasons: then only dbt knows.
 */
export function explain(ids: readonly string[], current: Manifest, baseline: Manifest): readonly PlannedNode[] {
  const chosen = new Set(ids);
  const changes = new Map<string, readonly Reason[]>();
  for (const id of ids) {
    const node = current.nodes.get(id);
    if (node !== undefined) changes.set(id, changesOf(node, current, baseline));
  }
  return [...chosen].sort().map((id) => {
    const node = current.nodes.get(id);
    if (node === undefined) return { id, type: id.split(".")[0] ?? "", path: "", reasons: [] };
    const own = changes.get(id) ?? [];
    return { id, type: node.type, path: node.path, reasons: own.length > 0 ? own : nearestChanges(node, current, changes) };
  });
}

/** Breadth first through the parents: the changed nodes at the smallest distance, sorted. */
function nearestChanges(node: Node, current: Manifest, changes: ReadonlyMap<string, readonly Reason[]>): readonly Reason[] {
  const seen = new Set<string>([node.id]);
  let level: readonly string[] = node.parents;
  while (level.length > 0) {
    const changed = level.filter((id) => (changes.get(id) ?? []).length > 0);
    if (changed.length > 0) return [...new Set(changed)].sort().map((of) => ({ kind: "downstream", of }));
    for (const id of level) seen.add(id);
    level = [...new Set(level.flatMap((id) => current.nodes.get(id)?.parents ?? []))].filter((id) => !seen.has(id));
  }
  return [];
}
