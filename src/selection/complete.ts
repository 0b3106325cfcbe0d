import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { missingParents } from "./missing-parents.ts";
import type { Baseline, PlannedNode } from "./plan.ts";
import { isPromotion, tokensFor } from "./promote.ts";
import { type ResourceTypes, takesType } from "./resource-types.ts";
import type { Criterion } from "./selector.ts";
import { withAllParents, withAllParentsOfChildren } from "./selector.ts";

/** What a selector selects. */
export interface Selected {
  readonly kind: "selected";
  readonly ids: readonly string[];
  /** The ids with their reasons; null where dbt selected: it gives none. */
  readonly nodes: readonly PlannedNode[] | null;
  /** Parts of the selector that no node matches; where dbt selected its own log names them, and this is empty. */
  readonly unmatched: readonly string[];
  /** Criteria that nothing in the whole project matches, as far as it can be told. */
  readonly misses: readonly Criterion[];
  /** Why dbt was asked; null: it was not. */
  readonly delegatedToDbt: string | null;
}

/** A selector was answered, or dbt was asked and ended with an error: the project does not compile. */
export type SelectorAnswer = Selected | { readonly kind: "failed"; readonly run: DbtRun };

/** What is to be completed, and what may be added to it. */
export interface CompletionRequest {
  readonly select: string;
  readonly exclude: readonly string[];
  readonly manifest: Manifest;
  readonly resourceTypes: ResourceTypes;
  /** Whether parents that are not built may be read from production. */
  readonly mayDefer: boolean;
}

/** Answers that completing needs. */
export interface CompletionPort {
  /** The nodes of these selectors, without those of `exclude`. */
  readonly ask: (texts: readonly string[], exclude: readonly string[]) => Promise<SelectorAnswer>;
  /** What production holds, or null; `isNeeded` false: only where it costs nothing to know. */
  readonly findProduction: (isNeeded: boolean) => Promise<Baseline | null>;
}

export type SelectionResult =
  | {
      readonly kind: "selected";
      readonly ids: readonly string[];
      /** The ids with their reasons; null where dbt selected: it gives none. */
      readonly nodes: readonly PlannedNode[] | null;
      /** The selectors that select these ids and no other. */
      readonly select: readonly string[];
      /** What production holds; null: not known. */
      readonly production: Baseline | null;
      /** Whether unselected parents are read from there. */
      readonly deferral: boolean;
      /** Parents that were added, sorted. */
      readonly promoted: readonly string[];
      /** Why dbt was asked; null: it was not. */
      readonly delegatedToDbt: string | null;
      readonly warnings: readonly string[];
    }
  /** The selection cannot be built as it stands: everything is. */
  | { readonly kind: "everything"; readonly warning: string; readonly delegatedToDbt: string | null }
  | { readonly kind: "failed"; readonly run: DbtRun };

/**
 * Completes a selection so that no node of it reads a parent that is neither built nor in production: parents that
 * production lacks are added by name; where no selector names them and nothing else, or production is not known, all
 * parents are built; where that cannot be said either, everything is.
 */
export async function completeSelection(
  request: CompletionRequest,
  selected: Selected,
  port: CompletionPort,
): Promise<SelectionResult> {
  const { manifest, mayDefer } = request;
  const { ids, nodes, delegatedToDbt } = selected;
  const production = mayDefer ? await port.findProduction(ids.length > 0) : null;
  const asItIs = {
    kind: "selected",
    ids,
    nodes,
    select: [request.select],
    production,
    deferral: production !== null,
    promoted: [],
    delegatedToDbt,
  } as const;
  const lacking = mayDefer ? missingParents(ids, manifest, production?.manifest ?? null) : [];
  if (lacking.length === 0) return { ...asItIs, warnings: [] };
  const excluded = await findExcluded(request, port);
  if (excluded.kind === "failed") return excluded;
  const missing = lacking.filter((id) => !excluded.ids.has(id));
  const part: Incomplete = { ids, missing, excluded: excluded.ids, delegatedToDbt };
  const completed =
    missing.length === 0
      ? { ...asItIs, warnings: [] }
      : ((production === null ? null : await promote(request, part, production, port)) ??
        (await withParents(request, part, production, port)));
  if (completed.kind !== "selected") return completed;
  // Of what was added too, some parents may be excluded.
  const read = completed.deferral ? (production?.manifest ?? null) : null;
  const left = missingParents(completed.ids, manifest, read);
  if (left.length === 0) return completed;
  const why = production === null || completed.deferral ? "not known to be in production" : "nothing is deferred";
  const warning = `${left.join(", ")}: excluded, and ${why}: what reads it will fail`;
  return { ...completed, warnings: [...completed.warnings, warning] };
}

