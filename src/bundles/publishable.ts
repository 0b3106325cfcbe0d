import { type DbtRun, lastManifest } from "../artifacts/dbt-run.ts";
import { count } from "../render/words.ts";
import { unbuiltNodes } from "../selection/missing-parents.ts";
import { mergeAttempts } from "../severity/attempts.ts";
import { isFailed } from "../severity/status.ts";
import type { Verdict } from "../severity/verdict.ts";

export interface BuiltState {
  readonly runs: readonly DbtRun[];
  /** What was said of these runs; null: not judged yet, and then every failure counts. */
  readonly verdict: Verdict | null;
  /** What had to be built for the whole to be as the manifest says; null: everything. */
  readonly ids: readonly string[] | null;
}

/**
 * Why a build is no state that later checks may be compared with and read from; null: it is one. It counts what dbt
 * built, not what it was told to: a default selector, an --exclude or a resource type in the environment are all the same.
 */
export function whyNotPublishable({ runs: starts, verdict, ids }: BuiltState): string | null {
  const { runs } = mergeAttempts(starts, lastManifest(starts));
  const stopped = runs.find(({ trouble }) => trouble !== "none");
  if (stopped !== undefined) return `dbt ${stopped.command} did not end as it should (${stopped.trouble})`;
  const held = runs.flatMap((run) => run.held ?? []).filter(({ ids }) => ids.length > 0);
  if (held.length > 0) return `what lies below ${count(held.length, "stale source")} was not built`;
  const build = runs.findLast(({ command }) => command === "build");
  if (build?.results == null || build.manifest === null) return "dbt build left no results";
  const part = (["empty", "sample"] as const).find((name) => build.flags?.[name] === true);
  if (part !== undefined) return `dbt build was told --${part}: its tables do not hold what production's do`;
  if (verdict?.level === "error" && !isOverBudgetAlone(verdict)) return "the build has errors";
  const { results, manifest } = build;
  const failed = results.filter(isFailed);
  if (verdict === null && failed.length > 0)
    return `${count(failed.length, "node")} failed, ${failed[0]?.id} among them`;
  const unbuilt = unbuiltNodes(ids ?? manifest.nodes.keys(), manifest, results);
  return unbuilt.length === 0 ? null : `${count(unbuilt.length, "node")} not built, ${unbuilt[0]} among them`;
}

/** A build that took too much has built what it should. */
function isOverBudgetAlone({ findings }: Verdict): boolean {
  const errors = findings.filter(({ severity }) => severity === "error");
  return errors.length > 0 && errors.every(({ subject }) => subject.kind === "run" && subject.what === "budget");
}
