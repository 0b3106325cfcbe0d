import { type ChangedLines, DIFF_ARGUMENTS, type LineRange, readDiff } from "../../linters/changed-lines.ts";
import { isInside } from "../../linters/place-remarks.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import { fromRepository } from "../../severity/node-path.ts";
import { SignalboxError } from "../../support/errors.ts";
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

/**
 * The lines that the checkout has and the base commit has not; on a laptop also files that git does not know yet. What dbt
 * reads is the work tree, and so do the tools.
 */
export async function findChanges(git: Git, runSettings: RunSettings, fromTop: string): Promise<BranchChanges> {
  try {
    const { sha } = await findBase(git, runSettings);
    const folder = `:(top,literal)${fromTop}`;
    const diff = await git.run(...DIFF_ARGUMENTS, "--no-relative", "--end-of-options", sha, "--", folder);
    const lines = new Map(readDiff(diff));
    if (runSettings.run.platform === "local") {
      const listed = await git.run("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", folder);
      for (const name of listed.split("\0")) if (name !== "") lines.set(name, ALL_LINES);
    }
    const named = [...lines].filter(([path]) => fromRepository("", path) === path && isInside(path, fromTop));
    return { kind: "known", lines: new Map(named), unnamed: lines.size - named.length };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return { kind: "unknown", why: `${error.message}${error.hint === null ? "" : `; ${error.hint}`}` };
  }
}
