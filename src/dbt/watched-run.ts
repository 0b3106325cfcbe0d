import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { ChildWatch } from "../support/claims.ts";
import type { Clock } from "../support/clock.ts";
import type { Redact } from "../support/redact.ts";
import { crashIn, shortenCrash } from "../text/crash.ts";
import type { StoppedFromHere } from "./cut-off-results.ts";
import { followLines } from "./follow-lines.ts";
import { wordsOfEvent } from "./log-words.ts";
import { type ProcessEnd, type ProcessRequest, runProcess } from "./process.ts";
import { describeLate, describeProgress, lateNodes, type Patience, runningLongerThan } from "./running-nodes.ts";
import { type BuildProgress, NOTHING_SEEN, observe } from "./watch.ts";

/** What a start of dbt is watched with. */
export interface WatchParts {
  readonly clock: Clock;
  readonly children: ChildWatch;
  readonly signal: AbortSignal;
  /** For what dbt says and leaves, before anyone else has it. */
  readonly redact: Redact;
  readonly onLine: (line: string) => void;
  readonly onNotice: (text: string) => void;
  /**
   * Is told about once a second how far dbt is, and at its end. false: nobody is shown that, and a line tells it after each
   * minute in which dbt said nothing.
   */
  readonly onProgress: (progress: BuildProgress, seconds: number) => boolean;
}

export interface StartLimits extends Patience {
  readonly nodeTimeoutSeconds: number | null;
  readonly runTimeoutSeconds: number | null;
  /** How many nodes dbt is to build, for a dbt that does not say it; null: not known. */
  readonly plannedNodes: number | null;
}

/** One start of dbt. */
export interface WatchedStart extends Pick<ProcessRequest, "argv" | "cwd" | "env" | "stdout" | "begun"> {
  /** Absolute: dbt's own log, which need not be there yet. */
  readonly logFile: string;
  /** What dbt prints is its log in JSON. */
  readonly isJson: boolean;
  /** null: the usual ones. */
  readonly limits: StartLimits | null;
}

export interface WatchedEnd {
  readonly end: ProcessEnd;
  /** What stopped dbt before its own end. */
  readonly stopped: Extract<DbtRun["trouble"], "none" | "killed" | StoppedFromHere["trouble"]>;
  /** Where it was stopped from here; null: it was not. */
  readonly over: StoppedFromHere | null;
  /** Why dbt gave up, in its own words; null: it did not, or did not say. */
  readonly lastWords: string | null;
  readonly progress: BuildProgress;
}

const NO_LIMITS: StartLimits = {
  stallAfterSeconds: 120,
  usualSeconds: new Map(),
  nodeTimeoutSeconds: null,
  runTimeoutSeconds: null,
  plannedNodes: null,
};
const HEARTBEAT_MS = 60_000;
const LOOK_MS = 1_000;
const MOST_LAST_LINES = 8;
/** As many as a crash can have: Python tells of it in hundreds of lines. */
const MOST_KEPT_LINES = 1000;
const MOST_KEPT_OF_LINE = 2000;

