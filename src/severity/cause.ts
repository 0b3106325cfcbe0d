import type { Manifest } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { isFailed, kindOf } from "./status.ts";

export interface Causes {
  /** Skipped id → the id that kept it from running; absent where there is none. */
  readonly of: ReadonlyMap<string, string>;
  /** Ids that failed, among them skipped ones that are the only trace of an ephemeral model that does not compile. */
  readonly failed: ReadonlySet<string>;
}

/**
 * Why each skipped node was skipped: the nearest ancestor that failed, or that has a test which failed. dbt says nothing
 * of it. `rows` are in the order of time.
 */
export function findCauses(rows: readonly NodeResult[], manifest: Manifest | null): Causes {
  const failed = new Set(rows.filter(isFailed).map(({ id }) => id));
  const waiting = createWaiting(manifest);
  // A stale source makes dbt skip nothing.
  for (const id of failed) if (!id.startsWith("source.")) waiting.add(id);

  const skipped = rows.filter(({ status }) => kindOf(status) === "skipped");
  for (const { id } of skipped.filter(isBrokenByEphemeral)) {
    if (waiting.causeOf(id) !== null) continue;
    failed.add(id);
    waiting.add(id);
  }
  const hook = rows.find((row) => isFailed(row) && /^operation\..*on-run-start/.test(row.id))?.id ?? null;
  const of = new Map<string, string>();
  for (const { id } of skipped) {
    const cause = failed.has(id) ? null : (waiting.causeOf(id) ?? hook);
    if (cause !== null) of.set(id, cause);
  }
  return { of, failed };
}

/** Whether a row explains that dbt ended with exit 1. */
export function isTrouble(row: NodeResult): boolean {
  return isFailed(row) || isBrokenByEphemeral(row);
}

/**
 * An ephemeral model has no row. Where it does not compile, or was skipped itself, dbt 1.11 says so in the rows of its
 * children, and gives them the status skipped.
 */
function isBrokenByEphemeral({ status, message }: NodeResult): boolean {
  return status === "skipped" && (message ?? "").includes("caused by compilation error in referenced ephemeral model");
}

/**
 * For each node the nearest cause of its skip; among equally near ones the first by id. `dbt build` makes a
 * node wait for the tests of its ancestors, but only for those that read nothing else; tests do not wait for each other.
 * A unit test comes before its model: https://docs.getdbt.com/docs/build/unit-tests
 */
export function createWaiting(manifest: Manifest | null) {
  const parentsOf = (id: string) => manifest?.nodes.get(id)?.parents ?? [];
  const childrenOf = childrenIn(manifest);
  const nearest = new Map<string, { readonly cause: string; readonly distance: number }>();

  const improve = (id: string, cause: string, distance: number): boolean => {
    const known = nearest.get(id);
    const isBetter =
      known === undefined || distance < known.distance || (distance === known.distance && cause < known.cause);
    if (isBetter) nearest.set(id, { cause, distance });
    return isBetter;
  };
  /** Breadth first; below a node that has a nearer cause everything has. */
  const spread = (cause: string, first: readonly string[], firstDistance: number): void => {
    let level = first;
    for (let distance = firstDistance; level.length > 0; distance += 1) {
      level = level.filter((id) => improve(id, cause, distance)).flatMap(childrenOf);
    }
  };

  const below = (id: string) => belowTested(id, childrenOf);

  return {
    causeOf: (id: string): string | null => nearest.get(id)?.cause ?? null,
    add: (cause: string): void => {
      const parents = parentsOf(cause);
      if (!isTest(cause)) spread(cause, childrenOf(cause), 1);
      else if (isUnitTest(cause)) spread(cause, parents, 0);
      else if (parents.length === 1) spread(cause, childrenOf(parents[0] ?? "").filter(isNoTest), 1);
      else for (const [id, distance] of belowAll(parents.map(below))) improve(id, cause, distance);
    },
  };
}

type ChildrenOf = (id: string) => readonly string[];

/** What comes after a node that is tested, with its distance: not its other tests. */
function belowTested(id: string, childrenOf: ChildrenOf): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let level: readonly string[] = childrenOf(id).filter(isNoTest);
  for (let distance = 1; level.length > 0; distance += 1) {
    const near = level.filter((child) => !found.has(child));
    for (const child of near) found.set(child, distance);
    level = [...new Set(near)].flatMap(childrenOf);
  }
  return found;
}

/** What stands in all of the maps, with the smallest of its distances. */
function belowAll([first, ...others]: readonly ReadonlyMap<string, number>[]): readonly (readonly [string, number])[] {
  return [...(first ?? [])]
    .filter(([id]) => others.every((below) => below.has(id)))
    .map(([id, distance]) => [id, Math.min(distance, ...others.map((below) => below.get(id) ?? distance))]);
}

function childrenIn(manifest: Manifest | null): ChildrenOf {
  const children = new Map<string, string[]>();
  for (const node of manifest?.nodes.values() ?? []) {
    for (const parent of node.parents) {
      const known = children.get(parent);
      if (known === undefined) children.set(parent, [node.id]);
      else known.push(node.id);
    }
  }
  return (id) => children.get(id) ?? [];
}

function isTest(id: string): boolean {
  return id.startsWith("test.") || isUnitTest(id);
}

function isUnitTest(id: string): boolean {
  return id.startsWith("unit_test.");
}

function isNoTest(id: string): boolean {
  return !isTest(id);
}
