import type { Node } from "../artifacts/manifest.ts";
import { isInNodes } from "./collections.ts";
import { type Graph, reach } from "./graph.ts";
import type { Criterion, Selector } from "./selector.ts";

export const INDIRECT_SELECTIONS = ["eager", "cautious", "buildable", "empty"] as const;
export type IndirectSelection = (typeof INDIRECT_SELECTIONS)[number];

/** What a selector is evaluated on. */
export interface EvaluationInput {
  readonly members: ReadonlyMap<string, Node>;
  readonly graph: Graph;
  readonly sources: ReadonlySet<string>;
  /** Ids that a criterion's method finds, by its text. */
  readonly found: ReadonlyMap<string, ReadonlySet<string>>;
  readonly mode: IndirectSelection;
  /** dbt 1.8 forgets the neighbours of `+x+` in mode `empty`. */
  readonly emptyForgetsNeighbours: boolean;
}

/** What is selected, and with it the tests that would be if all their parents were. */
interface Chosen {
  readonly direct: ReadonlySet<string>;
  readonly withIndirect: ReadonlySet<string>;
}

type SetOperation = (sets: readonly ReadonlySet<string>[]) => ReadonlySet<string>;

/**
 * Evaluates --select without --exclude, before resource types are filtered. `unmatched` are the parts between spaces
 * that find nothing.
 */
export function evaluate(
  include: Selector,
  exclude: Selector,
  input: EvaluationInput,
): { readonly ids: ReadonlySet<string>; readonly unmatched: readonly string[] } {
  const unmatched: string[] = [];
  const parts = [unite(include, input, unmatched), unite(exclude, input, unmatched)];
  // dbt does not hand the user's mode to the difference, so it is eager: nothing comes back after an exclude.
  return { ids: combine(parts, difference, { ...input, mode: "eager" }).direct, unmatched };
}

function unite(selector: Selector, input: EvaluationInput, unmatched: string[]): Chosen {
  const parts = selector.map((criteria) => {
    const text = criteria.map((criterion) => criterion.text).join(",");
    const chosen = combine(
      criteria.map((criterion) => choose(criterion, input)),
      intersection,
      input,
    );
    if (chosen.direct.size === 0 && text !== "") unmatched.push(text);
    return chosen;
  });
  return combine(parts, union, input);
}

/** dbt's get_nodes_from_criteria: the nodes themselves, their neighbours, and the tests that hang on them. */
function choose(criterion: Criterion, input: EvaluationInput): Chosen {
  const found = input.found.get(criterion.text) ?? new Set();
  const selected = new Set(found);
  if (input.mode !== "empty" || !input.emptyForgetsNeighbours) {
    for (const id of neighbours(criterion, found, input.graph)) selected.add(id);
  }
  return input.mode === "empty" ? { direct: selected, withIndirect: selected } : addTests(selected, input);
}

function neighbours(criterion: Criterion, found: ReadonlySet<string>, graph: Graph): ReadonlySet<string> {
  const added = new Set<string>();
  const add = (ids: Iterable<string>) => {
    for (const id of ids) added.add(id);
  };
  if (criterion.withChildrensParents) {
    const below = new Set([...found, ...reach(found, graph.childrenOf)]);
    add(below);
    add(reach(below, graph.parentsOf));
  }
  if (criterion.parentDepth !== null) add(reach(found, graph.parentsOf, criterion.parentDepth));
  if (criterion.childDepth !== null) add(reach(found, graph.childrenOf, criterion.childDepth));
  return added;
}

/** dbt's expand_selection. */
function addTests(selected: ReadonlySet<string>, { members, graph, sources, mode }: EvaluationInput): Chosen {
  const direct = new Set(selected);
  const withIndirect = new Set(selected);
  const readable =
    mode === "buildable" ? new Set([...selected, ...reach(selected, graph.parentsOf), ...sources]) : selected;
  for (const id of reach(selected, graph.childrenOf, 1)) {
    const test = members.get(id);
    if (test?.type !== "test" && test?.type !== "unit_test") continue;
    withIndirect.add(id);
    if (mode === "eager" || test.parents.every((parent) => readable.has(parent))) direct.add(id);
  }
  return { direct, withIndirect };
}

/** dbt's select_nodes_recursively and incorporate_indirect_nodes: tests may come back once all their parents are in. */
function combine(parts: readonly Chosen[], operation: SetOperation, input: EvaluationInput): Chosen {
  const direct = new Set(operation(parts.map((part) => part.direct)));
  const withIndirect = operation(parts.map((part) => part.withIndirect));
  const { members, graph, mode } = input;
  if (mode === "cautious" || mode === "buildable") {
    const readable = mode === "buildable" ? new Set([...direct, ...reach(direct, graph.parentsOf)]) : new Set(direct);
    for (const id of withIndirect) {
      const test = members.get(id);
      if (test === undefined || direct.has(id) || !isInNodes(test.type)) continue;
      if (test.parents.every((parent) => readable.has(parent))) direct.add(id);
    }
  }
  return { direct, withIndirect: new Set([...withIndirect, ...direct]) };
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...set]));
}

function intersection([first = new Set<string>(), ...rest]: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set([...first].filter((id) => rest.every((set) => set.has(id))));
}

function difference([first = new Set<string>(), ...rest]: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set([...first].filter((id) => !rest.some((set) => set.has(id))));
}
