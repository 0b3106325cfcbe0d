import { compareWarehouses, isOwnDatabase } from "../../dbt/warehouse.ts";
import { describeShared } from "../../render/placement-words.ts";
import { holdsMark, slugOf } from "../../run/schema.ts";
import { outsideOf, type Placed, placesOf } from "../../selection/placement.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import { configurationError } from "../../support/errors.ts";
import { matchesGlob } from "../../support/globs.ts";
import { hasOption, type OutputSettings, optionsFor, outputOf, productionTargets } from "./outputs.ts";
import { assertNotProduction, type PlaceRequest, type ProductionParts } from "./production.ts";

/** Where the nodes of a plan are written, and what is to be said of it. */
export interface Placing {
  readonly places: readonly Placed[];
  readonly warnings: readonly string[];
}

export type PlacingParts = ProductionParts;

/**
 * Before a check is built: nothing of the plan is written where production is. Production is asked for only where
 * something lies outside the schema of the branch. Throws a configuration error that names nodes, relations and the
 * macro that made them.
 */
export async function placeStep(
  parts: PlacingParts,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  request: PlaceRequest,
): Promise<Placing> {
  const { settings } = parts;
  const places = placesOf(request.ids, request.manifest, optionsFor(settings, dbtProject, runSettings.target));
  if (runSettings.mode !== "check") return { places, warnings: [] };
  assertSameVars(settings.rest);
  const { check } = settings.config.modes;
  const outside = outsideOf(places, dbtProject.mark).filter(
    ({ id }) => !check.mayWrite.some((glob) => matchesGlob(glob, id)),
  );
  if (outside.length === 0) return { places, warnings: [] };
  if (check.separateWarehouse) assertSeparate(settings, runSettings, dbtProject);
  const isApart = apartOf(settings, runSettings, dbtProject);
  const isCompared = (place: Placed) => !isApart(place) || place.location !== null;
  const warnings = await assertNotProduction(parts, runSettings, dbtProject, dbt, {
    ...request,
    outside: outside.filter(isCompared),
    isApart,
  });
  const shared = outside.filter(({ relation }) => !tellsBranch(relation?.schema ?? "", dbtProject));
  const ofShared = shared.length === 0 ? [] : [describeShared(shared, dbtProject.mark !== null)];
  return { places, warnings: [...warnings, ...ofShared] };
}

/**
 * Whether a relation is in a warehouse that production is not in. What the warehouse attaches is not the warehouse, and a
 * bucket belongs to none.
 */
function apartOf(
  settings: OutputSettings,
  { target }: RunSettings,
  dbtProject: DbtProject,
): (place: Placed) => boolean {
  if (!settings.config.modes.check.separateWarehouse) return () => false;
  const output = outputOf(settings, dbtProject, target);
  return ({ relation }) => relation !== null && isOwnDatabase(relation.database, output, dbtProject.project.dir);
}

/** A schema by a variable of the CI, such as GITHUB_HEAD_REF, is the branch's own too. */
function tellsBranch(schema: string, { owner }: DbtProject): boolean {
  if (owner === null) return false;
  const words = schema.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const { branch, pullRequest } = owner;
  return holdsMark(words, slugOf(branch)) || (pullRequest !== null && holdsMark(words, String(pullRequest)));
}

/** Vars can decide schemas, and behind `--` only the build would have them: the plan would be another project's. */
function assertSameVars(rest: readonly string[]): void {
  if (!hasOption(rest, "vars")) return;
  throw configurationError(
    [{ where: "-- --vars", got: null, wanted: "reaches the build alone, and the plan of a check was made without" }],
    "write it into dbt.args of signalbox.yml, which every start of dbt takes",
  );
}

function assertSeparate(settings: OutputSettings, { target }: RunSettings, dbtProject: DbtProject): void {
  const problems = productionTargets(settings).flatMap((production) => {
    const [check, other] = [target, production].map((name) => outputOf(settings, dbtProject, name));
    if (check === undefined || other === undefined) return [];
    const found = compareWarehouses(check, other, dbtProject.project.dir);
    if (found.kind === "separate") return [];
    return [
      {
        where: "modes.check.separate_warehouse",
        got: "true",
        wanted: `it is not shown that ${target} and ${production} are apart: ${found.why}`,
      },
    ];
  });
  if (problems.length > 0)
    throw configurationError(
      problems,
      "let host, account, project or path differ in profiles.yml (baseline.env gives variables that are missing here), or take it out: then relations are compared",
    );
}
