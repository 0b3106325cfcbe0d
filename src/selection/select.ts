import type { Manifest, Node } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { createCompare } from "./changes.ts";
import { type Dialect, dialectOf } from "./dialect.ts";
import { explainChanges } from "./explain.ts";
import { buildGraph, type Graph, reach } from "./graph.ts";
import { testOf, type World } from "./methods.ts";
import type { PlannedNode, Reason } from "./plan.ts";
import { isBlank } from "./python.ts";
import { type Criterion, parseSelector, type Selector } from "./selector.ts";

export type IndirectSelection = "eager" | "cautious" | "buildable" | "empty";

export interface SelectOptions {
  /** Texts of --select; none: everything. */
  readonly select: readonly string[];
  readonly exclude: readonly string[];
  readonly indirectSelection: IndirectSelection;
  /** The flag state_modified_compare_more_unrendered_values; absent: the default of the manifest's dbt. */
  readonly compareUnrendered?: boolean;
  /** Whose resource types, and whether nodes without code count: `ls` lists them, `build` does not build them. */
  readonly as: "build" | "ls";
  /** The baseline's run, for `result:`. */
  readonly results?: readonly NodeResult[];
}

export type Selection =
  | {
      readonly kind: "selected";
      /** Sorted. */
      readonly ids: readonly string[];
      /** The same, with why each is there; without reasons where there is no baseline. */
      readonly nodes: readonly PlannedNode[];
      /** Everything that `state:modified` holds for, selected or not, with what changed; empty without a baseline. */
      readonly modified: ReadonlyMap<string, readonly Reason[]>;
      /** Parts of --select and --exclude that match nothing, as dbt warns of them. */
      readonly unmatched: readonly string[];
    }
  /** A method, a version or a manifest that is not known here: `dbt ls` has to be asked. */
  | { readonly kind: "unsupported"; readonly why: string };

/**
 * Selects nodes as dbt 1.8 to 1.12 do. Throws a configuration error, with the place marked, for a selector that dbt
 * refuses too, and for `state:` without a baseline.
 */
export function select(current: Manifest, baseline: Manifest | null, options: SelectOptions): Selection {
  const include = parseSelector(options.select.length === 0 ? EVERYTHING : options.select, "select");
  const exclude = parseSelector(options.exclude, "exclude");
  const dialect = dialectOf(current.dbtVersion);
  if (dialect === null || current.schema !== SCHEMA) return unsupported(`a manifest of ${describe(current)}`);
  if (baseline !== null && baseline.schema !== SCHEMA) return unsupported(`a baseline of ${describe(baseline)}`);

  const { compareUnrendered, results } = options;
  const world: World = {
    manifest: current,
    dialect,
    compare:
      baseline === null
        ? null
        : createCompare(current, baseline, compareUnrendered === undefined ? {} : { compareUnrendered }),
    statuses: results === undefined ? null : new Map(results.map(({ id, status }) => [id, status])),
  };
  const members = membersOf(current, dialect, options.as);
  const field: Field = { members, graph: buildGraph(members), sources: sourcesOf(members), world, options };
  const found = new Map<string, ReadonlySet<string>>();
  for (const criterion of [...include, ...exclude].flat()) {
    const test = testOf(criterion, world);
    if (test.kind === "unsupported") return unsupported(test.why);
    if (found.has(criterion.text)) continue;
    found.set(criterion.text, new Set([...members.values()].filter(test.test).map(({ id }) => id)));
  }

  const unmatched: string[] = [];
  const chosen = combine(
    [unite(include, found, field, unmatched), unite(exclude, found, field, unmatched)],
    difference,
    // dbt does not hand the user's mode to the difference, so it is eager: nothing comes back after an exclude.
    { ...field, options: { ...options, indirectSelection: "eager" } },
  );
  const types = dialect.types[options.as];
  const ids = [...chosen.direct].filter((id) => {
    const node = members.get(id);
    return node !== undefined && types.has(node.type) && (options.as === "ls" || !isEmpty(node));
  });
  ids.sort();
  return {
    kind: "selected",
    ids,
    nodes: explainChanges(ids, current, world.compare),
    modified: modifiedOf(current, world),
    unmatched: options.select.length === 0 ? [] : unmatched,
  };
}

/** The manifest schema of dbt 1.8 and later 1.x. */
const SCHEMA = 12;
/** dbt/graph/cli.py: DEFAULT_INCLUDES */
const EVERYTHING = ["fqn:*", "source:*", "exposure:*", "metric:*", "semantic_model:*"];

