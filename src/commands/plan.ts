import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { selectionArguments } from "../dbt/arguments.ts";
import { isBuilt, type Listed, parseList } from "../dbt/list.ts";
import { renderPlan } from "../render/terminal.ts";
import { explain } from "../selection/explain.ts";
import { missingParents } from "../selection/frontier.ts";
import type { Baselines, DbtSelection, Plan, PlanResult } from "../selection/plan.ts";
import { SignalboxError } from "../support/errors.ts";
import { findBaselines } from "./baselines.ts";
import type { Context } from "./context.ts";
import { createStarter, type DbtStarter } from "./dbt.ts";
import { learnOccasion, type Occasion, openWorkshop, type Workshop } from "./occasion.ts";

/** A plan with what it was made of; `failed` is the dbt start that ended the planning: the project does not compile. */
export type Planned =
  | {
      readonly kind: "planned";
      readonly plan: Plan;
      readonly result: PlanResult;
      readonly baselines: Baselines;
      readonly manifest: Manifest | null;
    }
  | { readonly kind: "failed"; readonly run: DbtRun };

const NO_BASELINES: Baselines = { selection: null, deferral: null };
const DELEGATED = "state:modified is still decided by dbt ls";

export async function run(context: Context): Promise<number> {
  const occasion = await learnOccasion(context);
  const workshop = await openWorkshop(context, occasion);
  await context.work.open();
  context.log.step("mode", `${occasion.mode}: ${occasion.modeReason}`);
  const planned = await planStep(context, occasion, workshop, createStarter(context, occasion, workshop));
  if (planned.kind === "failed") {
    throw new SignalboxError(
      "dbt",
      planned.run.lastWords ?? `dbt ${planned.run.command} ended with exit code ${planned.run.exitCode}`,
      { hint: "mend the project: dbt parse has to pass" },
    );
  }
  context.result(describePlan(context, planned.result, planned.manifest).lines, planned.result);
  return 0;
}

/** Decides what is to be built and writes plan.json. Throws for what is no finding about the project. */
export async function planStep(
  context: Context,
  occasion: Occasion,
  workshop: Workshop,
  dbt: DbtStarter,
): Promise<Planned> {
  if (occasion.select === null || context.settings.given.full) {
    return finish(context, { kind: "everything", why: "mode", warnings: [] }, NO_BASELINES, null, null);
  }
  const deps = await dbt.installPackages();
  if (deps !== null && deps.run.exitCode !== 0) return { kind: "failed", run: deps.run };
  const parsed = await dbt.start({ ...dbt.place, command: ["parse"], args: [] });
  const { manifest } = parsed.run;
  if (parsed.run.exitCode !== 0 || manifest === null) return { kind: "failed", run: parsed.run };

  const { baselines, warnings } = await findBaselines(context, occasion, workshop, dbt, manifest);
  if (baselines.selection === null && /(^|[\s,])state:/.test(occasion.select)) {
    return finish(context, withoutBaseline(context, warnings), baselines, manifest, null);
  }
  return selectWithDbt({ context, occasion, dbt, baselines, manifest, warnings });
}

/** Never an empty selection where there is nothing to compare with. */
function withoutBaseline(context: Context, warnings: readonly string[]): Plan {
  if (context.settings.config.baseline.onMissing === "fail") {
    throw new SignalboxError("artifacts", "there is no baseline to compare with, and baseline.on_missing is fail", {
      hint: "publish a bundle with a deploy run, allow the worktree in baseline.sources, or set on_missing: full",
    });
  }
  return {
    kind: "everything",
    why: "no-baseline",
    warnings: [...warnings, "there is no baseline to compare with: everything is built"],
  };
}

interface Question {
  readonly context: Context;
  readonly occasion: Occasion;
  readonly dbt: DbtStarter;
  readonly baselines: Baselines;
  readonly manifest: Manifest;
  readonly warnings: readonly string[];
}

