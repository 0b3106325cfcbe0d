import { join } from "node:path";
import { type DbtRun, lastManifest } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { assertHarmlessRelations } from "../bundles/trust.ts";
import { flag, selectionArguments, showCommandLine } from "../dbt/arguments.ts";
import type { DbtStart } from "../dbt/start.ts";
import type { StartLimits } from "../dbt/watched-run.ts";
import { count } from "../render/words.ts";
import type { Mode } from "../run/mode.ts";
import { compareWithPlan } from "../selection/buildable-nodes.ts";
import type { PlanResult } from "../selection/plan.ts";
import { choosingBehindDashes } from "../settings/dbt-words.ts";
import type { CommandName } from "../settings/flags.ts";
import type { Settings, SettingsPart } from "../settings/resolve.ts";
import type { DbtRunner } from "../setup/dbt-runner.ts";
import { assertPlanChooses, type RunSettings } from "../setup/run-settings.ts";
import { mergeAttempts } from "../severity/attempts.ts";
import type { BaseBuild } from "../severity/cost.ts";
import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny, removeFile, writeFileAtomic } from "../support/files.ts";
import type { Log } from "../support/log.ts";
import type { WorkFolder } from "../work/folder.ts";
import { TOOLS_FILE } from "../work/tools-file.ts";
import { type BuildResult, type RecordParts, recordStarts } from "./build-record.ts";
import { buildWithRetries, type RetryPort } from "./build-with-retries.ts";
import { type Looked, lookBeforeBuild, lookBehindBuild, type ToStart, warnOfNoFreshness } from "./freshness.ts";
import { readMergedResults } from "./merged-results.ts";
import { withoutBuilt } from "./plan/deferral-copy.ts";
import { limitsOf, threadsOf } from "./start-limits.ts";
import { learnNewestBuild, type ReadNewest, readBaseBuild, usualSecondsOf } from "./usual-times.ts";

export interface Built {
  readonly result: BuildResult;
  readonly starts: readonly DbtStart[];
  readonly runs: readonly DbtRun[];
  /** By id, as far as they were known when it ended. */
  readonly usualSeconds: ReadonlyMap<string, number>;
  /** What dbt said when the baseline was built, or else the newest bundle; null: that is not known. */
  readonly baseBuild: BaseBuild | null;
}

