import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { ChildWatch } from "../support/claims.ts";
import type { Clock } from "../support/clock.ts";
import { makeFolder, removeFile } from "../support/files.ts";
import type { Redact } from "../support/redact.ts";
import { crashIn, shortenCrash } from "../text/crash.ts";
import { commonArguments, type StartTarget } from "./arguments.ts";
import { completeResults, type StoppedFromHere } from "./cut-off-results.ts";
import { followLines } from "./follow-lines.ts";
import { keepArtifacts, LOG_AND_RESULTS, redactFiles } from "./kept-files.ts";
import { LIST_FORMAT } from "./list.ts";
import { runProcess } from "./process.ts";
import { readRecord, redactRun, resultsFileOf } from "./record.ts";
import { type BuildProgress, describeProgress, NOTHING_SEEN, observe, runningLongerThan } from "./watch.ts";

/** Everything that is the same for all starts of one signalbox run. */
export interface DbtSetup {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; each start gets `NN-<command>/` in it. */
  readonly recordDir: string;
  readonly profilesDir: string | null;
  readonly profile: string | null;
  readonly extra: readonly string[];
  readonly color: boolean;
  readonly clock: Clock;
  readonly children: ChildWatch;
  readonly signal: AbortSignal;
  /** For what dbt says and leaves, before anyone else has it. */
  readonly redact: Redact;
  readonly onLine: (line: string) => void;
  readonly onNotice: (text: string) => void;
}

export interface StartRequest {
  /** `["build"]`, `["source", "freshness"]`. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly projectDir: string;
  readonly targetPath: string;
  readonly target: string | null;
  /** For one start: placeholders while the base is parsed; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `dbt ls`: standard output is its answer, in the form that parseList reads. */
  readonly lists?: boolean;
  readonly limits?: StartLimits;
}

export interface StartLimits {
  readonly stallAfterSeconds: number;
  readonly nodeTimeoutSeconds: number | null;
  readonly runTimeoutSeconds: number | null;
}

export interface DbtStart {
  readonly run: DbtRun;
  readonly argv: readonly string[];
  /** Absolute folder with the copies of this start's artifacts. */
  readonly dir: string;
  readonly stdout: string;
}

export interface Dbt {
  start(request: StartRequest): Promise<DbtStart>;
}

const NO_LIMITS: StartLimits = { stallAfterSeconds: 120, nodeTimeoutSeconds: null, runTimeoutSeconds: null };
const HEARTBEAT_MS = 60_000;
const LOOK_MS = 1_000;
const MOST_LAST_LINES = 8;
/** As many as a crash can have: Python tells of it in hundreds of lines. */
const MOST_KEPT_LINES = 1000;
const MOST_KEPT_OF_LINE = 2000;

/** Starts dbt, one start after another, each with a numbered folder of its own that keeps what it wrote. */
export function createDbt(setup: DbtSetup): Dbt {
  let count = 0;
  return {
    start: async (request) => {
      const command = request.command.join(" ");
      const writes = resultsFileOf(command);
      count += 1;
      const dir = join(setup.recordDir, `${String(count).padStart(2, "0")}-${request.command.at(-1)}`);
      // Another signalbox may have left its own start of this number there.
      await rm(dir, { recursive: true, force: true });
      await makeFolder(dir);
      // dbt leaves the old file in place when it does not compile: it must not be taken for this start's.
      if (writes !== null) await removeFile(join(request.targetPath, writes));

      const argv = argvOf(setup, request, dir);
      const startedAt = setup.clock.now();
      const { end, lastWords, over, progress } = await runWatched(setup, request, argv, join(dir, "dbt.log"));
      const seconds = (setup.clock.now() - startedAt) / 1000;

      const notKept = await keepArtifacts(request.targetPath, dir, startedAt);
      const stopped = over?.trouble ?? (end.stopped || isKilled(end.exitCode) ? "killed" : "none");
      if (stopped !== "none" && writes === "run_results.json")
        await completeResults(join(dir, writes), progress, { argv, over, now: setup.clock.now() });
      const trouble = stopped === "none" && notKept !== null ? "unreadable" : stopped;
      const run = await readRecord({
        command,
        exitCode: end.exitCode,
        startedAt,
        seconds,
        trouble,
        threads: progress.threads,
        lastWords: notKept ?? (lastWords === null ? null : setup.redact(lastWords)),
        dir,
      });
      await redactFiles(dir, LOG_AND_RESULTS, setup.redact);
      return { run: redactRun(run, setup.redact), argv, dir, stdout: end.stdout };
    },
  };
}

