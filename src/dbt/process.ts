import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { ChildWatch } from "../support/claims.ts";
import { describeStartError, startWith } from "../support/program-file.ts";
import { assertStartable } from "../support/start-words.ts";
import { createLineReader } from "./lines.ts";

export interface ProcessRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every line of standard error, and of standard output where that is a log, without its line break. */
  readonly onLine: (line: string) => void;
  /**
   * What standard output is: `log`: lines; `answer`: the `stdout` of the end; `own`: the program has input, output and error
   * of this process, byte for byte, and `onLine` is not called; `own-error`: the same, with its output on standard error.
   */
  readonly stdout: "log" | "answer" | "own" | "own-error";
  /** Is told of the process as soon as there is one, and of its end. */
  readonly children: ChildWatch;
  /** The program's name in what others are told. */
  readonly name: string;
  /** Of an answer: with more than that the whole group is killed at once; absent: it has no limit. */
  readonly mostBytes?: number;
  /** One that was begun otherwise, in a group of its own; null: there is none, and `argv` is started. */
  readonly begun?: (signal: AbortSignal) => Promise<RunningProcess | null>;
  /** Aborting stops the process: SIGINT to its group, then SIGKILL. */
  readonly signal: AbortSignal;
}

/** What is to be known of a process, as `node:child_process` tells it. */
export interface RunningProcess extends Pick<ChildProcess, "pid" | "stdout" | "stderr"> {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit" | "close", listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
}

export interface ProcessEnd {
  /** null: ended by a signal. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** It answered with more than `mostBytes`; `stdout` is the beginning. */
  readonly isTooLong: boolean;
  /** True where `signal` was aborted before it ended. */
  readonly stopped: boolean;
}

/**
 * dbt cancels its queries on SIGINT and ends within seconds; on SIGTERM it writes nothing at all. GitHub gives a step
 * 7.5 s between SIGINT and SIGTERM. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
 */
const GRACE_MS = 7_000;
/** After the leader's end: how long its children may keep the pipes open. */
const DRAIN_MS = 2_000;

/**
 * Runs a program in a process group of its own, since wrappers such as `uv run` do not pass SIGINT on.
 * Throws a configuration error where the program does not exist, may not be run, or cannot be given these words.
 */
export async function runProcess({
  argv,
  cwd,
  env,
  onLine,
  stdout: kind,
  children,
  name,
  mostBytes = Number.POSITIVE_INFINITY,
  begun = async () => null,
  signal,
}: ProcessRequest): Promise<ProcessEnd> {
  const [program = "", ...args] = argv;
  // What cannot be started begins nothing.
  assertStartable({ argv, env });
  const running = await begun(signal);
  return new Promise((resolve, reject) => {
    const place = { program, args, cwd, env };
    const child: RunningProcess | null =
      running ??
      startWith(place, reject, () =>
        spawn(program, args, { cwd, env: { ...env }, detached: true, stdio: STDIO[kind] }),
      );
    if (child === null) return;
    const { pid } = child;
    if (pid !== undefined) children.started(name, pid);
    const timers: NodeJS.Timeout[] = [];
    let stdout = "";
    let bytes = 0;
    const killGroup = (kill: NodeJS.Signals) => {
      try {
        if (pid !== undefined) process.kill(-pid, kill);
      } catch {
        // The group has ended already.
      }
    };
    const stop = () => {
      killGroup("SIGINT");
      timers.push(setTimeout(() => killGroup("SIGKILL"), GRACE_MS));
    };
    const settle = () => {
      if (pid !== undefined) children.ended(pid);
      signal.removeEventListener("abort", stop);
      for (const timer of timers) clearTimeout(timer);
    };

    const keep = (chunk: string) => {
      bytes += Buffer.byteLength(chunk);
      if (bytes <= mostBytes) stdout += chunk;
      else killGroup("SIGKILL");
    };
    if (kind === "answer") child.stdout?.setEncoding("utf8").on("data", keep);
    else if (child.stdout !== null) readLines(child.stdout, onLine);
    if (child.stderr !== null) readLines(child.stderr, onLine);
    child.on("error", (error) => {
      settle();
      void describeStartError(error, place).then(reject, reject);
    });
    child.on("exit", () => timers.push(setTimeout(() => killGroup("SIGKILL"), DRAIN_MS)));
    child.on("close", async (exitCode, endedBy) => {
      // One that never began ends too.
      if (pid === undefined) return;
      // Without pipes nothing else tells that what it started in the background is still at work.
      if (child.stdout === null) await untilGroupEnds(pid, DRAIN_MS + 500);
      settle();
      resolve({ exitCode, signal: endedBy, stdout, isTooLong: bytes > mostBytes, stopped: signal.aborted });
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

const STDIO: Readonly<Record<ProcessRequest["stdout"], StdioOptions>> = {
  log: ["ignore", "pipe", "pipe"],
  answer: ["ignore", "pipe", "pipe"],
  own: ["inherit", "inherit", "inherit"],
  "own-error": ["inherit", 2, "inherit"],
};

async function untilGroupEnds(pid: number | undefined, mostMs: number): Promise<void> {
  const isAlive = () => {
    try {
      return pid !== undefined && process.kill(-pid, 0);
    } catch {
      return false;
    }
  };
  for (let waitedMs = 0; waitedMs < mostMs && isAlive(); waitedMs += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  const lines = createLineReader(onLine);
  stream.on("data", (chunk: Buffer) => lines.read(decoder.write(chunk)));
  stream.on("end", () => {
    lines.read(decoder.end());
    lines.end();
  });
}
