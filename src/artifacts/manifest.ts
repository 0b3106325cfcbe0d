import { entriesOf, type Fields, fieldsOf, isFields, listOf, pathOf, textOf, textsOf, timeOf } from "./fields.ts";
import { notA, parseJson, readMetadata } from "./json.ts";

/**
 * dbt's manifest.json, read leniently by field: real files do not satisfy dbt's own published schemas.
 * Source: https://docs.getdbt.com/reference/artifacts/manifest-json
 */
export interface Manifest {
  readonly projectName: string;
  readonly adapter: string;
  readonly dbtVersion: string;
  /** The number in `dbt_schema_version`: 12 for `…/manifest/v12.json`. */
  readonly schema: number;
  readonly invocationId: string;
  readonly generatedAt: string;
  /** What dbt takes where it is told nothing; null: there is none, or the file does not tell. */
  readonly defaultSelector: DefaultSelector | null;
  /** Which parts of a relation's name dbt puts in quotes; before dbt 1.10 it does not tell, and none counts as quoted. */
  readonly quoting: Readonly<Record<"database" | "schema" | "identifier", boolean>>;
  /** Everything that has a unique_id and is enabled: nodes, sources, exposures, metrics, semantic models, unit tests, … */
  readonly nodes: ReadonlyMap<string, Node>;
  /** What the project has and disables, by id; of several entries the first one, as dbt takes it. */
  readonly disabled: ReadonlyMap<string, Node>;
  readonly macros: ReadonlyMap<string, Macro>;
  /** Owner of a group, by the group's name. */
  readonly owners: ReadonlyMap<string, Owner>;
}

export interface Node {
  readonly id: string;
  /** dbt's word: model, test, seed, snapshot, source, exposure, unit_test, … */
  readonly type: string;
  readonly name: string;
  readonly package: string;
  /** original_file_path with `/`, without `./`, from the project's folder. */
  readonly path: string;
  readonly fqn: readonly string[];
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly parents: readonly string[];
  readonly macros: readonly string[];
  /** null where the node has no relation. */
  readonly relation: Relation | null;
  readonly materialized: string | null;
  /** The node that a test or unit test guards, where it is known; and a generic test's column. */
  readonly attachedTo: string | null;
  readonly column: string | null;
  /** A generic test's own name, such as not_null, with its arguments. */
  readonly test: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> } | null;
  /** dbt's severity of a test: what a failure would be, lower case. */
  readonly severity: "error" | "warn" | null;
  readonly warnIf: string | null;
  readonly errorIf: string | null;
  readonly meta: Readonly<Record<string, unknown>>;
  /** The yml file that describes the node, from the project's folder, without the `package://`. */
  readonly patchPath: string | null;
  /** True for a source with warn_after or error_after. */
  readonly hasFreshness: boolean;
  /** The entry as dbt wrote it, for the rules of state:modified. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A name in the warehouse: database, schema, identifier (alias) as dbt renders them. */
export interface Relation {
  readonly database: string | null;
  readonly schema: string;
  readonly identifier: string;
}

export interface Macro {
  readonly id: string;
  readonly name: string;
  readonly package: string;
  readonly path: string;
  readonly sql: string;
  readonly macros: readonly string[];
}

export interface Owner {
  readonly name: string | null;
  readonly email: string | null;
  /** An extra key that dbt allows: `slack: S0123ABCDE`. Not trusted before it is checked. */
  readonly slack: string | null;
}

/** Every collection of things with a unique_id; `macros`, `docs`, `groups` and `disabled` are not nodes. */
const COLLECTIONS = [
  "nodes",
  "sources",
  "exposures",
  "metrics",
  "semantic_models",
  "saved_queries",
  "unit_tests",
  "functions",
] as const;

/** Node types that are something in the warehouse; an ephemeral model is not. */
const IN_WAREHOUSE: ReadonlySet<string> = new Set(["model", "seed", "snapshot", "source", "function"]);

/** Reads manifest.json of dbt 0.19 to 2.x. Throws an artifacts error for what is no manifest. */
export function readManifest(text: string, where: string): Manifest {
  const root = parseJson(text, where);
  const { metadata, schema } = readMetadata(root, "manifest", where);
  if (!isFields(root.nodes)) throw notA("manifest", where, "it has no nodes");
  const nodes = COLLECTIONS.flatMap((name) => entriesOf(root[name]))
    .filter(([, raw]) => fieldsOf(raw.config).enabled !== false)
    .map(([key, raw]) => readNode(key, raw));
  const macros = entriesOf(root.macros).map(([key, raw]) => readMacro(key, raw));
  return {
    projectName: textOf(metadata.project_name) ?? "",
    adapter: textOf(metadata.adapter_type) ?? "",
    dbtVersion: textOf(metadata.dbt_version) ?? "",
    schema,
    invocationId: textOf(metadata.invocation_id) ?? "",
    generatedAt: timeOf(metadata.generated_at) ?? "",
    defaultSelector: readDefaultSelector(root.selectors, textOf(metadata.dbt_version) ?? ""),
    quoting: readQuoting(fieldsOf(metadata.quoting)),
    nodes: new Map(nodes.map((node) => [node.id, node])),
    disabled: readDisabled(root.disabled),
    macros: new Map(macros.map((macro) => [macro.id, macro])),
    owners: new Map(
      entriesOf(root.groups).map(([key, group]) => [textOf(group.name) ?? key, readOwner(fieldsOf(group.owner))]),
    ),
  };
}

