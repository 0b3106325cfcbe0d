import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Git } from "../support/git.ts";

/**
 * Lends the work tree of a commit, outside the repository, and takes it back whatever happens. The repository's hooks
 * do not run in it.
 */
export async function withWorktree<T>(git: Git, commit: string, use: (dir: string) => Promise<T>): Promise<T> {
  const parent = await realpath(await mkdtemp(join(tmpdir(), "signalbox-base-")));
  const dir = join(parent, "tree");
  try {
    await git.run("worktree", "add", "--detach", "--quiet", "--end-of-options", dir, commit);
    return await use(dir);
  } finally {
    await rm(parent, { recursive: true, force: true });
    await git.ask("worktree", "prune");
  }
}
