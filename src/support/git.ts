import { execFile } from "node:child_process";
import { SignalboxError } from "./errors.ts";
import { isNodeError } from "./files.ts";
import { type Environment, withoutSecrets } from "./secrets.ts";

/** git as a process: arguments as an array, no prompts, no hooks of the repository, none of our secrets but what gh reads. */
export interface Git {
  /** Standard output without the last line break. Throws a configuration error with git's own words. */
  run(...args: string[]): Promise<string>;
  /** The same, but null where git ends with an error: for questions whose answer may be no. */
  ask(...args: string[]): Promise<string | null>;
  /** The same git, whose commands are ended after `ms`, and when the signal is aborted: for what asks another machine. */
  within(limits: Limits): Git;
}

export interface Limits {
  readonly ms: number;
  readonly signal: AbortSignal | undefined;
}

const LARGEST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** `gh auth setup-git` makes gh the helper that git asks for credentials: https://cli.github.com/manual/gh_help_environment */
const FOR_HELPERS = ["GH_TOKEN", "GH_ENTERPRISE_TOKEN"];

/** A folder of the tree that looks like a bare repository would be one: with its own HEAD, and with programs to start. */
const NOT_OF_THE_TREE = ["-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=explicit"];

export function createGit(cwd: string, env: Environment, limits: Limits | null = null): Git {
  const start = (args: readonly string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile(
        "git",
        [...NOT_OF_THE_TREE, ...args],
        {
          cwd,
          env: { ...withoutSecrets(env, FOR_HELPERS), GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
          maxBuffer: LARGEST_OUTPUT_BYTES,
          ...(limits === null ? {} : { timeout: limits.ms }),
          ...(limits?.signal === undefined ? {} : { signal: limits.signal }),
        },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout.replace(/\r?\n$/, ""));
          else if (limits?.signal?.aborted) reject(limits.signal.reason);
          else if (error.killed && limits !== null) reject(tooLate(args, limits.ms));
          else reject(failure(args, error, stderr));
        },
      );
    });
  return {
    run: (...args) => start(args),
    ask: (...args) =>
      start(args).catch((error: unknown) => {
        limits?.signal?.throwIfAborted();
        if (error instanceof SignalboxError && error.cause === NOT_FOUND) throw error;
        return null;
      }),
    within: (narrower) => createGit(cwd, env, narrower),
  };
}

const NOT_FOUND = Symbol("git is not installed");

function tooLate(args: readonly string[], ms: number): SignalboxError {
  return new SignalboxError("service", `git ${args[0] ?? ""} did not end within ${ms / 1000} s`, {
    hint: "the remote does not answer: is it down, or does a firewall keep this job from it?",
  });
}

function failure(args: readonly string[], error: Error, stderr: string): SignalboxError {
  if (isNodeError(error) && error.code === "ENOENT") {
    return new SignalboxError("configuration", "git was not found on the PATH", {
      hint: "install git, or use an image that has it",
      cause: NOT_FOUND,
    });
  }
  const command = args.find((word) => !/^-|=/.test(word)) ?? "";
  return new SignalboxError("configuration", `git ${command} failed: ${wordsOf(stderr) || error.message}`, {
    ...hintFor(stderr),
    cause: error,
  });
}

const MOST_WORDS = 400;

/**
 * git's own words on one line, the first ones first: the reason stands there, and advice behind it ("Please make sure you
 * have the correct access rights").
 */
function wordsOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const said = lines.filter((line) => line !== "" && !/^(?:hint|warning):/.test(line));
  const text = (said.length > 0 ? said : lines.filter((line) => line !== "")).join(" ");
  return text.length > MOST_WORDS ? `${text.slice(0, MOST_WORDS)}…` : text;
}

/** In a container git refuses a work tree of another user: https://github.com/actions/checkout/issues/1169 */
function hintFor(stderr: string): { readonly hint?: string } {
  const dir = /detected dubious ownership in repository at '([^'\n]*)'/.exec(stderr)?.[1];
  return dir === undefined
    ? {}
    : {
        hint: `the folder belongs to another user than this job's; before this step: git config --global --add safe.directory '${dir}'`,
      };
}
