import { join } from "node:path";
import type { Manifest } from "../../artifacts/manifest.ts";
import { withoutEntries } from "../../artifacts/without-entries.ts";
import type { Baseline } from "../../selection/plan.ts";
import { SignalboxError } from "../../support/errors.ts";
import { isFile, makeFolder, readFileIfAny, writeFileAtomic } from "../../support/files.ts";

/** Beside the copy: what production holds, functions among it. dbt reads manifest.json alone. */
const WHOLE = "production.json";

/** The file that tells all that production holds, in a folder that dbt defers to. */
export async function wholeManifestIn(dir: string): Promise<string> {
  return join(dir, (await isFile(join(dir, WHOLE))) ? WHOLE : "manifest.json");
}

/**
 * The folder that a second start defers to: the same without what the start before built. With --favor-state dbt reads
 * production's where a node is not selected, and what is not built again was.
 * https://github.com/dbt-labs/dbt-core/blob/v1.11.16/core/dbt/context/providers.py (RuntimeRefResolver)
 */
export async function withoutBuilt(deferState: string, built: readonly string[], dir: string): Promise<string> {
  const file = join(deferState, "manifest.json");
  const text = await readFileIfAny(file);
  if (text === null) throw new SignalboxError("artifacts", `${file} is gone while dbt was building`);
  const ids = new Set(built);
  await makeFolder(dir);
  const left = ["nodes", "functions"].reduce((kept, collection) => withoutEntries(kept, collection, ids), text);
  await writeFileAtomic(join(dir, "manifest.json"), left);
  return dir;
}

/**
 * What dbt defers to in this run. It looks for a function in its cache of tables, never finds it, and takes production's
 * even where the plan builds it: those are left out of a copy. Models, seeds and snapshots that are built win as they are.
 * https://github.com/dbt-labs/dbt-core/blob/v1.11.16/core/dbt/context/providers.py (RuntimeFunctionResolver)
 */
export async function withoutPlannedFunctions(
  deferral: Baseline,
  ids: readonly string[],
  current: Manifest,
  dir: string,
): Promise<Baseline> {
  const isDeferredFunction = (id: string) =>
    current.nodes.get(id)?.type === "function" && deferral.manifest.nodes.has(id);
  const planned = new Set(ids.filter(isDeferredFunction));
  const text = planned.size === 0 ? null : await readFileIfAny(join(deferral.dir, "manifest.json"));
  if (text === null) return deferral;
  await makeFolder(dir);
  await writeFileAtomic(join(dir, WHOLE), text);
  await writeFileAtomic(join(dir, "manifest.json"), withoutEntries(text, "functions", planned));
  return { ...deferral, dir };
}
