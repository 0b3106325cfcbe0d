import { type Fields, fieldsOf, listOf, textOf } from "../artifacts/fields.ts";
import type { Node } from "../artifacts/manifest.ts";
import { configCallOf } from "./config-call.ts";
import type { Dialect } from "./dialect.ts";
import { isSame, isTruthy } from "./python-equality.ts";

/** A node and its two raw entries, to be compared field by field as dbt/contracts/graph/nodes.py does. */
export interface Pair {
  readonly node: Node;
  readonly now: Fields;
  readonly before: Fields;
  readonly dialect: Dialect;
  readonly comparesUnrendered: boolean;
  /** dbt reads the baseline's config() calls once more. */
  readonly rereadsCalls: boolean;
}

const RELATION_CONFIG = ["database", "schema", "alias"];
const NOT_COMPARED: ReadonlySet<string> = new Set([...RELATION_CONFIG, "tags", "group"]);
const NOTHING: ReadonlySet<string> = new Set();
const GROUP: ReadonlySet<string> = new Set(["group"]);

/** A generic test is one with test_metadata; the others are files of their own. */
export function isGenericTest(node: Node): boolean {
  return node.type === "test" && Object.keys(fieldsOf(node.raw.test_metadata)).length > 0;
}

export function hasOtherBody({ node, now, before }: Pair): boolean {
  if (node.type === "unit_test") return !isSame(now.checksum ?? null, before.checksum ?? null);
  if (node.type !== "seed") return codeOf(now) !== codeOf(before);
  const checksum = fieldsOf(now.checksum);
  return textOf(checksum.name) === null || checksum.name === "none" || !isSame(checksum, fieldsOf(before.checksum));
}

/** The file, the folder or the package. */
export function hasOtherFolder({ now, before }: Pair): boolean {
  return !isSame(now.fqn ?? [], before.fqn ?? []);
}

/** The configured names, not the rendered ones: generate_schema_name and the target do not count. */
export function hasOtherRelation(pair: Pair): boolean {
  const { node, now, before, comparesUnrendered } = pair;
  if (node.type !== "source") {
    const mine = fieldsOf(now.unrendered_config);
    const others = fieldsOf(before.unrendered_config);
    const call = callComparison(pair);
    return RELATION_CONFIG.some((key) => call?.(key) ?? !isSame(mine[key] ?? null, others[key] ?? null));
  }
  const names = comparesUnrendered ? ["unrendered_database", "unrendered_schema"] : ["database", "schema"];
  return [...names, "identifier"].some((key) => !isSame(now[key] ?? null, before[key] ?? null));
}

/** Only where the current config persists them; that setting is itself compared as a config. */
export function hasOtherDescriptions({ node, now, before }: Pair): boolean {
  if (node.type === "test") return false;
  const persists = fieldsOf(fieldsOf(now.config).persist_docs);
  if (isTruthy(persists.relation) && !isSame(now.description ?? "", before.description ?? "")) return true;
  return isTruthy(persists.columns) && !isSame(columnDescriptions(now), columnDescriptions(before));
}

function columnDescriptions(raw: Fields): Fields {
  const columns = Object.entries(fieldsOf(raw.columns));
  return Object.fromEntries(columns.map(([name, column]) => [`.${name}`, fieldsOf(column).description ?? ""]));
}

export function hasOtherContract({ node, now, before }: Pair): boolean {
  if (node.type !== "model") return false;
  const [mine, others] = [fieldsOf(now.contract), fieldsOf(before.contract)];
  const isEnforced = mine.enforced === true;
  if (isEnforced !== (others.enforced === true)) return true;
  return isEnforced && !isSame(mine.checksum ?? null, others.checksum ?? null);
}

/** Keys of the config that differ and that dbt compares for this type. */
export function changedConfig(pair: Pair): readonly string[] {
  const { node, now, before, dialect } = pair;
  const mine = fieldsOf(now.unrendered_config);
  const others = fieldsOf(before.unrendered_config);
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
      const call = callComparison(pair);
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
function callComparison({ node, now, before, rereadsCalls }: Pair): ((key: string) => boolean | null) | null {
  // dbt does so for the manifest's `nodes` alone.
  if (!rereadsCalls || node.type === "function") return null;
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
export function changedProperties(pair: Pair): readonly string[] {
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
