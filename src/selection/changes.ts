import { type Fields, fieldsOf, listOf, textOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import { configCallOf } from "./config-call.ts";
import { type Dialect, dialectOf, NEWEST } from "./dialect.ts";
import { createMacroCheck } from "./macros.ts";
import type { Reason } from "./plan.ts";
import { isSame, isTruthy } from "./python.ts";

/** The X of `state:modified.X`. */
export type Part = "body" | "configs" | "relation" | "persisted_descriptions" | "macros" | "contract";

/** What dbt sees of one node against the baseline. */
export interface Changes {
  readonly isNew: boolean;
  /** `state:modified`. A new source, exposure, metric, semantic model or saved query is not: dbt says so. */
  readonly isModified: boolean;
  readonly parts: ReadonlySet<Part>;
  /** Why it is modified, and that it is new. */
  readonly reasons: readonly Reason[];
}

export type Compare = (node: Node) => Changes;

interface Pair {
  readonly node: Node;
  readonly now: Fields;
  readonly before: Fields;
  readonly dialect: Dialect;
  readonly comparesUnrendered: boolean;
  /** dbt reads the baseline's config() calls once more. */
  readonly rereadsCalls: boolean;
}

/** What of a node counts as its content, by type; dbt/contracts/graph/nodes.py, `same_contents`. */
type Content = "body" | "configs" | "relation" | "descriptions" | "moved" | "contract" | "properties";

const CODE: readonly Content[] = ["body", "configs", "relation", "descriptions", "moved", "properties"];
const CONTENTS: ReadonlyMap<string, readonly Content[]> = new Map([
  ["model", [...CODE, "contract"]],
  ["unit_test", ["body"]],
  ["source", ["relation", "configs", "moved", "properties"]],
  ["exposure", ["configs", "moved", "properties"]],
  ["metric", ["configs", "properties"]],
  ["semantic_model", ["configs", "properties"]],
  ["saved_query", ["configs", "properties"]],
]);
const GENERIC_TEST: readonly Content[] = ["configs", "moved"];

/** Types whose `same_contents` says "the same" where there is nothing to compare with. */
const NOT_MODIFIED_WHEN_NEW: ReadonlySet<string> = new Set([
  "source",
  "exposure",
  "metric",
  "semantic_model",
  "saved_query",
]);

/** Types without code: only these parts of them can be named in `state:modified.X`. */
const PARTS: ReadonlyMap<string, readonly Part[]> = new Map([
  ["source", ["configs", "relation"]],
  ["exposure", ["configs"]],
  ["metric", ["configs"]],
  ["semantic_model", ["configs"]],
  ["saved_query", ["configs"]],
  ["unit_test", []],
]);
const ALL_PARTS: readonly Part[] = ["body", "configs", "relation", "persisted_descriptions", "contract"];

const RELATION_CONFIG = ["database", "schema", "alias"];
const NOT_COMPARED: ReadonlySet<string> = new Set([...RELATION_CONFIG, "tags", "group"]);
const NOTHING: ReadonlySet<string> = new Set();
const GROUP: ReadonlySet<string> = new Set(["group"]);

/**
 * Compares nodes of `current` with `baseline` as dbt's state selector does; each node once.
 * `compareUnrendered`: the flag state_modified_compare_more_unrendered_values.
 */
export function createCompare(
  current: Manifest,
  baseline: Manifest,
  { compareUnrendered }: { readonly compareUnrendered?: boolean } = {},
): Compare {
  const dialect = dialectOf(current.dbtVersion) ?? NEWEST;
  const known = dialect.comparesUnrendered;
  const comparesUnrendered = known === "never" ? false : (compareUnrendered ?? known);
  const changedMacros = createMacroCheck(current, baseline);
  const done = new Map<string, Changes>();
  return (node) => {
    const compared = done.get(node.id);
    if (compared !== undefined) return compared;
    const old = baseline.nodes.get(node.id);
    const macros = changedMacros(node.macros);
    const changes =
      old === undefined
        ? newNode(node, macros)
        : compareNodes(
            {
              node,
              now: node.raw,
              before: old.raw,
              dialect,
              comparesUnrendered,
              rereadsCalls:
                dialect.rereadsConfigCalls && comparesUnrendered && baseline.dbtVersion !== current.dbtVersion,
            },
            macros,
          );
    done.set(node.id, changes);
    return changes;
  };
}

function newNode(node: Node, macros: readonly Reason[]): Changes {
  const parts = PARTS.get(node.type) ?? ALL_PARTS;
  return {
    isNew: true,
    isModified: !NOT_MODIFIED_WHEN_NEW.has(node.type) || macros.length > 0,
    parts: new Set(macros.length > 0 ? [...parts, "macros"] : parts),
    reasons: [{ kind: "new" }],
  };
}

function compareNodes(pair: Pair, macros: readonly Reason[]): Changes {
  const { node } = pair;
  const configKeys = changedConfig(pair);
  const properties = changedProperties(pair);
  const found: Record<Content, boolean> = {
    body: hasOtherBody(pair),
    configs: configKeys.length > 0,
    relation: hasOtherRelation(pair),
    descriptions: hasOtherDescriptions(pair),
    moved: !isSame(pair.now.fqn ?? [], pair.before.fqn ?? []),
    contract: node.type === "model" && hasOtherContract(pair),
    properties: properties.length > 0,
  };
  const contents = isGenericTest(node) ? GENERIC_TEST : (CONTENTS.get(node.type) ?? CODE);
  const changed = new Set(contents.filter((content) => found[content]));
  const parts = (PARTS.get(node.type) ?? ALL_PARTS).filter((part) =>
    part === "persisted_descriptions" ? found.descriptions : part !== "macros" && found[part],
  );
  const keys = [...(changed.has("configs") ? configKeys : []), ...(changed.has("properties") ? properties : [])].sort();
  const plain = (["body", "relation", "descriptions", "contract", "moved"] as const).filter((part) =>
    changed.has(part),
  );
  return {
    isNew: false,
    isModified: changed.size > 0 || macros.length > 0,
    parts: new Set(macros.length > 0 ? [...parts, "macros" as const] : parts),
    reasons: [
      ...plain.map((part): Reason => ({ kind: part === "body" && node.type === "seed" ? "checksum" : NAMES[part] })),
      ...(keys.length > 0 ? [{ kind: "config" as const, keys: [...new Set(keys)] }] : []),
      ...macros,
    ],
  };
}

const NAMES = {
  body: "body",
  relation: "relation",
  descriptions: "description",
  contract: "contract",
  moved: "moved",
} as const;

/** A generic test is one with test_metadata; the others are files of their own. */
export function isGenericTest(node: Node): boolean {
  return node.type === "test" && Object.keys(fieldsOf(node.raw.test_metadata)).length > 0;
}

function hasOtherBody({ node, now, before }: Pair): boolean {
  if (node.type === "unit_test") return !isSame(now.checksum ?? null, before.checksum ?? null);
  if (node.type !== "seed") return codeOf(now) !== codeOf(before);
  const checksum = fieldsOf(now.checksum);
  return textOf(checksum.name) === null || checksum.name === "none" || !isSame(checksum, fieldsOf(before.checksum));
}

/** The configured names, not the rendered ones: generate_schema_name and the target do not count. */
function hasOtherRelation({ node, now, before, comparesUnrendered }: Pair): boolean {
  if (node.type !== "source") {
    const [mine, others] = [fieldsOf(now.unrendered_config), fieldsOf(before.unrendered_config)];
    return RELATION_CONFIG.some((key) => !isSame(mine[key] ?? null, others[key] ?? null));
  }
  const names = comparesUnrendered ? ["unrendered_database", "unrendered_schema"] : ["database", "schema"];
  return [...names, "identifier"].some((key) => !isSame(now[key] ?? null, before[key] ?? null));
}

/** Only where the current config persists them; that setting is itself compared as a config. */
function hasOtherDescriptions({ node, now, before }: Pair): boolean {
  if (node.type === "test") return false;
  const persists = fieldsOf(fieldsOf(now.config).persist_docs);
  if (isTruthy(persists.relation) && !isSame(now.description ?? "", before.description ?? "")) return true;
  return isTruthy(persists.columns) && !isSame(columnDescriptions(now), columnDescriptions(before));
}

function columnDescriptions(raw: Fields): Fields {
  const columns = Object.entries(fieldsOf(raw.columns));
  return Object.fromEntries(columns.map(([name, column]) => [`.${name}`, fieldsOf(column).description ?? ""]));
}

function hasOtherContract({ now, before }: Pair): boolean {
  const [mine, others] = [fieldsOf(now.contract), fieldsOf(before.contract)];
  const isEnforced = mine.enforced === true;
  if (isEnforced !== (others.enforced === true)) return true;
  return isEnforced && !isSame(mine.checksum ?? null, others.checksum ?? null);
}

/** Keys of the config that differ and that dbt compares for this type. */
function changedConfig(pair: Pair): readonly string[] {
  const { node, now, before, dialect } = pair;
  const [mine, others] = [fieldsOf(now.unrendered_config), fieldsOf(before.unrendered_config)];
  const keys = [...new Set([...Object.keys(mine), ...Object.keys(others)])];
  const differs = (key: string) =>
    Object.hasOwn(mine, key) !== Object.hasOwn(others, key) || !isSame(mine[key], others[key]);
  switch (node.type) {
    case "unit_test":
      return [];
    case "semantic_model":
    case "saved_query":
      return changedFields(configWithDefaults(now), configWithDefaults(before));
    case "source":
    case "exposure":
      return except(keys, NOTHING).filter(differs);
    case "metric":
      return except(keys, GROUP).filter(differs);
    default: {
      const counted =
        node.type === "test" ? keys.filter((key) => dialect.testConfig.has(key)) : except(keys, NOT_COMPARED);
      const call = pair.rereadsCalls ? callComparison(pair) : null;
      return counted.filter((key) => call?.(key) ?? differs(key));
    }
  }
}

function except(keys: readonly string[], but: ReadonlySet<string>): readonly string[] {
  return keys.filter((key) => !but.has(key));
}

/**
 * dbt 1.12 replaces what a baseline of another version says of a config() call by what it reads in the baseline's code:
 * upgrade_manifest_dbt_version.py. null for a key that the call does not set.
 */
function callComparison({ node, now, before }: Pair): ((key: string) => boolean | null) | null {
  const builtin = [["macro.dbt.test_not_null"], ["macro.dbt.test_unique"]];
  const macros = fieldsOf(before.depends_on).macros;
  if (node.type === "test" && builtin.some((known) => isSame(macros, known))) return null;
  if (Object.keys(fieldsOf(before.unrendered_config)).length === 0) return null;
  const old = configCallOf(codeOf(before));
  const mine = codeOf(now) === codeOf(before) ? old : configCallOf(codeOf(now));
  return (key) => (old.has(key) ? old.get(key) !== mine.get(key) : null);
}

/** Fields without which a config of dbt's is not written by some version, and their defaults. */
const CONFIG_DEFAULTS: Fields = { enabled: true, meta: {}, cache: { enabled: false } };

function configWithDefaults(raw: Fields): Fields {
  return { ...CONFIG_DEFAULTS, ...fieldsOf(raw.config) };
}

/** Keys of two records whose values differ; an absent field is null. */
function changedFields(mine: Fields, others: Fields): readonly string[] {
  return [...new Set([...Object.keys(mine), ...Object.keys(others)])].filter(
    (key) => !isSame(mine[key] ?? null, others[key] ?? null),
  );
}

const FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["source", ["quoting", "freshness", "loaded_at_field", "external"]],
  ["exposure", ["type", "owner", "maturity", "url", "description", "label"]],
  ["metric", ["type", "description", "label"]],
  [
    "semantic_model",
    ["model", "description", "defaults", "entities", "dimensions", "measures", "primary_entity", "group"],
  ],
  ["saved_query", ["description", "label", "group"]],
  ["function", ["arguments", "returns"]],
]);

