import type { Manifest } from "../artifacts/manifest.ts";
import type { DbtStart } from "../dbt/start.ts";
import { describeHeld } from "../render/held-words.ts";
import type { Mode } from "../run/mode.ts";
import type { PlanResult } from "../selection/plan.ts";
import { asksNewerData } from "../selection/selector.ts";
import type { Config } from "../settings/file.ts";
import { decideGate, withoutHeld } from "../severity/freshness-gate.ts";
import type { Log } from "../support/log.ts";
import { plannedOf } from "./build-with-retries.ts";

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
  return look !== null && mode === "schedule" && modes.schedule.freshness !== false;
}

/** `manifest` null: nobody knows the sources. */
export function warnOfNoFreshness(log: Pick<Log, "warn">, manifest: Manifest | null): void {
  const isChecked = [...(manifest?.nodes.values() ?? [])].some(({ hasFreshness }) => hasFreshness);
  if (manifest !== null && !isChecked)
    log.warn(
      "dbt",
      "modes.schedule.freshness is set, and no source of the project says freshness: nothing is looked at",
    );
}

/** What is built behind a look at the sources: the plan without what lies below stale ones. */
export function gatePlan(
  log: Pick<Log, "step" | "warn">,
  plan: PlanResult,
  manifest: Manifest | null,
  start: DbtStart,
): { readonly plan: PlanResult; readonly start: DbtStart } {
  // More time was not to be given: the build would only be begun.
  if (start.run.trouble === "timed-out") return { plan: { ...plan, kind: "nothing" }, start };
  const known = manifest ?? start.run.manifest;
  const isChosenByPlan = plan.kind === "selected" || plan.choosing.exclude.length > 0;
  const gate = decideGate({
    freshness: start.run,
    manifest: known,
    planned: plannedOf(plan, known),
    defaultSelector: isChosenByPlan ? null : (known?.defaultSelector ?? null),
  });
  if (gate.kind === "open") {
    if (gate.why !== null)
      log.warn("dbt", `nothing is held back behind stale sources, and everything is built: ${gate.why}`);
    return { plan, start };
  }
  log.step("dbt", describeHeld(gate.held, start.run.results ?? []));
  return { plan: withoutHeld(plan, gate), start: { ...start, run: { ...start.run, held: gate.held } } };
}
