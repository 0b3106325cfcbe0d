import { SignalboxError } from "./errors.ts";
import type { Git } from "./git.ts";
import { once } from "./once.ts";

/** The remote `origin` of a clone. What it answers is asked for once, and never waits for a person's password. */
export interface Remote {
  readonly git: Git;
  /** As the clone's configuration has it; null: there is no such remote. */
  url(): Promise<string | null>;
  /** What the remote itself says now; null: it cannot be asked. */
  heads(): Promise<Heads | null>;
  /** Why `heads` is null: git's own words; null: it was not asked, or it answered. */
  whyNoHeads(): string | null;
  /**
   * Brings a commit and its history into the clone, and moves no ref of it; false where the remote does not hand it out.
   */
  fetch(commit: string, extent?: Extent): Promise<boolean>;
}

/**
 * How much of the commit's history comes with it: what the clone lacks, as far as a shallow one goes; none, which in a
 * whole clone would cut what is there; all of it, in a shallow clone that ends too early.
 */
export type Extent = "history" | "alone" | "whole";

const DEPTH: Readonly<Record<Extent, readonly string[]>> = {
  history: [],
  alone: ["--depth=1"],
  whole: ["--unshallow"],
};

/** How long the remote's list of branches may take, and what has to be fetched. */
export const MOST_LIST_MS = 60_000;
const MOST_FETCH_MS = 600_000;

export interface Heads {
  /** The branch that the remote's HEAD names. */
  readonly defaultBranch: string | null;
  /** The newest commit of each branch, by the branch's name. */
  readonly tips: ReadonlyMap<string, string>;
}

export function createRemote(git: Git, signal?: AbortSignal): Remote {
  const url = once(() => git.ask("config", "--get", "remote.origin.url"));
  const fetched = new Map<string, Promise<boolean>>();
  let whyNoHeads: string | null = null;
  return {
    git,
    url,
    whyNoHeads: () => whyNoHeads,
    heads: once(async () => {
      if ((await url()) === null) return null;
      const words = ["ls-remote", "--symref", "--end-of-options", "origin", "HEAD", "refs/heads/*"];
      try {
        return readHeads(await git.within({ ms: MOST_LIST_MS, signal }).run(...words));
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof SignalboxError)) throw error;
        whyNoHeads = error.message;
        return null;
      }
    }),
    fetch: (commit, extent = "history") => {
      const key = `${extent} ${commit}`;
      const known = fetched.get(key);
      if (known !== undefined) return known;
      // Without --refmap the clone's own refspecs would move its remote-tracking branches.
      const quietly = ["-c", "gc.auto=0", "-c", "maintenance.auto=false", "fetch", "--quiet", "--no-tags", "--refmap="];
      const args = [...quietly, "--no-recurse-submodules", ...DEPTH[extent], "--end-of-options", "origin", commit];
      const answer = git
        .within({ ms: MOST_FETCH_MS, signal })
        .ask(...args)
        .then((said) => said !== null);
      fetched.set(key, answer);
      return answer;
    },
  };
}

function readHeads(said: string): Heads {
  const tips = [...said.matchAll(/^([0-9a-f]{40,64})\trefs\/heads\/(\S+)$/gm)];
  return {
    defaultBranch: /^ref: refs\/heads\/(\S+)\s+HEAD$/m.exec(said)?.[1] ?? null,
    tips: new Map(tips.map(([, commit = "", name = ""]) => [name, commit])),
  };
}