/** What a type compares beside code and config, by the name of its field. */
function changedProperties(pair: Pair): readonly string[] {
  const { node, now, before } = pair;
  const fields = (FIELDS.get(node.type) ?? []).filter((key) => {
    const empty = key === "description" && node.type === "exposure" ? "" : null;
    return !isSame(now[key] ?? empty, before[key] ?? empty, "fields");
  });
  switch (node.type) {
    case "model": {
      const keys = ["latest_version", "access", "deprecation_date"];
      const fieldOf = (raw: Fields, key: string) => raw[key] ?? (key === "access" ? "protected" : null);
      return keys.filter((key) => !isSame(fieldOf(now, key), fieldOf(before, key)));
    }
    case "exposure": {
      const parents = (raw: Fields) => [...new Set(listOf(fieldsOf(raw.depends_on).nodes))].sort();
      return isSame(parents(now), parents(before)) ? fields : [...fields, "depends_on"];
    }
    case "saved_query":
      return [...fields, ...changedQuery(pair)];
    case "function":
      return isSame(overloads(now), overloads(before), "fields") ? fields : [...fields, "overloads"];
    default:
      return fields;
  }
}

function changedQuery({ now, before, dialect }: Pair): readonly string[] {
  const [mine, others] = [fieldsOf(now.query_params), fieldsOf(before.query_params)];
  const keys = ["metrics", "group_by", "where"].filter(
    (key) => !isSame(mine[key] ?? null, others[key] ?? null, "fields"),
  );
  const { exports, tags } = dialect.savedQuery;
  const hasOtherExports = exports && !isSame(exportsOf(now), exportsOf(before));
  const hasOtherTags = tags && !isSame(now.tags ?? [], before.tags ?? []);
  return [...keys, ...(hasOtherExports ? ["exports"] : []), ...(hasOtherTags ? ["tags"] : [])];
}

function exportsOf(raw: Fields): unknown {
  return listOf(raw.exports).map((entry) => {
    const { name, unrendered_config: config } = fieldsOf(entry);
    return [name ?? null, ...["export_as", "schema", "alias"].map((key) => fieldsOf(config)[key] ?? null)];
  });
}

/** Descriptions do not change the SQL. */
function overloads(raw: Fields): unknown {
  return listOf(raw.overloads).map((entry) => {
    const { defined_in: file, arguments: parameters, returns, raw_body: body } = fieldsOf(entry);
    return [file ?? null, parameters ?? [], returns ?? null, body ?? null];
  });
}

function codeOf(raw: Fields): string {
  return typeof raw.raw_code === "string" ? raw.raw_code : "";
}
