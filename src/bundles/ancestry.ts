import type { Remote } from "../support/remote.ts";
import { isAncestor } from "./base-commit.ts";

/**
 * Whether the remote's branch holds a commit; null: git cannot tell. The remote is asked, and with `fetch` its branch is
 * fetched, only where the clone does not know yet. Only a whole history proves that it does not.
 */
export async function isOnRemoteBranch(
  remote: Remote,
  branch: string,
  commit: string,
  { fetch }: { readonly fetch: boolean },
): Promise<boolean | null> {
  const { git } = remote;
  if (await isAncestor(git, commit, `refs/remotes/origin/${branch}`)) return true;
  const heads = await remote.heads();
  if (heads === null) return null;
  const tip = heads.tips.get(branch);
  if (tip === undefined) return false;
  if (tip === commit) return true;
  if (!(await hasCommit(remote, tip)) && !(fetch && (await remote.fetch(tip)))) return null;
  if (await isAncestor(git, commit, tip)) return true;
  if (!(await isShallow(remote))) return false;
  // The tip may be there alone.
  if (!fetch || !(await remote.fetch(tip, "whole"))) return null;
  if (await isAncestor(git, commit, tip)) return true;
  return (await isShallow(remote)) ? null : false;
}

/**
 * Whether a branch of the remote holds a commit, as far as the clone knows: false is no proof. What the clone calls a
 * branch of origin can be a pull request's head, fetched by an address of its own; `known` are names of branches that are
 * told elsewhere, and the remote is asked for others.
 */
export async function isOnSomeBranch(remote: Remote, commit: string, known: readonly string[]): Promise<boolean> {
  const { git } = remote;
  const listed = await git.ask(
    "--no-replace-objects",
    "for-each-ref",
    `--contains=${commit}`,
    "--format=%(refname:lstrip=3)",
    "refs/remotes/origin",
  );
  const names = (listed ?? "").split("\n").filter((name) => name !== "" && name !== "HEAD");
  if (names.some((name) => known.includes(name))) return true;
  const heads = await remote.heads();
  if (heads === null) return false;
  return names.some((name) => heads.tips.has(name)) || [...heads.tips.values()].includes(commit);
}

export async function isShallow({ git }: Remote): Promise<boolean> {
  return (await git.ask("rev-parse", "--is-shallow-repository")) !== "false";
}

export async function hasCommit({ git }: Remote, commit: string): Promise<boolean> {
  return (await git.ask("cat-file", "-e", `${commit}^{commit}`)) !== null;
}
