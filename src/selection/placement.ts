import { fieldsOf, textOf } from "../artifacts/fields.ts";
import { type Manifest, type Node, type Relation, relationOf } from "../artifacts/manifest.ts";
import { holdsMark } from "../run/schema.ts";
import { isEmpty } from "./buildable-nodes.ts";

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
  /** The project has a macro of its own for the default location of an `external` model: nobody but dbt can tell it. */
  readonly placesExternals?: boolean;
}

export type Refusal =
  /** The very relation of a node of production. */
  | { readonly kind: "relation"; readonly of: string }
  /** Nothing of production is overwritten, yet: but it is production's schema, or folder. */
  | { readonly kind: "schema"; readonly of: string }
  | { readonly kind: "location"; readonly of: string }
  | { readonly kind: "folder"; readonly of: string }
  /** Its location is a template that dbt alone can render. */
  | { readonly kind: "template" }
  /** Its place is not known. */
  | { readonly kind: "unknown" };

export interface Refused extends Placed {
  readonly refusal: Refusal;
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

function fileOf(relation: Relation | null, { files }: WriteOptions): { readonly file?: string } {
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

/** Production as one of its manifests has it. */
export interface ProductionPart {
  readonly manifest: Manifest;
  readonly options: WriteOptions;
}

/**
 * Which of these places production has, or has a part of. Names that differ in case or in quotes alone are one. `isApart`:
 * the relation is in a warehouse that production is not in, so that only its files can be production's.
 */
export function refusedPlaces(
  places: readonly Placed[],
  production: readonly ProductionPart[],
  isApart: (place: Placed) => boolean = () => false,
): readonly Refused[] {
  const { relations, schemas, locations } = indexOf(production);
  const whyNotPublished = (place: Placed): Refusal | null => {
    const { relation, location } = place;
    if (relation === null) return { kind: "unknown" };
    const mayBe = (index: Index, key: string) => (isApart(place) ? null : lookUp(index, key, place));
    const taken = mayBe(relations, `${relation.schema}\0${relation.identifier}`);
    if (taken !== null) return { kind: "relation", of: taken };
    if (location !== null && isTemplate(location)) return { kind: "template" };
    const file = location === null ? null : normalLocation(location);
    const held = file === null ? undefined : locations.find(({ at }) => isInside(file, at) || isInside(at, file));
    if (held !== undefined) return { kind: "location", of: held.id };
    const used = mayBe(schemas, relation.schema);
    if (used !== null) return { kind: "schema", of: used };
    const beside = file === null ? undefined : locations.find(({ at }) => folderOf(at) === folderOf(file));
    return beside === undefined ? null : { kind: "folder", of: beside.id };
  };
  return places.flatMap((place) => {
    const refusal = whyNotPublished(place);
    return refusal === null ? [] : [{ ...place, refusal }];
  });
}

/** Where a name is: its database (null: not told, which could be any), and the file that this is. */
interface Database {
  readonly database: string | null;
  readonly file?: string;
}

/** By name, folded; then the database and the node that is there. */
type Index = ReadonlyMap<string, readonly (Database & { readonly id: string })[]>;

function indexOf(production: readonly ProductionPart[]): {
  relations: Index;
  schemas: Index;
  locations: readonly { readonly at: string; readonly id: string }[];
} {
  const relations = new Map<string, (Database & { id: string })[]>();
  const schemas = new Map<string, (Database & { id: string })[]>();
  const locations: { at: string; id: string }[] = [];
  const add = (index: typeof relations, name: string, at: Database, id: string) => {
    const key = folded(name);
    const known = index.get(key) ?? [];
    const isSame = (entry: Database) =>
      entry.database !== null && sameName(entry.database, at.database) && entry.file === at.file;
    if (!known.some(isSame)) index.set(key, [...known, { ...at, id }]);
  };
  for (const { manifest, options } of production) {
    for (const node of manifest.nodes.values()) {
      // What production reads is production's too: a seed could be built over a source.
      const relation = node.type === "source" ? node.relation : placeOf(node, options)?.relation;
      const location = node.type === "source" ? null : placeOf(node, options)?.location;
      if (relation != null) {
        const at = { database: relation.database, ...fileOf(relation, options) };
        add(relations, `${relation.schema}\0${relation.identifier}`, at, node.id);
        add(schemas, relation.schema, at, node.id);
      }
      if (location != null) locations.push({ at: normalLocation(location), id: node.id });
    }
  }
  return { relations, schemas, locations };
}

function lookUp(index: Index, key: string, { relation, file }: Placed): string | null {
  const database = relation?.database ?? null;
  const isThere = (entry: Database) =>
    sameName(entry.database, database) || (file !== undefined && entry.file === file);
  return index.get(folded(key))?.find(isThere)?.id ?? null;
}

function sameName(one: string | null, other: string | null): boolean {
  return one === null || other === null || folded(one) === folded(other);
}

/** Without quotes too: where dbt adds none (`quoting: false`), those in a name are the warehouse's. */
function folded(name: string): string {
  return name.replace(/["`[\]]/g, "").toLowerCase();
}

function isTemplate(text: string): boolean {
  return /\{[{%]/.test(text);
}

/** `./data//orders.parquet` and `data/orders.parquet` are one file. */
function normalLocation(location: string): string {
  const [, scheme = "", path = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(location) ?? [];
  const isAbsolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.replaceAll("\\", "/").split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return `${scheme}${isAbsolute ? "/" : ""}${parts.join("/")}`.toLowerCase();
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** What gave a node its place, as far as a manifest tells. */
export type Maker =
  | { readonly kind: "macro"; readonly name: string; readonly path: string; readonly package: string }
  | { readonly kind: "config"; readonly key: string; readonly value: string }
  /** The schema of the target in profiles.yml. */
  | { readonly kind: "target" };

/**
 * What put the node where it is: a snapshot's fixed schema, the project's own macro, else a config or the target.
 * https://docs.getdbt.com/docs/build/custom-schemas
 */
export function makerOf(node: Node, refusal: Refusal["kind"], manifest: Manifest): Maker {
  const config = fieldsOf(node.raw.config);
  const fixed = (key: string): Maker | null => {
    const value = textOf(config[key]);
    return value === null ? null : { kind: "config", key, value };
  };
  if (refusal === "location" || refusal === "folder" || refusal === "template") {
    const keys = ["location_root", "location", "external_location", "custom_location"];
    return (
      keys.map(fixed).find((maker) => maker !== null) ??
      ownMacro(manifest, "external_location") ?? { kind: "config", key: "external_root", value: "profiles.yml" }
    );
  }
  const ofSnapshot = node.type === "snapshot" ? fixed("target_schema") : null;
  if (ofSnapshot !== null) return ofSnapshot;
  const macro =
    namingMacro(manifest, node, "schema") ??
    namingMacro(manifest, node, "database") ??
    namingMacro(manifest, node, "alias");
  if (macro !== null) return macro;
  return fixed("schema") ?? { kind: "target" };
}

/** The project's own macro of this name, which wins over the adapter's; null: it has none. */
function ownMacro({ macros, projectName }: Manifest, wanted: string): Maker | null {
  const found = [...macros.values()].find(({ name, package: owner }) => owner === projectName && name === wanted);
  return found === undefined ? null : { kind: "macro", name: found.name, path: found.path, package: found.package };
}

/**
 * The macro that is not dbt's own: the project's first, then the one of the node's package; `default__generate_schema_name`
 * is overridden just so.
 */
function namingMacro(manifest: Manifest, node: Node, part: "schema" | "database" | "alias"): Maker | null {
  const isNaming = new RegExp(`^(?:\\w+__)?generate_${part}_name$`);
  const own = [manifest.projectName, node.package];
  const found = [...manifest.macros.values()]
    .filter(({ name, package: owner }) => isNaming.test(name) && own.includes(owner))
    .sort((one, other) => own.indexOf(one.package) - own.indexOf(other.package))[0];
  return found === undefined ? null : { kind: "macro", name: found.name, path: found.path, package: found.package };
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
