import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import type { RunResults } from "../artifacts/run-results.ts";
import { selectionArguments } from "../dbt/arguments.ts";
import { parseList } from "../dbt/list.ts";
import type { Purpose } from "../run/purpose.ts";
import { builtNodes } from "../selection/built.ts";
import {
  type BrokenContract,
  brokenContracts,
  comparesContracts,
  describeBroken,
  isAboutContracts,
} from "../selection/contracts.ts";
import { missingParents } from "../selection/frontier.ts";
import { describeMiss } from "../selection/misses.ts";
import type { Baseline, PlannedNode } from "../selection/plan.ts";
import { isPromotion, tokensFor } from "../selection/promote.ts";
import { type ResourceTypes, takesType } from "../selection/resource-types.ts";
import { type IndirectSelection, select } from "../selection/select.ts";
import {
  type Criterion,
  comparesState,
  refuse,
  withAllParents,
  withAllParentsOfChildren,
} from "../selection/selector.ts";
import type { Context } from "../setup/context.ts";
import type { DbtStarter } from "../setup/dbt.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";

export interface Question {
  readonly context: Context;
  readonly purpose: Purpose;
  readonly select: string;
  readonly exclude: readonly string[];
  /** Where the user wrote them: `--select`, `modes.check.exclude`. */
  readonly writtenAt: { readonly select: string; readonly exclude: string };
  readonly manifest: Manifest;
  /** What the selection is compared with; null: nothing. */
  readonly selection: Baseline | null;
  /** What unselected parents are read from; `isNeeded` false: only where it costs nothing to know. */
  readonly findDeferral: (isNeeded: boolean) => Promise<Baseline | null>;
  /** null: offline, dbt cannot be asked. */
  readonly dbt: DbtStarter | null;
  readonly indirectSelection: IndirectSelection;
  readonly resourceTypes: ResourceTypes;
  readonly compareUnrendered: boolean | null;
  /** The run that built the selection's baseline, for `result:` and for the estimate; null: not known. */
  readonly results: RunResults | null;
  /** What git sees as changed since the baseline, from the project's folder; null: not known. */
  readonly changedFiles: ReadonlySet<string> | null;
  /** Whether parents that are not built may be read from production. */
  readonly mayDefer: boolean;
}

/** What a selector needs to be answered. */
export type Asked = Pick<
  Question,
  | "context"
  | "manifest"
  | "exclude"
  | "indirectSelection"
  | "resourceTypes"
  | "compareUnrendered"
  | "results"
  | "selection"
  | "dbt"
>;

export type Choice =
  | {
      readonly kind: "chosen";
      readonly ids: readonly string[];
      /** The ids with their reasons; null where dbt chose: it gives none. */
      readonly nodes: readonly PlannedNode[] | null;
      readonly select: readonly string[];
      /** What production holds; null: not known. */
      readonly production: Baseline | null;
      /** Whether unselected parents are read from there. */
      readonly deferral: boolean;
      readonly promoted: readonly string[];
      /** Why dbt was asked; null: it was not. */
      readonly delegatedToDbt: string | null;
      readonly warnings: readonly string[];
    }
  /** The selection cannot be built as it stands: everything is. */
  | { readonly kind: "everything"; readonly warning: string; readonly delegatedToDbt: string | null }
  | { readonly kind: "failed"; readonly run: DbtRun };

/**
 * Chooses the nodes, and completes them so that no node reads from production what is not there. Throws where the selection
 * is empty because it names what the project does not have.
 */
export async function chooseNodes(question: Question): Promise<Choice> {
  const asked = await ask(question, [question.select]);
  if (asked.kind === "failed") return asked;
  const misnamed = misnamedIn(question, asked);
  const contracts = await checkContracts(question, asked);
  if (contracts.kind === "failed") return contracts;
  const isTold = (text: string) => asked.misses.some((miss) => text.split(",").includes(miss.text));
  for (const text of asked.unmatched.filter((each) => !comparesState(each) && !isTold(each)))
    question.context.log.warn("plan", `${text} matches no node`);
  const choice = await complete(question, asked);
  if (choice.kind !== "chosen") return choice;
  return { ...choice, warnings: [...misnamed, ...contracts.warnings, ...choice.warnings] };
}

