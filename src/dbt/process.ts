import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { ChildWatch } from "../support/claims.ts";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError } from "../support/files.ts";
import { createLineReader } from "./lines.ts";

export interface ProcessRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every line of standard output (unless it is captured) and standard error, without its line break. */
  readonly onLine: (line: string) => void;
  /** Standard output is the answer, not a log. */
  readonly capture: boolean;
  /** Is told of the process as soon as there is one, and of its end. */
  readonly children: ChildWatch;
  /** The program's name in what others are told. */
  readonly name: string;
  /** Aborting stops the process: SIGINT to its group, then SIGKILL. */
  readonly signal: AbortSignal;
}

export interface ProcessEnd {
  /** null: ended by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
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
 * Throws a configuration error where the program does not exist.
 */
export function runProcess({
  argv,
  cwd,
  env,
  onLine,
  capture,
  children,
  name,
  signal,
}: ProcessRequest): Promise<ProcessEnd> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const { pid } = child;
    if (pid !== undefined) children.started(name, pid);
    const timers: NodeJS.Timeout[] = [];
    let stdout = "";
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

    if (capture) child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    else readLines(child.stdout, onLine);
    readLines(child.stderr, onLine);
    child.on("error", (error) => {
      settle();
      reject(isNodeError(error) && error.code === "ENOENT" ? programMissing(program) : error);
    });
    child.on("exit", () => timers.push(setTimeout(() => killGroup("SIGKILL"), DRAIN_MS)));
    child.on("close", (exitCode) => {
      settle();
      resolve({ exitCode, stdout, stopped: signal.aborted });
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

export function programMissing(program: string): SignalboxError {
  return new SignalboxError(
    "configuration",
    `dbt was not found: there is no program ${JSON.stringify(program)} on the PATH`,
    {
      hint: "install dbt before this step, activate its environment, or name it in signalbox.yml: dbt: { command: [uv, run, dbt] }",
    },
  );
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
