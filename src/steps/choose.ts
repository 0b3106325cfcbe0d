import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import type { RunResults } from "../artifacts/run-results.ts";
import { selectionArguments } from "../dbt/arguments.ts";
import { parseList } from "../dbt/list.ts";
import { builtNodes } from "../selection/built.ts";
import { missingParents } from "../selection/frontier.ts";
import type { Baselines, PlannedNode } from "../selection/plan.ts";
import { isPromotion, tokensFor } from "../selection/promote.ts";
import { type IndirectSelection, type Selection, select } from "../selection/select.ts";
import {
  type Criterion,
  comparesState,
  refuse,
  withAllParents,
  withAllParentsOfChildren,
} from "../selection/selector.ts";
import type { Context } from "../setup/context.ts";
import type { DbtStarter } from "../setup/dbt.ts";
import { SignalboxError } from "../support/errors.ts";

export interface Question {
  readonly context: Context;
  readonly select: string;
  readonly exclude: readonly string[];
  readonly manifest: Manifest;
  readonly baselines: Baselines;
  /** null: offline, dbt cannot be asked. */
  readonly dbt: DbtStarter | null;
  readonly indirectSelection: IndirectSelection;
  readonly compareUnrendered: boolean | null;
  /** The runs that built the baselines, for `result:` and for the estimate; null: not known. */
  readonly earlier: { readonly selection: RunResults | null; readonly deferral: RunResults | null };
  /** What git sees as changed since the baseline, from the project's folder; null: not known. */
  readonly changedFiles: ReadonlySet<string> | null;
  /** Whether parents that are not built may be read from production. */
  readonly mayDefer: boolean;
}

export type Choice =
  | {
      readonly kind: "chosen";
      readonly ids: readonly string[];
      /** The ids with their reasons; null where dbt chose: it gives none. */
      readonly nodes: readonly PlannedNode[] | null;
      readonly select: readonly string[];
      readonly deferral: boolean;
      readonly promoted: readonly string[];
      /** Why dbt was asked; null: it was not. */
      readonly delegatedToDbt: string | null;
      readonly warnings: readonly string[];
    }
  /** The selection cannot be built as it stands: everything is. */
  | { readonly kind: "everything"; readonly warning: string; readonly delegatedToDbt: string | null }
  | { readonly kind: "failed"; readonly run: DbtRun };

/** Chooses the nodes, and completes them so that no node reads from production what is not there. */
export async function chooseNodes(question: Question): Promise<Choice> {
  const { manifest, baselines, mayDefer } = question;
  const asked = await ask(question, [question.select]);
  if (asked.kind === "failed") return asked;
  const { ids, nodes, delegatedToDbt } = asked;
  for (const text of asked.unmatched.filter((each) => !comparesState(each)))
    question.context.log.warn("plan", `${text} matches no node`);
  const chosen = {
    kind: "chosen",
    ids,
    nodes,
    select: [question.select],
    promoted: [],
    delegatedToDbt,
    warnings: [],
  } as const;
  const deferral = baselines.deferral?.manifest ?? null;
  const lacking = mayDefer ? missingParents(ids, manifest, deferral) : [];
  if (lacking.length === 0) return { ...chosen, deferral: mayDefer && deferral !== null };
  const excluded = await excludedOf(question);
  const missing = lacking.filter((id) => !excluded.has(id));
  const left = lacking.filter((id) => excluded.has(id));
  const warnings =
    left.length === 0
      ? []
      : [`${left.join(", ")}: excluded, and not known to be in production: what reads it will fail`];
  if (missing.length === 0) return { ...chosen, deferral: deferral !== null, warnings };
  const completed =
    (deferral === null ? null : await promote(question, ids, deferral, excluded)) ??
    (await withParents(question, ids, missing, excluded));
  return completed.kind === "chosen" ? { ...completed, warnings: [...completed.warnings, ...warnings] } : completed;
}

/** What --exclude keeps out: naming it does not bring it back. */
async function excludedOf(question: Question): Promise<ReadonlySet<string>> {
  if (question.exclude.length === 0) return new Set();
  const answer = await ask({ ...question, exclude: [] }, question.exclude);
  return new Set(answer.kind === "listed" ? answer.ids : []);
}

/** Adds the missing parents, and theirs; null where no selector names them and nothing else. */
async function promote(
  question: Question,
  ids: readonly string[],
  deferral: Manifest,
  excluded: ReadonlySet<string>,
): Promise<Choice | null> {
  const { manifest } = question;
  const missingOf = (planned: readonly string[]) =>
    missingParents(planned, manifest, deferral).filter((id) => !excluded.has(id));
  const promoted = new Set<string>();
  let planned = ids;
  for (;;) {
    const missing = missingOf(planned);
    for (const id of missing) promoted.add(id);
    const texts = [question.select, ...tokensFor([...promoted].sort(), manifest)];
    const answer = await ask(question, texts);
    if (answer.kind === "failed") return answer;
    if (!isPromotion(answer.ids, planned, [...promoted], manifest)) return null;
    planned = answer.ids;
    if (missingOf(planned).length > 0) continue;
    const { delegatedToDbt } = answer;
    return {
      kind: "chosen",
      ids: planned,
      nodes: answer.nodes,
      select: texts,
      deferral: true,
      promoted: [...promoted].sort(),
      delegatedToDbt,
      warnings: [],
    };
  }
}

