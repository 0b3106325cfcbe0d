import { fieldsOf, textOf, textsOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import { buildGraph, reach } from "../selection/graph.ts";
import type { PlanResult } from "../selection/plan.ts";
import { ownerOf } from "./node-owner.ts";

/** Whom a change reaches. Names as people wrote them. */
export interface Touched {
  /** Exposures that read what is built, or what lies below it; sorted by name. */
  readonly exposures: readonly { readonly name: string; readonly type: string | null; readonly owner: string | null }[];
  /** Owners of the models, seeds and snapshots that are built; who has most first. */
  readonly owners: readonly { readonly name: string; readonly nodes: number }[];
}

/** What the nodes of a plan reach; null where everything or nothing is built, or there is no manifest. */
export function touchedBy({ kind, ids }: Pick<PlanResult, "kind" | "ids">, manifest: Manifest | null): Touched | null {
  if (kind !== "selected" || manifest === null) return null;
  const reached = new Set([...ids, ...reach(ids, buildGraph(manifest.nodes).childrenOf)]);
  const exposures = [...manifest.nodes.values()]
    .filter(({ id, type }) => type === "exposure" && reached.has(id))
    .map((node) => ({ name: labelOf(node), type: textOf(node.raw.type), owner: exposureOwner(node) }))
    .sort(byName);
  const owners = new Map<string, number>();
  for (const id of ids) {
    const node = manifest.nodes.get(id);
    if (node === undefined || NOT_OWNED.has(node.type)) continue;
    const owner = ownerOf(node, manifest);
    if (owner !== null) owners.set(owner, (owners.get(owner) ?? 0) + 1);
  }
  const named = [...owners].map(([name, nodes]) => ({ name, nodes }));
  return { exposures, owners: named.sort((a, b) => b.nodes - a.nodes || byName(a, b)) };
}

/** A test is its model's, and an exposure names its owner itself. */
const NOT_OWNED: ReadonlySet<string> = new Set(["test", "unit_test", "exposure"]);

/** dbt lets people call an exposure as they do. https://docs.getdbt.com/reference/exposure-properties */
function labelOf({ raw, name }: Node): string {
  return textOf(raw.label) ?? name;
}

function exposureOwner({ raw }: Node): string | null {
  const { name, email } = fieldsOf(raw.owner);
  return textOf(name) ?? textsOf(email)[0] ?? null;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
