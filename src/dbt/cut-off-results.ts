import { type Fields, fieldsIn, fieldsOf, listOf, textOf } from "../artifacts/fields.ts";
import { STOPPED } from "../severity/status.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny, writeFileAtomic } from "../support/files.ts";
import type { EngineTraits } from "./engine.ts";
import type { BuildProgress } from "./watch.ts";

interface StopFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Why it was stopped from here; null: something else ended it. */
  readonly over: StoppedFromHere | null;
  readonly argv: readonly string[];
  readonly traits: Pick<EngineTraits, "resultsOutliveStop">;
}

/** A start that was stopped from here. */
export interface StoppedFromHere {
  readonly trouble: "timed-out" | "stalled";
  /** Ids of the nodes that ran too long. */
  readonly slow: readonly string[];
  /** What was running then: adapters call an error what they cancel. */
  readonly running: BuildProgress["running"];
}

/**
 * Completes the copy of a build's results after dbt was stopped: on SIGINT it writes the rows of nodes that have ended
 * alone, after SIGKILL none. Its log has those, and the nodes that had begun, which get the status `stopped`.
 */
export async function completeResults(file: string, progress: BuildProgress, ending: StopFacts): Promise<void> {
  if (progress.ended.length === 0 && progress.running.size === 0) return;
  const text = await readFileIfAny(file).catch((error: unknown) => {
    if (error instanceof SignalboxError) return null;
    throw error;
  });
  const completed = completedResults(text, progress, ending);
  if (completed !== null) await writeFileAtomic(file, completed);
}

/** The text of run_results.json with all that the log tells; null where it is no such file, which its reader says. */
export function completedResults(
  text: string | null,
  progress: BuildProgress,
  { now, over, argv, traits }: StopFacts,
): string | null {
  const root = text === null ? emptyResults(now, argv) : fieldsIn(text);
  if (root === null || !Array.isArray(root.results)) return null;
  const left = traits.resultsOutliveStop ? listOf(root.results).map(fieldsOf) : [];
  const all = [...left, ...endedRows(progress)];
  const cancelled = (row: Fields) => row.status === "error" && over?.running.has(textOf(row.unique_id) ?? "");
  const rows = new Map(all.filter((row) => !cancelled(row)).map((row) => [textOf(row.unique_id), row]));
  const running = [...(over?.running ?? []), ...progress.running].filter(([id]) => !rows.has(id));
  const stopped = [...new Map(running)].map(([id, { since, job }]) => {
    const seconds = Math.max(0, (now - since) / 1000);
    const words = over?.slow.includes(id)
      ? `no answer within ${Math.round(seconds)} s: stopped by --node-timeout`
      : `dbt was stopped when it had been running for ${Math.round(seconds)} s`;
    return rowOf(id, STOPPED, job === null ? words : `${words}; it waited for ${job}`, null, seconds);
  });
  return JSON.stringify({ ...root, results: [...rows.values(), ...stopped] });
}

function endedRows({ ended }: BuildProgress): Fields[] {
  return ended.map(({ id, status, message, failures, seconds }) => rowOf(id, status, message, failures, seconds));
}

function rowOf(id: string, status: string, message: string | null, failures: number | null, seconds: number) {
  return {
    ...{ unique_id: id, status, message, failures, execution_time: seconds },
    ...{ timing: [], thread_id: "", adapter_response: {}, relation_name: null },
  };
}

function emptyResults(now: number, argv: readonly string[]): Record<string, unknown> {
  return {
    metadata: {
      dbt_schema_version: "https://schemas.getdbt.com/dbt/run-results/v6.json",
      dbt_version: "",
      generated_at: new Date(now).toISOString(),
      invocation_id: "",
    },
    args: { which: "build", fail_fast: argv.includes("--fail-fast") || argv.includes("-x") },
    elapsed_time: 0,
    results: [],
  };
}
