import { findBlockers, findOthers, findOwn, type Me } from "./decide.ts";
import { parseInstant } from "./iso-time.ts";
import { isAtWork } from "./status.ts";
import { comparePlaces, type Scan, type SeenRun } from "./ticket.ts";

/** A run ahead: how long it has been in its present status, and in how many seconds it has probably ended. */
export interface Ahead {
  readonly run: SeenRun;
  readonly ageSeconds: number | null;
  readonly etaSeconds: number | null;
}

/** Where this run stands. `ahead` is in the order of the queue: the first holds it. */
export interface Outlook {
  readonly place: number;
  /** Active runs of the group, this one included. */
  readonly of: number;
  readonly ahead: readonly Ahead[];
  /** Until this run's turn, by the usual length of the group's runs; null: unknown. */
  readonly etaSeconds: number | null;
}

/** Fewer finished runs say nothing about the next. */
const FEWEST_SAMPLES = 3;

/** The queue as seen by this run at `time`, in milliseconds since the epoch. */
export function lookAhead(scan: Scan, me: Me, time: number, ignoredRuns: readonly string[]): Outlook {
  const others = findOthers(scan, me).filter((run) => !ignoredRuns.includes(run.id));
  const ticket = findOwn(scan, me)?.ticket ?? me.ticket;
  const { usualSeconds, lastEnd } = measureTurns(scan.runs);
  const ahead: Ahead[] = [];
  for (const run of findBlockers(others, ticket)) {
    const since = parseInstant(run.since);
    const ageSeconds = since === null ? null : Math.max(0, (time - since) / 1000);
    const before = ahead.at(-1);
    const insideSeconds = ageSeconds === null ? null : Math.min(ageSeconds, (time - lastEnd) / 1000);
    const etaSeconds =
      before === undefined ? remaining(run, insideSeconds, usualSeconds) : later(before.etaSeconds, usualSeconds);
    ahead.push({ run, ageSeconds, etaSeconds });
  }
  return {
    place: ahead.length + 1,
    of: others.filter((run) => !run.ended).length + 1,
    ahead,
    etaSeconds: ahead.length === 0 ? 0 : (ahead.at(-1)?.etaSeconds ?? null),
  };
}

/** Why a look at the line may hide runs; null: it shows all. */
export function whyUnsure(scan: Scan, me: Me | null): string | null {
  if (!scan.complete) return "the CI's list counts more runs than it shows";
  return me === null || findOwn(scan, me) !== null
    ? null
    : "the CI's lists do not show this run, so they may hide others";
}

/** The active runs of the group in order; only the first can be inside. */
export function sortQueue(scan: Scan): (SeenRun & { readonly place: number; readonly inside: boolean })[] {
  return scan.runs
    .filter((run) => !run.ended)
    .sort(comparePlaces)
    .map((run, index) => ({ ...run, place: index + 1, inside: index === 0 && isAtWork(run.status) }));
}

/** A run that takes longer than usual, or has not started, has no known end. */
function remaining(run: SeenRun, insideSeconds: number | null, usualSeconds: number | null): number | null {
  if (usualSeconds === null || insideSeconds === null || !isAtWork(run.status)) return null;
  return insideSeconds > usualSeconds ? null : Math.round(usualSeconds - insideSeconds);
}

function later(etaSeconds: number | null, usualSeconds: number | null): number | null {
  return etaSeconds === null || usualSeconds === null ? null : Math.round(etaSeconds + usualSeconds);
}

/**
 * How long a run is usually inside, and when the last one before the first active run ended. To the platform a run that
 * waits is at work, so its turn begins when the last run before it has ended. Median of the successful ones: others end
 * early. One that ended before the runs ahead of it has left. All platforms say `success`.
 */
function measureTurns(runs: readonly SeenRun[]): { usualSeconds: number | null; lastEnd: number } {
  const lengths: number[] = [];
  let lastEnd = Number.NEGATIVE_INFINITY;
  for (const run of [...runs].sort(comparePlaces)) {
    if (!run.ended) break;
    const end = parseInstant(run.since);
    if (end === null || end < lastEnd) continue;
    if (run.status === "success" && run.tookSeconds !== null) {
      lengths.push(Math.min(run.tookSeconds, (end - lastEnd) / 1000));
    }
    lastEnd = end;
  }
  lengths.sort((a, b) => a - b);
  const median = lengths.length < FEWEST_SAMPLES ? undefined : lengths[Math.floor(lengths.length / 2)];
  return { usualSeconds: median ?? null, lastEnd };
}
