import type { Ledger } from "./ledger.ts";

/** How often runs come, and whether one of them is missing. Times are ISO times, `now` in milliseconds since the epoch. */

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_RUNS = 10;
/** With fewer pauses between runs nobody can tell what is usual. */
const FEWEST_PAUSES = 4;
/** Two weekends. */
const PAUSES_KEPT_MS = 15 * DAY_MS;
const MOST_PAUSES = 16;
/** By how much the same pause begins earlier or later another day. */
const SHIFT_MS = 2 * HOUR_MS;

type Pace = Pick<Ledger, "recentRuns" | "pauses">;

export interface Gap {
  readonly lastRun: string;
  readonly pauseSeconds: number;
  readonly usualSeconds: number;
  readonly missed: number;
}

/** The usual time between two runs, in milliseconds: the median of the last ones; null: too few. */
export function usualPause({ recentRuns }: Pick<Pace, "recentRuns">): number | null {
  const times = recentRuns.map((at) => Date.parse(at));
  const pauses = times
    .slice(1)
    .map((time, index) => time - (times[index] ?? Number.NaN))
    .filter((pause) => pause > 0)
    .sort((a, b) => a - b);
  return pauses.length < FEWEST_PAUSES ? null : (pauses[Math.floor(pauses.length / 2)] ?? null);
}

/**
 * The gap that ends with this run: three runs are missing, or one is a day late. A pause that began at the same time of an
 * earlier day and was about as long is the schedule's own: a night, a weekend.
 */
export function findGap(pace: Pace, now: number): Gap | null {
  const lastRun = pace.recentRuns.at(-1);
  const usual = usualPause(pace);
  if (lastRun === undefined || usual === null) return null;
  const began = Date.parse(lastRun);
  const pause = now - began;
  if (!isLong(pause, usual) || pace.pauses.some((other) => isTwin(other, began, pause))) return null;
  return {
    lastRun,
    pauseSeconds: Math.round(pause / 1000),
    usualSeconds: Math.round(usual / 1000),
    missed: Math.max(1, Math.round(pause / usual) - 1),
  };
}

/** With this run, which has come by the schedule. */
export function rememberRun<T extends Pace>(pace: T, now: number): T {
  const at = new Date(now).toISOString();
  const last = pace.recentRuns.at(-1);
  const usual = usualPause(pace);
  const isPause = last !== undefined && usual !== null && isLong(now - Date.parse(last), usual);
  const pauses = pace.pauses.filter(({ to }) => now - Date.parse(to) < PAUSES_KEPT_MS);
  return {
    ...pace,
    recentRuns: [...pace.recentRuns.filter((each) => each < at), at].slice(-MOST_RUNS),
    pauses: (isPause ? [...pauses, { from: last, to: at }] : pauses).slice(-MOST_PAUSES),
  };
}

function isLong(pause: number, usual: number): boolean {
  return pause >= Math.min(4 * usual, usual + DAY_MS);
}

function isTwin({ from, to }: Pace["pauses"][number], began: number, pause: number): boolean {
  const distance = began - Date.parse(from);
  const shift = Math.abs(distance - Math.round(distance / DAY_MS) * DAY_MS);
  const share = pause / (Date.parse(to) - Date.parse(from));
  return distance > DAY_MS / 2 && shift <= SHIFT_MS && share >= 0.75 && share <= 1.25;
}
