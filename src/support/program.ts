import { spawn } from "node:child_process";
import { SignalboxError } from "./errors.ts";
import { isNodeError } from "./files.ts";
import { describeStartError, findProgram, startWith } from "./program-file.ts";
import type { Environment } from "./secrets.ts";

export interface ProgramRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All that it is given, but for `LC_ALL`: its words are read. */
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
  /** Ends it after this time. */
  readonly ms?: number | undefined;
}

export interface ProgramEnd {
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it was ended because its time was up. */
  readonly isLate: boolean;
}

const LARGEST_OUTPUT_BYTES = 64 * 2 ** 20;

/**
 * A short program's end and all its words, without a shell; null where there is no such program. Throws a configuration
 * error where it may not be run, or cannot be given these words, and a service error where it prints without end. What
 * runs long, is watched, or starts others: `runProcess`.
 */
export function runProgram({ program, args, cwd, env, signal, ms }: ProgramRequest): Promise<ProgramEnd | null> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const place = { program, args, cwd, env: { ...env, LC_ALL: "C" } };
  return new Promise((resolve, reject) => {
    const child = startWith(place, reject, () =>
      spawn(program, args, { cwd, env: place.env, stdio: ["ignore", "pipe", "pipe"] }),
    );
    if (child === null) return;
    const chunks: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
    let bytes = 0;
    let timer: NodeJS.Timeout | undefined;
    const words = (stream: "stdout" | "stderr") => Buffer.concat(chunks[stream]).toString("utf8");
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const leave = () => {
      settle();
      // What it started may outlive it and hold the pipes: that is not waited for.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
    };
    const stop = () => {
      leave();
      child.kill();
    };
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    const onLate = () => {
      stop();
      resolve({ exitCode: null, stdout: words("stdout"), stderr: words("stderr"), isLate: true });
    };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        chunks[stream].push(chunk);
        if (bytes <= LARGEST_OUTPUT_BYTES) return;
        stop();
        reject(
          new SignalboxError("service", `${program} printed more than ${LARGEST_OUTPUT_BYTES / 2 ** 20} MiB`, {
            hint: "that is no answer to what it was asked: run it by hand",
          }),
        );
      });
    child.on("error", (error) => {
      leave();
      void (async () => {
        // null only where the file is not there: one whose interpreter is missing has words of its own.
        const isMissing = isNodeError(error) && error.code === "ENOENT" && (await findProgram(place)) === null;
        if (isMissing) resolve(null);
        else reject(await describeStartError(error, place));
      })().catch(reject);
    });
    child.on("close", (exitCode) => {
      settle();
      // One that never began ends too.
      if (child.pid !== undefined)
        resolve({ exitCode, stdout: words("stdout"), stderr: words("stderr"), isLate: false });
    });
    if (ms !== undefined) timer = setTimeout(onLate, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
