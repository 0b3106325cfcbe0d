import { dirname, join, relative, resolve, sep } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { type Manifest, readManifest } from "../artifacts/manifest.ts";
import { type RunResults, readRunResults } from "../artifacts/run-results.ts";
import { varsOf } from "../dbt/project.ts";
import { renderPlan } from "../render/terminal.ts";
import { blindSpots, changedVars, describeUpgrades, unexplainedChanges } from "../selection/blind-spots.ts";
import { builtNodes } from "../selection/built.ts";
import { estimate } from "../selection/estimate.ts";
import { explain } from "../selection/explain.ts";
import type { Baseline, Baselines, DbtSelection, Plan, PlannedNode, PlanResult, Reason } from "../selection/plan.ts";
import { comparesState } from "../selection/selector.ts";
import { findManifestFile } from "../state/manifest-file.ts";
import { assertComparable } from "../state/trust.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import { openSources } from "./baseline-sources.ts";
import { assertHistory, findDeferral, findSelection } from "./baselines.ts";
import { askDbt, type Choice, chooseNodes, type Question, selectsNothing } from "./choose.ts";
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
const USUAL_SELECTION = "state:modified+";

export async function run(context: Context): Promise<number> {
  const planned = context.settings.given.manifest === undefined ? await planHere(context) : await planOffline(context);
  if (planned.kind === "failed") {
    const words = planned.run.lastWords ?? `dbt ${planned.run.command} ended with exit code ${planned.run.exitCode}`;
    throw new SignalboxError("dbt", words, { hint: "mend the project: dbt parse has to pass" });
  }
  context.result(describePlan(context, planned.result, planned.manifest).lines, planned.result);
  return 0;
}

async function planHere(context: Context): Promise<Planned> {
  const occasion = await learnOccasion(context);
  const workshop = await openWorkshop(context, occasion);
  await context.work.open();
  context.log.step("mode", `${occasion.mode}: ${occasion.modeReason}`);
  return planStep(context, occasion, workshop, createStarter(context, occasion, workshop));
}

/** Two manifests and nothing else: no dbt, no git. */
async function planOffline(context: Context): Promise<Planned> {
  const { given } = context.settings;
  if (given.verify)
    throw configurationError([
      { where: "--verify", got: null, wanted: "asks dbt, and --manifest plans without: leave one out" },
    ]);
  const file = resolve(context.cwd, given.manifest ?? "");
  const text = await readFileIfAny(file);
  if (text === null)
    throw new SignalboxError("artifacts", `${file} does not exist`, { hint: "name the manifest.json that dbt wrote" });
  const manifest = readManifest(text, file);
  const warnings: string[] = [];
  const read = async (path: string | undefined) =>
    path === undefined ? null : readBaseline(resolve(context.cwd, path), manifest, file, warnings);
  const baselines: Baselines = { selection: await read(given.state), deferral: await read(given.deferState) };
  await context.work.open();
  const select = given.select ?? USUAL_SELECTION;
  if (baselines.selection === null && comparesState(select)) {
    throw configurationError([
      { where: "--state", got: null, wanted: "is missing: wanted the manifest that the change is compared with" },
    ]);
  }
  const flags = {
    indirectSelection: given.indirectSelection ?? "eager",
    compareUnrendered: compareUnrenderedOf(context, null),
  } as const;
  return decide(
    {
      context,
      select,
      exclude: given.exclude === undefined ? [] : [given.exclude],
      manifest,
      baselines,
      dbt: null,
      earlier: await readEarlierRuns(context, baselines),
      changedFiles: null,
      mayDefer: baselines.deferral !== null,
      ...flags,
    },
    warnings,
  );
}

/** Decides what is to be built and writes plan.json. Throws for what is no finding about the project. */
export async function planStep(
  context: Context,
  occasion: Occasion,
  workshop: Workshop,
  dbt: DbtStarter,
): Promise<Planned> {
  const { given, config } = context.settings;
  if (occasion.select === null || given.full) {
    return finish(context, { kind: "everything", why: "mode", warnings: [] }, NO_BASELINES, null, null);
  }
  if (occasion.mode === "check" && given.state === undefined) await assertHistory(context, occasion);
  const deps = await dbt.installPackages();
  if (deps !== null && deps.run.exitCode !== 0) return { kind: "failed", run: deps.run };
  const parsed = await dbt.start({ ...dbt.place, command: ["parse"], args: [] });
  const { manifest } = parsed.run;
  if (parsed.run.exitCode !== 0 || manifest === null) return { kind: "failed", run: parsed.run };

  const sources = openSources(context, occasion, workshop, dbt, manifest);
  const selection = await findSelection(context, occasion, sources);
  if (selection === null && comparesState(occasion.select)) {
    return finish(context, withoutBaseline(context, sources.warnings), NO_BASELINES, manifest, null);
  }
  const alone: Question = {
    context,
    select: occasion.select,
    exclude: occasion.exclude === null ? [] : [occasion.exclude],
    manifest,
    baselines: { selection, deferral: null },
    dbt,
    indirectSelection: given.indirectSelection ?? workshop.project.flags.indirectSelection ?? "eager",
    compareUnrendered: compareUnrenderedOf(context, workshop.project.flags.compareUnrendered),
    earlier: await readEarlierRuns(context, { selection, deferral: null }),
    changedFiles: await filesChangedSince(context, workshop, selection),
    mayDefer: occasion.mode === "check" && config.modes.check.defer,
  };
  // To know production can take another parse.
  const deferral = alone.mayDefer && !selectsNothing(alone) ? await findDeferral(context, occasion, sources) : null;
  const baselines = { selection, deferral };
  const question = { ...alone, baselines, earlier: await readEarlierRuns(context, baselines) };
  return decide(question, [...sources.warnings, ...(await changedVarsSince(context, workshop, selection))]);
}

