import { join } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { type Fields, listOf } from "../artifacts/fields.ts";
import { parseJson } from "../artifacts/json.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { mergeAttempts } from "../severity/attempts.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";

/** The text of one run_results.json for a build and its second starts; null where none of them left one that can be read. */
export async function readMergedResults(
  builds: readonly { readonly run: DbtRun; readonly dir: string }[],
  manifest: Manifest | null,
): Promise<string | null> {
  const roots = await Promise.all(builds.map(({ dir }) => readRootIfAny(join(dir, "run_results.json"))));
  const merged = mergedResults(
    builds.map(({ run }, index) => ({ run, root: roots[index] ?? null })),
    manifest,
  );
  return merged === null ? null : JSON.stringify(merged);
}

/** What cannot be read is told with the start that left it. */
async function readRootIfAny(file: string): Promise<Fields | null> {
  try {
    const text = await readFileIfAny(file);
    return text === null ? null : parseJson(text, file);
  } catch (error) {
    if (error instanceof SignalboxError) return null;
    throw error;
  }
}

/** One run_results.json of several: the last one, with the row of each node that counts; null where no start left one. */
export function mergedResults(
  starts: readonly { readonly run: DbtRun; readonly root: Fields | null }[],
  manifest: Manifest | null,
): Fields | null {
  const last = starts.findLast(({ root }) => root !== null)?.root ?? null;
  if (last === null) return null;
  const written = new Map<NodeResult, unknown>();
  for (const { run, root } of starts) {
    const rows = listOf(root?.results);
    for (const [at, row] of (run.results ?? []).entries()) written.set(row, rows[at]);
  }
  const [merged] = mergeAttempts(
    starts.map(({ run }) => run),
    manifest,
  ).runs;
  return { ...last, results: (merged?.results ?? []).map((row) => written.get(row) ?? asWritten(row)) };
}

function asWritten({ id, status, message, failures, seconds }: NodeResult) {
  return { unique_id: id, status, message, failures, execution_time: seconds, timing: [], adapter_response: {} };
}
