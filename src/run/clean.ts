import { schemaKeyOf, schemaOf } from "./schema.ts";

/** The macro that `signalbox init` writes into the project: it lists and drops the schemas of checks. */
export const CLEAN_MACRO = "signalbox_clean";

/** A branch or tag, as its schema is named after it. */
export interface NamedRef {
  readonly name: string;
  /** `owner/name` of the fork that it is in; null: this repository. */
  readonly fork: string | null;
  /** Of a pull request from it; null: none, or not known. */
  readonly pullRequest: number | null;
}

export interface CleanRequest {
  /** Schemas of the warehouse; which of them a check has made is told by their names. */
  readonly schemas: readonly string[];
  /** Branches and tags that are there: nothing of them is dropped. */
  readonly living: readonly NamedRef[];
  /** Branches and tags that are known to have existed; those that live count as living. */
  readonly known: readonly NamedRef[];
  /** `ci_{branch}`, and what stands before its first brace: `ci_`. */
  readonly template: string;
  readonly prefix: string;
  /** Names to keep, with what has something behind them, whatever else is true. */
  readonly keep: readonly string[];
  /** Names to drop that nothing proves. */
  readonly also: readonly string[];
  /** The hash that the schema of a branch or tag was named by, in hex. */
  readonly hashOf: (ref: string) => string;
}

export interface Cleaning {
  readonly drop: readonly string[];
  /** Of branches and tags that are there, or asked for. */
  readonly keep: readonly string[];
  /** They look like schemas of checks, and no branch is known that had them: kept as well. */
  readonly notProven: readonly string[];
  /** Of `also`: names of branches that are there, or to keep. Nothing may be dropped before a person has decided. */
  readonly contradicted: readonly string[];
  /** Of `also`: no schema has this name. */
  readonly absent: readonly string[];
}

/**
 * Which schemas of checks to drop. A schema belongs to a branch by the branch's slug and hash, with or without something
 * behind (`…_staging`, `…_dbt_test__audit`): six digits that look like a hash prove nothing. The number of a pull request
 * alone (`ci_12`) proves that very name: `ci_2024_costs` can be anybody's. A schema that could be a living branch's is
 * that one's. Warehouses differ in the case of names, so that it never tells two of them apart.
 */
export function decideClean({ schemas, living, known, template, prefix, keep, also, hashOf }: CleanRequest): Cleaning {
  const rootOf = ({ name, fork }: NamedRef, number: number | null) =>
    schemaOf(template, name, hashOf(schemaKeyOf(name, fork)), number).toLowerCase();
  // Before a branch has a pull request, its checks run without the number.
  const rootsOf = (ref: NamedRef) => [rootOf(ref, null), rootOf(ref, ref.pullRequest)];
  const [livingRoots, knownRoots] = [new Set(living.flatMap(rootsOf)), new Set(known.flatMap(rootsOf))];
  const hasHash = template.includes("{branch}");
  const hashedRoots = new Set(known.map((ref) => rootOf(ref, hasHash ? ref.pullRequest : null)));
  const [kept, wanted] = [lower(keep), lower(also)];

  const ours = [...new Set(schemas)].filter((name) => name.toLowerCase().startsWith(prefix.toLowerCase())).sort();
  const isKept = (name: string) => isOf(name, kept) || isOf(name, livingRoots);
  const isProven = (name: string) => knownRoots.has(name.toLowerCase()) || isOf(name, hashedRoots);
  const drop = ours.filter((name) => !isKept(name) && (wanted.has(name.toLowerCase()) || isProven(name)));
  const dropped = new Set(drop);
  const found = lower(ours);
  return {
    drop,
    keep: ours.filter(isKept),
    notProven: ours.filter(
      (name) => !isKept(name) && !dropped.has(name) && looksLikeCheck(name.slice(prefix.length), template),
    ),
    contradicted: ours.filter((name) => wanted.has(name.toLowerCase()) && isKept(name)),
    absent: also.filter((name) => !found.has(name.toLowerCase())),
  };
}

/** Whether a name is one of these, or begins with one and an underscore. */
function isOf(name: string, roots: ReadonlySet<string>): boolean {
  const text = name.toLowerCase();
  for (let end = text.length; end > 0; end = text.lastIndexOf("_", end - 1)) {
    if (roots.has(text.slice(0, end))) return true;
  }
  return false;
}

function looksLikeCheck(text: string, template: string): boolean {
  const isNumber = template.includes("{pr}") && /^[0-9]{1,9}(?:_.*)?$/.test(text);
  return isNumber || /^[a-z0-9]+(?:_[a-z0-9]+)*_[0-9a-f]{6}(?:_.*)?$/.test(text.toLowerCase());
}

function lower(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}

/** A branch or tag of this repository. */
export function ownRef(name: string): NamedRef {
  return { name, fork: null, pullRequest: null };
}

/** `owner/name:branch` is a fork's: git allows no colon in a name. */
export function parseNamedRef(text: string): NamedRef {
  const colon = text.indexOf(":");
  return colon < 0 ? ownRef(text) : { ...ownRef(text.slice(colon + 1)), fork: text.slice(0, colon) };
}

/**
 * The prefix of a template such as `ci_{branch}` or `ci_{pr}`; null where it has none by which a branch's schema is known:
 * nothing before the branch, something behind it, or a character that needs quotes.
 */
export function prefixOf(template: string): string | null {
  return /^([A-Za-z][A-Za-z0-9_]+)\{(?:branch|pr)\}(?:_\{(?:branch|pr)\})?$/.exec(template)?.[1] ?? null;
}
