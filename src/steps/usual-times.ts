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

/** What dbt said when the newest bundle was built; null: there is none. It may take minutes, and fail. */
export type ReadNewest = (signal: AbortSignal) => Promise<RunResults | null>;

export interface Learned {
  /** By id, as far as they are known by now. */
  readonly seconds: ReadonlyMap<string, number>;
  /** The newest bundle's build, where it is known by now. */
  readonly build: () => RunResults | null;
  readonly stop: () => void;
}

/**
 * The newest bundle's build beside one that is compared with nothing: read while that runs, once it has run for so long that
 * somebody may ask for its usual times. The build neither waits for it nor fails for it, and nothing is said where there is
 * none.
 */
export function learnNewestBuild(
  { clock, signal }: { readonly clock: Pick<Clock, "sleep">; readonly signal: AbortSignal },
  afterSeconds: number,
  readNewest: ReadNewest,
): Learned {
  const seconds = new Map<string, number>();
  let build: RunResults | null = null;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const learn = async () => {
    await clock.sleep(afterSeconds * 1000, until);
    build = await readNewest(until);
    for (const [id, usual] of usualSecondsOf(build?.results ?? [])) seconds.set(id, usual);
  };
  // Whatever it is: a build says what became of its nodes, not of this.
  learn().catch(() => undefined);
  return { seconds, build: () => build, stop: () => over.abort() };
}

/** What failed for another reason than its data, or was skipped, did not take its usual time. */
export function usualSecondsOf(rows: readonly NodeResult[]): ReadonlyMap<string, number> {
  const isWhole = ({ status }: NodeResult) => status === "fail" || ["passed", "warned"].includes(kindOf(status));
  return new Map(rows.filter(isWhole).map(({ id, seconds }) => [id, seconds]));
}
