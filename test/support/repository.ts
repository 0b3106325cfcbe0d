import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGit, type Git } from "../../src/support/git.ts";

export interface Repository {
  readonly dir: string;
  /** As signalbox calls it. */
  readonly git: Git;
  /** As a person calls it: throws with git's own words. */
  run(...args: string[]): string;
  /** Commits a file of this name on the branch that is checked out; the answer is the commit. */
  commit(name: string): string;
}

/** Nothing of the machine's own configuration, and names for commits. */
const ENV = {
  PATH: process.env.PATH ?? "",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "Dana",
  GIT_AUTHOR_EMAIL: "dana@example.com",
  GIT_COMMITTER_NAME: "Dana",
  GIT_COMMITTER_EMAIL: "dana@example.com",
};

/** Each commit is a minute younger than the one before it: where git goes by dates, it goes the same way each time. */
let minutes = 0;

/** A new repository on an unborn `main`. */
export function initRepository(dir: string): Repository {
  mkdirSync(dir, { recursive: true });
  runGit(dir, "init", "--quiet", "--initial-branch=main");
  return repositoryAt(dir);
}

/** A clone over `file://`, so that `--depth` counts. */
export function cloneRepository(from: Repository, dir: string, ...args: string[]): Repository {
  runGit(from.dir, "clone", "--quiet", ...args, `file://${from.dir}`, dir);
  return repositoryAt(dir);
}

/** The same repository once more: for tests that share one which takes many commands to make. */
export function copyRepository(from: Repository, dir: string): Repository {
  cpSync(from.dir, dir, { recursive: true, preserveTimestamps: true });
  return repositoryAt(dir);
}

function repositoryAt(dir: string): Repository {
  const run = (...args: string[]) => runGit(dir, ...args);
  return {
    dir,
    git: createGit(dir, ENV),
    run,
    commit: (name) => {
      writeFileSync(join(dir, name), `${name}\n`);
      run("add", "--all");
      run("commit", "--quiet", "--message", name);
      return run("rev-parse", "HEAD");
    },
  };
}

function runGit(cwd: string, ...args: string[]): string {
  minutes += 1;
  const date = `${Date.UTC(2026, 0, 5) / 1000 + minutes * 60} +0000`;
  const env = { ...ENV, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  const { status, stdout, stderr } = spawnSync("git", args, { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}
