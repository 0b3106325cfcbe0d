import type { Manifest } from "../../artifacts/manifest.ts";
import type { RunResults } from "../../artifacts/run-results.ts";
import type { FetchedBundle } from "../../bundles/fetch-ahead.ts";
import { flag, selectionArguments } from "../../dbt/arguments.ts";
import { parseList } from "../../dbt/list.ts";
import type { DbtStart } from "../../dbt/start.ts";
import { builtNodes } from "../../selection/buildable-nodes.ts";
import type { SelectorAnswer } from "../../selection/complete.ts";
import { isAboutContracts } from "../../selection/contracts.ts";
import type { NewerSource } from "../../selection/newer-data.ts";
import type { Baseline } from "../../selection/plan.ts";
import type { ResourceTypes } from "../../selection/resource-types.ts";
import { type IndirectSelection, select } from "../../selection/select.ts";
import { type Criterion, refuse } from "../../selection/selector.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import { SignalboxError } from "../../support/errors.ts";

/** What a selector is answered from. */
export interface SelectorInput {
  readonly manifest: Manifest;
  readonly exclude: readonly string[];
  readonly indirectSelection: IndirectSelection;
  readonly resourceTypes: ResourceTypes;
  readonly compareUnrendered: boolean | null;
  /** Whose resource types count: `ls` lists also what `build` does not build. */
  readonly as: "build" | "ls";
  /** The run that built the selection's baseline, for `result:` and for the estimate; null: not known. */
  readonly results: RunResults | null;
  /** The sources with newer rows than the baseline's, for `source_status:`; null: nobody looked. */
  readonly newer: readonly NewerSource[] | null;
  /** What the selection is compared with; null: nothing. */
  readonly selection: Baseline | null;
  /** null: offline, dbt cannot be asked. */
  readonly dbt: DbtRunner | null;
  /** What `dbt ls` has been asked already. */
  readonly listed?: ListedAhead | null;
}

/** An answer of `dbt ls` from before the baseline was looked at more closely: it holds where that is the one in the end. */
export interface ListedAhead {
  readonly args: readonly string[];
  /** The bundle that it was compared with, as its origin tells. */
  readonly where: string;
  readonly start: DbtStart;
}

/** What `dbt ls` is asked, but for the state. */
export type ListQuestion = Pick<SelectorInput, "exclude" | "indirectSelection" | "resourceTypes"> & {
  readonly select: readonly string[];
};

/**
 * Asks `dbt ls` before the manifest is known, in place of a parse: dbt 2 reads the whole project for each. null: it did not
 * answer, which a parse may explain.
 */
export async function listAhead(
  dbt: DbtRunner,
  words: ListQuestion,
  { dir, ref }: FetchedBundle,
): Promise<ListedAhead | null> {
  const args = listArguments(words);
  const start = await startList(dbt, args, dir);
  const { exitCode, trouble, manifest } = start.run;
  const isAnswer = exitCode === 0 && trouble === "none" && manifest !== null;
  return isAnswer ? { args, where: ref.where, start } : null;
}

function listArguments({ select: texts, exclude, indirectSelection, resourceTypes }: ListQuestion): readonly string[] {
  const none = { state: null, deferState: null };
  return selectionArguments({ select: texts, exclude, indirectSelection, resourceTypes, ...none });
}

function startList(dbt: DbtRunner, args: readonly string[], state: string | null): Promise<DbtStart> {
  return dbt.start({ ...dbt.defaults, command: ["ls"], args: [...args, ...flag("--state", state)], lists: true });
}

/**
 * The nodes of these selectors (none: of everything): from our own engine, or from `dbt ls` where the engine does not know a
 * method or a manifest. Throws a configuration error for a selector that dbt refuses, and offline for one that only dbt
 * knows.
 */
export async function runSelector(input: SelectorInput, texts: readonly string[]): Promise<SelectorAnswer> {
  const { manifest, exclude, indirectSelection, resourceTypes, compareUnrendered, results, newer, as } = input;
  const selection = select(manifest, input.selection?.manifest ?? null, {
    select: texts,
    exclude,
    indirectSelection,
    resourceTypes,
    as,
    ...(compareUnrendered === null ? {} : { compareUnrendered }),
    ...(results === null ? {} : { results: results.results }),
    ...(newer === null ? {} : { newer }),
  });
  if (selection.kind === "selected") {
    const { ids, nodes, unmatched, misses } = selection;
    return { kind: "selected", ids, nodes, unmatched, misses, delegatedToDbt: null };
  }
  if (input.dbt === null) throw onlyDbtKnows(selection.why, selection.criterion);
  const answer = await listWithDbt(input, texts, selection.why);
  return answer.kind === "selected" ? { ...answer, misses: selection.misses } : answer;
}

/** What `dbt ls` selects; `why` it is asked. Throws as `runSelector` does. */
export async function listWithDbt(
  input: SelectorInput,
  texts: readonly string[],
  why: string,
): Promise<SelectorAnswer> {
  const { dbt, selection, as, listed: ahead = null } = input;
  if (dbt === null) throw onlyDbtKnows(why, null);
  const args = listArguments({ ...input, select: texts });
  const isAsked =
    ahead !== null &&
    ahead.args.join("\0") === args.join("\0") &&
    ahead.where === selection?.origin.where &&
    selection.isParsedAgain !== true;
  const { run, stdout } = isAsked ? ahead.start : await startList(dbt, args, selection?.dir ?? null);
  if (run.exitCode === 2 && !isAboutContracts(run.lastWords)) {
    throw new SignalboxError("configuration", `dbt refuses the selection: ${run.lastWords ?? texts.join(" ")}`, {
      hint: `correct it: ${why}`,
    });
  }
  if (run.exitCode !== 0) return { kind: "failed", run };
  const listed = parseList(stdout);
  const built = new Set(builtNodes(input.manifest).map(({ id }) => id));
  const ids = listed.filter((id) => as === "ls" || built.has(id));
  return {
    kind: "selected",
    ids: ids.sort(),
    nodes: null,
    unmatched: [],
    misses: [],
    delegatedToDbt: `dbt ls was asked: ${why}`,
  };
}

/** Offline there is no dbt to ask. */
export function onlyDbtKnows(why: string, criterion: Criterion | null): SignalboxError {
  const instead = "leave --manifest out: then dbt ls is asked";
  return criterion === null
    ? new SignalboxError("configuration", `only dbt can decide this: ${why}`, { hint: instead })
    : refuse(criterion, `only dbt can decide ${why}; ${instead}`);
}
