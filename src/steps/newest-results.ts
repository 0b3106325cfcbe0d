import { inTemporary } from "../bundles/receive.ts";
import { type BundleParts, openBundles } from "../setup/bundle-store.ts";
import type { RunSettings } from "../setup/run-settings.ts";
import { readResultsOf } from "./plan/baseline-facts.ts";
import type { ReadNewest } from "./usual-times.ts";

const SILENT = { warn: () => {} };

/** Reads the results of the newest bundle, and says nothing: with a store of its own, which ends with the signal. */
export function newestResults(parts: BundleParts, { run, baseBranch }: RunSettings): ReadNewest {
  return async (signal) => {
    const { store } = openBundles({ ...parts, log: { ...parts.log, ...SILENT }, signal }, run, baseBranch).opened;
    const ref = (await store?.find("newest")) ?? null;
    if (store === null || ref === null) return null;
    return inTemporary(async (dir) => {
      await store.read(ref, dir);
      return readResultsOf(SILENT, { dir });
    });
  };
}
