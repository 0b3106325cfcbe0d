import type { Manifest } from "../artifacts/manifest.ts";
import { shortName } from "../artifacts/node-name.ts";
import { type Placed, relationName, schemasOf } from "../selection/placement.ts";
import { type Maker, makerOf } from "../selection/placement-maker.ts";
import { isAboutFile, type RefusedPlace } from "../selection/refused-places.ts";
import { cleanLine } from "../text/clean.ts";
import { count, grouped, listed } from "./words.ts";

const MOST_LINES = 20;
const MOST_NAMES = 4;

export interface RefusalWords {
  readonly message: string;
  readonly hint: string;
}

/** Why a check is not built: each node with its relation, what of production is there, and what put it there. */
export function describeRefused(
  refused: readonly RefusedPlace[],
  manifest: Manifest,
  target: string | null,
): RefusalWords {
  const lines = refused.slice(0, MOST_LINES).map((each) => `- ${refusedLine(each, manifest, target)}`);
  const more = refused.length - lines.length;
  return {
    message: [
      `the check would write where production is: ${count(refused.length, "node")}, and nothing was built`,
      ...lines,
      ...(more > 0 ? [`- +${grouped(more)} more`] : []),
    ].join("\n"),
    hint: waysOut(refused, manifest),
  };
}

function refusedLine(refused: RefusedPlace, manifest: Manifest, target: string | null): string {
  const node = manifest.nodes.get(refused.id);
  const maker = node === undefined ? null : makerOf(node, isAboutFile(refused.refusal), manifest);
  const place = `${typeOf(refused.id)} ${nameOf(refused.id)} → ${cleanLine(placeWords(refused), 300)}`;
  const why = maker === null ? "" : `; placed by ${makerWords(maker, target)}`;
  return `${place}: ${whyWords(refused)}${why}`;
}

function placeWords({ relation, location, refusal }: RefusedPlace): string {
  if (refusal.kind === "location" || refusal.kind === "folder" || refusal.kind === "template") return location ?? "";
  return relation === null ? "no schema in the manifest" : relationName(relation);
}

function whyWords({ id, refusal }: RefusedPlace): string {
  if (refusal.kind === "unknown") return "where it is written is not known";
  if (refusal.kind === "template") return "dbt alone can tell where that is";
  const other = `${typeOf(refusal.of)} ${nameOf(refusal.of)}`;
  const same = refusal.of === id;
  switch (refusal.kind) {
    case "relation":
      return same ? "production has it there" : `production has ${other} there`;
    case "location":
      return same ? "production's files are there" : `the files of production's ${other} are there`;
    case "schema":
      return `new in a schema of production, which has ${other} in it`;
    case "folder":
      return `new in a folder of production, which has ${other} in it`;
  }
}

function makerWords(maker: Maker, target: string | null): string {
  switch (maker.kind) {
    case "macro":
      return cleanLine(
        `macro ${maker.name} (${maker.path}${maker.package === "" ? "" : `, package ${maker.package}`})`,
      );
    case "config":
      return cleanLine(`config ${maker.key}: ${maker.value}`);
    case "target":
      return cleanLine(`the schema of target ${target ?? "of the profile"} in profiles.yml`);
  }
}

/** In the order in which they are to be tried. */
function waysOut(refused: readonly RefusedPlace[], manifest: Manifest): string {
  const types = [...new Set(refused.map(({ id }) => typeOf(id)))].sort();
  // Whole types are left out but where they are what a check is for.
  const isWhole = types.every((type) => type === "snapshot" || type === "seed" || type === "function");
  const some = refused.slice(0, MOST_NAMES).map(({ id }) => id);
  const exclude = isWhole ? types.map((type) => `resource_type:${type}`) : some.map(selectorOf(manifest));
  const dots = refused.length > some.length;
  return [
    `leave them out of checks: modes.check.exclude: "${exclude.join(" ")}${dots && !isWhole ? " …" : ""}" in signalbox.yml`,
    `or put them into the branch's schema: SIGNALBOX_SCHEMA has to be part of the schema that the target or the macro gives`,
    `or, where a check may write there: modes.check.may_write: [${some.map((id) => JSON.stringify(cleanLine(id))).join(", ")}${dots ? ", …" : ""}]`,
    "or, where check and deploy connect to another host, account, project or file: modes.check.separate_warehouse: true and defer: false",
  ].join("\n");
}

function selectorOf(manifest: Manifest): (id: string) => string {
  return (id) => cleanLine(manifest.nodes.get(id)?.name ?? nameOf(id));
}

/** Two branches that write one schema overwrite each other, or drop what the other one reads. */
export function describeShared(shared: readonly Placed[], hasMark: boolean): string {
  const schemas = schemasOf(shared).map(({ schema }) => cleanLine(schema));
  const nodes = shared.map(({ id }) => `${typeOf(id)} ${nameOf(id)}`);
  const remedy = hasMark
    ? "SIGNALBOX_SCHEMA has to be part of the schema that profiles.yml or generate_schema_name gives"
    : "write {branch} or {pr} into modes.check.schema";
  return `the checks of all branches write to ${listed(schemas, MOST_NAMES)} and overwrite each other there (${listed(nodes, MOST_NAMES)}): ${remedy}`;
}

/** Where a build writes; null where it is all one schema. */
export function describeSchemas(places: readonly Placed[]): string | null {
  const schemas = schemasOf(places);
  if (schemas.length < 2) return null;
  const words = schemas.map(({ schema, count: number }) => `${cleanLine(schema)} (${count(number, "node")})`);
  return `writes to ${count(schemas.length, "schema")}: ${listed(words, 6)}`;
}

function nameOf(id: string): string {
  return cleanLine(shortName(id), 100);
}

function typeOf(id: string): string {
  return cleanLine(id.split(".")[0] ?? "", 40);
}