/** Warnings for criteria that match nothing in the whole project. Throws where nothing else is selected either. */
function misnamedIn(
  { manifest, writtenAt }: Question,
  { ids, misses }: Answer & { kind: "listed" },
): readonly string[] {
  const wrong = misses.filter(({ place }) => place.option === "select");
  if (ids.length === 0 && wrong.length > 0) {
    const problems = wrong.map((miss) => ({
      where: writtenAt.select,
      got: JSON.stringify(miss.place.whole),
      wanted: describeMiss(miss, manifest),
    }));
    throw configurationError(problems, "correct the name: nothing else is selected, so nothing would be built");
  }
  return misses.map((miss) => {
    const nothing = miss.place.option === "exclude" ? ": it leaves nothing out" : "";
    return `${writtenAt[miss.place.option]}: ${describeMiss(miss, manifest)}${nothing}`;
  });
}

type Contracts = { readonly kind: "checked"; readonly warnings: readonly string[] } | (Answer & { kind: "failed" });

/**
 * What dbt says of contracts where it compares states. It is asked itself where one is broken: it alone knows what its
 * adapter enforces, and whether its warnings are errors.
 */
async function checkContracts(question: Question, asked: Answer & { kind: "listed" }): Promise<Contracts> {
  const { select: text, exclude, selection, manifest, context } = question;
  const isCompared = selection !== null && asked.delegatedToDbt === null && comparesContracts([text], exclude);
  const broken = isCompared ? brokenContracts(manifest, selection.manifest, context.clock.now()) : [];
  if (broken.length === 0) return { kind: "checked", warnings: [] };
  if (question.dbt === null) assertKept(broken);
  else {
    const answer = await askDbt(question, [text], "contracts are broken");
    if (answer.kind === "failed") return answer;
  }
  const warnings = broken
    .filter(({ isCertain }) => isCertain)
    .map((each) => `the contract of ${describeBroken(each)} (dbt warns; with a version it would refuse)`);
  return { kind: "checked", warnings };
}

/** Offline nobody can be asked. */
function assertKept(broken: readonly BrokenContract[]): void {
  const refused = broken.filter(({ isVersioned }) => isVersioned);
  if (refused.length === 0) return;
  const certain = refused.filter(({ isCertain }) => isCertain);
  if (certain.length === 0)
    throw offline(`whether constraints of ${refused.map(({ id }) => id).join(", ")} are enforced`, null);
  throw new SignalboxError(
    "dbt",
    `Breaking change to contract: dbt refuses this comparison\n${certain.map((each) => `- ${describeBroken(each)}`).join("\n")}`,
    { hint: CONTRACT_HINT },
  );
}

/** What to do about a contract that dbt sees broken. */
export const CONTRACT_HINT =
  "add columns instead, make a new version of the model, or let its deprecation_date pass before it goes";

async function complete(question: Question, asked: Answer & { kind: "listed" }): Promise<Choice> {
  const { manifest, mayDefer } = question;
  const { ids, nodes, delegatedToDbt } = asked;
  const production = mayDefer ? await question.findDeferral(ids.length > 0) : null;
  const chosen = {
    kind: "chosen",
    ids,
    nodes,
    select: [question.select],
    production,
    promoted: [],
    delegatedToDbt,
    warnings: [],
  } as const;
  const lacking = mayDefer ? missingParents(ids, manifest, production?.manifest ?? null) : [];
  if (lacking.length === 0) return { ...chosen, deferral: production !== null };
  const excluded = await excludedOf(question);
  const missing = lacking.filter((id) => !excluded.has(id));
  const left = lacking.filter((id) => excluded.has(id));
  const warnings =
    left.length === 0
      ? []
      : [`${left.join(", ")}: excluded, and not known to be in production: what reads it will fail`];
  if (missing.length === 0) return { ...chosen, deferral: production !== null, warnings };
  const part: Part = { ids, missing, excluded };
  const completed =
    (production === null ? null : await promote(question, part, production)) ??
    (await withParents(question, part, production, delegatedToDbt));
  return completed.kind === "chosen" ? { ...completed, warnings: [...completed.warnings, ...warnings] } : completed;
}

/** What was selected, and what it lacks. */
interface Part {
  readonly ids: readonly string[];
  readonly missing: readonly string[];
  readonly excluded: ReadonlySet<string>;
}

/** What --exclude and the resource types keep out: naming it does not bring it back. */
async function excludedOf(question: Question): Promise<ReadonlySet<string>> {
  const { exclude, manifest, resourceTypes } = question;
  const ofType = [...manifest.nodes.values()].filter(({ type }) => !takesType(resourceTypes, type)).map(({ id }) => id);
  if (exclude.length === 0) return new Set(ofType);
  const answer = await ask({ ...question, exclude: [] }, exclude);
  return new Set([...ofType, ...(answer.kind === "listed" ? answer.ids : [])]);
}

