import type { Manifest, Node } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { isEmpty } from "./buildable-nodes.ts";
import { createCompare } from "./changes.ts";
import { type Dialect, dialectOf } from "./dialect.ts";
import { evaluate, type IndirectSelection } from "./evaluate.ts";
import { explainChanges } from "./explain.ts";
import { buildGraph } from "./graph.ts";
import { type MethodContext, testOf } from "./methods.ts";
import { isMiss } from "./misses.ts";
import type { NewerSource } from "./newer-data.ts";
import type { PlannedNode, Reason } from "./plan.ts";
import { EVERY_TYPE, type ResourceTypes, takesType } from "./resource-types.ts";
import { type Criterion, parseSelector } from "./selector.ts";

export type { IndirectSelection } from "./evaluate.ts";

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
  /** The sources with newer rows than the baseline's, for `source_status:`; absent: nobody looked. */
  readonly newer?: readonly NewerSource[];
  /** absent: every type that the command takes. */
  readonly resourceTypes?: ResourceTypes;
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
      readonly misses: readonly Criterion[];
    }
  /** Only dbt can tell. `criterion`: what is not known here; null: the manifests are not. */
  | {
      readonly kind: "unsupported";
      readonly why: string;
      readonly criterion: Criterion | null;
      /** Criteria that name something which the whole project does not have, as far as it can be told. */
      readonly misses: readonly Criterion[];
    };

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

  const { compareUnrendered, results, newer } = options;
  const context: MethodContext = {
    manifest: current,
    dialect,
    compare:
      baseline === null
        ? null
        : createCompare(current, baseline, compareUnrendered === undefined ? {} : { compareUnrendered }),
    statuses: results === undefined ? null : new Map(results.map(({ id, status }) => [id, status])),
    newer: newer === undefined ? null : new Set(newer.map(({ source }) => source)),
  };
  const members = membersOf(current, dialect, options.as);
  const found = new Map<string, ReadonlySet<string>>();
  const unknown: { readonly criterion: Criterion; readonly why: string }[] = [];
  const criteria = [...(options.select.length === 0 ? [] : include), ...exclude].flat();
  for (const criterion of [...include, ...exclude].flat()) {
    const test = testOf(criterion, context);
    if (test.kind === "unsupported") unknown.push({ criterion, why: test.why });
    else if (!found.has(criterion.text))
      found.set(criterion.text, new Set([...members.values()].filter(test.test).map(({ id }) => id)));
  }
  const misses = criteria.filter((criterion) => found.get(criterion.text)?.size === 0 && isMiss(criterion));
  const [first] = unknown;
  if (first !== undefined) return { kind: "unsupported", ...first, misses };

  const graph = buildGraph(members);
  const chosen = evaluate(include, exclude, {
    members,
    graph,
    sources: sourcesOf(members),
    found,
    mode: options.indirectSelection,
    emptyForgetsNeighbours: dialect.emptyForgetsNeighbours,
  });
  const types = dialect.types[options.as];
  const ids = [...chosen.ids].filter((id) => {
    const node = members.get(id);
    if (node === undefined || !takesType(options.resourceTypes ?? EVERY_TYPE, node.type)) return false;
    return types.has(node.type) && (options.as === "ls" || !isEmpty(node));
  });
  ids.sort();
  return {
    kind: "selected",
    ids,
    nodes: explainChanges(ids, current, {
      compare: context.compare,
      graph: members === current.nodes ? graph : buildGraph(current.nodes),
      newer: newer ?? [],
    }),
    modified: modifiedOf(current, context),
    unmatched: options.select.length === 0 ? [] : chosen.unmatched,
    misses,
  };
}

/** The manifest schema of dbt 1.8 and later 1.x. */
const SCHEMA = 12;
/** dbt/graph/cli.py: DEFAULT_INCLUDES */
const EVERYTHING = ["fqn:*", "source:*", "exposure:*", "metric:*", "semantic_model:*"];

function membersOf(manifest: Manifest, dialect: Dialect, as: SelectOptions["as"]): ReadonlyMap<string, Node> {
  if (as === "ls" || !dialect.emptyNodesBreakPaths) return manifest.nodes;
  return new Map([...manifest.nodes].filter(([, node]) => !isEmpty(node)));
}

function sourcesOf(members: ReadonlyMap<string, Node>): ReadonlySet<string> {
  return new Set([...members.values()].filter(({ type }) => type === "source").map(({ id }) => id));
}

function modifiedOf(current: Manifest, { compare }: MethodContext): ReadonlyMap<string, readonly Reason[]> {
  const modified = new Map<string, readonly Reason[]>();
  if (compare === null) return modified;
  for (const node of current.nodes.values()) {
    const { isModified, reasons } = compare(node);
    if (isModified) modified.set(node.id, reasons);
  }
  return modified;
}

function unsupported(why: string): Selection {
  return { kind: "unsupported", why, criterion: null, misses: [] };
}

function describe({ schema, dbtVersion }: Manifest): string {
  return `dbt ${dbtVersion === "" ? "of an unknown version" : dbtVersion}, schema v${schema}`;
}