function argvOf(setup: DbtSetup, request: StartRequest, logPath: string): string[] {
  const targetPath = request.command[0] === "deps" ? null : request.targetPath;
  const start: StartTarget = { ...setup, targetPath, target: request.target, logPath };
  const [quiet, format] = request.lists ? [["--quiet"], LIST_FORMAT] : [[], []];
  return [
    ...setup.command,
    ...quiet,
    ...request.command,
    ...commonArguments(request.command.join(" "), start),
    ...request.args,
    ...format,
  ];
}

/** Runs dbt and reads its log file beside it: a heartbeat, a word on nodes that stall, a stop at the limits. */
async function runWatched(setup: DbtSetup, request: StartRequest, argv: readonly string[], logFile: string) {
  const limits = request.limits ?? NO_LIMITS;
  const { clock } = setup;
  const startedAt = clock.now();
  const limit = new AbortController();
  const hasEnded = new AbortController();
  const named = new Set<string>();
  let progress = NOTHING_SEEN as BuildProgress;
  let lastSaidAt = startedAt;
  let reached: StoppedFromHere | null = null;
  const lastLines: string[] = [];
  const say = (text: string) => {
    lastSaidAt = clock.now();
    setup.onNotice(text);
  };
  const stopAt = (trouble: StoppedFromHere["trouble"], slow: readonly string[], text: string) => {
    if (reached !== null) return;
    reached = { trouble, slow, running: progress.running };
    say(text);
    limit.abort();
  };
  const look = () => {
    const now = clock.now();
    const stalled = runningLongerThan(progress, limits.stallAfterSeconds, now).filter((id) => !named.has(id));
    for (const id of stalled) named.add(id);
    if (stalled.length > 0) say(`no end after ${limits.stallAfterSeconds} s: ${stalled.join(", ")}`);
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
        `stopping dbt: --run-timeout of ${limits.runTimeoutSeconds} s is over; ${describeProgress(progress, now)}`,
      );
    }
    if (now - lastSaidAt >= HEARTBEAT_MS)
      say(`still running, ${Math.round((now - startedAt) / 1000)} s: ${describeProgress(progress, now)}`);
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
    argv,
    cwd: request.projectDir,
    env: { ...setup.env, ...request.env },
    stdout: request.lists ? "answer" : "log",
    children: setup.children,
    name: "dbt",
    signal: AbortSignal.any([setup.signal, limit.signal]),
    onLine: (line) => {
      lastSaidAt = clock.now();
      if (line.trim() !== "") lastLines.push(beginningOf(line, setup.redact));
      if (lastLines.length > MOST_KEPT_LINES) lastLines.shift();
      setup.onLine(line);
    },
  }).finally(() => {
    hasEnded.abort();
    return watching;
  });
  await read();
  const isStopped = reached !== null || end.stopped || isKilled(end.exitCode);
  const lastWords =
    progress.lastWords ??
    (isStopped ? describeProgress(progress, clock.now()) : wordsWithoutLog(lastLines, end.exitCode));
  return {
    end,
    lastWords: lastWords === null ? null : shortenCrash(lastWords),
    over: reached as StoppedFromHere | null,
    progress,
  };
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
  const said = crashIn(lines) ?? (exitCode === 1 ? [] : lines.slice(-MOST_LAST_LINES));
  return said.length === 0 ? null : said.join("\n");
}
