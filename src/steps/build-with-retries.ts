import { type Again, lastManifest } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { selectionArguments } from "../dbt/arguments.ts";
import type { DbtStart } from "../dbt/start.ts";
import { describeAgain, describeCauses } from "../render/retried-words.ts";
import { nameExactly } from "../selection/name-exactly.ts";
import type { PlanResult } from "../selection/plan.ts";
import { select } from "../selection/select.ts";
import { isRepeatable } from "../severity/repeatable.ts";
import { decideSecondStart, type SecondStart } from "../severity/second-start.ts";

/** What a build with second starts needs. */
export interface RetryPort {
  readonly retries: number;
  /** The shortest pause. */
  readonly pauseSeconds: number;
  /** `args` choose the nodes, `nodes` is how many, null where that is not known; `threads` null: those that dbt has by itself. */
  start(args: readonly string[], threads: number | null, nodes: number | null): Promise<DbtStart>;
  /** The arguments behind -- leave out some of the plan's nodes. */
  readonly choosesMore: boolean;
  /** The folder of a copy of the deferral manifest without these nodes. */
  withoutBuilt(deferState: string, built: readonly string[]): Promise<string>;
  random(): number;
  /** Rejects where the run is stopped. */
  pause(seconds: number): Promise<void>;
  /** null: as long as it takes. */
  secondsLeft(): number | null;
  say(text: string): void;
}

/**
 * Runs dbt build on the plan, and once more for what failed for a while, as `decideSecondStart` says. The answer: all
 * starts, in the order of time. `args`: what chooses the plan's nodes.
 */
export async function buildWithRetries(
  plan: PlanResult,
  manifest: Manifest | null,
  args: readonly string[],
  port: RetryPort,
): Promise<readonly DbtStart[]> {
  const nodes = port.choosesMore ? null : (plannedOf(plan, manifest)?.length ?? null);
  const starts = [await port.start(args, null, nodes)];
  for (;;) {
    const runs = starts.map(({ run }) => run);
    const known = lastManifest(runs) ?? manifest;
    const planned = () => plannedOf(plan, known);
    const { retries, pauseSeconds } = port;
    const decision = decideSecondStart({
      ...{ attempts: runs, manifest: known, planned, retries, pauseSeconds, random: port.random() },
    });
    if (decision.kind === "none") {
      if (decision.why !== null) port.say(`not started again: ${decision.why}`);
      return starts;
    }
    const secondsLeft = port.secondsLeft();
    if (secondsLeft !== null && secondsLeft <= decision.pauseSeconds) {
      port.say("not started again: --run-timeout leaves no time for it");
      return starts;
    }
    const chosen = choose(decision, planned(), known);
    if (chosen === null) {
      port.say(`not started again: no selector names what is to be built again and nothing else`);
      return starts;
    }
    port.say(describeAgain({ ...decision, ids: chosen.ids }));
    await port.pause(decision.pauseSeconds);
    const words = chosen.select === null ? args : await selectionOf(chosen, plan, port);
    const started = await port.start(words, decision.threads, chosen.ids?.length ?? null);
    const again: Again = {
      ids: chosen.ids,
      pauseSeconds: decision.pauseSeconds,
      why: describeCauses(decision.causes),
    };
    starts.push({ ...started, run: { ...started.run, again } });
  }
}

/** What the plan builds; null: nobody knows but dbt. */
export function plannedOf({ kind, ids, choosing }: PlanResult, manifest: Manifest | null): readonly string[] | null {
  if (kind !== "everything") return ids;
  if (manifest === null) return null;
  const { exclude, resourceTypes, indirectSelection } = choosing;
  const options = {
    select: [],
    exclude,
    resourceTypes,
    indirectSelection: indirectSelection ?? "eager",
    as: "build",
  } as const;
  const found = select(manifest, null, options);
  return found.kind === "selected" ? found.ids : null;
}

interface NodesAgain {
  readonly ids: readonly string[] | null;
  /** null: the plan's own words. */
  readonly select: readonly string[] | null;
  readonly exclude: readonly string[];
}

/** How dbt is told the nodes; where names are too many, the whole plan, if all of it can be repeated. */
function choose(
  { ids, hasOthers }: Extract<SecondStart, { kind: "again" }>,
  planned: readonly string[] | null,
  manifest: Manifest | null,
): NodesAgain | null {
  const whole: NodesAgain = { ids: planned, select: null, exclude: [] };
  if (ids === null) return whole;
  const asked = new Set(ids);
  if (planned?.every((id) => asked.has(id))) return whole;
  const names = manifest === null ? null : nameExactly(ids, manifest);
  if (names !== null) return { ids, ...names };
  const isAllRepeatable = planned?.every((id) => asked.has(id) || isRepeatable(manifest?.nodes.get(id) ?? null));
  return isAllRepeatable && !hasOthers ? whole : null;
}

async function selectionOf(
  { ids, select: names, exclude }: NodesAgain,
  plan: PlanResult,
  port: RetryPort,
): Promise<string[]> {
  const { state = null, deferState = null } = plan.dbt ?? {};
  const asked = new Set(ids);
  // Where everything is built, nothing is deferred.
  const built = plan.ids.filter((id) => !asked.has(id));
  return selectionArguments({
    select: names ?? [],
    exclude,
    indirectSelection: "empty",
    state,
    deferState: deferState === null ? null : await port.withoutBuilt(deferState, built),
    resourceTypes: plan.choosing.resourceTypes,
  });
}