/** Without deferral every parent has to be built too. */
async function withParents(
  question: Question,
  ids: readonly string[],
  missing: readonly string[],
  excluded: ReadonlySet<string>,
): Promise<Choice> {
  const { manifest, baselines } = question;
  const why =
    baselines.deferral === null
      ? "nothing tells what production holds"
      : `production does not have ${missing.join(", ")}`;
  const texts = [withAllParents(question.select), withAllParentsOfChildren(question.select)];
  for (const text of new Set(texts)) {
    const answer = await ask(question, [text]);
    if (answer.kind === "failed") return answer;
    const found = new Set(answer.ids);
    const lacking = missingParents(answer.ids, manifest, null).filter((id) => !excluded.has(id));
    if (lacking.length > 0 || !ids.every((id) => found.has(id))) continue;
    return {
      kind: "chosen",
      ids: answer.ids,
      nodes: answer.nodes,
      select: [text],
      deferral: false,
      promoted: answer.ids.filter((id) => !ids.includes(id)),
      delegatedToDbt: answer.delegatedToDbt,
      warnings: [`${why}: parents are built too (${text}), and nothing is deferred`],
    };
  }
  const warning = `${why}, and no selector takes in every parent: everything is built`;
  return { kind: "everything", warning, delegatedToDbt: null };
}

type Answer =
  | {
      readonly kind: "listed";
      readonly ids: readonly string[];
      readonly nodes: readonly PlannedNode[] | null;
      /** Parts of the selector that no node matches; dbt's own log names its. */
      readonly unmatched: readonly string[];
      readonly delegatedToDbt: string | null;
    }
  | { readonly kind: "failed"; readonly run: DbtRun };

/** Whether our own engine finds nothing at all; what only dbt can tell is not asked for here. */
export function selectsNothing(question: Question): boolean {
  const selection = askEngine(question, [question.select]);
  return selection.kind === "selected" && selection.ids.length === 0;
}

function askEngine(question: Question, texts: readonly string[]): Selection {
  const { context, manifest, baselines, exclude, indirectSelection, compareUnrendered, earlier } = question;
  return select(manifest, baselines.selection?.manifest ?? null, {
    select: texts,
    exclude,
    indirectSelection,
    as: context.settings.given.as ?? "build",
    ...(compareUnrendered === null ? {} : { compareUnrendered }),
    ...(earlier.selection === null ? {} : { results: earlier.selection.results }),
  });
}

/** Our own engine; dbt itself, aloud, where the engine does not know a method or a manifest. */
async function ask(question: Question, texts: readonly string[]): Promise<Answer> {
  const selection = askEngine(question, texts);
  if (selection.kind === "selected") {
    const { ids, nodes, unmatched } = selection;
    return { kind: "listed", ids, nodes, unmatched, delegatedToDbt: null };
  }
  if (question.dbt === null) throw offline(selection.why, selection.criterion);
  return askDbt(question, texts, selection.why);
}

export async function askDbt(question: Question, texts: readonly string[], why: string): Promise<Answer> {
  const { dbt, exclude, indirectSelection, baselines, context } = question;
  if (dbt === null) throw offline(why, null);
  const args = selectionArguments({
    select: texts,
    exclude,
    indirectSelection,
    state: baselines.selection?.dir ?? null,
    deferState: null,
  });
  const { run, stdout } = await dbt.start({ ...dbt.place, command: ["ls"], args, lists: true });
  if (run.exitCode === 2) {
    throw new SignalboxError("configuration", `dbt refuses the selection: ${run.lastWords ?? texts.join(" ")}`, {
      hint: `mend it: ${why}`,
    });
  }
  if (run.exitCode !== 0) return { kind: "failed", run };
  const listed = parseList(stdout);
  const built = new Set(builtNodes(question.manifest).map(({ id }) => id));
  const ids = listed.filter((id) => context.settings.given.as === "ls" || built.has(id));
  return { kind: "listed", ids: ids.sort(), nodes: null, unmatched: [], delegatedToDbt: `dbt ls was asked: ${why}` };
}

function offline(why: string, criterion: Criterion | null): SignalboxError {
  const instead = "leave --manifest out: then dbt ls is asked";
  return criterion === null
    ? new SignalboxError("configuration", `only dbt can decide this: ${why}`, { hint: instead })
    : refuse(criterion, `only dbt can decide ${why}; ${instead}`);
}
