import type { Manifest } from "../../artifacts/manifest.ts";
import { readManifestFile } from "../../bundles/manifest-file.ts";
import type { DbtStart } from "../../dbt/start.ts";
import type { Baseline, Origin, PlanResult } from "../../selection/plan.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import type { Bundles } from "../../setup/bundle-store.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import type { Log } from "../../support/log.ts";
import { once } from "../../support/once.ts";
import { readResultsOf } from "./baseline-facts.ts";
import { openSources, type SourceParts } from "./baseline-sources.ts";
import { findBase } from "./baselines.ts";
import { compareUnrenderedOf } from "./decide-plan.ts";
import { wholeManifestIn } from "./deferral-copy.ts";
import { type PlacingParts, placeStep } from "./placing.ts";
import { runSelector } from "./run-selector.ts";

export type PlacedPlan =
  | { readonly kind: "placed"; readonly manifest: Manifest }
  /** The start of dbt that ended it: the project does not compile. */
  | { readonly kind: "failed"; readonly start: DbtStart };

export interface PlacePlanParts extends SourceParts, PlacingParts {
  readonly settings: SourceParts["settings"] & PlacingParts["settings"] & SettingsPart<"as" | "compareUnrendered">;
  readonly log: Pick<Log, "step" | "warn">;
}

/**
 * For a plan out of a file, which may be of another tree or another day: the project is parsed again, as dbt will do, and
 * what its selectors choose now is placed, beside what the file lists. Throws where a check would write to production.
 */
export async function placePlan(
  parts: PlacePlanParts,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  bundles: Bundles,
  plan: PlanResult,
): Promise<PlacedPlan> {
  const { git, log } = parts;
  const { given } = parts.settings;
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
    compareUnrendered: compareUnrenderedOf(given.compareUnrendered, flags.compareUnrendered),
    results: await readResultsOf(log, selection),
    newer: plan.newer ?? null,
    as: given.as,
  } as const;
  const answer = await runSelector(input, plan.dbt?.select ?? []);
  const listed = answer.kind === "selected" ? answer.ids : [...manifest.nodes.keys()];
  const { warnings } = await placeStep(parts, runSettings, dbtProject, dbt, {
    ids: [...new Set([...plan.ids, ...listed])].sort(),
    manifest,
    deferral,
    sources: openSources(parts, { runSettings, dbtProject, dbt, bundles, current: manifest }),
    base: once(() => findBase(git, runSettings)),
  });
  for (const warning of warnings) log.warn("plan", warning);
  return { kind: "placed", manifest };
}

/** Throws an artifacts error where the folder that the plan names is gone. */
async function readBaselineIn(dir: string | null, origin: Origin | null): Promise<Baseline | null> {
  if (dir === null) return null;
  const file = await wholeManifestIn(dir);
  const manifest = await readManifestFile(file, "run signalbox plan again");
  const unknown = { kind: "path", where: file, distance: null, commit: null, createdAt: null } as const;
  return { manifest, dir, origin: origin ?? unknown };
}
