import { mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFileIfAny } from "../support/files.ts";
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

/** The files that say which packages a project has. https://docs.getdbt.com/docs/build/packages */
const PACKAGE_FILES = ["packages.yml", "dependencies.yml", "package-lock.yml"] as const;

/**
 * Lends the packages that are installed in one project to another with the same package files; false where they differ:
 * then they have to be installed.
 */
export async function lendPackages(from: string, to: string): Promise<boolean> {
  const same = await Promise.all(
    PACKAGE_FILES.map(
      async (name) => (await readFileIfAny(join(from, name))) === (await readFileIfAny(join(to, name))),
    ),
  );
  if (!same.every(Boolean)) return false;
  return symlink(join(from, "dbt_packages"), join(to, "dbt_packages"), "dir").then(
    () => true,
    () => false,
  );
}
