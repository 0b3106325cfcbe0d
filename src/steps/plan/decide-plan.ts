import type { DbtRun } from "../../artifacts/dbt-run.ts";
import type { Manifest } from "../../artifacts/manifest.ts";
import type { DbtStart } from "../../dbt/start.ts";
import type { Paint } from "../../render/colors.ts";
import { describePassedOver } from "../../render/plan-words.ts";
import { renderPlan } from "../../render/terminal.ts";
import type { Purpose } from "../../run/purpose.ts";
import { blindSpots, describeUpgrades } from "../../selection/blind-spots.ts";
import { builtNodes } from "../../selection/buildable-nodes.ts";
import type { SelectionResult } from "../../selection/complete.ts";
import { estimate } from "../../selection/estimate.ts";
import { changedButNot, explain } from "../../selection/explain.ts";
import type { NewerSource } from "../../selection/newer-data.ts";
import { type Placed, relationName } from "../../selection/placement.ts";
import type { Baseline, Baselines, DbtSelection, Plan, PlannedNode, PlanResult } from "../../selection/plan.ts";
import { explainAdded } from "../../selection/promote.ts";
import { renderedOtherwise } from "../../selection/rendered-values.ts";
import { takesType } from "../../selection/resource-types.ts";
import { mayAskResults } from "../../selection/selector.ts";
import type { Given, Settings, SettingsPart } from "../../settings/resolve.ts";
import type { Clock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import type { Log } from "../../support/log.ts";
import type { WorkFolder } from "../../work/folder.ts";
import { readResultsOf, setResultsAside } from "./baseline-facts.ts";
import { withoutPlannedFunctions } from "./deferral-copy.ts";
import type { Placing } from "./placing.ts";
import { listWithDbt, runSelector, type SelectorInput } from "./run-selector.ts";
import { type SelectionRequest, selectNodes } from "./select-nodes.ts";

/** A plan with what it was made of; `failed` is the dbt start that ended the planning: the project does not compile. */
export type Planned =
  | {
      readonly kind: "planned";
      readonly result: PlanResult;
      readonly manifest: Manifest | null;
      /** Where it is written; none where no manifest was needed. */
      readonly places: readonly Placed[];
      /** The look at the sources that the selector needed; null: it needed none. */
      readonly look: DbtStart | null;
    }
  | { readonly kind: "failed"; readonly run: DbtRun };

/** Says where nodes are written; throws where they may not be. `deferral`: production, where it is known. */
export type PlaceNodes = (ids: readonly string[], deferral: Baseline | null) => Promise<Placing>;

interface WritePlanParts {
  readonly settings: SettingsPart<"as">;
  readonly work: Pick<WorkFolder, "writeJson">;
}

export interface DecidePlanParts extends WritePlanParts {
  readonly settings: Pick<Settings, "rest"> & SettingsPart<"as" | "verify" | "indirectSelection">;
  readonly work: Pick<WorkFolder, "path" | "writeJson">;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Selects, places and writes plan.json. `warnings`: asked for at the end, as reading baselines gives some. Throws where
 * --verify finds a difference, and where a check would write to production.
 */
export async function decidePlan(
  parts: DecidePlanParts,
  purpose: Purpose,
  request: SelectionRequest,
  place: PlaceNodes,
  warnings: () => readonly string[],
): Promise<Planned> {
  const { log } = parts;
  const { given } = parts.settings;
  const { selection, manifest } = request;
  const choosing = handedOn(given, request);
  const choice = await selectNodes(request, log, parts.clock.now());
  if (choice.kind === "failed") return choice;
  if (choice.kind === "everything") {
    const all = await runSelector(request, []);
    if (all.kind === "failed") return all;
    const { places, warnings: ofPlaces } = await place(all.ids, null);
    const plan: Plan = {
      kind: "everything",
      why: "no-baseline",
      warnings: [...warnings(), choice.warning, ...ofPlaces],
    };
    const baselines = { selection, deferral: null };
    const { delegatedToDbt } = choice;
    return writePlan(parts, { purpose, plan, baselines, manifest, delegatedToDbt, places, choosing, newer: null });
  }
  if (given.verify) {
    const verified = await verify(request, choice, log);
    if (verified !== null) return verified;
  }
  const placing = await place(choice.ids, choice.production);
  const nodes = reasonsFor(request, choice);
  const blind = selection === null ? [] : blindSpots(manifest, selection.manifest);
  const rendered = selection === null ? [] : renderedOtherwise(nodes, manifest, selection.manifest, request);
  const all = [
    ...warnings(),
    ...choice.warnings,
    ...placing.warnings,
    ...describeUpgrades(nodes),
    ...passedOver(request, choice),
    ...rendered,
    ...blind,
  ];
  const read = choice.deferral ? choice.production : null;
  // Without dbt nothing is built of the plan.
  const isBuilt = request.dbt !== null && request.as !== "ls";
  const copy = parts.work.path("baselines", "deferral-of-plan");
  const deferral = read === null || !isBuilt ? read : await withoutPlannedFunctions(read, choice.ids, manifest, copy);
  const used = { selection, deferral };
  const other = choice.production?.dir === selection?.dir ? null : choice.production;
  const timed = request.results ?? (await readResultsOf(log, other));
  const isUnderstood = isBuilt && choice.delegatedToDbt === null;
  if (isUnderstood && ![...choice.select, ...request.exclude, ...parts.settings.rest].some(mayAskResults))
    for (const baseline of [selection, deferral]) if (baseline !== null) await setResultsAside(baseline);
  const plan: Plan =
    nodes.length > 0
      ? {
          kind: "selected",
          nodes,
          select: choice.select,
          exclude: request.exclude,
          defer: choice.deferral,
          promoted: choice.promoted,
          estimate: timed === null ? null : estimate(choice.ids, manifest, timed, request.startSeconds),
          warnings: all,
        }
      : { kind: "nothing", warnings: all };
  const { delegatedToDbt } = choice;
  const { places } = placing;
  const { newer } = request;
  return writePlan(parts, { purpose, plan, baselines: used, manifest, delegatedToDbt, places, choosing, newer });
}

function reasonsFor(
  { manifest, selection, compareUnrendered, newer }: SelectionRequest,
  { ids, nodes, promoted, deferral, production }: SelectionResult & { kind: "selected" },
) {
  const options = { ...(compareUnrendered === null ? {} : { compareUnrendered }), newer: newer ?? [] };
  const bare = (id: string): PlannedNode => ({
    id,
    type: manifest.nodes.get(id)?.type ?? "",
    path: manifest.nodes.get(id)?.path ?? "",
    reasons: [],
  });
  const ofDbt = () => (selection === null ? ids.map(bare) : explain(ids, manifest, selection.manifest, options));
  const of = { production: production?.manifest ?? null, isRead: deferral };
  return explainAdded(nodes ?? ofDbt(), promoted, manifest, of);
}

/** What dbt 2 does not call modified, and looks so here: only where the selector asks for nothing else. */
function passedOver(
  { manifest, selection, compareUnrendered, select, exclude, resourceTypes }: SelectionRequest,
  { ids, delegatedToDbt }: SelectionResult & { kind: "selected" },
): readonly string[] {
  const isPlain = /^state:modified\+?$/.test(select.trim()) && exclude.length === 0;
  if (delegatedToDbt === null || selection === null || !isPlain) return [];
  const built = new Set(builtNodes(manifest).map(({ id }) => id));
  const missed = changedButNot(ids, manifest, selection.manifest, {
    ...(compareUnrendered === null ? {} : { compareUnrendered }),
    isCandidate: ({ id, type }) => built.has(id) && takesType(resourceTypes, type),
  });
  return describePassedOver(missed, manifest.dbtVersion);
}

/** `dbt ls` beside the engine. Throws a dbt error that names every difference; null: there is none. */
async function verify(
  request: SelectorInput,
  choice: SelectionResult & { kind: "selected" },
  log: Log,
): Promise<Planned | null> {
  if (choice.delegatedToDbt !== null) {
    log.step("verify", "dbt ls has decided itself: there is nothing to compare");
    return null;
  }
  const answer = await listWithDbt(request, choice.select, "--verify");
  if (answer.kind === "failed") return answer;
  const onlyOurs = choice.ids.filter((id) => !answer.ids.includes(id));
  const onlyDbt = answer.ids.filter((id) => !choice.ids.includes(id));
  if (onlyOurs.length === 0 && onlyDbt.length === 0) {
    log.step("verify", `dbt ls selects the same: ${answer.ids.length}`);
    return null;
  }
  const message = `signalbox and dbt ls select differently: only signalbox ${onlyOurs.join(", ") || "nothing"}; only dbt ${onlyDbt.join(", ") || "nothing"}`;
  throw new SignalboxError("dbt", message, {
    hint: "please report it with both manifests, where docs/selection.md does not name the cause (dates and tuples in a config)",
  });
}

/** The flag of --compare-unrendered; `ofProject`: what the project says where the flag leaves it to it. */
export function compareUnrenderedOf(flag: Given["compareUnrendered"], ofProject: boolean | null): boolean | null {
  return flag === "auto" ? ofProject : flag === "true";
}

/** A plan with everything that plan.json says of it. */
interface PlanFacts {
  readonly purpose: Purpose;
  readonly plan: Plan;
  readonly baselines: Baselines;
  readonly manifest: Manifest | null;
  readonly delegatedToDbt: string | null;
  readonly places: readonly Placed[];
  readonly choosing: PlanResult["choosing"];
  readonly newer: readonly NewerSource[] | null;
}

/** Writes plan.json. */
export async function writePlan(
  { settings, work }: WritePlanParts,
  { purpose, plan, baselines, manifest, delegatedToDbt, places, choosing, newer }: PlanFacts,
): Promise<Planned> {
  const { mode, target, commit } = purpose;
  const relations = new Map(places.map(({ id, relation }) => [id, relation]));
  const nodes = (plan.kind === "selected" ? plan.nodes : []).map((node) => {
    const relation = relations.get(node.id) ?? null;
    return { ...node, relation: relation === null ? null : relationName(relation) };
  });
  const result: PlanResult = {
    schema: 1,
    mode,
    target,
    commit,
    choosing,
    kind: plan.kind,
    ids: nodes.map(({ id }) => id),
    nodes,
    baselines: { selection: baselines.selection?.origin ?? null, deferral: baselines.deferral?.origin ?? null },
    defer: plan.kind === "selected" && plan.defer,
    promoted: plan.kind === "selected" ? plan.promoted : [],
    estimate: plan.kind === "selected" ? plan.estimate : null,
    // What only dbt ls lists, sources say, cannot be built.
    dbt: plan.kind === "selected" && settings.given.as !== "ls" ? dbtSelection(plan, baselines, choosing) : null,
    ...(newer === null ? {} : { newer }),
    delegatedToDbt,
    warnings: plan.warnings,
  };
  await work.writeJson("plan.json", result);
  return { kind: "planned", result, manifest, places, look: null };
}

function handedOn(
  given: Pick<Given, "indirectSelection">,
  { dbt, exclude, resourceTypes }: SelectorInput,
): PlanResult["choosing"] {
  const { indirectSelection = dbt?.choosing.indirectSelection ?? null } = given;
  return { exclude, indirectSelection, resourceTypes };
}

function dbtSelection(
  plan: Plan & { kind: "selected" },
  { selection, deferral }: Baselines,
  { indirectSelection }: PlanResult["choosing"],
): DbtSelection {
  return {
    select: plan.select,
    exclude: plan.exclude,
    indirectSelection,
    state: selection?.dir ?? null,
    deferState: plan.defer ? (deferral?.dir ?? null) : null,
  };
}

/** The plan as the log shows it, and how many nodes of the project a build could take (null: not known). */
export function describePlan(
  paint: Paint,
  { result, manifest, places }: Planned & { kind: "planned" },
): { lines: string[]; total: number | null } {
  const total = manifest === null ? null : builtNodes(manifest).length;
  return { lines: renderPlan(result, { total, paint, places }), total };
}