export interface BuildParts extends RecordParts {
  readonly command: CommandName;
  readonly settings: Pick<Settings, "rest"> &
    SettingsPart<"stallAfter" | "nodeTimeout" | "runTimeout", "dbt" | "modes" | "build">;
  readonly work: Pick<WorkFolder, "path" | "writeJson">;
  readonly log: Pick<Log, "warn" | "step">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface BuildExtras {
  /** At the sources, which the plan needed; null: it needed none. */
  readonly look?: DbtStart | null;
  /** For usual times and cost where the plan has no baseline; null: nobody is asked. */
  readonly readNewest?: ReadNewest | null;
}

/**
 * Runs dbt on the plan (and source freshness, where the mode asks for it) and writes build.json. `manifest`: the project's
 * own as it was parsed before; null: not known.
 */
export async function buildStep(
  parts: BuildParts,
  runSettings: RunSettings,
  dbt: DbtRunner,
  plan: PlanResult,
  manifest: Manifest | null,
  { look = null, readNewest = null }: BuildExtras = {},
): Promise<Built> {
  const { log, settings } = parts;
  const { given, rest } = settings;
  if (plan.kind === "selected") assertPlanChooses(parts);
  else if (choosingBehindDashes(rest).length > 0)
    log.warn("plan", `dbt takes what ${showCommandLine(rest)} leaves of everything`);
  await assertHarmlessDeferral(plan, manifest);
  const baseBuild = await readBaseBuild(log, plan);
  const known = usualSecondsOf(baseBuild?.results ?? []);
  const learned =
    known.size > 0 || readNewest === null ? null : learnNewestBuild(parts, given.stallAfter / 2, readNewest);
  const usualSeconds = learned?.seconds ?? known;
  const limits: StartLimits = { ...limitsOf(given), usualSeconds };
  try {
    const started = await startAll(parts, runSettings, dbt, { plan, manifest, look, limits });
    return { ...started, usualSeconds, baseBuild: baseBuild ?? learned?.build() ?? null };
  } finally {
    learned?.stop();
  }
}

/** Starts what is asked for and writes build.json. */
async function startAll(
  parts: BuildParts,
  runSettings: RunSettings,
  dbt: DbtRunner,
  toStart: ToStart,
): Promise<Omit<Built, "usualSeconds" | "baseBuild">> {
  const { log, work } = parts;
  // An earlier build's would stand for this one, should this process be killed: for report the one, for notify the other.
  for (const name of ["build.json", "verdict.json", TOOLS_FILE]) await removeFile(work.path(name));
  const { starts, builds, looked } = await startEach(parts, runSettings.mode, dbt, toStart);
  const runs = starts.flatMap(({ run: dbtRun, isForSelection }) => (isForSelection ? [] : [dbtRun]));
  for (const name of ["empty", "sample"] as const)
    if (runs.some(({ flags }) => flags?.[name]))
      log.warn("dbt", `dbt build was told --${name}: its tests saw ${PARTS[name]}`);
  const whole = builds.length > 1 ? await readMergedResults(builds, lastManifest(runs)) : null;
  const merged = whole === null ? null : await keepMerged(parts, whole);
  const planMatchesRun = looked.isAgain ? null : comparePlan(log, looked.plan, runs);
  const result = await recordStarts(parts, runSettings, starts, planMatchesRun, merged);
  // Whatever reads it there is to see the whole build, not its last start.
  const inTarget = join(dbt.defaults.targetPath, "run_results.json");
  if (whole !== null) await parts.outputs.write(inTarget, () => writeFileAtomic(inTarget, whole));
  return { result, starts, runs };
}

interface Started {
  /** All, in their order. */
  readonly starts: readonly DbtStart[];
  /** Those of the build: the first, and its second starts. */
  readonly builds: readonly DbtStart[];
  readonly looked: Looked;
}

/** Packages, a look at the sources and the build with its second starts, as far as each is asked for. */
async function startEach(parts: BuildParts, mode: Mode, dbt: DbtRunner, toStart: ToStart): Promise<Started> {
  const { plan, manifest, limits } = toStart;
  const deps = await dbt.installPackages();
  const packages = deps === null ? [] : [deps];
  if (deps !== null && deps.run.exitCode !== 0)
    return { starts: packages, builds: [], looked: { look: null, plan, isAgain: false } };
  // Its time counts from here: a look is part of it.
  const port = retryPort(parts, dbt, threadsOf(parts.settings.config, mode), limits);
  const looked = await lookBeforeBuild(parts, mode, dbt, toStart);
  const builds =
    looked.plan.kind === "nothing"
      ? []
      : await buildWithRetries(looked.plan, manifest, buildArguments(looked.plan), port);
  const behind = await lookBehindBuild(parts, mode, dbt, { looked: looked.look, limits });
  const starts = [...packages, looked.look, ...builds, behind].filter((start) => start !== null);
  warnOfNoFreshness(parts, mode, lastManifest(starts.map(({ run }) => run)) ?? manifest);
  return { starts, builds, looked };
}

/** Writes the results of all starts into a folder of their own: that folder; null where they could not be written. */
async function keepMerged(
  { work, outputs }: Pick<BuildParts, "work" | "outputs">,
  whole: string,
): Promise<string | null> {
  const folder = work.path("dbt", "merged");
  let merged: string | null = null;
  await outputs.write("the results of all starts", async () => {
    await writeFileAtomic(join(folder, "run_results.json"), whole);
    merged = folder;
  });
  return merged;
}

function retryPort(parts: BuildParts, dbt: DbtRunner, ownThreads: readonly string[], limits: StartLimits): RetryPort {
  const { clock, signal, settings, log, work } = parts;
  const { runTimeoutSeconds } = limits;
  const deadline = runTimeoutSeconds === null ? null : clock.monotonic() + runTimeoutSeconds * 1000;
  const secondsLeft = () => (deadline === null ? null : Math.ceil((deadline - clock.monotonic()) / 1000));
  let copies = 0;
  return {
    retries: settings.config.build.retries,
    pauseSeconds: settings.config.build.retryPause,
    secondsLeft,
    random: Math.random,
    pause: (seconds) => clock.sleep(seconds * 1000, signal),
    say: (text) => log.step("dbt", text),
    choosesMore: choosingBehindDashes(settings.rest).length > 0,
    withoutBuilt: (deferState, built) => {
      copies += 1;
      return withoutBuilt(deferState, built, work.path("baselines", `deferral-of-start-${copies + 1}`));
    },
    start: (args, threads, nodes) =>
      dbt.start({
        ...dbt.defaults,
        command: ["build"],
        // dbt takes the last of several.
        args: [...ownThreads, ...args, ...settings.rest, ...flag("--threads", threads)],
        limits: { ...limits, runTimeoutSeconds: secondsLeft(), plannedNodes: nodes },
      }),
  };
}

/** What a build holds where dbt was told so by an argument, or by a variable that another step left. */
const PARTS = { empty: "tables without a row", sample: "a part of the rows" } as const;

/** Whoever made the plan: dbt renders the names of the deferral manifest into SQL. */
async function assertHarmlessDeferral({ dbt, baselines }: PlanResult, manifest: Manifest | null): Promise<void> {
  if (dbt === null || dbt.deferState === null) return;
  const file = join(dbt.deferState, "manifest.json");
  const text = await readFileIfAny(file);
  if (text === null)
    throw new SignalboxError("artifacts", `${file} does not exist`, { hint: "run signalbox plan again" });
  // Without the project's own manifest nothing tells what is put in quotes: then nothing is taken to be.
  assertHarmlessRelations(
    text,
    baselines.deferral?.where ?? file,
    manifest?.quoting ?? { database: false, schema: false, identifier: false },
  );
}

/** dbt build's words for a plan. */
export function buildArguments({ dbt, choosing }: PlanResult): string[] {
  return selectionArguments({ ...(dbt ?? { select: [], state: null, deferState: null }), ...choosing });
}

export function describeBuild(starts: readonly DbtStart[]): string {
  return starts
    .map(({ run: { command, exitCode, seconds, results } }) => {
      const nodes = results === null ? "" : `, ${count(results.length, "node")}`;
      return `dbt ${command}: exit ${exitCode ?? "by a signal"} after ${seconds.toFixed(1)} s${nodes}`;
    })
    .join("; ");
}

/** Whether dbt ran exactly the planned nodes. A difference is our bug, and said. */
function comparePlan(log: Pick<Log, "warn">, plan: PlanResult, runs: readonly DbtRun[]): boolean | null {
  const builds = mergeAttempts(runs, lastManifest(runs)).runs.filter(({ command }) => command === "build");
  const [built] = builds;
  if (plan.kind !== "selected" || built?.results == null || builds.some(({ trouble }) => trouble !== "none"))
    return null;
  const { onlyPlanned, onlyRan } = compareWithPlan(plan.ids, built.results, {
    manifest: built.manifest,
    isFailFast: built.flags?.failFast === true,
  });
  if (onlyPlanned.length === 0 && onlyRan.length === 0) return true;
  log.warn(
    "plan",
    `dbt ran other nodes than planned, please report it: not run ${onlyPlanned.join(", ") || "none"}; not planned ${onlyRan.join(", ") || "none"}`,
  );
  return false;
}
