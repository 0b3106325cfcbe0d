import { posix } from "node:path";
import { type ChangedLines, DIFF_ARGUMENTS, type LineRange, readDiff } from "../../linters/changed-lines.ts";
import { isInside } from "../../linters/place-remarks.ts";
import type { ProjectFolders } from "../../setup/dbt-project.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import { fromRepository } from "../../severity/node-path.ts";
import { SignalboxError } from "../../support/errors.ts";
import { pathFrom } from "../../support/files.ts";
import type { Git } from "../../support/git.ts";
import { findBase } from "../plan/baselines.ts";

export type BranchChanges =
  | {
      readonly kind: "known";
      /** Of files in the project's folder; none where a file has only lost lines. */
      readonly lines: ChangedLines;
      /** How many others have a name that cannot be handed on, such as one with a line break. */
      readonly unnamed: number;
    }
  | { readonly kind: "unknown"; readonly why: string };

const ALL_LINES: readonly LineRange[] = [{ first: 1, last: 1e9 }];

export type ChangesFolders = Pick<ProjectFolders, "fromTop" | "projectDir" | "targetPath" | "logPath" | "packagesPath">;

/**
 * The lines that the checkout has and the base commit has not; on a laptop also files that git does not know yet, but those
 * that dbt makes. What dbt reads is the work tree, and so do the tools.
 */
export async function findChanges(git: Git, runSettings: RunSettings, folders: ChangesFolders): Promise<BranchChanges> {
  const { fromTop } = folders;
  try {
    const { sha } = await findBase(git, runSettings);
    const folder = `:(top,literal)${fromTop}`;
    const diff = await git.run(...DIFF_ARGUMENTS, "--no-relative", "--end-of-options", sha, "--", folder);
    const lines = new Map(readDiff(diff));
    if (runSettings.run.platform === "local") {
      const listed = await git.run("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", folder);
      const made = madeFolders(folders);
      for (const name of listed.split("\0"))
        if (name !== "" && !made.some((path) => isInside(name, path))) lines.set(name, ALL_LINES);
    }
    const named = [...lines].filter(([path]) => fromRepository("", path) === path && isInside(path, fromTop));
    return { kind: "known", lines: new Map(named), unnamed: lines.size - named.length };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return { kind: "unknown", why: `${error.message}${error.hint === null ? "" : `; ${error.hint}`}` };
  }
}

/** The folders in the project that dbt writes, from the top: they may have names that .gitignore does not know. */
function madeFolders({ fromTop, projectDir, targetPath, logPath, packagesPath }: ChangesFolders): readonly string[] {
  return [targetPath, logPath, packagesPath]
    .map((path) => posix.join(fromTop, pathFrom(projectDir, path)))
    .filter((path) => path !== "." && path !== fromTop && isInside(path, fromTop));
}
