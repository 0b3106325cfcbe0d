import { type Manifest, readManifest } from "../../artifacts/manifest.ts";
import type { DbtStart } from "../../dbt/start.ts";
import type { Baseline, Origin, PlanResult } from "../../selection/plan.ts";
import type { Context } from "../../setup/context.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import { SignalboxError } from "../../support/errors.ts";
import { readFileIfAny } from "../../support/files.ts";
import { once } from "../../support/once.ts";
import { readResultsOf } from "./baseline-facts.ts";
import { openSources } from "./baseline-sources.ts";
import { findBase } from "./baselines.ts";
import { compareUnrenderedOf } from "./decide-plan.ts";
import { wholeManifestIn } from "./deferral-copy.ts";
import { placeStep } from "./place.ts";
import { runSelector } from "./run-selector.ts";

export type PlacedPlan =
  | { readonly kind: "placed"; readonly manifest: Manifest }
  /** The start of dbt that ended it: the project does not compile. */
  | { readonly kind: "failed"; readonly start: DbtStart };

/**
 * For a plan out of a file, which may be of another tree or another day: the project is parsed again, as dbt will do, and
 * what its selectors choose now is placed, beside what the file lists. Throws where a check would write to production.
 */
export async function placePlan(
  context: Context,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  plan: PlanResult,
): Promise<PlacedPlan> {
  const { flags } = dbtProject.project;
  const deps = await dbt.installPackages();
  if (deps !== null && deps.run.exitCode !== 0) return { kind: "failed", start: deps };
  const parsed = await dbt.start({ ...dbt.defaults, command: ["parse"], args: [] });
  const { manifest } = parsed.run;
  if (parsed.run.exitCode !== 0 || manifest === null) return { kind: "failed", start: parsed };

  const selection = await readBaselineIn(plan.dbt?.state ?? null, plan.baselines.selection);
  const deferral = await readBaselineIn(plan.dbt?.deferState ?? null, plan.baselines.deferral);
  const input = {
    exclude: plan.choosing.exclude,
    manifest,
    dbt,
    selection,
    indirectSelection: plan.choosing.indirectSelection ?? flags.indirectSelection ?? "eager",
    resourceTypes: plan.choosing.resourceTypes,
    compareUnrendered: compareUnrenderedOf(context, flags.compareUnrendered),
    results: await readResultsOf(context, selection),
    as: context.settings.given.as,
  } as const;
  const answer = await runSelector(input, plan.dbt?.select ?? []);
  const listed = answer.kind === "selected" ? answer.ids : [...manifest.nodes.keys()];
  const { warnings } = await placeStep(context, runSettings, dbtProject, dbt, {
    ids: [...new Set([...plan.ids, ...listed])].sort(),
    manifest,
    deferral,
    sources: openSources(context, runSettings, dbtProject, dbt, manifest),
    base: once(() => findBase(context, runSettings)),
  });
  for (const warning of warnings) context.log.warn("plan", warning);
  return { kind: "placed", manifest };
}

/** Throws an artifacts error where the folder that the plan names is gone. */
async function readBaselineIn(dir: string | null, origin: Origin | null): Promise<Baseline | null> {
  if (dir === null) return null;
  const file = await wholeManifestIn(dir);
  const text = await readFileIfAny(file);
  if (text === null)
    throw new SignalboxError("artifacts", `${file} does not exist`, { hint: "run signalbox plan again" });
  const unknown = { kind: "path", where: file, distance: 0, commit: null, createdAt: null } as const;
  return { manifest: readManifest(text, file), dir, origin: origin ?? unknown };
}
