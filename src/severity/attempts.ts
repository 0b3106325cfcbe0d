import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { isTrouble } from "./cause.ts";
import { failureClassOf, failureWords, isPassing } from "./failure.ts";
import { hasOwnResults } from "./run-findings.ts";
import { isFailed, kindOf, type StatusKind } from "./status.ts";
import type { EarlierTry, Retried } from "./verdict.ts";

/** A build with its second starts laid into it, and what they replaced. */
export interface MergedRuns {
  readonly runs: readonly DbtRun[];
  /** null: nothing was started a second time. */
  readonly retried: Retried | null;
}

/**
 * Lays each second start over the build that it follows, so that one build is left with the row that counts of each node.
 * `runs`: in the order of time. Nothing that went wrong is lost: only a node that was to be built again, or a hook that
 * failed for a while, is believed when it is better than before; what a later row replaces is kept in `retried`.
 */
export function mergeAttempts(runs: readonly DbtRun[], manifest: Manifest | null): MergedRuns {
  const adapter = manifest?.adapter ?? null;
  const builds: [first: DbtRun, ...again: DbtRun[]][] = [];
  for (const run of runs) {
    const build = run.again && builds.findLast(([{ command }]) => command === run.command);
    if (build === undefined) builds.push([run]);
    else build.push(run);
  }
  const nodes = new Map<string, EarlierTry[]>();
  const merged = builds.flatMap((build) => mergeBuild(build, manifest, (row) => note(nodes, row, adapter)));
  const starts = runs.flatMap(({ again, startedAt, seconds, threads, exitCode, trouble }) =>
    again === undefined
      ? []
      : {
          startedAt: new Date(startedAt).toISOString(),
          ...{ seconds, exitCode, trouble, pauseSeconds: again.pauseSeconds, threads: threads ?? null },
          ...{ nodes: again.ids?.length ?? null, why: again.why },
        },
  );
  return { runs: merged, retried: starts.length === 0 ? null : { starts, nodes: Object.fromEntries(nodes) } };
}

/** The rows that count after all of these starts of one build. */
export function rowsOf(builds: readonly DbtRun[], manifest: Manifest | null): readonly NodeResult[] {
  return mergeAttempts(builds, manifest).runs.flatMap((run) => (hasOwnResults(run) ? (run.results ?? []) : []));
}

function note(nodes: Map<string, EarlierTry[]>, row: NodeResult, adapter: string | null): void {
  const { id, status, message, seconds } = row;
  const failureClass = failureClassOf(row, adapter);
  const words = failureWords({ failureClass, message }, adapter);
  nodes.set(id, [...(nodes.get(id) ?? []), { status, failureClass, message: message ?? "", words, seconds }]);
}

/** One run of a build's starts; behind it those that came after its rows and left none: they say nothing of a node. */
function mergeBuild(
  [first, ...again]: readonly [DbtRun, ...DbtRun[]],
  manifest: Manifest | null,
  replaced: (row: NodeResult) => void,
): readonly DbtRun[] {
  let counts = first;
  let fruitless: DbtRun[] = [];
  for (const run of again) {
    if (hasOwnResults(counts) && !hasOwnResults(run)) {
      fruitless.push(run);
      continue;
    }
    // It was started for what those were started for.
    const seconds = [counts, ...fruitless.map(withPause), withPause(run)].reduce((sum, each) => sum + each.seconds, 0);
    counts = { ...lay(run, counts, manifest, replaced), seconds };
    fruitless = [];
  }
  return [counts, ...fruitless];
}

function withPause({ again, seconds }: DbtRun) {
  return { seconds: seconds + (again?.pauseSeconds ?? 0) };
}

function lay(run: DbtRun, before: DbtRun, manifest: Manifest | null, replaced: (row: NodeResult) => void): DbtRun {
  const adapter = manifest?.adapter ?? null;
  const asked = run.again?.ids == null ? null : new Set(run.again.ids);
  const rows = new Map((hasOwnResults(before) ? (before.results ?? []) : []).map((row) => [row.id, row]));
  const own = hasOwnResults(run) ? (run.results ?? []) : [];
  for (const row of own) {
    const old = rows.get(row.id);
    if (old !== undefined && !isBelieved(row, old, asked?.has(row.id) ?? true, adapter)) continue;
    if (old !== undefined && isFailed(old)) replaced(old);
    // In the order of time, as what skipped a node comes before it.
    rows.delete(row.id);
    rows.set(row.id, row);
  }
  const isCutOff = run.flags?.failFast === true && own.some(isTrouble);
  if (run.trouble === "none" && asked !== null && !isCutOff) addUnanswered(rows, own, asked, manifest);
  const results = [...rows.values()];
  return {
    ...run,
    startedAt: before.startedAt,
    // dbt's own rule: 1 where a node failed.
    exitCode: run.exitCode === 0 && results.some(isTrouble) ? 1 : run.exitCode,
    results: run.results === null && before.results === null ? null : results,
    manifest: run.manifest ?? before.manifest,
    ...(before.flags === undefined ? {} : { flags: before.flags }),
  };
}

/** From what is worse to what is better. */
const WORST_FIRST: readonly StatusKind[] = ["unknown", "failed", "warned", "skipped", "passed"];

/** Whether the newer row of a node counts in place of the older one. */
function isBelieved(row: NodeResult, old: NodeResult, isAsked: boolean, adapter: string | null): boolean {
  const [now, then] = [kindOf(row.status), kindOf(old.status)];
  // A skip says nothing of what went wrong before.
  if (now === "skipped") return then === "skipped";
  if (isAsked) return true;
  // Hooks run at every start, whatever is selected.
  const isHook = row.id.startsWith("operation.") && isFailed(old) && isPassing(failureClassOf(old, adapter));
  return isHook || WORST_FIRST.indexOf(now) <= WORST_FIRST.indexOf(then);
}

/**
 * What was to be built again and has no row, though dbt came to its end: an ephemeral model has none. Anything else is not
 * known to be fine.
 */
function addUnanswered(
  rows: Map<string, NodeResult>,
  own: readonly NodeResult[],
  asked: ReadonlySet<string>,
  manifest: Manifest | null,
): void {
  const answered = new Set(own.map(({ id }) => id));
  for (const id of asked) {
    const old = rows.get(id);
    if (answered.has(id) || (old !== undefined && isFailed(old))) continue;
    if (manifest?.nodes.get(id)?.materialized === "ephemeral") continue;
    const message = "dbt was started again for it, and left no result";
    const unknown = { failures: null, seconds: 0, startedAt: null, relation: null };
    rows.set(id, { id, status: "error", message, ...unknown });
  }
}
