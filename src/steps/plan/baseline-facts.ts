import { join, posix } from "node:path";
import { type RunResults, readRunResults } from "../../artifacts/run-results.ts";
import { varsOf } from "../../dbt/project.ts";
import { changedVars } from "../../selection/blind-spots.ts";
import type { Baseline } from "../../selection/plan.ts";
import type { DbtProject, ProjectFolders } from "../../setup/dbt-project.ts";
import { SignalboxError } from "../../support/errors.ts";
import { readFileIfAny, SETTINGS } from "../../support/files.ts";
import type { Git } from "../../support/git.ts";
import type { Log } from "../../support/log.ts";

/** Files that git sees as changed, from the project's folder; null where the baseline's commit is not known. */
export async function filesChangedSince(
  git: Git,
  { folders }: { readonly folders: Pick<ProjectFolders, "fromTop"> },
  commit: string | null,
): Promise<ReadonlySet<string> | null> {
  // From the top, as git sees it: the way to the project may be a link.
  const project = `:(top,literal)${folders.fromTop}`;
  const listed =
    commit === null
      ? null
      : await git.ask("diff", "--name-only", "--no-renames", "-z", "--end-of-options", commit, "--", project);
  if (listed === null) return null;
  const files = listed.split("\0").filter((file) => file !== "");
  return new Set(files.map((file) => posix.relative(`/${folders.fromTop}`, `/${file}`)));
}

/** Vars are in no manifest: git has the file of the baseline's commit. */
export async function changedVarsSince(
  git: Git,
  { project, folders }: DbtProject,
  baseline: Baseline | null,
): Promise<readonly string[]> {
  const commit = baseline?.origin.commit ?? null;
  const file = join(project.dir, "dbt_project.yml");
  const now = await readFileIfAny(file, SETTINGS);
  const path = posix.join(folders.fromTop, "dbt_project.yml");
  const before = commit === null ? null : await git.ask("show", "--end-of-options", `${commit}:${path}`);
  const warning = now === null || before === null ? null : changedVars(varsOf(now), varsOf(before));
  return warning === null ? [] : [warning];
}

/** What dbt said of its nodes when the baseline was built; null where the baseline's folder does not have it. */
export async function readResultsOf(
  log: Pick<Log, "warn">,
  baseline: Pick<Baseline, "dir"> | null,
): Promise<RunResults | null> {
  const file = baseline === null ? null : join(baseline.dir, "run_results.json");
  const text = file === null ? null : await readFileIfAny(file);
  if (file === null || text === null) return null;
  try {
    return readRunResults(text, file);
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    log.warn("plan", `without it there are no usual times and no result: selectors: ${error.message}`);
    return null;
  }
}