/** From the project's folder; null where the baseline's commit is not known. */
async function filesChangedSince(
  { git }: Context,
  { project, top }: Workshop,
  baseline: Baseline | null,
): Promise<ReadonlySet<string> | null> {
  const commit = baseline?.origin.commit ?? null;
  const listed =
    commit === null
      ? null
      : await git.ask("diff", "--name-only", "--no-renames", "-z", "--end-of-options", commit, "--", project.dir);
  if (listed === null) return null;
  const files = listed.split("\0").filter((file) => file !== "");
  return new Set(files.map((file) => relative(project.dir, join(top, file)).split(sep).join("/")));
}

/** Vars are in no manifest: git has the file of the baseline's commit. */
async function changedVarsSince(
  context: Context,
  { project, top }: Workshop,
  baseline: Baseline | null,
): Promise<readonly string[]> {
  const commit = baseline?.origin.commit ?? null;
  const file = join(project.dir, "dbt_project.yml");
  const now = await readFileIfAny(file);
  const path = relative(top, file).split(sep).join("/");
  const before = commit === null ? null : await context.git.ask("show", "--end-of-options", `${commit}:${path}`);
  const warning = now === null || before === null ? null : changedVars(varsOf(now), varsOf(before));
  return warning === null ? [] : [warning];
}

async function decide(question: Question, warnings: readonly string[]): Promise<Planned> {
  const { context, baselines, manifest } = question;
  const choice = await chooseNodes(question);
  if (choice.kind === "failed") return choice;
  if (choice.kind === "everything") {
    const plan: Plan = { kind: "everything", why: "no-baseline", warnings: [...warnings, choice.warning] };
    return finish(context, plan, { ...baselines, deferral: null }, manifest, choice.delegatedToDbt);
  }
  if (context.settings.given.verify) {
    const verified = await verify(question, choice);
    if (verified !== null) return verified;
  }
  const nodes = reasonsFor(question, choice);
  const blind = baselines.selection === null ? [] : blindSpots(manifest, baselines.selection.manifest);
  const { changedFiles } = question;
  const unexplained = changedFiles === null ? null : unexplainedChanges(nodes, manifest, changedFiles);
  const all = [
    ...warnings,
    ...choice.warnings,
    ...describeUpgrades(nodes),
    ...(unexplained === null ? [] : [unexplained]),
    ...blind,
  ];
  const used = { ...baselines, deferral: choice.deferral ? baselines.deferral : null };
  const timed = question.earlier.selection ?? question.earlier.deferral;
  const plan: Plan =
    nodes.length > 0
      ? {
          kind: "selected",
          nodes,
          select: choice.select,
          exclude: question.exclude,
          defer: choice.deferral,
          promoted: choice.promoted,
          estimate: timed === null ? null : estimate(choice.ids, manifest, timed),
          warnings: all,
        }
      : { kind: "nothing", warnings: all };
  return finish(context, plan, used, manifest, choice.delegatedToDbt);
}

function reasonsFor(
  { manifest, baselines, compareUnrendered }: Question,
  { ids, nodes, promoted, deferral }: Choice & { kind: "chosen" },
): readonly PlannedNode[] {
  const bare = (id: string): PlannedNode => ({
    id,
    type: manifest.nodes.get(id)?.type ?? "",
    path: manifest.nodes.get(id)?.path ?? "",
    reasons: [],
  });
  const options = compareUnrendered === null ? {} : { compareUnrendered };
  const ofDbt = () =>
    baselines.selection === null ? ids.map(bare) : explain(ids, manifest, baselines.selection.manifest, options);
  return (nodes ?? ofDbt()).map((node) => {
    if (promoted.includes(node.id)) return { ...node, reasons: [reasonOfPromotion(node.id, baselines, deferral)] };
    const guarded = manifest.nodes.get(node.id)?.parents.find((id) => promoted.includes(id));
    // A test that came along with what was added.
    return node.reasons.length > 0 || guarded === undefined
      ? node
      : { ...node, reasons: [{ kind: "downstream", of: guarded }] };
  });
}

