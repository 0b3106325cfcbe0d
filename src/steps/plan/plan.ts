import type { BaseCommit } from "../../bundles/base-commit.ts";
import { readBundle } from "../../bundles/bundle.ts";
import { readSelectorsFile } from "../../dbt/selectors-file.ts";
import type { Mode } from "../../run/mode.ts";
import type { Baselines, Plan } from "../../selection/plan.ts";
import { describeTypes } from "../../selection/resource-types.ts";
import { asksNewerData, comparesState, withoutNewerData } from "../../selection/selector.ts";
import { nameAsTyped } from "../../settings/action-and-orb.ts";
import type { Config } from "../../settings/file.ts";
import type { Given, Settings, SettingsPart } from "../../settings/resolve.ts";
import type { Bundles } from "../../setup/bundle-store.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import { purposeOf, type RunSettings } from "../../setup/run-settings.ts";
import { SignalboxError } from "../../support/errors.ts";
import type { Log } from "../../support/log.ts";
import { once } from "../../support/once.ts";
import type { Environment } from "../../support/secrets.ts";
import type { WorkFolder } from "../../work/folder.ts";
import { limitsOf, threadsOf } from "../start-limits.ts";
import { changedVarsSince, filesChangedSince, readResultsOf } from "./baseline-facts.ts";
import { openSources, type SourceParts } from "./baseline-sources.ts";
import { type BaselineParts, findBase, findDeferral, findSelection } from "./baselines.ts";
import { type BaselinesAhead, type BaselinesAheadParts, fetchBaselines, nothingAhead } from "./baselines-ahead.ts";
import {
  compareUnrenderedOf,
  type DecidePlanParts,
  decidePlan,
  type PlaceNodes,
  type Planned,
  writePlan,
} from "./decide-plan.ts";
import { lookForNewer, planWithoutNews } from "./look-for-newer.ts";
import { type PlacingParts, placeStep } from "./placing.ts";
import { assertNoSelectorAsks } from "./refuse-selectors.ts";
import { type ListedAhead, type ListQuestion, listAhead, runSelector } from "./run-selector.ts";
import type { SelectionRequest } from "./select-nodes.ts";

const NO_BASELINES: Baselines = { selection: null, deferral: null };
const NOTHING_KNOWN = { baselines: NO_BASELINES, delegatedToDbt: null, newer: null } as const;

/** What planning works with, part by part: it decides, compares with baselines, and places. */
export interface PlanParts extends DecidePlanParts, BaselineParts, BaselinesAheadParts, SourceParts, PlacingParts {
  readonly settings: Pick<Settings, "rest"> &
    DecidePlanParts["settings"] &
    BaselineParts["settings"] &
    BaselinesAheadParts["settings"] &
    SourceParts["settings"] &
    PlacingParts["settings"] &
    SettingsPart<
      "full" | "select" | "exclude" | "compareUnrendered" | "stallAfter" | "nodeTimeout" | "runTimeout",
      "dbt"
    >;
  readonly env: Environment;
  readonly log: Log;
  readonly work: Pick<WorkFolder, "path" | "writeJson">;
}

/** Decides what is to be built and writes plan.json. Throws for what is no finding about the project. */
export async function planStep(
  parts: PlanParts,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  dbt: DbtRunner,
  bundles: Bundles,
): Promise<Planned> {
  const base = once(() => findBase(parts.git, runSettings));
  const select = parts.settings.given.full ? null : runSettings.select;
  const ahead = select === null ? nothingAhead(bundles) : await fetchBaselines(parts, runSettings, bundles, base);
  try {
    return await makePlan(parts, { runSettings, select, dbtProject, dbt, base, ahead });
  } finally {
    await ahead.drop();
  }
}

interface ToPlan {
  readonly runSettings: RunSettings;
  /** null: everything. */
  readonly select: string | null;
  readonly dbtProject: DbtProject;
  readonly dbt: DbtRunner;
  readonly base: () => Promise<BaseCommit>;
  readonly ahead: BaselinesAhead;
}

