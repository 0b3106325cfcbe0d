import { SignalboxError } from "../support/errors.ts";
import type { Git } from "../support/git.ts";
import { MOST_COMMITS } from "./store.ts";

export interface BaseCommit {
  readonly sha: string;
  /** For the log: `merge-base with origin/main`. */
  readonly how: string;
}

/**
 * The commit that a branch is compared with: the first parent of a pull request's merge commit, else the merge-base with
 * the base branch. Throws a configuration error where history is too shallow to tell: "latest main" instead would
 * rebuild what others changed.
 */
export async function findBaseCommit(git: Git, baseBranch: string, isPullRequest: boolean): Promise<BaseCommit> {
  const base = await findBaseRef(git, baseBranch);
  if (isPullRequest) {
    const parents = (await git.ask("rev-list", "--parents", "-n", "1", "HEAD"))?.split(" ").slice(1) ?? [];
    const [first, second] = parents;
    if (parents.length === 2 && first !== undefined && second !== undefined) {
      const isInBase = async (sha: string) => base !== null && (await isAncestor(git, sha, base.ref));
      // A branch that has just taken in the base branch ends with a merge commit too, its parents the other way round.
      const isOwnMerge = (await isInBase(second)) && !(await isInBase(first));
      if (!isOwnMerge) return { sha: first, how: "first parent of the merge commit" };
    }
  }
  const sha = base === null ? null : await git.ask("merge-base", "--end-of-options", "HEAD", base.ref);
  if (base !== null && sha !== null) return { sha, how: `merge-base with ${base.name}` };

  const isShallow = (await git.ask("rev-parse", "--is-shallow-repository")) === "true";
  if (isShallow) {
    throw new SignalboxError(
      "configuration",
      `the checkout is too shallow to find where this branch left ${baseBranch}`,
      {
        hint: "fetch the whole history: `with: { fetch-depth: 0 }` at actions/checkout (on CircleCI, `checkout` without a shallow method)",
      },
    );
  }
  throw new SignalboxError(
    "configuration",
    base === null
      ? `the base branch ${JSON.stringify(baseBranch)} is not in this checkout: neither origin/${baseBranch} nor ${baseBranch} exists`
      : `this branch and ${baseBranch} have no commit in common`,
    { hint: `fetch it (git fetch origin ${baseBranch}), or set base_branch in signalbox.yml` },
  );
}

/** Where the base branch is now, as this checkout has it; null: it does not have it. */
export async function findBaseTip(git: Git, baseBranch: string): Promise<string | null> {
  const base = await findBaseRef(git, baseBranch);
  return base === null ? null : git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", `${base.ref}^{commit}`);
}

/**
 * The commit and its ancestors, nearest first, as far back as a bundle may lie. By first parents: a bundle is of what a
 * push brought to the base branch, and the commits of a branch that was merged there were no such push.
 */
export async function listAncestors(git: Git, sha: string): Promise<readonly string[]> {
  const listed = await git.run("rev-list", "--first-parent", `--max-count=${MOST_COMMITS}`, "--end-of-options", sha);
  return listed.split("\n").filter((line) => line !== "");
}

/**
 * Whether a commit is in the history of another one, or of a ref of this full name. False also where the checkout does not
 * know the one or the other.
 */
export async function isAncestor(git: Git, commit: string, of: string): Promise<boolean> {
  // Names come from outside, and as a revision `refs/…/x-0-g1a2b3c` is the commit 1a2b3c where there is no such ref.
  const tip = of.startsWith("refs/") ? await git.ask("show-ref", "--verify", "--hash", "--end-of-options", of) : of;
  // A clone may hold replaced commits, with other parents than the remote's.
  const args = ["--no-replace-objects", "merge-base", "--is-ancestor", "--end-of-options", commit];
  return tip !== null && (await git.ask(...args, tip)) !== null;
}

async function findBaseRef(git: Git, baseBranch: string): Promise<{ ref: string; name: string } | null> {
  const candidates = [
    { ref: `refs/remotes/origin/${baseBranch}`, name: `origin/${baseBranch}` },
    { ref: `refs/heads/${baseBranch}`, name: baseBranch },
  ];
  for (const candidate of candidates) {
    if ((await git.ask("show-ref", "--verify", "--quiet", "--end-of-options", candidate.ref)) !== null)
      return candidate;
  }
  return null;
}
