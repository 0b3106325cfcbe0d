import { statSync } from "node:fs";
import { join, resolve as resolvePath } from "node:path";
import { SignalboxError } from "./errors.ts";
import { foreignFolderIn, wordsOfGit } from "./git-words.ts";
import { once } from "./once.ts";
import { type ProgramEnd, runProgram } from "./program.ts";
import { type Environment, withoutSecrets } from "./secrets.ts";

/** git as a process: arguments as an array, no prompts, no hooks of the repository, none of our secrets but what gh reads. */
export interface Git {
  /** Standard output without the last line break. Throws a configuration error with git's own words. */
  run(...args: string[]): Promise<string>;
  /** The same, but null where git ends with an error: for questions whose answer may be no. */
  ask(...args: string[]): Promise<string | null>;
  /** The same git, whose commands are ended after `ms`, and when the signal is aborted: for what asks another machine. */
  within(limits: GitLimits): Git;
  /** The top folder of the work tree, absolute; null: there is none. */
  top(): Promise<string | null>;
  /** The commit that is checked out; null: there is none. */
  head(): Promise<string | null>;
}

export interface GitLimits {
  readonly ms: number;
  readonly signal: AbortSignal | undefined;
}

/** `gh auth setup-git` makes gh the helper that git asks for credentials: https://cli.github.com/manual/gh_help_environment */
const FOR_HELPERS = ["GH_TOKEN", "GH_ENTERPRISE_TOKEN"];

/** A folder of the tree that looks like a bare repository would be one: with its own HEAD, and with programs to start. */
const NOT_OF_THE_TREE = ["-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=explicit"];

/** `onForeign` is told where git refuses to read the repository and the question is one whose answer may be no. */
export function createGit(
  cwd: string,
  env: Environment,
  limits: GitLimits | null = null,
  onForeign: (error: SignalboxError) => void = () => {},
): Git {
  const start = async (args: readonly string[]) => {
    const end = await runProgram({
      program: "git",
      args: [...NOT_OF_THE_TREE, ...args],
      cwd,
      // GIT_DIFF_OPTS of the job would be over --unified. https://git-scm.com/docs/git#Documentation/git.txt-GITDIFFOPTS
      env: { ...withoutSecrets(env, FOR_HELPERS), GIT_TERMINAL_PROMPT: "0", GIT_DIFF_OPTS: "" },
      ...limits,
    });
    if (end === null) throw notFound();
    if (end.isLate) throw tooLate(args, limits?.ms ?? 0);
    if (end.exitCode !== 0) throw failure(args, end);
    return end.stdout.replace(/\r?\n$/, "");
  };
  const ask = (...args: string[]) =>
    start(args).catch((error: unknown) => {
      limits?.signal?.throwIfAborted();
      if (error instanceof SignalboxError && error.cause === NOT_FOUND) throw error;
      if (isOwnerRefused(error)) onForeign(error);
      return null;
    });
  return {
    run: (...args) => start(args),
    ask,
    within: (narrower) => createGit(cwd, env, narrower, onForeign),
    top: once(async () => {
      const top = await ask("rev-parse", "--show-toplevel");
      // On Windows git writes it with slashes.
      return top === null ? null : resolvePath(top);
    }),
    head: () => ask("rev-parse", "HEAD"),
  };
}

const NOT_FOUND = Symbol("git is not installed");

function tooLate(args: readonly string[], ms: number): SignalboxError {
  return new SignalboxError("service", `git ${args[0] ?? ""} did not end within ${ms / 1000} s`, {
    hint: "the remote does not answer: is it down, or does a firewall keep this job from it?",
  });
}

function notFound(): SignalboxError {
  return new SignalboxError("configuration", "git was not found on the PATH", {
    hint: "install git, or use an image that has it",
    cause: NOT_FOUND,
  });
}

function failure(args: readonly string[], { exitCode, stderr }: ProgramEnd): SignalboxError {
  const refused = foreignFolderIn(stderr);
  if (refused !== null) return foreignOwner(refused, stderr);
  const command = args.find((word) => !/^-|=/.test(word)) ?? "";
  const words = wordsOfGit(stderr) || (exitCode === null ? "a signal ended it" : `exit code ${exitCode}`);
  return new SignalboxError("configuration", `git ${command} failed: ${words}`);
}

/** The cause of git's refusal to read what another user owns. */
class ForeignOwner extends Error {}

/** Throws where git refuses to read the repository of another user: what it does not tell would be taken for missing. */
export async function assertReadable(git: Git): Promise<void> {
  await git.run("rev-parse", "--git-dir").catch((error: unknown) => {
    if (isOwnerRefused(error)) throw error;
  });
}

/** Whether git refuses to read the repository, which is there. */
function isOwnerRefused(error: unknown): error is SignalboxError {
  return error instanceof SignalboxError && error.cause instanceof ForeignOwner;
}

/** In a container git refuses a work tree of another user: https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory */
function foreignOwner(dir: string, words: string): SignalboxError {
  const us = process.geteuid?.();
  const owner = [dir, join(dir, ".git")].map(ownerOf).find((uid) => uid !== null && uid !== us) ?? null;
  const belongs =
    owner === null || us === undefined
      ? "it belongs to another user"
      : `it belongs to user ${owner}, and this runs as user ${us}`;
  const quotedDir = `'${dir.replaceAll("'", "'\\''")}'`;
  return new SignalboxError("configuration", `git refuses to read ${dir}: ${belongs}`, {
    hint: `before this step: git config --global --add safe.directory ${quotedDir}`,
    cause: new ForeignOwner(words),
  });
}

function ownerOf(path: string): number | null {
  try {
    return statSync(path).uid;
  } catch {
    return null;
  }
}