async function makePlan(
  parts: PlanParts,
  { runSettings, select, dbtProject, dbt, base, ahead }: ToPlan,
): Promise<Planned> {
  const { git, log } = parts;
  const { given, config } = parts.settings;
  const purpose = purposeOf(runSettings);
  const types = describeTypes(dbt.choosing.resourceTypes);
  if (types !== null) log.step("plan", `resource types, by dbt's own arguments or variables: ${types}`);
  const asIs = runSettings.exclude === null ? [] : [runSettings.exclude];
  const knownExclude = asIs.flatMap((text) => withoutNewerData(text) ?? []);
  // Where nothing is compared, nothing is newer, and dbt would end with an error.
  const isAsked = select === null && asIs.some(asksNewerData);
  const notes = isAsked ? ["source_status: in exclude leaves nothing out: everything is built"] : [];
  const exclude = isAsked ? knownExclude : asIs;
  const choosing = {
    ...dbt.choosing,
    exclude,
    indirectSelection: given.indirectSelection ?? dbt.choosing.indirectSelection,
  };
  const writtenAt = {
    select: whereWritten(given, parts.env, "select", runSettings.mode),
    exclude: whereWritten(given, parts.env, "exclude", runSettings.mode),
  };
  const selectors = await readSelectorsFile(dbtProject.project.dir);
  const assertNoneAsks = (text: string | null, without: readonly string[]) =>
    assertNoSelectorAsks(selectors, {
      ...(text === null ? {} : { select: { text, where: writtenAt.select } }),
      exclude: without.map((text) => ({ text, where: writtenAt.exclude })),
      rest: parts.settings.rest,
    });
  assertNoneAsks(select, exclude);
  if (select === null && runSettings.mode !== "check") {
    const plan = { kind: "everything", why: "mode", warnings: notes } as const;
    return writePlan(parts, { purpose, plan, ...NOTHING_KNOWN, manifest: null, places: [], choosing });
  }
  // Git may not hold it: that is to be known before dbt takes its time.
  if (runSettings.mode === "check" && given.state === undefined && select !== null) await base();
  const deps = await dbt.installPackages();
  if (deps !== null && deps.run.exitCode !== 0) return { kind: "failed", run: deps.run };
  const indirectSelection = given.indirectSelection ?? dbtProject.project.flags.indirectSelection ?? "eager";
  const { resourceTypes } = dbt.choosing;
  const needsLook = [select ?? "", ...exclude].some(asksNewerData);
  const listed =
    select === null || needsLook
      ? null
      : await listFirst(dbt, ahead, { select: [select], exclude, indirectSelection, resourceTypes });
  const parsed = listed?.start ?? (await dbt.start({ ...dbt.defaults, command: ["parse"], args: [] }));
  const { manifest } = parsed.run;
  if (parsed.run.exitCode === 0 && parsed.run.trouble === "none" && manifest === null)
    throw new SignalboxError("artifacts", "dbt parse ended with 0 and left no manifest.json", {
      hint: "dbt has to write its files: take write_json: false out of the flags in dbt_project.yml",
    });
  if (parsed.run.exitCode !== 0 || manifest === null) return { kind: "failed", run: parsed.run };

  const sources = openSources(parts, { runSettings, dbtProject, dbt, bundles: ahead.bundles, current: manifest });
  const asked = {
    exclude,
    manifest,
    dbt,
    listed,
    resourceTypes,
    indirectSelection,
    compareUnrendered: compareUnrenderedOf(given.compareUnrendered, dbtProject.project.flags.compareUnrendered),
    as: given.as,
  } as const;
  const place: PlaceNodes = (ids, deferral) =>
    given.as === "ls"
      ? Promise.resolve({ places: [], warnings: [] })
      : placeStep(parts, runSettings, dbtProject, dbt, { ids, manifest, deferral, sources, base });
  const everything = async (plan: Plan, without: readonly string[] = exclude): Promise<Planned> => {
    assertNoneAsks(null, without);
    const all = await runSelector({ ...asked, exclude: without, selection: null, results: null, newer: null }, []);
    if (all.kind === "failed") return all;
    const { places, warnings } = await place(all.ids, null);
    const told = [...new Set([...plan.warnings, ...sources.warnings, ...warnings])];
    const warned = { ...plan, warnings: told };
    const chosen = { ...choosing, exclude: without };
    return writePlan(parts, { purpose, plan: warned, ...NOTHING_KNOWN, manifest, places, choosing: chosen });
  };
  if (select === null) return everything({ kind: "everything", why: "mode", warnings: notes });
  const selection = await findSelection(parts, runSettings, sources, base);
  if (selection === null && (needsLook || comparesState(select)))
    return everything(withoutBaseline(config.baseline, sources.warnings), knownExclude);
  const newer =
    selection === null || !needsLook
      ? null
      : await lookForNewer({
          ...{ dbt, manifest, selection, threads: threadsOf(config, runSettings.mode), limits: limitsOf(given) },
          writtenAt: asksNewerData(select) ? writtenAt.select : writtenAt.exclude,
        });
  const look = newer?.look ?? null;
  if (newer?.data.kind === "unknown") {
    const origin = look === null ? (selection?.origin ?? null) : null;
    const key = `modes.${runSettings.mode}.${asksNewerData(select) ? "select" : "exclude"}`;
    const all = await everything(planWithoutNews(config, { why: newer.data.why, origin, key }), knownExclude);
    return all.kind === "planned" ? { ...all, look } : all;
  }

  const request: SelectionRequest = {
    ...asked,
    select,
    writtenAt,
    selection,
    newer: newer?.data.sources ?? null,
    // To know production can take another parse.
    findDeferral: async (isNeeded) => (isNeeded ? findDeferral(parts, sources, base) : null),
    results: await readResultsOf(log, selection),
    startSeconds: parsed.run.seconds,
    changedFiles: await filesChangedSince(git, dbtProject, selection?.origin.commit ?? null),
    mayDefer: runSettings.mode === "check" && config.modes.check.defer,
  };
  const vars = await changedVarsSince(git, dbtProject, selection);
  const planned = await decidePlan(parts, purpose, request, place, () => [...sources.warnings, ...vars]);
  return planned.kind === "planned" ? { ...planned, look } : planned;
}

