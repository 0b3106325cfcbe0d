import { dirname, resolve } from "node:path";
import { type Manifest, readManifest } from "../../artifacts/manifest.ts";
import { findManifestFile } from "../../bundles/manifest-file.ts";
import { assertComparable } from "../../bundles/trust.ts";
import { placesOf } from "../../selection/placement.ts";
import type { Baseline } from "../../selection/plan.ts";
import { EVERY_TYPE } from "../../selection/resource-types.ts";
import { comparesState } from "../../selection/selector.ts";
import type { Context } from "../../setup/context.ts";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import { readFileIfAny } from "../../support/files.ts";
import { readResultsOf } from "./baseline-facts.ts";
import { compareUnrenderedOf, decidePlan, type Planned } from "./decide-plan.ts";

const USUAL_SELECTION = "state:modified+";

/** Two manifests and nothing else: no dbt, no git. */
export async function planOffline(context: Context): Promise<Planned> {
  const { given } = context.settings;
  if (given.verify)
    throw configurationError([
      { where: "--verify", got: null, wanted: "asks dbt, and --manifest plans without: leave one out" },
    ]);
  const file = resolve(context.cwd, given.manifest ?? "");
  const text = await readFileIfAny(file);
  if (text === null)
    throw new SignalboxError("artifacts", `${file} does not exist`, { hint: "name the manifest.json that dbt wrote" });
  const manifest = readManifest(text, file);
  const warnings: string[] = [];
  const read = async (path: string | undefined) =>
    path === undefined ? null : readBaseline(resolve(context.cwd, path), manifest, file, warnings);
  const selection = await read(given.state);
  const deferral = await read(given.deferState);
  const select = given.select ?? USUAL_SELECTION;
  if (selection === null && comparesState(select)) {
    throw configurationError([
      { where: "--state", got: null, wanted: "is missing: wanted the manifest that the change is compared with" },
    ]);
  }
  const flags = {
    indirectSelection: given.indirectSelection ?? "eager",
    compareUnrendered: compareUnrenderedOf(context, null),
  } as const;
  // Two manifests are compared as a check compares them; what was checked out is in neither.
  const mode = given.mode === "auto" ? "check" : given.mode;
  return decidePlan(
    context,
    { mode, target: null, commit: null },
    {
      select,
      exclude: given.exclude === undefined ? [] : [given.exclude],
      writtenAt: { select: "--select", exclude: "--exclude" },
      manifest,
      selection,
      findDeferral: async () => deferral,
      dbt: null,
      as: given.as,
      resourceTypes: EVERY_TYPE,
      results: await readResultsOf(context, selection),
      startSeconds: null,
      changedFiles: null,
      mayDefer: deferral !== null,
      ...flags,
    },
    // Nobody knows here which branch builds it, or in which mode.
    async (ids) => ({ places: placesOf(ids, manifest, { storesFailures: false, externalRoot: "." }), warnings: [] }),
    () => warnings,
  );
}

async function readBaseline(path: string, current: Manifest, own: string, warnings: string[]): Promise<Baseline> {
  const file = await findManifestFile(path, own);
  const manifest = readManifest((await readFileIfAny(file)) ?? "", file);
  warnings.push(...assertComparable(manifest, current, path).filter((warning) => !warnings.includes(warning)));
  return {
    manifest,
    dir: dirname(file),
    origin: { kind: "path", where: path, distance: 0, commit: null, createdAt: null },
  };
}
