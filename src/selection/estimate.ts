import type { Manifest } from "../artifacts/manifest.ts";
import type { RunResults } from "../artifacts/run-results.ts";
import type { Estimate } from "./plan.ts";

/**
 * How long dbt takes for these nodes if each takes as long as in an earlier run, with that run's threads and each node
 * behind its parents; before the first one dbt starts and parses, for `startSeconds` (null: not known, and not in it).
 * null where the earlier run built none of their types.
 */
export function estimate(
  ids: readonly string[],
  manifest: Manifest,
  earlier: RunResults,
  startSeconds: number | null,
): Estimate | null {
  // An exposure has a row, but takes no time; a node that was skipped took none.
  const built = ids.filter((id) => manifest.nodes.get(id)?.type !== "exposure");
  const known = new Map(
    earlier.results.filter(({ status }) => status !== "skipped").map((row) => [row.id, row.seconds]),
  );
  const usual = usualSeconds(known);
  const secondsOf = (id: string) => known.get(id) ?? usual.get(typeOf(id)) ?? null;
  if (!built.some((id) => secondsOf(id) !== null)) return null;
  return {
    seconds: (startSeconds ?? 0) + secondsUntilLast(built, manifest, (id) => secondsOf(id) ?? 0, earlier.threads),
    threads: earlier.threads,
    untimed: built.filter((id) => !known.has(id)).length,
  };
}

/** The median of each type. */
function usualSeconds(known: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const byType = new Map<string, number[]>();
  for (const [id, seconds] of known) {
    const ofType = byType.get(typeOf(id));
    if (ofType === undefined) byType.set(typeOf(id), [seconds]);
    else ofType.push(seconds);
  }
  return new Map(
    [...byType].map(([type, seconds]) => [type, seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? 0]),
  );
}

function typeOf(id: string): string {
  return id.slice(0, id.indexOf("."));
}

/**
 * What each node waits for: its parents, and, unless it is a test itself, the tests of one parent alone. Tests over several
 * nodes hold dbt back too, where all of them come before; few do, and they are left out.
 * https://docs.getdbt.com/reference/commands/build#tests
 */
function orderOf(ids: readonly string[], manifest: Manifest): ReadonlyMap<string, readonly string[]> {
  const planned = new Set(ids);
  const isTest = (id: string) => ["test", "unit_test"].includes(typeOf(id));
  const parentsOf = (id: string) => (manifest.nodes.get(id)?.parents ?? []).filter((parent) => planned.has(parent));
  const tests = new Map<string, string[]>();
  for (const id of ids.filter((each) => typeOf(each) === "test")) {
    const [parent, another] = manifest.nodes.get(id)?.parents ?? [];
    if (parent === undefined || another !== undefined) continue;
    tests.set(parent, [...(tests.get(parent) ?? []), id]);
  }
  return new Map(
    ids.map((id) => {
      const parents = parentsOf(id);
      return [id, isTest(id) ? parents : [...parents, ...parents.flatMap((parent) => tests.get(parent) ?? [])]];
    }),
  );
}

/** Seconds until the last node ends. A free thread takes the node that has been ready longest. */
function secondsUntilLast(
  ids: readonly string[],
  manifest: Manifest,
  secondsOf: (id: string) => number,
  threads: number,
): number {
  const waitsFor = new Map<string, number>();
  const children = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const [id, before] of orderOf(ids, manifest)) {
    waitsFor.set(id, before.length);
    for (const each of before) children.get(each)?.push(id);
  }

  const ready = ids.filter((id) => waitsFor.get(id) === 0);
  const running = new Map<string, number>();
  let now = 0;
  while (ready.length > 0 || running.size > 0) {
    for (const id of ready.splice(0, threads - running.size)) running.set(id, now + secondsOf(id));
    const [first, end] = [...running].reduce((earliest, each) => (each[1] < earliest[1] ? each : earliest));
    running.delete(first);
    now = end;
    for (const child of children.get(first) ?? []) {
      const left = (waitsFor.get(child) ?? 0) - 1;
      waitsFor.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  return now;
}
