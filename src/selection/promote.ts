import type { Manifest } from "../artifacts/manifest.ts";
import type { PlannedNode } from "./plan.ts";

/** Selectors that name these nodes. dbt has none for a single node (`fqn:` takes what lies below too): check the answer. */
export function tokensFor(ids: readonly string[], manifest: Manifest): readonly string[] {
  return ids.map((id) => `fqn:${manifest.nodes.get(id)?.fqn.join(".") ?? id}`);
}

/**
 * Whether an answer holds the planned and the promoted nodes and else only tests, which come along with what they
 * guard.
 */
export function isPromotion(
  answer: readonly string[],
  planned: readonly string[],
  promoted: readonly string[],
  manifest: Manifest,
): boolean {
  const found = new Set(answer);
  const wanted = new Set([...planned, ...promoted]);
  const isTest = (id: string) => ["test", "unit_test"].includes(manifest.nodes.get(id)?.type ?? "");
  return [...wanted].every((id) => found.has(id)) && answer.every((id) => wanted.has(id) || isTest(id));
}

/**
 * The nodes with why those are there that were added to what was selected: production lacks them, or (`isRead` false) it is
 * not read at all. A test that came along with one of them follows it.
 */
export function explainAdded(
  nodes: readonly PlannedNode[],
  added: readonly string[],
  current: Manifest,
  { production, isRead }: { readonly production: Manifest | null; readonly isRead: boolean },
): readonly PlannedNode[] {
  const isMissing = (id: string) => production !== null && (isRead || !production.nodes.has(id));
  return nodes.map((node) => {
    if (added.includes(node.id)) {
      return { ...node, reasons: [{ kind: isMissing(node.id) ? "missing-in-production" : "nothing-deferred" }] };
    }
    const guarded = current.nodes.get(node.id)?.parents.find((id) => added.includes(id));
    return node.reasons.length > 0 || guarded === undefined
      ? node
      : { ...node, reasons: [{ kind: "downstream", of: guarded }] };
  });
}
