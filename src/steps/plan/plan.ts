import type { Mode } from "../../run/mode.ts";
import type { Baselines, Plan } from "../../selection/plan.ts";
import { describeTypes } from "../../selection/resource-types.ts";
import { comparesState } from "../../selection/selector.ts";
import { nameAsTyped } from "../../settings/action-and-orb.ts";
import type { Context } from "../../setup/context.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import { purposeOf, type RunSettings } from "../../setup/run-settings.ts";
import { SignalboxError } from "../../support/errors.ts";
import { once } from "../../support/once.ts";
import { changedVarsSince, filesChangedSince, readResultsOf } from "./baseline-facts.ts";
import { openSources } from "./baseline-sources.ts";
import { findBase, findDeferral, findSelection } from "./baselines.ts";
import { compareUnrenderedOf, decidePlan, type Place, type Planned, writePlan } from "./decide-plan.ts";
import { placeStep } from "./place.ts";
import { runSelector } from "./run-selector.ts";
import type { SelectionRequest } from "./select-nodes.ts";

const NO_BASELINES: Baselines = { selection: null, deferral: null };

/** Decides what is to be built and writes plan.json. Throws for what is no finding about the project. */
export async function planStep(
  context: Context,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  dbt: DbtRunner,
): Promise<Planned> {
  const { given, config } = context.settings;
  const purpose = purposeOf(runSettings);
  const types = describeTypes(dbt.choosing.resourceTypes);
  if (types !== null) context.log.step("plan", `resource types, by dbt's own arguments or variables: ${types}`);
  const exclude = runSettings.exclude === null ? [] : [runSettings.exclude];
  const choosing = {
    ...dbt.choosing,
    exclude,
    indirectSelection: given.indirectSelection ?? dbt.choosing.indirectSelection,
  };
  const isEverything = runSettings.select === null || given.full;
  if (isEverything && runSettings.mode !== "check") {
    const plan = { kind: "everything", why: "mode", warnings: [] } as const;
    return writePlan(context, purpose, plan, NO_BASELINES, null, null, [], choosing);
  }
  const base = once(() => findBase(context, runSettings));
  // Git may not hold it: that is to be known before dbt takes its time.
  if (runSettings.mode === "check" && given.state === undefined && !isEverything) await base();
  const deps = await dbt.installPackages();
  if (deps !== null && deps.run.exitCode !== 0) return { kind: "failed", run: deps.run };
  const parsed = await dbt.start({ ...dbt.defaults, command: ["parse"], args: [] });
  const { manifest } = parsed.run;
  if (parsed.run.exitCode === 0 && parsed.run.trouble === "none" && manifest === null)
    throw new SignalboxError("artifacts", "dbt parse ended with 0 and left no manifest.json", {
      hint: "dbt has to write its files: take write_json: false out of the flags in dbt_project.yml",
    });
  if (parsed.run.exitCode !== 0 || manifest === null) return { kind: "failed", run: parsed.run };

  const sources = openSources(context, runSettings, dbtProject, dbt, manifest);
  const asked = {
    exclude,
    manifest,
    dbt,
    resourceTypes: dbt.choosing.resourceTypes,
    indirectSelection: given.indirectSelection ?? dbtProject.project.flags.indirectSelection ?? "eager",
    compareUnrendered: compareUnrenderedOf(context, dbtProject.project.flags.compareUnrendered),
    as: given.as,
  } as const;
  const place: Place = (ids, deferral) =>
    given.as === "ls"
      ? Promise.resolve({ places: [], warnings: [] })
      : placeStep(context, runSettings, dbtProject, dbt, { ids, manifest, deferral, sources, base });
  const everything = async (plan: Plan): Promise<Planned> => {
    const all = await runSelector({ ...asked, selection: null, results: null }, []);
    if (all.kind === "failed") return all;
    const { places, warnings } = await place(all.ids, null);
    const told = [...new Set([...plan.warnings, ...sources.warnings, ...warnings])];
    return writePlan(context, purpose, { ...plan, warnings: told }, NO_BASELINES, manifest, null, places, choosing);
  };
  if (isEverything || runSettings.select === null) return everything({ kind: "everything", why: "mode", warnings: [] });
  const selection = await findSelection(context, runSettings, sources, base);
  if (selection === null && comparesState(runSettings.select))
    return everything(withoutBaseline(context, sources.warnings));

  const request: SelectionRequest = {
    ...asked,
    select: runSettings.select,
    writtenAt: {
      select: placeOf(context, "select", runSettings.mode),
      exclude: placeOf(context, "exclude", runSettings.mode),
    },
    selection,
    // To know production can take another parse.
    findDeferral: async (isNeeded) => (isNeeded ? findDeferral(context, sources, base) : null),
    results: await readResultsOf(context, selection),
    startSeconds: parsed.run.seconds,
    changedFiles: await filesChangedSince(context, dbtProject, selection),
    mayDefer: runSettings.mode === "check" && config.modes.check.defer,
  };
  const vars = await changedVarsSince(context, dbtProject, selection);
  return decidePlan(context, purpose, request, place, () => [...sources.warnings, ...vars]);
}

/** Where the user wrote what holds: a flag or its variable is over the mode's key. */
function placeOf({ settings: { given }, env }: Context, name: "select" | "exclude", mode: Mode): string {
  if (given[name] === undefined) return `modes.${mode}.${name}`;
  return given[name] === env[`SIGNALBOX_${name.toUpperCase()}`]
    ? nameAsTyped({ name }, env.SIGNALBOX_FACE)
    : `--${name}`;
}

/** Never an empty selection where there is nothing to compare with. */
function withoutBaseline(context: Context, warnings: readonly string[]): Plan {
  if (context.settings.config.baseline.onMissing === "fail") {
    const { sources } = context.settings.config.baseline;
    const why = warnings.length === 0 ? "" : `: ${warnings.join("; ")}`;
    const allow = sources.includes("worktree") ? "" : ", allow the worktree in baseline.sources";
    throw new SignalboxError(
      "artifacts",
      `there is no baseline to compare with, and baseline.on_missing is fail${why}`,
      { hint: `publish a bundle with a deploy run${allow}, or set on_missing: full` },
    );
  }
  return {
    kind: "everything",
    why: "no-baseline",
    warnings: [...warnings, "there is no baseline to compare with: everything is built"],
  };
}
