import type { NodeResult, RunResults } from "../artifacts/run-results.ts";
import type { PlanResult } from "../selection/plan.ts";
import { kindOf } from "../severity/status.ts";
import type { Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { readResultsOf } from "./plan/baseline-facts.ts";

/**
 * What dbt said when the state was built that a plan is compared with, or else the one that it defers to; null where it has
 * none, as where everything is built.
 */
export async function readBaseBuild(
  log: Pick<Log, "warn">,
  { dbt }: Pick<PlanResult, "dbt">,
): Promise<RunResults | null> {
  for (const dir of new Set([dbt?.state, dbt?.deferState])) {
    const found = dir == null ? null : await readResultsOf(log, { dir });
    if (found !== null) return found;
  }
  return null;
}

/** The rows of the newest bundle's build; null: there is none. It may take minutes, and fail. */
export type ReadNewest = (signal: AbortSignal) => Promise<readonly NodeResult[] | null>;

/**
 * Usual times for a build that is compared with nothing: read while it runs, once it has run for so long that somebody may
 * ask for them. The build neither waits for them nor fails for them, and nothing is said where there are none.
 */
export function learnUsualSeconds(
  { clock, signal }: { readonly clock: Pick<Clock, "sleep">; readonly signal: AbortSignal },
  afterSeconds: number,
  readNewest: ReadNewest,
): { readonly seconds: ReadonlyMap<string, number>; readonly stop: () => void } {
  const seconds = new Map<string, number>();
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const learn = async () => {
    await clock.sleep(afterSeconds * 1000, until);
    for (const [id, usual] of usualSecondsOf((await readNewest(until)) ?? [])) seconds.set(id, usual);
  };
  // Whatever it is: a build says what became of its nodes, not of this.
  learn().catch(() => undefined);
  return { seconds, stop: () => over.abort() };
}

/** What failed for another reason than its data, or was skipped, did not take its usual time. */
export function usualSecondsOf(rows: readonly NodeResult[]): ReadonlyMap<string, number> {
  const isWhole = ({ status }: NodeResult) => status === "fail" || ["passed", "warned"].includes(kindOf(status));
  return new Map(rows.filter(isWhole).map(({ id, seconds }) => [id, seconds]));
}