/** Runs dbt and reads its log file beside it: a heartbeat, a word on nodes that stall, a stop at the limits. */
export async function runWatched(
  { clock, children, signal, redact, onLine, onNotice, onProgress }: WatchParts,
  { logFile, isJson, limits: asked, ...start }: WatchedStart,
): Promise<WatchedEnd> {
  const limits = asked ?? NO_LIMITS;
  const startedAt = clock.now();
  const limit = new AbortController();
  const hasEnded = new AbortController();
  const named = new Set<string>();
  let progress: BuildProgress = { ...NOTHING_SEEN, total: limits.plannedNodes };
  let lastSaidAt = startedAt;
  let reached: StoppedFromHere | null = null;
  const lastLines: string[] = [];
  const say = (text: string) => {
    lastSaidAt = clock.now();
    onNotice(text);
  };
  const stopAt = (trouble: StoppedFromHere["trouble"], slow: readonly string[], text: string) => {
    if (reached !== null) return;
    reached = { trouble, slow, running: progress.running };
    say(text);
    limit.abort();
  };
  const look = () => {
    const now = clock.now();
    const late = lateNodes(progress, limits, now).filter((id) => !named.has(id));
    for (const id of late) named.add(id);
    if (late.length > 0) say(`no end yet: ${late.map((id) => describeLate(id, progress, limits, now)).join(", ")}`);
    const slow = limits.nodeTimeoutSeconds === null ? [] : runningLongerThan(progress, limits.nodeTimeoutSeconds, now);
    if (slow.length > 0)
      stopAt(
        "stalled",
        slow,
        `stopping dbt: --node-timeout of ${limits.nodeTimeoutSeconds} s is over for ${slow.join(", ")}`,
      );
    if (limits.runTimeoutSeconds !== null && now - startedAt >= limits.runTimeoutSeconds * 1000) {
      stopAt(
        "timed-out",
        [],
        `stopping dbt: --run-timeout of ${limits.runTimeoutSeconds} s is over; ${describeProgress(progress, now, limits)}`,
      );
    }
    if (!onProgress(progress, (now - startedAt) / 1000) && now - lastSaidAt >= HEARTBEAT_MS)
      say(`still running, ${Math.round((now - startedAt) / 1000)} s: ${describeProgress(progress, now, limits)}`);
  };

  const read = followLines(logFile, (line) => {
    progress = observe(progress, line, clock.now());
  });
  const watching = (async () => {
    while (!hasEnded.signal.aborted) {
      await clock.sleep(LOOK_MS, hasEnded.signal).catch(() => {});
      await read();
      if (!hasEnded.signal.aborted) look();
    }
  })();
  const end = await runProcess({
    ...start,
    children,
    name: "dbt",
    signal: AbortSignal.any([signal, limit.signal]),
    onLine: (line) => {
      const words = isJson ? wordsOfEvent(line) : null;
      if (words === null && line.trim() !== "") lastLines.push(beginningOf(line, redact));
      if (lastLines.length > MOST_KEPT_LINES) lastLines.shift();
      for (const said of words ?? [line]) {
        lastSaidAt = clock.now();
        onLine(said);
      }
    },
  }).finally(() => {
    hasEnded.abort();
    return watching;
  });
  await read();
  onProgress(progress, (clock.now() - startedAt) / 1000);
  const over = reached as StoppedFromHere | null;
  const stopped = over?.trouble ?? (end.stopped || isKilled(end.exitCode) ? "killed" : "none");
  const lastWords =
    progress.lastWords ??
    (stopped === "none"
      ? (wordsWithoutLog(lastLines, end.exitCode) ?? wordsOfNodes(progress, end.exitCode))
      : describeProgress(progress, clock.now(), limits));
  return { end, stopped, over, lastWords: lastWords === null ? null : shortenCrash(lastWords), progress };
}

/** By a signal: its own, or one that a wrapper such as `uv run` tells of as shells do, with 128 and its number. */
function isKilled(exitCode: number | null): boolean {
  return exitCode === null || (exitCode > 128 && exitCode <= 128 + 64);
}

/** A secret that is cut in two is not found any more. */
function beginningOf(line: string, redact: Redact): string {
  return line.length <= MOST_KEPT_OF_LINE ? line : redact(line).slice(0, MOST_KEPT_OF_LINE);
}

/**
 * What dbt said where its log has no error: wrong arguments are refused before there is a log, and a program that Python
 * cannot load ends with 1, as a build with failures does.
 */
function wordsWithoutLog(lines: readonly string[], exitCode: number | null): string | null {
  if (exitCode === 0) return null;
  const said = crashIn(lines) ?? errorIn(lines) ?? (exitCode === 1 ? [] : lines.slice(-MOST_LAST_LINES));
  return said.length === 0 ? null : said.join("\n");
}

/** dbt 2 begins so what it refuses, and what it says of a command that has no log here; null: nothing begins so. */
function errorIn(lines: readonly string[]): readonly string[] | null {
  const start = lines.findIndex((line) => /^(?:error: |\[error\] )/.test(line));
  if (start === -1) return null;
  const [first = "", ...more] = shortenCrash(lines.slice(start).join("\n")).split("\n");
  const end = more.findIndex((line) => /^(?:={10,} |For more information, try )/.test(line));
  const told = [first.replace(/^(?:error: |\[error\] )/, ""), ...more.slice(0, end === -1 ? undefined : end)];
  return told.slice(0, MOST_LAST_LINES);
}

/** What dbt 2 told of single nodes, for a start that left no row of them. */
function wordsOfNodes({ told }: BuildProgress, exitCode: number | null): string | null {
  const errors = exitCode === 0 ? [] : [...told.values()].filter(({ isQuery }) => !isQuery);
  const texts = [...new Set(errors.map(({ text }) => text))].slice(0, MOST_LAST_LINES);
  return texts.length === 0 ? null : texts.join("\n");
}
