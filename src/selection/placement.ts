import { fieldsOf, textOf } from "../artifacts/fields.ts";
import { type Manifest, type Node, type Relation, relationOf } from "../artifacts/manifest.ts";
import { holdsMark } from "../run/schema.ts";
import { isEmpty } from "./buildable-nodes.ts";
import { ownMacro } from "./placement-maker.ts";

/** Where a build writes, and whether production is there: decided by relations, whatever targets are called. */

/** What a node leaves behind. */
export interface Placed {
  readonly id: string;
  /** null: the manifest does not tell, which is not fine. */
  readonly relation: Relation | null;
  /** A file or folder beside it: an `external` table's data. */
  readonly location: string | null;
  /** The file that its database is, where a database is one: it has other names where it is attached. */
  readonly file?: string;
}

export interface WriteOptions {
  /** Tests that do not say so themselves store their failures: `--store-failures` and its like. */
  readonly storesFailures: boolean;
  /** Where dbt-duckdb puts an `external` model without a location of its own: `external_root` of the target. */
  readonly externalRoot: string;
  /** Renders a location, which the adapter does only when it builds; what is not known stays a template. */
  readonly render?: (location: string, relation: Relation | null) => string;
  /** The file behind a database, where databases are files: by name in lower case. */
  readonly files?: ReadonlyMap<string, string>;
  /** The project has a macro of its own for the default location of an `external` model: only dbt can tell it. */
  readonly placesExternals?: boolean;
}

/** Types that leave nothing in the warehouse; a type that is not known here is taken to. */
const WRITE_NOTHING: ReadonlySet<string> = new Set([
  "source",
  "exposure",
  "metric",
  "semantic_model",
  "saved_query",
  "unit_test",
  "analysis",
  "operation",
  "sql_operation",
]);

/** Where the nodes of these ids are written, in their order; those that write nothing are left out. */
export function placesOf(ids: readonly string[], manifest: Manifest, options: WriteOptions): readonly Placed[] {
  const all = { ...options, placesExternals: ownMacro(manifest, "external_location") !== null };
  return ids.flatMap((id) => {
    const node = manifest.nodes.get(id);
    const placed = node === undefined ? null : placeOf(node, all);
    return placed === null ? [] : [placed];
  });
}

/** Where a build writes the node; null: nowhere. */
export function placeOf(node: Node, options: WriteOptions): Placed | null {
  if (!writes(node, options)) return null;
  const relation = relationOf(node.raw) ?? node.relation;
  const location = locationOf(node, relation, options);
  return {
    id: node.id,
    relation,
    location: location === null ? null : (options.render?.(location, relation) ?? location),
    ...fileOf(relation, options),
  };
}

/** The file behind the relation's database, where databases are files. */
export function fileOf(relation: Relation | null, { files }: WriteOptions): { readonly file?: string } {
  const file = relation?.database == null ? undefined : files?.get(folded(relation.database));
  return file === undefined ? {} : { file };
}

function writes(node: Node, { storesFailures }: WriteOptions): boolean {
  if (WRITE_NOTHING.has(node.type) || node.materialized === "ephemeral" || isEmpty(node)) return false;
  if (node.type !== "test") return true;
  // dbt keeps the two in step, and asks the flag where neither is set.
  // https://docs.getdbt.com/reference/resource-configs/store_failures_as
  const { store_failures: stores, store_failures_as: storesAs } = fieldsOf(node.raw.config);
  return (
    stores === true || (typeof storesAs === "string" && storesAs !== "ephemeral") || (stores == null && storesFailures)
  );
}

/**
 * Files beside the relation: dbt-duckdb's `external` (https://github.com/duckdb/dbt-duckdb#writing-to-external-files),
 * `location_root` of Spark and Databricks, `external_location` of Athena, `custom_location` of Glue.
 */
function locationOf(
  node: Node,
  relation: Relation | null,
  { externalRoot, placesExternals = false }: WriteOptions,
): string | null {
  const config = fieldsOf(node.raw.config);
  const key = (name: string) => textOf(config[name]) ?? textOf(node.meta[name]);
  const root = key("location_root");
  if (root !== null && relation !== null) {
    const isFull = config.include_full_name_in_path === true;
    const parts = isFull ? [relation.database, relation.schema, relation.identifier] : [relation.identifier];
    return [root, ...parts.filter((part) => part !== null)].join("/");
  }
  const named = key("location") ?? key("external_location") ?? key("custom_location");
  if (node.materialized !== "external" || named !== null || relation === null) return named;
  if (placesExternals) return "{{ external_location(this, config) }}";
  const isPartitioned = fieldsOf(config.options).partition_by != null;
  return `${externalRoot}/${relation.identifier}${isPartitioned ? "" : `.${key("format") ?? "parquet"}`}`;
}

/** Those that are not provably this check's own: nothing of their names holds its mark (null: there is none). */
export function outsideOf(places: readonly Placed[], mark: string | null): readonly Placed[] {
  const isOwn = (text: string | null | undefined) => mark !== null && text != null && holdsMark(text, mark);
  return places.filter(({ relation, location }) => {
    const isOwnRelation = isOwn(relation?.schema) || isOwn(relation?.database);
    return !isOwnRelation || (location !== null && !isOwn(location));
  });
}

/** A name as names are compared: without case, and without quotes: where dbt adds none (`quoting: false`), those in a name are the warehouse's. */
export function folded(name: string): string {
  return name.replace(/["`[\]]/g, "").toLowerCase();
}

/** A relation as plan.json and messages name it: `analytics.seeds.countries`. */
export function relationName({ database, schema, identifier }: Relation): string {
  return [database, schema, identifier].filter((part) => part !== null).join(".");
}

/** Schemas that the places are in, with how many; most first, then by name. */
export function schemasOf(places: readonly Placed[]): readonly { readonly schema: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { relation } of places) {
    if (relation === null) continue;
    const schema = relation.database === null ? relation.schema : `${relation.database}.${relation.schema}`;
    counts.set(schema, (counts.get(schema) ?? 0) + 1);
  }
  return [...counts]
    .map(([schema, count]) => ({ schema, count }))
    .sort((one, other) => other.count - one.count || (one.schema < other.schema ? -1 : 1));
}
