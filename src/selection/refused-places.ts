import type { Manifest } from "../artifacts/manifest.ts";
import { isTemplate } from "../text/jinja.ts";
import { fileOf, folded, type Placed, placeOf, type WriteOptions } from "./placement.ts";

/** Why a node may not be written where it would be. */
export type PlaceRefusal =
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

export interface RefusedPlace extends Placed {
  readonly refusal: PlaceRefusal;
}

/** Whether it is about a file beside the relation. */
export function isAboutFile({ kind }: PlaceRefusal): boolean {
  return kind === "location" || kind === "folder" || kind === "template";
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
): readonly RefusedPlace[] {
  const { relations, schemas, locations } = indexOf(production);
  const refusalOf = (place: Placed): PlaceRefusal | null => {
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
    const refusal = refusalOf(place);
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