async function selectWithDbt(question: Question): Promise<Planned> {
  const { context, occasion, baselines, manifest } = question;
  const select = occasion.select ?? "";
  const asked = await ask(question, select);
  if (asked.kind === "failed") return asked;
  const mayDefer = occasion.mode === "check" && context.settings.config.modes.check.defer;
  const missing = mayDefer ? missingParents(asked.ids, manifest, baselines.deferral?.manifest ?? null) : [];
  if (missing.length === 0) return conclude(question, asked.listed, { select, promoted: [], warnings: [] });

  const withParents = select
    .split(/\s+/)
    .map((part) => (part.startsWith("+") || part.startsWith("@") ? part : `+${part}`))
    .join(" ");
  const why =
    baselines.deferral === null
      ? "nothing tells what production holds"
      : `production does not have ${missing.join(", ")}`;
  const again = await ask(question, withParents);
  if (again.kind === "failed") return again;
  const withoutDeferral = { ...question, baselines: { ...baselines, deferral: null } };
  if (missingParents(again.ids, manifest, null).length > 0) {
    const warning = `${why}, and ${withParents} does not take in every parent: everything is built`;
    return finish(
      context,
      { kind: "everything", why: "no-baseline", warnings: [...question.warnings, warning] },
      withoutDeferral.baselines,
      manifest,
      DELEGATED,
    );
  }
  const promoted = again.ids.filter((id) => !asked.ids.includes(id));
  return conclude(withoutDeferral, again.listed, {
    select: withParents,
    promoted,
    warnings: [`${why}: parents are built too (${withParents}), and nothing is deferred`],
  });
}

type Answer =
  | { readonly kind: "listed"; readonly ids: readonly string[]; readonly listed: readonly Listed[] }
  | { readonly kind: "failed"; readonly run: DbtRun };

async function ask({ context, occasion, dbt, baselines }: Question, select: string): Promise<Answer> {
  const args = selectionArguments({
    select: [select],
    exclude: occasion.exclude === null ? [] : [occasion.exclude],
    indirectSelection: context.settings.given.indirectSelection ?? null,
    state: baselines.selection?.dir ?? null,
    deferState: null,
  });
  const { run, stdout } = await dbt.start({ ...dbt.place, command: ["ls"], args, lists: true });
  if (run.exitCode !== 0) return { kind: "failed", run };
  const listed = parseList(stdout, context.settings.given.as ?? "build");
  return { kind: "listed", ids: listed.map(({ id }) => id).sort(), listed };
}

interface Choice {
  readonly select: string;
  readonly promoted: readonly string[];
  readonly warnings: readonly string[];
}

async function conclude(
  { context, occasion, baselines, manifest, warnings }: Question,
  listed: readonly Listed[],
  choice: Choice,
): Promise<Planned> {
  const all = [...warnings, ...choice.warnings];
  const hasWork = listed.some(({ type }) => type !== "exposure");
  if (!hasWork) return finish(context, { kind: "nothing", warnings: all }, baselines, manifest, DELEGATED);
  const ids = listed.map(({ id }) => id).sort();
  const explained =
    baselines.selection === null
      ? ids.map((id) => ({
          id,
          type: manifest.nodes.get(id)?.type ?? "",
          path: manifest.nodes.get(id)?.path ?? "",
          reasons: [],
        }))
      : explain(ids, manifest, baselines.selection.manifest);
  const nodes = explained.map((node) =>
    choice.promoted.includes(node.id) ? { ...node, reasons: [{ kind: "missing-in-production" as const }] } : node,
  );
  const plan: Plan = {
    kind: "selected",
    nodes,
    select: [choice.select],
    exclude: occasion.exclude === null ? [] : [occasion.exclude],
    defer: baselines.deferral !== null,
    promoted: choice.promoted,
    warnings: all,
  };
  return finish(context, plan, baselines, manifest, DELEGATED);
}

async function finish(
  context: Context,
  plan: Plan,
  baselines: Baselines,
  manifest: Manifest | null,
  delegatedToDbt: string | null,
): Promise<Planned> {
  const nodes = plan.kind === "selected" ? plan.nodes : [];
  const result: PlanResult = {
    schema: 1,
    kind: plan.kind,
    ids: nodes.map(({ id }) => id),
    nodes,
    baselines: { selection: baselines.selection?.origin ?? null, deferral: baselines.deferral?.origin ?? null },
    defer: plan.kind === "selected" && plan.defer,
    promoted: plan.kind === "selected" ? plan.promoted : [],
    dbt: plan.kind === "selected" ? dbtSelection(plan, baselines) : null,
    delegatedToDbt,
    warnings: plan.warnings,
  };
  await context.work.writeJson("plan.json", result);
  return { kind: "planned", plan, result, baselines, manifest };
}

function dbtSelection(plan: Plan & { kind: "selected" }, { selection, deferral }: Baselines): DbtSelection {
  return {
    select: plan.select,
    exclude: plan.exclude,
    state: selection?.dir ?? null,
    deferState: plan.defer ? (deferral?.dir ?? null) : null,
  };
}

/** The plan as the log shows it, and how many nodes of the project a build could take (null: not known). */
export function describePlan(
  context: Context,
  result: PlanResult,
  manifest: Manifest | null,
): { lines: string[]; total: number | null } {
  const total = manifest === null ? null : [...manifest.nodes.values()].filter(({ type }) => isBuilt(type)).length;
  return { lines: renderPlan(result, { total, paint: context.paint }), total };
}
