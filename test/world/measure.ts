import { createRandom, type Random } from "../support/random.ts";
import { connectCircle, prepareCircle } from "./circleci.ts";
import { connectGitHub, prepareGitHub } from "./github.ts";
import { type Played, playSchedule } from "./play.ts";
import { buildFamily, buildRun, buildSchedule, type FamilyScript } from "./schedule.ts";

/** What the queue costs and how fast it hands over, in days of a branch with runs of a usual length. */
export interface Measured {
  readonly vendor: "github" | "circleci";
  readonly minutes: number;
  readonly spreadSeconds: number;
  readonly handOvers: number;
  readonly medianSeconds: number;
  readonly worstSeconds: number;
  readonly callsPerWait: number;
  /** Of a run that waits for several others. */
  readonly callsPerHour: number;
}

const DAYS = 12;
/** Runs that nobody waits for, and from which the usual length is known. */
const HISTORY = 4;
const RUNS = 24;
const BACKLOG = 8;

/** `spreadSeconds`: how far a run's length may be from the usual one. */
export async function measure(
  vendor: "github" | "circleci",
  minutes: number,
  spreadSeconds: number,
): Promise<Measured> {
  await Promise.all([prepareGitHub(), prepareCircle()]);
  const day = await play(vendor, (random) => drawDay(random, minutes * 60, spreadSeconds));
  const backlog = await play(vendor, (random) => drawBacklog(random, minutes * 60, spreadSeconds));
  const delays = [...day, ...backlog].flatMap(({ handOvers }) => handOvers);
  delays.sort((a, b) => a - b);
  return {
    vendor,
    minutes,
    spreadSeconds,
    handOvers: delays.length,
    medianSeconds: delays[Math.floor(delays.length / 2)] ?? 0,
    worstSeconds: delays.at(-1) ?? 0,
    callsPerWait: sum(day, ({ calls }) => calls) / (DAYS * RUNS),
    callsPerHour: sum(backlog, ({ calls }) => calls) / (sum(backlog, ({ waitedSeconds }) => waitedSeconds) / 3600),
  };
}

async function play(vendor: "github" | "circleci", draw: (random: Random) => FamilyScript[]): Promise<Played[]> {
  const days: Played[] = [];
  for (let seed = 1; seed <= DAYS; seed++) {
    const schedule = buildSchedule(vendor, draw(createRandom(seed)), { seed, staleness: "each" });
    const played = await playSchedule(schedule, vendor === "github" ? connectGitHub : connectCircle);
    if (played.violations[0] !== undefined) throw new Error(played.violations[0]);
    days.push(played);
  }
  return days;
}

function sum(days: readonly Played[], read: (day: Played) => number): number {
  return days.reduce((total, day) => total + read(day), 0);
}

/** A few runs apart from each other, then a little more than one run's time can hold. */
function drawDay(random: Random, usual: number, spreadSeconds: number): FamilyScript[] {
  return Array.from({ length: RUNS }, (_, index) => {
    const waiting = Math.max(0, index - HISTORY);
    const at = (Math.min(index, HISTORY) * 1.5 + waiting * 0.95) * usual + random.between(0, usual / 4);
    return drawRun(random, at, usual, spreadSeconds);
  });
}

/** A few runs apart from each other, then many at once. */
function drawBacklog(random: Random, usual: number, spreadSeconds: number): FamilyScript[] {
  return Array.from({ length: HISTORY + BACKLOG }, (_, index) => {
    const at = Math.min(index, HISTORY) * 1.5 * usual + random.between(0, 60);
    return drawRun(random, at, usual, spreadSeconds);
  });
}

function drawRun(random: Random, at: number, usual: number, spreadSeconds: number): FamilyScript {
  const workSeconds = usual + random.between(-spreadSeconds, spreadSeconds);
  return buildFamily({ at, runs: [buildRun({ workSeconds, bootSeconds: 15 })] });
}
