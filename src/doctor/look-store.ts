import { type BundleParts, openBundles } from "../setup/bundle-store.ts";
import type { StoreFacts } from "./facts.ts";
import type { Trust } from "./look-trust.ts";

/**
 * Tries the store that the configuration names with a file that is no bundle, where we write it ourselves; else reads.
 * Throws what the store refuses.
 */
export async function lookAtStore(parts: BundleParts, { run, baseBranch, distrust }: Trust): Promise<StoreFacts> {
  if (distrust !== null) return { kind: "none", why: `${distrust}: the store was not tried` };
  const isArtifacts = parts.settings.config.store === "auto";
  if (isArtifacts && run.platform !== "github" && run.platform !== "circleci")
    return { kind: "none", why: "store: auto is the artifacts of the CI: there is nothing to try here" };
  const { opened } = openBundles(parts, run, baseBranch);
  if (opened.store === null) return { kind: "none", why: `${opened.why}: baselines are parsed from the base branch` };
  const { store, name } = opened;
  if (store.tryOut !== undefined) return { kind: "tried", name, found: await store.tryOut() };
  const newest = await store.find("newest");
  return { kind: "readable", name, newest: newest?.commit.slice(0, 12) ?? null };
}
