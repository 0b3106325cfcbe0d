import { execFile } from "node:child_process";
import { SignalboxError } from "./errors.ts";
import { isNodeError } from "./files.ts";
import { type Environment, withoutSecrets } from "./secrets.ts";

/** git as a process: arguments as an array, no prompts, no hooks of the repository, none of our secrets. */
export interface Git {
  /** Standard output without the last line break. Throws a configuration error with git's own words. */
  run(...args: string[]): Promise<string>;
  /** The same, but null where git ends with an error: for questions whose answer may be no. */
  ask(...args: string[]): Promise<string | null>;
}

const LARGEST_OUTPUT_BYTES = 64 * 1024 * 1024;

export function createGit(cwd: string, env: Environment): Git {
  const start = (args: readonly string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile(
        "git",
        ["-c", "core.hooksPath=/dev/null", ...args],
        {
          cwd,
          env: { ...withoutSecrets(env), GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
          maxBuffer: LARGEST_OUTPUT_BYTES,
        },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout.replace(/\r?\n$/, ""));
          else reject(failure(args, error, stderr));
        },
      );
    });
  return {
    run: (...args) => start(args),
    ask: (...args) =>
      start(args).catch((error: unknown) => {
        if (error instanceof SignalboxError && error.cause === NOT_FOUND) throw error;
        return null;
      }),
  };
}

const NOT_FOUND = Symbol("git is not installed");

function failure(args: readonly string[], error: Error, stderr: string): SignalboxError {
  if (isNodeError(error) && error.code === "ENOENT") {
    return new SignalboxError("configuration", "git was not found on the PATH", {
      hint: "install git, or use an image that has it",
      cause: NOT_FOUND,
    });
  }
  const said = stderr.trim().split("\n").slice(-3).join(" ") || error.message;
  return new SignalboxError("configuration", `git ${args[0] ?? ""} failed: ${said}`, { cause: error });
}
