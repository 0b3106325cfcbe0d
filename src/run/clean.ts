import { schemaOf } from "./schema.ts";

export interface CleanRequest {
  /** Schemas of the warehouse; which of them a check has made is told by their names. */
  readonly schemas: readonly string[];
  /** Branches and tags that are there: nothing of them is dropped. */
  readonly refs: readonly string[];
  readonly prefix: string;
  /** Names to keep, whatever else is true. */
  readonly keep: readonly string[];
  /** The hash that the schema of a branch or tag was named by, in hex. */
  readonly hashOf: (ref: string) => string;
}

export interface Cleaning {
  readonly drop: readonly string[];
  readonly keep: readonly string[];
}

/**
 * Which schemas of checks to drop: prefix, slug and six hex digits, of a branch or tag that is gone; a fork's branch counts
 * as gone, since nobody can list it. Every other name is left out of both lists. Warehouses differ in the case of names,
 * so that it never tells two of them apart.
 */
export function decideClean({ schemas, refs, prefix, keep, hashOf }: CleanRequest): Cleaning {
  const living = refs.map((ref) => schemaOf(`${prefix}{branch}`, ref, hashOf(ref)));
  const kept = new Set([...living, ...keep].map((name) => name.toLowerCase()));
  const ours = [...new Set(schemas)].filter((name) => isSchemaOfBranch(name, prefix)).sort();
  return {
    drop: ours.filter((name) => !kept.has(name.toLowerCase())),
    keep: ours.filter((name) => kept.has(name.toLowerCase())),
  };
}

function isSchemaOfBranch(name: string, prefix: string): boolean {
  const lower = name.toLowerCase();
  return (
    lower.startsWith(prefix.toLowerCase()) && /^[a-z0-9]+(?:_[a-z0-9]+)*_[0-9a-f]{6}$/.test(lower.slice(prefix.length))
  );
}

/**
 * The prefix of a template such as `ci_{branch}`; null where it has none by which a branch's schema is known: nothing
 * before the branch, something behind it, or a character that needs quotes.
 */
export function prefixOf(template: string): string | null {
  return /^([A-Za-z][A-Za-z0-9_]+)\{branch\}$/.exec(template)?.[1] ?? null;
}
