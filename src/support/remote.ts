import type { Git } from "./git.ts";
import { once } from "./once.ts";

/** The remote `origin` of a clone. What it answers is asked for once, and never waits for a person's password. */
export interface Remote {
  readonly git: Git;
  /** As the clone's configuration has it; null: there is no such remote. */
  url(): Promise<string | null>;
  /** What the remote itself says now; null: it cannot be asked. */
  heads(): Promise<Heads | null>;
  /**
   * Brings a commit and its history into the clone, and moves no ref of it; false where the remote does not hand it out.
   * `alone`: the commit without its history, which in a whole clone would cut what is there.
   */
  fetch(commit: string, options?: { readonly alone: boolean }): Promise<boolean>;
}

export interface Heads {
  /** The branch that the remote's HEAD names. */
  readonly defaultBranch: string | null;
  /** The newest commit of each branch, by the branch's name. */
  readonly tips: ReadonlyMap<string, string>;
}

export function createRemote(git: Git): Remote {
  const url = once(() => git.ask("config", "--get", "remote.origin.url"));
  const fetched = new Map<string, Promise<boolean>>();
  return {
    git,
    url,
    heads: once(async () => {
      if ((await url()) === null) return null;
      const said = await git.ask("ls-remote", "--symref", "--end-of-options", "origin", "HEAD", "refs/heads/*");
      return said === null ? null : readHeads(said);
    }),
    fetch: (commit, { alone } = { alone: false }) => {
      const known = fetched.get(commit);
      if (known !== undefined) return known;
      // Without --refmap the clone's own refspecs would move its remote-tracking branches.
      const quietly = ["-c", "gc.auto=0", "-c", "maintenance.auto=false", "fetch", "--quiet", "--no-tags", "--refmap="];
      const depth = alone ? ["--depth=1"] : [];
      const args = [...quietly, "--no-recurse-submodules", ...depth, "--end-of-options", "origin", commit];
      const answer = git.ask(...args).then((said) => said !== null);
      fetched.set(commit, answer);
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
