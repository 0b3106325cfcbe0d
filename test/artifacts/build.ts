import type { Invocation } from "../../src/artifacts/dbt-log.ts";
import type { DbtRun } from "../../src/artifacts/dbt-run.ts";
import type { Manifest, Node } from "../../src/artifacts/manifest.ts";
import type { NodeResult, RunResults } from "../../src/artifacts/run-results.ts";

/** A table model `model.shop.<name>` in models/<name>.sql, without parents. */
export function aNode(name: string, overrides: Partial<Node> = {}): Node {
  const type = overrides.type ?? "model";
  const id = overrides.id ?? `${type}.shop.${name}`;
  return {
    id,
    type,
    name,
    package: "shop",
    path: `models/${name}.sql`,
    fqn: ["shop", name],
    tags: [],
    group: null,
    parents: [],
    macros: [],
    relation: { database: "dev", schema: "main", identifier: name },
    materialized: "table",
    attachedTo: null,
    column: null,
    test: null,
    severity: null,
    warnIf: null,
    errorIf: null,
    meta: {},
    patchPath: null,
    hasFreshness: false,
    raw: {},
    ...overrides,
  };
}

/** A not_null test on the first of its parents. */
export function aTest(name: string, parents: readonly string[], overrides: Partial<Node> = {}): Node {
  return aNode(name, {
    type: "test",
    path: "models/schema.yml",
    parents,
    relation: null,
    materialized: "test",
    attachedTo: parents[0] ?? null,
    column: "id",
    test: { name: "not_null", arguments: {} },
    severity: "error",
    warnIf: "!= 0",
    errorIf: "!= 0",
    ...overrides,
  });
}

export function aUnitTest(name: string, model: string, overrides: Partial<Node> = {}): Node {
  return aNode(name, { type: "unit_test", parents: [model], attachedTo: model, relation: null, ...overrides });
}

export function aSource(name: string, overrides: Partial<Node> = {}): Node {
  return aNode(name, { type: "source", id: `source.shop.raw.${name}`, path: "models/sources.yml", ...overrides });
}

export function aManifest(nodes: readonly Node[] = [], overrides: Partial<Manifest> = {}): Manifest {
  return {
    projectName: "shop",
    adapter: "duckdb",
    dbtVersion: "1.11.16",
    schema: 12,
    invocationId: "11111111-0000-4000-8000-000000000000",
    generatedAt: "2026-11-25T07:00:01.000Z",
    defaultSelector: null,
    quoting: { database: true, schema: true, identifier: true },
    nodes: new Map(nodes.map((node) => [node.id, node])),
    disabled: new Map(),
    macros: new Map(),
    owners: new Map(),
    ...overrides,
  };
}

export function aResult(id: string, status = "success", overrides: Partial<NodeResult> = {}): NodeResult {
  return { id, status, message: null, failures: null, seconds: 0.5, startedAt: null, relation: null, ...overrides };
}

export function aRunResults(overrides: Partial<RunResults> = {}): RunResults {
  return {
    command: "build",
    dbtVersion: "1.11.16",
    schema: 6,
    invocationId: "11111111-0000-4000-8000-000000000000",
    generatedAt: "2026-11-25T07:00:09.000Z",
    target: null,
    logPath: null,
    flags: { empty: false, sample: false, failFast: false, fullRefresh: false },
    threads: 1,
    results: [],
    ...overrides,
  };
}

/** A `dbt build` in dbt's log that began at 07:00:00 and says nothing else of itself. */
export function anInvocation(overrides: Partial<Invocation> = {}): Invocation {
  return {
    id: null,
    startedAt: Date.parse("2026-11-25T07:00:00Z"),
    command: "build",
    targetPath: null,
    target: null,
    wroteIn: null,
    left: new Set(),
    end: null,
    error: null,
    ...overrides,
  };
}

/** A `dbt build` of 07:00 that ended as its rows say: 1 where one failed, else 0. */
export function aDbtRun(results: readonly NodeResult[] | null, overrides: Partial<DbtRun> = {}): DbtRun {
  const hasFailed = results?.some(({ status }) => status === "fail" || status === "error") ?? false;
  return {
    command: "build",
    exitCode: hasFailed ? 1 : 0,
    startedAt: Date.parse("2026-11-25T07:00:00Z"),
    seconds: 10,
    results,
    manifest: null,
    trouble: "none",
    lastWords: null,
    source: null,
    ...overrides,
  };
}

/** The text of a run_results.json with these rows. */
export function runResultsJson(rows: readonly unknown[], overrides: Record<string, unknown> = {}): string {
  return JSON.stringify({
    metadata: {
      dbt_schema_version: "https://schemas.getdbt.com/dbt/run-results/v6.json",
      dbt_version: "1.11.16",
      generated_at: "2026-11-25T07:00:09.123456Z",
      invocation_id: "11111111-0000-4000-8000-000000000000",
    },
    results: rows,
    elapsed_time: 8.1,
    args: { which: "build" },
    ...overrides,
  });
}

/** The text of a manifest.json with these collections. */
export function manifestJson(collections: Record<string, unknown> = {}): string {
  return JSON.stringify({
    metadata: {
      dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
      dbt_version: "1.11.16",
      generated_at: "2026-11-25T07:00:01.5Z",
      invocation_id: "11111111-0000-4000-8000-000000000000",
      project_name: "shop",
      adapter_type: "duckdb",
    },
    nodes: {},
    ...collections,
  });
}
