import type { Node } from "../artifacts/manifest.ts";

/** Edges between the members of a project, from `depends_on.nodes`. */
export interface Graph {
  readonly parentsOf: (id: string) => readonly string[];
  readonly childrenOf: (id: string) => readonly string[];
}

/** Types that nothing can depend on: dbt stops with an error where something does. */
const LEAVES: ReadonlySet<string> = new Set(["exposure", "unit_test", "saved_query"]);
const NONE: readonly string[] = [];

export function buildGraph(members: ReadonlyMap<string, Node>): Graph {
  const parents = new Map<string, readonly string[]>();
  const children = new Map<string, string[]>();
  for (const [id, node] of members) {
    const known = node.parents.filter((parent) => !LEAVES.has(members.get(parent)?.type ?? "exposure"));
    parents.set(id, known);
    for (const parent of known) {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [id]);
      else siblings.push(id);
    }
  }
  return { parentsOf: (id) => parents.get(id) ?? NONE, childrenOf: (id) => children.get(id) ?? NONE };
}

/** What is reached from `start` in up to `depth` steps. The start itself is in it only where a path leads back to it. */
export function reach(
  start: Iterable<string>,
  next: (id: string) => readonly string[],
  depth = Number.POSITIVE_INFINITY,
): ReadonlySet<string> {
  const reached = new Set<string>();
  let layer = [...start];
  for (let step = 0; step < depth && layer.length > 0; step += 1) {
    const found: string[] = [];
    for (const id of layer) {
      for (const other of next(id)) {
        if (reached.has(other)) continue;
        reached.add(other);
        found.push(other);
      }
    }
    layer = found;
  }
  return reached;
}
