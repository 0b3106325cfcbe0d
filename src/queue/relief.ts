import type { Trigger } from "../run/run.ts";
import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";
import { findNewer, findNewest, type Me } from "./decide.ts";
import type { RunSource } from "./source.ts";
import { spread } from "./spread.ts";
import type { SeenRun } from "./ticket.ts";

/** Events whose work a newer run of the same event does anew: a merge group is of other commits, a schedule of its hour. */
const REPEATED: ReadonlySet<Trigger> = new Set(["push", "pull-request", "manual"]);

/**
 * The newest run that does the work of this one, which is inside, anew; null: none. `runs`: as they were read by their ids a
 * moment ago, this one among them.
 */
export function findRelief(runs: readonly SeenRun[], me: Me): SeenRun | null {
  const own = runs.find((run) => run.id === me.id && run.attempt === me.attempt);
  if (own === undefined || own.ended || !REPEATED.has(own.trigger)) return null;
  return findNewest(
    runs.filter(({ id }) => id !== me.id),
    own.ticket ?? me.ticket,
    own.trigger,
  );
}

export interface ReliefOptions {
  readonly source: Pick<RunSource, "running" | "reread">;
  readonly me: Me;
  /** How often it is looked, ±20 %. */
  readonly everySeconds: number;
  readonly clock: Clock;
  /** In [0, 1): spreads the reads of runs that began together. */
  readonly random: () => number;
  /** Ends the looks; the answer is rejected with its reason. */
  readonly signal: AbortSignal;
  /** Is told once why a look failed. */
  readonly note: (text: string) => void;
}

/**
 * Looks again and again until a newer run does this one's work anew. A look that fails says nothing; null: they cannot succeed.
 * No timer outlives the call.
 */
export async function waitForRelief({
  source,
  me,
  everySeconds,
  clock,
  random,
  signal,
  note,
}: ReliefOptions): Promise<SeenRun | null> {
  let noted = false;
  for (;;) {
    await clock.sleep(spread(everySeconds * 1000, random), signal);
    try {
      const newer = findNewer(await source.running(signal), me.ticket).filter(({ id }) => id !== me.id);
      if (newer.length === 0) continue;
      const relief = findRelief(await source.reread([me.id, ...newer.map(({ id }) => id)], signal), me);
      if (relief !== null) return relief;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SignalboxError)) throw error;
      if (!noted) note(error.message);
      noted = true;
      if (error.kind !== "service") return null;
    }
  }
}