/** What was selected, and what it lacks. */
interface Incomplete {
  readonly ids: readonly string[];
  readonly missing: readonly string[];
  readonly excluded: ReadonlySet<string>;
  readonly delegatedToDbt: string | null;
}

/** What `exclude` and the resource types keep out: naming it does not bring it back. */
async function findExcluded(
  { exclude, manifest, resourceTypes }: CompletionRequest,
  port: CompletionPort,
): Promise<
  { readonly kind: "found"; readonly ids: ReadonlySet<string> } | { readonly kind: "failed"; readonly run: DbtRun }
> {
  const ofType = [...manifest.nodes.values()].filter(({ type }) => !takesType(resourceTypes, type)).map(({ id }) => id);
  if (exclude.length === 0) return { kind: "found", ids: new Set(ofType) };
  const answer = await port.ask(exclude, []);
  return answer.kind === "failed" ? answer : { kind: "found", ids: new Set([...ofType, ...answer.ids]) };
}

/** Adds the missing parents, and theirs; null where no selector names them and nothing else. */
async function promote(
  { select, exclude, manifest }: CompletionRequest,
  { ids, excluded }: Incomplete,
  production: Baseline,
  port: CompletionPort,
): Promise<SelectionResult | null> {
  const missingOf = (planned: readonly string[]) =>
    missingParents(planned, manifest, production.manifest).filter((id) => !excluded.has(id));
  const promoted = new Set<string>();
  let planned = ids;
  for (;;) {
    const missing = missingOf(planned);
    for (const id of missing) promoted.add(id);
    const texts = [select, ...tokensFor([...promoted].sort(), manifest)];
    const answer = await port.ask(texts, exclude);
    if (answer.kind === "failed") return answer;
    if (!isPromotion(answer.ids, planned, [...promoted], manifest)) return null;
    planned = answer.ids;
    if (missingOf(planned).length > 0) continue;
    return {
      kind: "selected",
      ids: planned,
      nodes: answer.nodes,
      select: texts,
      production,
      deferral: true,
      promoted: [...promoted].sort(),
      delegatedToDbt: answer.delegatedToDbt,
      warnings: [],
    };
  }
}

/** Without deferral every parent has to be built too. */
async function withParents(
  { select, exclude, manifest }: CompletionRequest,
  { ids, missing, excluded, delegatedToDbt }: Incomplete,
  production: Baseline | null,
  port: CompletionPort,
): Promise<SelectionResult> {
  const why =
    production === null ? "nothing tells what production holds" : `production does not have ${missing.join(", ")}`;
  for (const text of new Set([withAllParents(select), withAllParentsOfChildren(select)])) {
    const answer = await port.ask([text], exclude);
    if (answer.kind === "failed") return answer;
    const found = new Set(answer.ids);
    const lacking = missingParents(answer.ids, manifest, null).filter((id) => !excluded.has(id));
    if (lacking.length > 0 || !ids.every((id) => found.has(id))) continue;
    const before = new Set(ids);
    return {
      kind: "selected",
      ids: answer.ids,
      nodes: answer.nodes,
      select: [text],
      production,
      deferral: false,
      promoted: answer.ids.filter((id) => !before.has(id)),
      delegatedToDbt: answer.delegatedToDbt,
      warnings: [`${why}: parents are built too (${text}), and nothing is deferred`],
    };
  }
  return {
    kind: "everything",
    warning: `${why}, and no selector takes in every parent: everything is built`,
    delegatedToDbt,
  };
}