function reasonOfPromotion(id: string, { deferral }: Baselines, isDeferred: boolean): Reason {
  const isMissing = deferral !== null && (isDeferred || !deferral.manifest.nodes.has(id));
  return { kind: isMissing ? "missing-in-production" : "nothing-deferred" };
}

/** `dbt ls` beside the engine. Throws a dbt error that names every difference; null: there is none. */
async function verify(question: Question, choice: Choice & { kind: "chosen" }): Promise<Planned | null> {
  const answer = await askDbt(question, choice.select, "--verify");
  if (answer.kind === "failed") return answer;
  const onlyOurs = choice.ids.filter((id) => !answer.ids.includes(id));
  const onlyDbt = answer.ids.filter((id) => !choice.ids.includes(id));
  if (onlyOurs.length === 0 && onlyDbt.length === 0) {
    question.context.log.step("verify", `dbt ls selects the same: ${answer.ids.length}`);
    return null;
  }
  const message = `signalbox and dbt ls select differently: only signalbox ${onlyOurs.join(", ") || "nothing"}; only dbt ${onlyDbt.join(", ") || "nothing"}`;
  throw new SignalboxError("dbt", message, {
    hint: "please report it with both manifests, where docs/selection.md does not name the cause (dates and tuples in a config)",
  });
}

function compareUnrenderedOf({ settings: { given } }: Context, ofProject: boolean | null): boolean | null {
  const asked = given.compareUnrendered ?? "auto";
  return asked === "auto" ? ofProject : asked === "true";
}

async function readBaseline(path: string, current: Manifest, own: string, warnings: string[]): Promise<Baseline> {
  const file = await findManifestFile(path, own);
  const manifest = readManifest((await readFileIfAny(file)) ?? "", file);
  warnings.push(...assertComparable(manifest, current, path).filter((warning) => !warnings.includes(warning)));
  return {
    manifest,
    dir: dirname(file),
    target: null,
    origin: { kind: "path", where: path, distance: 0, commit: null, createdAt: null },
  };
}

/** What dbt said of its nodes when the baselines were built; null where the baseline's folder does not have it. */
async function readEarlierRuns(context: Context, { selection, deferral }: Baselines): Promise<Question["earlier"]> {
  const read = async (baseline: Baseline | null): Promise<RunResults | null> => {
    const file = baseline === null ? null : join(baseline.dir, "run_results.json");
    const text = file === null ? null : await readFileIfAny(file);
    if (file === null || text === null) return null;
    try {
      return readRunResults(text, file);
    } catch (error) {
      if (!(error instanceof SignalboxError)) throw error;
      context.log.warn("plan", `without it there are no times and no result: selectors: ${error.message}`);
      return null;
    }
  };
  const ofSelection = await read(selection);
  return { selection: ofSelection, deferral: deferral?.dir === selection?.dir ? ofSelection : await read(deferral) };
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

async function finish(
  context: Context,
  plan: Plan,
  baselines: Baselines,
  manifest: Manifest | null,
  delegatedToDbt: string | null,
): Promise<Planned> {
  const { given } = context.settings;
  const nodes = plan.kind === "selected" ? plan.nodes : [];
  const result: PlanResult = {
    schema: 1,
    kind: plan.kind,
    ids: nodes.map(({ id }) => id),
    nodes,
    baselines: { selection: baselines.selection?.origin ?? null, deferral: baselines.deferral?.origin ?? null },
    defer: plan.kind === "selected" && plan.defer,
    promoted: plan.kind === "selected" ? plan.promoted : [],
    estimate: plan.kind === "selected" ? plan.estimate : null,
    // What only dbt ls lists, sources say, cannot be built.
    dbt:
      plan.kind === "selected" && given.as !== "ls"
        ? dbtSelection(plan, baselines, given.indirectSelection ?? null)
        : null,
    delegatedToDbt,
    warnings: plan.warnings,
  };
  await context.work.writeJson("plan.json", result);
  return { kind: "planned", plan, result, baselines, manifest };
}

function dbtSelection(
  plan: Plan & { kind: "selected" },
  { selection, deferral }: Baselines,
  indirectSelection: string | null,
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
  context: Context,
  result: PlanResult,
  manifest: Manifest | null,
): { lines: string[]; total: number | null } {
  const total = manifest === null ? null : builtNodes(manifest).length;
  return { lines: renderPlan(result, { total, paint: context.paint }), total };
}
