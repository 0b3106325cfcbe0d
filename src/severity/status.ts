/** What a status of dbt's says about a node. `unknown`: a word that this version does not know. */
export type StatusKind = "failed" | "warned" | "skipped" | "passed" | "unknown";

/** https://docs.getdbt.com/reference/artifacts/run-results-json; `reused` is dbt 2.x's. */
const KINDS: ReadonlyMap<string, StatusKind> = new Map([
  ["fail", "failed"],
  ["error", "failed"],
  ["runtime error", "failed"],
  ["partial success", "failed"],
  ["warn", "warned"],
  ["skipped", "skipped"],
  ["pass", "passed"],
  ["success", "passed"],
  ["no-op", "passed"],
  ["reused", "passed"],
]);

export function kindOf(status: string): StatusKind {
  return KINDS.get(status) ?? "unknown";
}
