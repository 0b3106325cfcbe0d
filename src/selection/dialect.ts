/**
 * Where the rules of dbt-core differ between its versions, as its source says at 1.8.0 to 1.12.6.
 * https://github.com/dbt-labs/dbt-core: core/dbt/graph, core/dbt/contracts/graph/nodes.py, core/dbt/task
 */
export interface Dialect {
  /** Resource types that `dbt build` and `dbt ls` take where none is named. */
  readonly types: { readonly build: ReadonlySet<string>; readonly ls: ReadonlySet<string> };
  /** Indirect selection `empty` drops the neighbours of `+x+` too. */
  readonly emptyForgetsNeighbours: boolean;
  /** Nodes without code are taken out of the graph of a build, not only out of its result. */
  readonly emptyNodesBreakPaths: boolean;
  /** tag:, package:, path:, state: … look at saved queries. */
  readonly searchesSavedQueries: boolean;
  /** `fqn:dim_*` matches a model in any folder. */
  readonly wildcardMatchesLeaf: boolean;
  readonly savedQuery: { readonly exports: boolean; readonly tags: boolean };
  readonly testConfig: ReadonlySet<string>;
  /** Reads the config() call of a baseline of another version again, where more unrendered values are compared. */
  readonly rereadsConfigCalls: boolean;
  /** The flag state_modified_compare_more_unrendered_values: its default, or that it is not known. */
  readonly comparesUnrendered: boolean | "never";
  /** Looks at contracted models that are gone. */
  readonly checksRemovedContracts: boolean;
  /** `varchar(5)` and `varchar(10)` are the same in a contract. */
  readonly comparesBaseTypes: boolean;
}

const BUILT = ["model", "snapshot", "seed", "test", "unit_test", "saved_query"];
const LISTED = [...BUILT, "source", "exposure", "metric", "semantic_model"];
const TEST_CONFIG = [
  "severity",
  "where",
  "limit",
  "fail_calc",
  "warn_if",
  "error_if",
  "store_failures",
  "store_failures_as",
];

const NEWEST: Dialect = rulesOf(12, 6);

/** What `dbt build` of 2.0 takes, as its log says; its selections it makes itself. */
const DBT_2: Dialect = {
  ...NEWEST,
  types: { ...NEWEST.types, build: new Set(["model", "seed", "snapshot", "test", "unit_test", "function"]) },
};

/** For a version whose rules are not known, the nearest: good enough to explain what dbt itself has chosen. */
export function nearestDialect(dbtVersion: string): Dialect {
  return dialectOf(dbtVersion) ?? (/^[2-9]\./.test(dbtVersion) ? DBT_2 : NEWEST);
}

/** null: a version whose rules are not known here, such as 1.7, 2.0 or dbt Cloud's own numbers. */
export function dialectOf(dbtVersion: string): Dialect | null {
  const [, major, minor, patch] = (/^(\d+)\.(\d+)\.(\d+)(?![\d.])/.exec(dbtVersion) ?? []).map(Number);
  if (major !== 1 || minor === undefined || patch === undefined || minor < 8 || minor > 12) return null;
  return rulesOf(minor, patch);
}

function rulesOf(minor: number, patch: number): Dialect {
  return {
    types: {
      build: new Set([...BUILT, ...(minor >= 10 ? ["exposure"] : []), ...(minor >= 11 ? ["function"] : [])]),
      ls: new Set([...LISTED, ...(minor >= 11 ? ["function"] : [])]),
    },
    emptyForgetsNeighbours: minor < 9,
    emptyNodesBreakPaths: minor < 9,
    searchesSavedQueries: minor >= 9,
    wildcardMatchesLeaf: (minor === 11 && patch >= 16) || (minor === 12 && patch >= 6),
    savedQuery: { exports: minor >= 9, tags: minor >= 10 },
    testConfig: new Set([...TEST_CONFIG, ...(minor >= 12 ? ["sql_header"] : [])]),
    rereadsConfigCalls: minor >= 12,
    comparesUnrendered: minor < 9 ? "never" : minor >= 12,
    checksRemovedContracts: minor >= 9,
    comparesBaseTypes: minor >= 11,
  };
}
