import { openStoreOf } from "../setup/bundle-store.ts";
import type { Context } from "../setup/context.ts";
import { learnRun } from "../setup/run-settings.ts";
import type { Platform, StoreFacts } from "./facts.ts";

/**
 * Tries the store that the configuration names with a file that is no bundle, where we write it ourselves; else reads.
 * Throws what the store refuses.
 */
export async function lookAtStore(context: Context, platform: Platform): Promise<StoreFacts> {
  const isArtifacts = context.settings.config.store === "auto";
  if (isArtifacts && platform !== "github" && platform !== "circleci")
    return { kind: "none", why: "store: auto is the artifacts of the CI: there is nothing to try here" };
  const { run, baseBranch } = await learnRun(context, { baseBranch: isArtifacts, trigger: false, trust: false });
  const opened = openStoreOf(context, run, baseBranch);
  if (opened.store === null) return { kind: "none", why: `${opened.why}: baselines are parsed from the base branch` };
  const { store, name } = opened;
  if (store.tryOut !== undefined) return { kind: "tried", name, found: await store.tryOut() };
  const newest = await store.find([]);
  return { kind: "readable", name, newest: newest?.commit.slice(0, 12) ?? null };
}
