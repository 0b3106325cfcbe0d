import { rename } from "node:fs/promises";
import { join, posix } from "node:path";
import { type RunResults, readRunResults } from "../../artifacts/run-results.ts";
import { varsOf } from "../../dbt/project.ts";
import { changedVars } from "../../selection/blind-spots.ts";
import type { Baseline } from "../../selection/plan.ts";
import type { DbtProject, ProjectFolders } from "../../setup/dbt-project.ts";
import { SignalboxError } from "../../support/errors.ts";
import { isFile, readFileIfAny, SETTINGS } from "../../support/files.ts";
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

const RESULTS = "run_results.json";
/** The same, where dbt does not look. */
const ASIDE = "results-of-the-baseline.json";

/**
 * dbt reads the results that it finds in a folder that it compares with or defers to, a second for each 10,000 nodes, also
 * where nothing asks for them: from then on it finds none there.
 * https://github.com/dbt-labs/dbt-core/blob/v1.11.16/core/dbt/contracts/state.py (PreviousState)
 */
export async function setResultsAside({ dir }: Pick<Baseline, "dir">): Promise<void> {
  if (await isFile(join(dir, RESULTS))) await rename(join(dir, RESULTS), join(dir, ASIDE));
}

/** What dbt said of its nodes when the baseline was built; null where the baseline's folder does not have it. */
export async function readResultsOf(
  log: Pick<Log, "warn">,
  baseline: Pick<Baseline, "dir"> | null,
): Promise<RunResults | null> {
  if (baseline === null) return null;
  const aside = join(baseline.dir, ASIDE);
  const file = (await isFile(aside)) ? aside : join(baseline.dir, RESULTS);
  const text = await readFileIfAny(file);
  if (text === null) return null;
  try {
    return readRunResults(text, file);
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    log.warn("plan", `without it there are no usual times and no result: selectors: ${error.message}`);
    return null;
  }
}
