import { dirname, resolve } from "node:path";
import type { Manifest } from "../../artifacts/manifest.ts";
import { findManifestFile, readManifestFile } from "../../bundles/manifest-file.ts";
import { assertComparable } from "../../bundles/trust.ts";
import { placesOf } from "../../selection/placement.ts";
import type { Baseline } from "../../selection/plan.ts";
import { EVERY_TYPE } from "../../selection/resource-types.ts";
import { comparesState } from "../../selection/selector.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import { configurationError } from "../../support/errors.ts";
import { readResultsOf } from "./baseline-facts.ts";
import { compareUnrenderedOf, type DecidePlanParts, decidePlan, type Planned } from "./decide-plan.ts";

const USUAL_SELECTION = "state:modified+";

export interface OfflineParts extends DecidePlanParts {
  readonly settings: DecidePlanParts["settings"] &
    SettingsPart<"manifest" | "state" | "deferState" | "select" | "exclude" | "mode" | "compareUnrendered">;
  readonly cwd: string;
}

/** Two manifests and nothing else: no dbt, no git. */
export async function planOffline(parts: OfflineParts): Promise<Planned> {
  const { cwd } = parts;
  const { given } = parts.settings;
  if (given.verify)
    throw configurationError([
      { where: "--verify", got: null, wanted: "asks dbt, and --manifest plans without: leave one out" },
    ]);
  const file = resolve(cwd, given.manifest ?? "");
  const manifest = await readManifestFile(file, "name the manifest.json that dbt wrote");
  const warnings: string[] = [];
  const read = async (path: string | undefined) =>
    path === undefined ? null : readBaseline(resolve(cwd, path), manifest, file, warnings);
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
    compareUnrendered: compareUnrenderedOf(given.compareUnrendered, null),
  } as const;
  // Two manifests are compared as a check compares them; what was checked out is in neither.
  const mode = given.mode === "auto" ? "check" : given.mode;
  return decidePlan(
    parts,
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
      results: await readResultsOf(parts.log, selection),
      newer: null,
      startSeconds: null,
      changedFiles: null,
      mayDefer: deferral !== null,
      ...flags,
    },
    // Which branch builds it, and in which mode, is not known here.
    async (ids) => ({ places: placesOf(ids, manifest, { storesFailures: false, externalRoot: "." }), warnings: [] }),
    () => warnings,
  );
}

async function readBaseline(path: string, current: Manifest, own: string, warnings: string[]): Promise<Baseline> {
  const file = await findManifestFile(path, own);
  const manifest = await readManifestFile(file);
  warnings.push(...assertComparable(manifest, current, path).filter((warning) => !warnings.includes(warning)));
  return {
    manifest,
    dir: dirname(file),
    origin: { kind: "path", where: path, distance: null, commit: null, createdAt: null },
  };
}
