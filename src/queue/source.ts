import type { Scan, SeenRun } from "./ticket.ts";

/**
 * What the queue asks of a platform. The group is bound when the source is made.
 * A failure that may pass is a `SignalboxError` of kind "service"; every other one ends the wait.
 */
export interface RunSource {
  /** All runs of the group that may be active, this one included, and the lately ended ones. */
  scan(signal: AbortSignal): Promise<Scan>;
  /** The present state of single runs. A run that is missing in the answer is looked for in a whole scan. */
  reread(ids: readonly string[], signal: AbortSignal): Promise<readonly SeenRun[]>;
  /**
   * Runs of the group that run now, with as few requests as the platform allows: for a run that is inside, and need not know
   * all of them. What it does not show may run all the same; what it shows is confirmed by `reread`.
   */
  running(signal: AbortSignal): Promise<readonly SeenRun[]>;
  /** Asks the platform to cancel this run. */
  cancel(id: string): Promise<void>;
  /** Requests sent so far. */
  calls(): number;
}
