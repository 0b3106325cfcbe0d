/** What a status of dbt's says about a node. `unknown`: a word that this version does not know. */
export type StatusKind = "failed" | "warned" | "skipped" | "passed" | "unknown";

/** signalbox's own word for a node that had begun when dbt was stopped: dbt leaves no row of it. */
export const STOPPED = "stopped";

/** https://docs.getdbt.com/reference/artifacts/run-results-json; `reused` is dbt 2.x's. */
const KINDS: ReadonlyMap<string, StatusKind> = new Map([
  ["fail", "failed"],
  ["error", "failed"],
  ["runtime error", "failed"],
  ["partial success", "failed"],
  [STOPPED, "failed"],
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

/** dbt's words for a node that passed without any work: dbt 2 took over what an earlier run had made, or it has no code. */
const WITHOUT_WORK: ReadonlySet<string> = new Set(["no-op", "reused"]);

export function passedWithoutWork({ status }: { readonly status: string }): boolean {
  return WITHOUT_WORK.has(status);
}

/** Whether a node went wrong, as far as anybody knows: a word that nobody knows is never taken for good. */
export function isFailed({ status }: { readonly status: string }): boolean {
  const kind = kindOf(status);
  return kind === "failed" || kind === "unknown";
}
