const OTHERS: ReadonlySet<string> = new Set([
  "source",
  "exposure",
  "metric",
  "semantic_model",
  "saved_query",
  "unit_test",
  "function",
]);

/** Whether entries of this type stand in the manifest's `nodes`; the others have a collection of their own. */
export function isInNodes(type: string): boolean {
  return !OTHERS.has(type);
}
