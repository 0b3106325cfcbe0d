import { type BaseCommit, findBaseCommit, listAncestors } from "../../bundles/base-commit.ts";
import type { Run } from "../../run/run.ts";
import type { Baseline } from "../../selection/plan.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import type { Git } from "../../support/git.ts";
import type { Log } from "../../support/log.ts";
import type { BaselineSources } from "./baseline-sources.ts";

/** The commit that a check is compared with. Throws a configuration error where git does not hold it. */
export function findBase(git: Git, { baseBranch, run }: RunSettings): Promise<BaseCommit> {
  return findBaseCommit(git, baseBranch, isMergeOf(run));
}

/** GitHub checks out a merge of the pull request into its base; a branch may have merged something itself. */
function isMergeOf({ pullRequest, commit }: Run): boolean {
  return pullRequest !== null && commit.checkedOut !== commit.sha;
}

export interface BaselineParts {
  readonly settings: SettingsPart<"state" | "deferState", "baseline" | "modes">;
  readonly git: Git;
  readonly log: Pick<Log, "step" | "more">;
}

/** What a change is compared with: the first that there is of the sources, in their order. */
export async function findSelection(
  { settings, git, log }: BaselineParts,
  runSettings: RunSettings,
  sources: BaselineSources,
  base: () => Promise<BaseCommit>,
): Promise<Baseline | null> {
  const { config, given } = settings;
  if (given.state !== undefined) return sources.fromPath(given.state, "selection");
  const isAllowed = config.baseline.sources.includes("store");
  if (runSettings.mode !== "check") return isAllowed ? sources.fromStore("newest", "selection") : null;

  const { sha, how } = await base();
  log.step("baseline", `${sha.slice(0, 12)}, ${how}`);
  for (const source of config.baseline.sources) {
    if (source === "worktree") log.more(`no bundle of it${inBrackets(sources.noStore)}: dbt parses it in a work tree`);
    const found =
      source === "worktree"
        ? await sources.fromWorktree(sha, runSettings.target, "selection")
        : await sources.fromStore(await listAncestors(git, sha), "selection");
    if (found !== null) return found;
  }
  const newest = isAllowed ? await sources.fromStore("newest", "selection") : null;
  if (newest !== null)
    sources.warn(
      `there is no bundle of ${sha.slice(0, 12)} or its ancestors: compared with the newest one, so that more can look changed than was`,
    );
  return newest;
}

/** What unselected parents are read from: what is deployed, else where the base would be. */
export async function findDeferral(
  { settings, log }: Pick<BaselineParts, "settings" | "log">,
  sources: BaselineSources,
  base: () => Promise<BaseCommit>,
): Promise<Baseline | null> {
  const { config, given } = settings;
  if (given.deferState !== undefined) return sources.fromPath(given.deferState, "deferral");
  const isAllowed = (source: "store" | "worktree") => config.baseline.sources.includes(source);
  const deployed = isAllowed("store") ? await sources.fromStore("newest", "deferral") : null;
  const { target } = config.modes.deploy;
  if (deployed !== null || target === null || !isAllowed("worktree")) return deployed;

  const { sha } = await base();
  const short = sha.slice(0, 12);
  log.step("baseline", `nothing tells what is deployed: production is taken to be ${short} in target ${target}`);
  const found = await sources.fromWorktree(sha, target, "deferral");
  if (found !== null)
    sources.warn(
      `no bundle tells what is deployed: unselected parents are read where ${short} would put them in target ${target}`,
    );
  return found;
}

function inBrackets(text: string | null): string {
  return text === null ? "" : ` (${text})`;
}
