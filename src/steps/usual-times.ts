import type { NodeResult } from "../artifacts/run-results.ts";
import type { PlanResult } from "../selection/plan.ts";
import { kindOf } from "../severity/status.ts";
import type { Log } from "../support/log.ts";
import { readResultsOf } from "./plan/baseline-facts.ts";

/**
 * By id, how many seconds nodes took when the state was built that a plan is compared with, or defers to; empty where it has
 * none, as where everything is built.
 */
export async function readUsualSeconds(
  log: Pick<Log, "warn">,
  { dbt }: Pick<PlanResult, "dbt">,
): Promise<ReadonlyMap<string, number>> {
  for (const dir of new Set([dbt?.state, dbt?.deferState])) {
    const found = dir == null ? null : await readResultsOf(log, { dir });
    if (found !== null) return usualSeconds(found.results);
  }
  return new Map();
}

/** What failed for another reason than its data, or was skipped, did not take its usual time. */
export function usualSeconds(rows: readonly NodeResult[]): ReadonlyMap<string, number> {
  const isWhole = ({ status }: NodeResult) => status === "fail" || ["passed", "warned"].includes(kindOf(status));
  return new Map(rows.filter(isWhole).map(({ id, seconds }) => [id, seconds]));
}
