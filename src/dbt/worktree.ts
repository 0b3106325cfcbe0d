import { mkdtemp, realpath, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFileIfAny, SETTINGS } from "../support/files.ts";
import type { Git } from "../support/git.ts";
import { packagesPathOf, readMapping } from "./project.ts";

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
 * Lends the packages that are installed in one project to another with the same package files; false where they differ,
 * where nothing is installed, and where a package is local: dbt links that one, so that it would be the lender's own.
 * They have to be installed then.
 */
export async function lendPackages(from: string, to: string): Promise<boolean> {
  const read = (dir: string) => Promise.all(PACKAGE_FILES.map((name) => readFileIfAny(join(dir, name), SETTINGS)));
  const [ours, theirs] = await Promise.all([read(from), read(to)]);
  const isSame = ours.every((text, index) => text === theirs[index]);
  const isLocal = ours.some((text) => text !== null && /\blocal["']?\s*:/.test(text));
  if (!isSame || isLocal) return false;
  const [installed, wanted] = await Promise.all([readPackagesPath(from), readPackagesPath(to)]);
  return stat(installed)
    .then(() => (installed === wanted ? undefined : symlink(installed, wanted, "dir")))
    .then(
      () => true,
      () => false,
    );
}

async function readPackagesPath(dir: string): Promise<string> {
  return packagesPathOf(dir, readMapping((await readFileIfAny(join(dir, "dbt_project.yml"), SETTINGS)) ?? ""));
}