interface Field {
  readonly members: ReadonlyMap<string, Node>;
  readonly graph: Graph;
  readonly sources: ReadonlySet<string>;
  readonly world: World;
  readonly options: SelectOptions;
}

/** What is selected, and with it the tests that would be if all their parents were. */
interface Chosen {
  readonly direct: ReadonlySet<string>;
  readonly withIndirect: ReadonlySet<string>;
}

type SetOperation = (sets: readonly ReadonlySet<string>[]) => ReadonlySet<string>;

function unite(
  selector: Selector,
  found: ReadonlyMap<string, ReadonlySet<string>>,
  field: Field,
  unmatched: string[],
): Chosen {
  const parts = selector.map((criteria) => {
    const text = criteria.map((criterion) => criterion.text).join(",");
    const chosen = combine(
      criteria.map((criterion) => choose(criterion, found.get(criterion.text) ?? new Set(), field)),
      intersection,
      field,
    );
    if (chosen.direct.size === 0 && text !== "") unmatched.push(text);
    return chosen;
  });
  return combine(parts, union, field);
}

/** dbt's get_nodes_from_criteria: the nodes themselves, their neighbours, and the tests that hang on them. */
function choose(criterion: Criterion, found: ReadonlySet<string>, field: Field): Chosen {
  const { graph, options, world } = field;
  const selected = new Set(found);
  const isEmptyMode = options.indirectSelection === "empty";
  if (!isEmptyMode || !world.dialect.emptyForgetsNeighbours) {
    for (const id of neighbours(criterion, found, graph)) selected.add(id);
  }
  return isEmptyMode ? { direct: selected, withIndirect: selected } : addTests(selected, field);
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
function addTests(selected: ReadonlySet<string>, { members, graph, sources, options }: Field): Chosen {
  const mode = options.indirectSelection;
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
function combine(parts: readonly Chosen[], operation: SetOperation, field: Field): Chosen {
  const direct = new Set(operation(parts.map((part) => part.direct)));
  const withIndirect = operation(parts.map((part) => part.withIndirect));
  const mode = field.options.indirectSelection;
  if (mode === "cautious" || mode === "buildable") {
    const readable =
      mode === "buildable" ? new Set([...direct, ...reach(direct, field.graph.parentsOf)]) : new Set(direct);
    for (const id of withIndirect) {
      const test = field.members.get(id);
      if (test === undefined || direct.has(id) || OWN_COLLECTION.has(test.type)) continue;
      if (test.parents.every((parent) => readable.has(parent))) direct.add(id);
    }
  }
  return { direct, withIndirect: new Set([...withIndirect, ...direct]) };
}

/** Not in the manifest's `nodes`, so dbt does not let them come back. */
const OWN_COLLECTION: ReadonlySet<string> = new Set([
  "source",
  "exposure",
  "metric",
  "semantic_model",
  "saved_query",
  "unit_test",
  "function",
]);

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...set]));
}

function intersection([first = new Set<string>(), ...rest]: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set([...first].filter((id) => rest.every((set) => set.has(id))));
}

function difference([first = new Set<string>(), ...rest]: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set([...first].filter((id) => !rest.some((set) => set.has(id))));
}

function membersOf(manifest: Manifest, dialect: Dialect, as: SelectOptions["as"]): ReadonlyMap<string, Node> {
  if (as === "ls" || !dialect.emptyNodesBreakPaths) return manifest.nodes;
  return new Map([...manifest.nodes].filter(([, node]) => !isEmpty(node)));
}

function sourcesOf(members: ReadonlyMap<string, Node>): ReadonlySet<string> {
  return new Set([...members.values()].filter(({ type }) => type === "source").map(({ id }) => id));
}

/** A node without code; dbt builds no table of nothing. Seeds have none and are not empty. */
function isEmpty({ type, raw }: Node): boolean {
  if (type === "seed" || OWN_COLLECTION.has(type)) return false;
  return typeof raw.raw_code !== "string" || isBlank(raw.raw_code);
}

function modifiedOf(current: Manifest, { compare }: World): ReadonlyMap<string, readonly Reason[]> {
  const modified = new Map<string, readonly Reason[]>();
  if (compare === null) return modified;
  for (const node of current.nodes.values()) {
    const { isModified, reasons } = compare(node);
    if (isModified) modified.set(node.id, reasons);
  }
  return modified;
}

function unsupported(why: string): Selection {
  return { kind: "unsupported", why };
}

function describe({ schema, dbtVersion }: Manifest): string {
  return `dbt ${dbtVersion === "" ? "of an unknown version" : dbtVersion}, schema v${schema}`;
}