/** The answer of a dbt that decides in `ls` anyhow, and reads the project once less so; null: it is asked later, if at all. */
async function listFirst(dbt: DbtRunner, ahead: BaselinesAhead, words: ListQuestion): Promise<ListedAhead | null> {
  const { traits, minor } = await dbt.engine();
  const bundle = traits.plansInList ? await ahead.selection() : null;
  const header = bundle === null ? null : await readBundle(bundle.dir, bundle.ref.where).catch(() => null);
  const isAlike = header?.dbtVersion.startsWith(`${minor[0]}.`) ?? false;
  return bundle === null || !isAlike ? null : listAhead(dbt, words, bundle);
}

/** Where the user wrote what holds: a flag or its variable is over the mode's key. */
function whereWritten(
  given: Pick<Given, "select" | "exclude">,
  env: Environment,
  name: "select" | "exclude",
  mode: Mode,
): string {
  if (given[name] === undefined) return `modes.${mode}.${name}`;
  return given[name] === env[`SIGNALBOX_${name.toUpperCase()}`]
    ? nameAsTyped({ name }, env.SIGNALBOX_FACE)
    : `--${name}`;
}

/** Never an empty selection where there is nothing to compare with. */
function withoutBaseline({ onMissing, sources }: Config["baseline"], warnings: readonly string[]): Plan {
  if (onMissing === "fail") {
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
