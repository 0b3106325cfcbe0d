import { spawn } from "node:child_process";
import { isNodeError } from "./files.ts";
import { describeStartError, findProgram, startWith } from "./program-file.ts";
import { type Environment, withoutSecrets } from "./secrets.ts";

export interface ProgramRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** `exitCode` is null where a signal ended it. The texts are cut off after `LARGEST_OUTPUT_BYTES`. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A cloud's own tool may be told to log in as this job; it runs nothing of the tree. */
const FOR_CLOUDS = [
  ...["CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2"],
  ...["ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"],
];

const LARGEST_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * A program's end and its words, without a shell and without our secrets; null where there is no such program.
 * Throws a configuration error where it may not be run, or cannot be given these words.
 */
export function runProgram({ program, args, cwd, env, signal }: ProgramRequest): Promise<ProgramEnd | null> {
  signal?.throwIfAborted();
  const place = { program, args, cwd, env: { ...withoutSecrets(env, FOR_CLOUDS), LC_ALL: "C" } };
  return new Promise((resolve, reject) => {
    const child = startWith(place, reject, () =>
      spawn(program, args, {
        cwd,
        env: place.env,
        stdio: ["ignore", "pipe", "pipe"],
        ...(signal === undefined ? {} : { signal }),
      }),
    );
    if (child === null) return;
    const collect = (stream: NodeJS.ReadableStream) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= LARGEST_OUTPUT_BYTES) chunks.push(chunk);
      });
      return () => Buffer.concat(chunks).toString("utf8");
    };
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    child.on("error", (error) => {
      // What it started may outlive it and hold the pipes: that is not waited for.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      if (signal?.aborted) reject(signal.reason);
      else
        void (async () => {
          // null only where the file is not there: one whose interpreter is missing has words of its own.
          const isMissing = isNodeError(error) && error.code === "ENOENT" && (await findProgram(place)) === null;
          if (isMissing) resolve(null);
          else reject(await describeStartError(error, place));
        })().catch(reject);
    });
    child.on("close", (exitCode) => {
      // One that never began ends too.
      if (child.pid !== undefined) resolve({ exitCode, stdout: stdout(), stderr: stderr() });
    });
  });
}
