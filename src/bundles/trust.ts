import { entriesOf } from "../artifacts/fields.ts";
import { parseJson } from "../artifacts/json.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { SignalboxError } from "../support/errors.ts";
import { cleanLine } from "../text/clean.ts";
import type { BundleHeader } from "./bundle.ts";

/** Throws an artifacts error for a bundle of another project, adapter or branch. */
export function assertFits(header: BundleHeader, current: Manifest, baseBranch: string, where: string): void {
  const other = (what: string, theirs: string, ours: string) =>
    new SignalboxError(
      "artifacts",
      `the bundle ${where} is of ${what} ${JSON.stringify(theirs)}, not of ${JSON.stringify(ours)}`,
      {
        hint: "give each dbt project a store of its own: store: dir:PATH/name",
      },
    );
  if (header.project !== current.projectName) throw other("project", header.project, current.projectName);
  if (header.adapter !== current.adapter) throw other("adapter", header.adapter, current.adapter);
  if (header.branch === baseBranch) return;
  throw new SignalboxError(
    "artifacts",
    `the bundle ${where} is of branch ${JSON.stringify(header.branch)}, not of ${JSON.stringify(baseBranch)}`,
    { hint: "what production holds is what the base branch built: find out who wrote it, and take it away" },
  );
}

/**
 * Why a manifest cannot be compared though it is of the same project: another kind of dbt wrote it, in words. null: it can.
 */
export function whyOfOtherEngine(baseline: Manifest, current: Manifest): string | null {
  const isSame = (one: string, other: string) => one === "" || other === "" || one === other;
  if (isSame(part(baseline, 1), part(current, 1)) && baseline.schema === current.schema) return null;
  return `was made with dbt ${baseline.dbtVersion}, and this is dbt ${current.dbtVersion}`;
}

function part({ dbtVersion }: Manifest, parts: number): string {
  return dbtVersion.split(".").slice(0, parts).join(".");
}

/**
 * Throws an artifacts error for a manifest of another project, adapter, kind or major version of dbt than the current one.
 * Answers with warnings otherwise.
 */
export function assertComparable(baseline: Manifest, current: Manifest, where: string): readonly string[] {
  const found = [
    ["project", baseline.projectName, current.projectName],
    ["adapter", baseline.adapter, current.adapter],
    ["manifest version", String(baseline.schema), String(current.schema)],
    ["dbt version", part(baseline, 1), part(current, 1)],
  ] as const;
  for (const [what, theirs, ours] of found) {
    if (theirs === ours || theirs === "" || ours === "") continue;
    throw new SignalboxError(
      "artifacts",
      `${where} is of ${what} ${JSON.stringify(theirs)}, not of ${JSON.stringify(ours)}`,
      {
        hint: "name a manifest of the same project, made with the same adapter and about the same dbt",
      },
    );
  }
  if (part(baseline, 2) === part(current, 2) || baseline.dbtVersion === "" || current.dbtVersion === "") return [];
  return [
    `${where} was made with dbt ${baseline.dbtVersion}, this run has ${current.dbtVersion}: nodes can look changed that are not`,
  ];
}

type RelationPart = keyof Manifest["quoting"];

/** The keys that dbt renders of an entry, by the part of the relation's name that each becomes. */
const PARTS: readonly (readonly [key: string, part: RelationPart])[] = [
  ["database", "database"],
  ["schema", "schema"],
  ["alias", "identifier"],
  ["identifier", "identifier"],
];
const WORD = String.raw`[\p{L}\p{N}_][\p{L}\p{M}\p{N}_$]*`;
/** Words joined by one of `- . : @`: no blank, comment, cast or stage. A `#` would begin a comment on BigQuery and MySQL. */
const UNQUOTED = new RegExp(`^(?:${WORD}(?:[-.:@]${WORD})*)?$`, "u");
/** A quote of any dialect ends a name in quotes; on BigQuery a backslash can write one. */
const NEVER_QUOTED = /["'`[\];\\\p{Cc}\p{Cs}\u2028\u2029]/u;

/**
 * dbt renders database, schema and alias of the deferral manifest into SQL as they stand, whatever else the entry says:
 * in quotes where `quoting`, the current manifest's, says so. A function goes by its name, and by the adapter's own
 * default, which no file tells: it counts as unquoted. Judges the file as it is written, since dbt reads it by its keys,
 * disabled entries too. Throws an artifacts error for a part that could be more than a name. Tests are never deferred to,
 * and their names may hold quotes.
 * https://github.com/dbt-labs/dbt-core/blob/v1.11.16/core/dbt/contracts/graph/manifest.py (merge_from_artifact)
 * https://github.com/dbt-labs/dbt-adapters/blob/main/dbt-adapters/src/dbt/adapters/base/relation.py (create_from, render)
 */
export function assertHarmlessRelations(text: string, where: string, quoting: Manifest["quoting"]): void {
  const { nodes, functions } = parseJson(text, where);
  for (const [id, entry] of entriesOf(nodes)) {
    if (entry.resource_type === "test" || entry.resource_type === "unit_test") continue;
    for (const [key, part] of PARTS)
      if (!isHarmless(entry[key], quoting[part])) throw harmful(where, id, part, entry[key]);
  }
  for (const [id, entry] of entriesOf(functions)) {
    for (const [key, part] of [...PARTS, ["name", "identifier"]] as const)
      if (!isHarmless(entry[key], false)) throw harmful(where, id, part, entry[key]);
  }
}

/** What is no text is no name that dbt wrote. */
function isHarmless(name: unknown, isQuoted: boolean): boolean {
  if (name === undefined || name === null) return true;
  return typeof name === "string" && (isQuoted ? !NEVER_QUOTED.test(name) : UNQUOTED.test(name));
}

function harmful(where: string, id: string, part: RelationPart, name: unknown): SignalboxError {
  const shown = cleanLine(JSON.stringify(name), 100);
  const advice = isHarmless(name, true)
    ? `; a right name that dbt does not put in quotes needs \`quoting: { ${part}: true }\` in dbt_project.yml, and dbt 1.10 to tell of it`
    : "";
  return new SignalboxError(
    "artifacts",
    `the manifest of ${where} names a relation that could be more than a name: ${cleanLine(id)} has the ${part} ${shown}`,
    {
      hint: `it is not used: dbt would run it as SQL; find out who wrote it, and publish a new bundle from the base branch${advice}`,
    },
  );
}
