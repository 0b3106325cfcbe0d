import type { Manifest } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { isEmpty } from "./buildable-nodes.ts";

/** Nodes that leave something in the warehouse for their children to read. */
const RELATIONS: ReadonlySet<string> = new Set(["model", "seed", "snapshot", "function"]);

/**
 * Parents of the plan that are neither in it nor in the deferral manifest (null: nothing is deferred): a build would
 * read what is not there. Through ephemeral models, which have no relation of their own. Sorted.
 */
export function missingParents(
  ids: readonly string[],
  current: Manifest,
  deferral: Manifest | null,
): readonly string[] {
  const planned = new Set(ids);
  const missing = new Set<string>();
  const seen = new Set<string>();
  const waiting = ids.flatMap((id) => current.nodes.get(id)?.parents ?? []);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = current.nodes.get(id);
    if (node === undefined || seen.has(id) || planned.has(id) || !RELATIONS.has(node.type)) continue;
    seen.add(id);
    if (node.materialized === "ephemeral") {
      for (const each of node.parents) waiting.push(each);
    } else if (deferral?.nodes.get(id)?.relation == null) missing.add(id);
  }
  return [...missing].sort();
}

/**
 * Nodes that a child could be told to read from this build and that it did not build: without a row, skipped or failed.
 * `ids`: those that were to be built. Sorted.
 */
export function unbuiltNodes(
  ids: Iterable<string>,
  manifest: Manifest,
  results: readonly NodeResult[],
): readonly string[] {
  const built = new Set(results.filter(({ status }) => status === "success" || status === "no-op").map(({ id }) => id));
  return [...ids]
    .filter((id) => {
      const node = manifest.nodes.get(id);
      const leavesSomething = node !== undefined && RELATIONS.has(node.type) && node.materialized !== "ephemeral";
      return leavesSomething && !isEmpty(node) && !built.has(id);
    })
    .sort();
}
