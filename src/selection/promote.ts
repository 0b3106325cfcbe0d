import type { Manifest } from "../artifacts/manifest.ts";

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