/** Adds the missing parents, and theirs; null where no selector names them and nothing else. */
async function promote(question: Question, { ids, excluded }: Part, production: Baseline): Promise<Choice | null> {
  const { manifest } = question;
  const missingOf = (planned: readonly string[]) =>
    missingParents(planned, manifest, production.manifest).filter((id) => !excluded.has(id));
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
      production,
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
  { ids, missing, excluded }: Part,
  production: Baseline | null,
  delegatedToDbt: string | null,
): Promise<Choice> {
  const { manifest } = question;
  const why =
    production === null ? "nothing tells what production holds" : `production does not have ${missing.join(", ")}`;
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
      production,
      deferral: false,
      promoted: answer.ids.filter((id) => !ids.includes(id)),
      delegatedToDbt: answer.delegatedToDbt,
      warnings: [`${why}: parents are built too (${text}), and nothing is deferred`],
    };
  }
  const warning = `${why}, and no selector takes in every parent: everything is built`;
  return { kind: "everything", warning, delegatedToDbt };
}

export type Answer =
  | {
      readonly kind: "listed";
      readonly ids: readonly string[];
      readonly nodes: readonly PlannedNode[] | null;
      /** Parts of the selector that no node matches; dbt's own log names its. */
      readonly unmatched: readonly string[];
      /** Criteria that nothing in the whole project matches, as far as it can be told. */
      readonly misses: readonly Criterion[];
      readonly delegatedToDbt: string | null;
    }
  | { readonly kind: "failed"; readonly run: DbtRun };

/** The nodes of these texts (none: of everything): our own engine; dbt itself, aloud, where the engine does not know a method or a manifest. */
export async function ask(question: Asked, texts: readonly string[]): Promise<Answer> {
  const { context, manifest, exclude, indirectSelection, compareUnrendered, results } = question;
  const selection = select(manifest, question.selection?.manifest ?? null, {
    select: texts,
    exclude,
    indirectSelection,
    resourceTypes: question.resourceTypes,
    as: context.settings.given.as ?? "build",
    ...(compareUnrendered === null ? {} : { compareUnrendered }),
    ...(results === null ? {} : { results: results.results }),
  });
  if (selection.kind === "selected") {
    const { ids, nodes, unmatched, misses } = selection;
    return { kind: "listed", ids, nodes, unmatched, misses, delegatedToDbt: null };
  }
  if (question.dbt === null) throw offline(selection.why, selection.criterion);
  const answer = await askDbt(question, texts, selection.why);
  return answer.kind === "listed" ? { ...answer, misses: selection.misses } : answer;
}

export async function askDbt(question: Asked, texts: readonly string[], why: string): Promise<Answer> {
  const { dbt, exclude, indirectSelection, selection, context } = question;
  if (dbt === null) throw offline(why, null);
  const args = selectionArguments({
    select: texts,
    exclude,
    indirectSelection,
    state: selection?.dir ?? null,
    deferState: null,
    resourceTypes: question.resourceTypes,
  });
  const { run, stdout } = await dbt.start({ ...dbt.place, command: ["ls"], args, lists: true });
  if (run.exitCode === 2 && !isAboutContracts(run.lastWords)) {
    throw new SignalboxError("configuration", `dbt refuses the selection: ${run.lastWords ?? texts.join(" ")}`, {
      hint: `mend it: ${why}`,
    });
  }
  if (run.exitCode !== 0) return { kind: "failed", run };
  const listed = parseList(stdout);
  const built = new Set(builtNodes(question.manifest).map(({ id }) => id));
  const ids = listed.filter((id) => context.settings.given.as === "ls" || built.has(id));
  return {
    kind: "listed",
    ids: ids.sort(),
    nodes: null,
    unmatched: [],
    misses: [],
    delegatedToDbt: `dbt ls was asked: ${why}`,
  };
}

function offline(why: string, criterion: Criterion | null): SignalboxError {
  const instead = "leave --manifest out: then dbt ls is asked";
  return criterion === null
    ? new SignalboxError("configuration", `only dbt can decide this: ${why}`, { hint: instead })
    : refuse(criterion, `only dbt can decide ${why}; ${instead}`);
}
