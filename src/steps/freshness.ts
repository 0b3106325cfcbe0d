import { join } from "node:path";
import type { Manifest } from "../artifacts/manifest.ts";
import type { DbtStart } from "../dbt/start.ts";
import type { StartLimits } from "../dbt/watched-run.ts";
import { describeHeld } from "../render/held-words.ts";
import type { Mode } from "../run/mode.ts";
import type { PlanResult } from "../selection/plan.ts";
import { asksNewerData } from "../selection/selector.ts";
import type { Config } from "../settings/file.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import type { DbtRunner } from "../setup/dbt-runner.ts";
import { decideGate, withoutHeld } from "../severity/freshness-gate.ts";
import { SignalboxError } from "../support/errors.ts";
import { isFile } from "../support/files.ts";
import type { Log } from "../support/log.ts";
import { plannedOf } from "./build-with-retries.ts";
import { threadsOf } from "./start-limits.ts";

/** The gate has to know of each: a default selector would leave some out, and dbt's fail_fast all behind a stale one. */
export const EVERY_SOURCE = ["--select", "source:*", "--no-fail-fast"];

/**
 * Whether a bundle is to hold what dbt says of the sources before a build: a selector of some mode asks what has come since.
 * A look behind the build would have seen what the build has not read.
 */
export function keepsLook(modes: Config["modes"]): boolean {
  return Object.values(modes).some(({ select, exclude }) =>
    [select, exclude].some((text) => text !== null && asksNewerData(text)),
  );
}

/** Whether the look that a plan needed is also one that people want to be told of. */
export function isLookJudged({ modes }: Pick<Config, "modes">, mode: Mode, look: DbtStart | null): boolean {
  return look !== null && freshnessOf({ modes }, mode) !== false;
}

export interface LookParts {
  readonly settings: SettingsPart<never, "modes" | "dbt">;
  readonly log: Pick<Log, "warn" | "step">;
}

/** What a build is started with. */
export interface ToStart {
  readonly plan: PlanResult;
  /** null: not known. */
  readonly manifest: Manifest | null;
  /** At the sources, which the plan needed; null: it needed none. */
  readonly look: DbtStart | null;
  readonly limits: StartLimits;
}

/** What is known of the sources before a build. */
export interface Looked {
  /** null: nobody has looked. */
  readonly look: DbtStart | null;
  /** What is to be built behind it. */
  readonly plan: PlanResult;
  /** In a step of its own a build may see newer data than its plan did. */
  readonly isAgain: boolean;
}

/**
 * Looks at the sources before a build where a gate or a bundle asks for it and the plan has not. Throws where the plan was
 * made by a look that is gone.
 */
export async function lookBeforeBuild(parts: LookParts, mode: Mode, dbt: DbtRunner, toStart: ToStart): Promise<Looked> {
  const { plan, manifest, limits } = toStart;
  const { config } = parts.settings;
  const freshness = freshnessOf(config, mode);
  const isAsked = freshness === "gate" || (mode !== "check" && keepsLook(config.modes));
  const args = [...threadsOf(config, mode), ...EVERY_SOURCE];
  const look = toStart.look ?? (isAsked ? await askSources(dbt, args, limits) : null);
  if (look === null) {
    if (plan.newer !== undefined) await assertLook(dbt.defaults.targetPath);
    return { look, plan, isAgain: false };
  }
  const isAgain = toStart.look === null && plan.newer !== undefined;
  // More time was not to be given: the build would only be begun.
  if (look.run.trouble === "timed-out") return { look, plan: { ...plan, kind: "nothing" }, isAgain };
  if (freshness === "gate") return { ...gatePlan(parts.log, plan, manifest, look), isAgain };
  return { look: freshness === "report" ? look : { ...look, isForSelection: true }, plan, isAgain };
}

/** Looks at the sources behind a build where people are to be told of them, `looked` null: nobody did before it. */
export async function lookBehindBuild(
  { settings: { config } }: LookParts,
  mode: Mode,
  dbt: DbtRunner,
  { looked, limits }: { readonly looked: DbtStart | null; readonly limits: StartLimits },
): Promise<DbtStart | null> {
  if (freshnessOf(config, mode) !== "report" || looked !== null) return null;
  return askSources(dbt, threadsOf(config, mode), limits);
}

/** Starts `dbt source freshness`. */
export function askSources(dbt: DbtRunner, args: readonly string[], limits: StartLimits): Promise<DbtStart> {
  return dbt.start({ ...dbt.defaults, command: ["source", "freshness"], args, limits });
}

function freshnessOf({ modes }: Pick<Config, "modes">, mode: Mode): Config["modes"]["schedule"]["freshness"] {
  return mode === "schedule" ? modes.schedule.freshness : false;
}

/** dbt selects by the look that the plan was made with. */
async function assertLook(targetPath: string): Promise<void> {
  const file = join(targetPath, "sources.json");
  if (await isFile(file)) return;
  throw new SignalboxError("artifacts", `the plan asks for source_status:, and ${file} does not exist`, {
    hint: "keep dbt's target folder between plan and build, or run signalbox ci, which does both",
  });
}

/** Says where people are to be told of sources that say no freshness. `manifest` null: nobody knows the sources. */
export function warnOfNoFreshness(
  { settings: { config }, log }: LookParts,
  mode: Mode,
  manifest: Manifest | null,
): void {
  if (freshnessOf(config, mode) === false) return;
  const isChecked = [...(manifest?.nodes.values() ?? [])].some(({ hasFreshness }) => hasFreshness);
  if (manifest !== null && !isChecked)
    log.warn(
      "dbt",
      "modes.schedule.freshness is set, and no source of the project says freshness: nothing is looked at",
    );
}

/** What is built behind a look at the sources: the plan without what lies below stale ones. */
function gatePlan(
  log: Pick<Log, "step" | "warn">,
  plan: PlanResult,
  manifest: Manifest | null,
  look: DbtStart,
): Pick<Looked, "look" | "plan"> {
  const known = manifest ?? look.run.manifest;
  const isChosenByPlan = plan.kind === "selected" || plan.choosing.exclude.length > 0;
  const gate = decideGate({
    freshness: look.run,
    manifest: known,
    planned: plannedOf(plan, known),
    defaultSelector: isChosenByPlan ? null : (known?.defaultSelector ?? null),
  });
  if (gate.kind === "open") {
    if (gate.why !== null)
      log.warn("dbt", `nothing is held back behind stale sources, and everything is built: ${gate.why}`);
    return { look, plan };
  }
  log.step("dbt", describeHeld(gate.held, look.run.results ?? []));
  return { plan: withoutHeld(plan, gate), look: { ...look, run: { ...look.run, held: gate.held } } };
}