/** dbt lists entries under each id: one project or package may enable what another disables. */
function readDisabled(disabled: unknown): Manifest["disabled"] {
  return new Map(
    Object.entries(fieldsOf(disabled)).flatMap(([id, entries]): [string, Node][] => {
      const first = listOf(entries).filter(isFields)[0];
      return first === undefined ? [] : [[id, readNode(id, first)]];
    }),
  );
}

/** A selector of selectors.yml that chooses where nothing else does; null: one of them may, and nobody says which. */
export interface DefaultSelector {
  readonly name: string | null;
}

/**
 * dbt has rendered `default: "{{ … }}"` by then. dbt 2 writes the selectors down, and not which of them is the default one.
 */
function readDefaultSelector(selectors: unknown, dbtVersion: string): DefaultSelector | null {
  const all = Object.entries(fieldsOf(selectors));
  const found = all.find(([, selector]) => fieldsOf(selector).default === true);
  if (found !== undefined) return { name: found[0] };
  return all.length > 0 && /^[2-9]\./.test(dbtVersion) ? { name: null } : null;
}

function readQuoting({ database, schema, identifier }: Fields): Manifest["quoting"] {
  return { database: database === true, schema: schema === true, identifier: identifier === true };
}

function readNode(key: string, raw: Fields): Node {
  const id = textOf(raw.unique_id) ?? key;
  const config = fieldsOf(raw.config);
  const dependsOn = fieldsOf(raw.depends_on);
  const type = textOf(raw.resource_type) ?? id.split(".")[0] ?? "";
  const isTest = type === "test";
  const severity = textOf(config.severity)?.toLowerCase();
  const materialized = textOf(config.materialized);
  const parents = unique(textsOf(dependsOn.nodes));
  const patch = textOf(raw.patch_path);
  return {
    id,
    type,
    name: textOf(raw.name) ?? id,
    package: textOf(raw.package_name) ?? "",
    path: pathOf(raw.original_file_path ?? raw.path),
    fqn: textsOf(raw.fqn),
    tags: unique([...textsOf(raw.tags), ...textsOf(config.tags)]),
    group: textOf(raw.group) ?? textOf(config.group),
    parents,
    macros: textsOf(dependsOn.macros),
    relation: IN_WAREHOUSE.has(type) && materialized !== "ephemeral" ? relationOf(raw) : null,
    materialized,
    attachedTo: isTest || type === "unit_test" ? attachedTo(raw, parents) : null,
    column: textOf(raw.column_name),
    test: genericTestOf(raw.test_metadata),
    severity: isTest && (severity === "error" || severity === "warn") ? severity : null,
    warnIf: isTest ? textOf(config.warn_if) : null,
    errorIf: isTest ? textOf(config.error_if) : null,
    meta: { ...fieldsOf(raw.meta), ...fieldsOf(config.meta) },
    patchPath: patch === null ? null : pathOf(patch.replace(/^[^/\\:]*:\/\//, "")),
    hasFreshness: type === "source" && hasThreshold(fieldsOf(raw.freshness)),
    raw,
  };
}

function unique(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)];
}

function genericTestOf(metadata: unknown): Node["test"] {
  if (!isFields(metadata)) return null;
  const { model: _, ...given } = fieldsOf(metadata.kwargs);
  return { name: textOf(metadata.name) ?? "", arguments: given };
}

/** The relation that an entry names, whatever it is: a test has one too, where it stores its failures. */
export function relationOf(raw: Fields): Relation | null {
  const schema = textOf(raw.schema);
  const identifier = textOf(raw.identifier) ?? textOf(raw.alias) ?? textOf(raw.name);
  return schema === null || identifier === null ? null : { database: textOf(raw.database), schema, identifier };
}

/**
 * dbt names the node since 1.5. Before, and for singular and unit tests, the only parent; among several the one whose
 * name the test's own metadata ends with: `{{ get_where_subquery(ref('orders')) }}`, `models.orders`.
 */
function attachedTo(raw: Fields, parents: readonly string[]): string | null {
  const named = textOf(raw.attached_node);
  if (named !== null) return named;
  if (parents.length === 1) return parents[0] ?? null;
  const model = textOf(fieldsOf(fieldsOf(raw.test_metadata).kwargs).model) ?? "";
  const name =
    model
      .match(/['"][^'"]*['"]/g)
      ?.at(-1)
      ?.slice(1, -1) ?? textOf(raw.file_key_name)?.split(".").at(-1);
  const found = parents.filter((id) => name !== undefined && id.split(".")[id.startsWith("source.") ? 3 : 2] === name);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** dbt writes thresholds that are not set as `{ count: null }` or as null. */
function hasThreshold(freshness: Fields): boolean {
  return [freshness.warn_after, freshness.error_after].some((threshold) => fieldsOf(threshold).count != null);
}

function readMacro(key: string, raw: Fields): Macro {
  const id = textOf(raw.unique_id) ?? key;
  return {
    id,
    name: textOf(raw.name) ?? id,
    package: textOf(raw.package_name) ?? "",
    path: pathOf(raw.original_file_path ?? raw.path),
    sql: textOf(raw.macro_sql) ?? "",
    macros: textsOf(fieldsOf(raw.depends_on).macros),
  };
}

function readOwner(owner: Fields): Owner {
  return { name: textOf(owner.name), email: textsOf(owner.email)[0] ?? null, slack: textOf(owner.slack) };
}
