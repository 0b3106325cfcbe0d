import type { Manifest } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { kindOf } from "./status.ts";

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
  const search = createSearch(manifest, failed);
  const skipped = rows.filter(({ status }) => kindOf(status) === "skipped");

  for (const { id } of skipped.filter(isBrokenByEphemeral)) {
    if (search.nearestCause(id) === null) search.addFailed(id);
  }
  const hook = rows.find((row) => isFailed(row) && /^operation\..*on-run-start/.test(row.id))?.id ?? null;
  const of = new Map<string, string>();
  for (const { id } of skipped) {
    const cause = failed.has(id) ? null : (search.nearestCause(id) ?? hook);
    if (cause !== null) of.set(id, cause);
  }
  return { of, failed };
}

/** Whether a row explains that dbt ended with exit 1. */
export function isTrouble(row: NodeResult): boolean {
  return isFailed(row) || isBrokenByEphemeral(row);
}

function isFailed({ status }: NodeResult): boolean {
  const kind = kindOf(status);
  return kind === "failed" || kind === "unknown";
}

/**
 * An ephemeral model has no row. Where it does not compile, or was skipped itself, dbt 1.11 says so in the rows of its
 * children, and gives them the status skipped.
 */
function isBrokenByEphemeral({ status, message }: NodeResult): boolean {
  return status === "skipped" && (message ?? "").includes("caused by compilation error in referenced ephemeral model");
}

function createSearch(manifest: Manifest | null, failed: Set<string>) {
  const parentsOf = (id: string) => manifest?.nodes.get(id)?.parents ?? [];
  const testsOn = new Map<string, string[]>();
  for (const id of failed) {
    if (!isTest(id)) continue;
    for (const parent of parentsOf(id)) testsOn.set(parent, [...(testsOn.get(parent) ?? []), id]);
  }

  /** Breadth first, so that the nearest is found; among equally near ones the first by id. */
  const nearestCause = (id: string): string | null => {
    const ancestors = ancestorsOf(id, parentsOf);
    // Unit tests run before their model, data tests after it: https://docs.getdbt.com/docs/build/unit-tests
    let found = (testsOn.get(id) ?? []).filter((test) => test.startsWith("unit_test."));
    const seen = new Set([id]);
    let level = parentsOf(id);
    while (found.length === 0 && level.length > 0) {
      const near = [...new Set(level)].filter((ancestor) => !seen.has(ancestor));
      for (const ancestor of near) seen.add(ancestor);
      const tests = near.flatMap((ancestor) => testsOn.get(ancestor) ?? []);
      found = [
        ...near.filter((ancestor) => failed.has(ancestor)),
        // `dbt build` makes a node wait for a test only if the node comes after everything that the test reads.
        ...tests.filter((test) => test !== id && parentsOf(test).every((parent) => ancestors.has(parent))),
      ];
      level = near.flatMap(parentsOf);
    }
    return found.sort()[0] ?? null;
  };
  return { nearestCause, addFailed: (id: string) => failed.add(id) };
}

function isTest(id: string): boolean {
  return id.startsWith("test.") || id.startsWith("unit_test.");
}

function ancestorsOf(id: string, parentsOf: (id: string) => readonly string[]): ReadonlySet<string> {
  const ancestors = new Set<string>();
  const waiting = [...parentsOf(id)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (ancestors.has(next)) continue;
    ancestors.add(next);
    waiting.push(...parentsOf(next));
  }
  return ancestors;
}
