/**
 * The words of a status that mean more than active or ended.
 * https://docs.github.com/en/rest/actions/workflow-runs · https://circleci.com/docs/api/v2/#tag/Workflow
 */
const RUNNING: readonly string[] = ["running", "in_progress"];
/** Our word for a run that the CI no longer lists: when and how it ended is not known. */
export const GONE = "gone";
/** Our word for a run that the CI did not find when it was asked last: active, since that may be lag, but nobody leaves for it. */
export const NOT_FOUND = "not found";
const CUT_SHORT: readonly string[] = ["canceled", "cancelled", "timed_out", "crashed", GONE];

/** At work and well: it is not merely queued, held or unknown, and nothing of it has failed. */
export function isRunning(status: string): boolean {
  return RUNNING.includes(status);
}

/**
 * A job of it runs, well or not: CircleCI says `failing` of a workflow that has failed and still runs. Of an orphaned run
 * dbt is at work.
 */
export function isAtWork(status: string): boolean {
  return isRunning(status) || status === "failing" || status.startsWith(ORPHANED);
}

const ORPHANED = "orphaned: ";

/** Of a run whose process is gone, while what it had started goes on: a group of processes with this leader. */
export function orphanedStatus({ name, pid }: { name: string; pid: number }): string {
  return `${ORPHANED}${name} still runs (pid ${pid}) though its signalbox is gone`;
}

/** It ended before its work did: its queries may still run in the warehouse. */
export function isCutShort(status: string): boolean {
  return CUT_SHORT.includes(status);
}
