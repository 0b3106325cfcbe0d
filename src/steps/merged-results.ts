import { join } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { fieldsOf, listOf } from "../artifacts/fields.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { mergeAttempts } from "../severity/attempts.ts";
import { makeFolder, readFileIfAny, writeFileAtomic } from "../support/files.ts";

const NAME = "run_results.json";

/**
 * Writes the results of a build with second starts as one file, into `dir` and into dbt's target folder: whatever reads it
 * there is to see the whole build, not its last start. Does nothing where a start left no results.
 */
export async function writeMergedResults(
  builds: readonly { readonly run: DbtRun; readonly dir: string }[],
  manifest: Manifest | null,
  dir: string,
  targetPath: string,
): Promise<boolean> {
  const texts = await Promise.all(builds.map((start) => readFileIfAny(join(start.dir, NAME))));
  const text = mergedResults(
    builds.map(({ run }, index) => ({ run, text: texts[index] ?? null })),
    manifest,
  );
  if (text === null) return false;
  await makeFolder(dir);
  await writeFileAtomic(join(dir, NAME), text);
  await writeFileAtomic(join(targetPath, NAME), text);
  return true;
}

/** One run_results.json of several, with the row of each node that counts; null where the last start left none. */
export function mergedResults(
  starts: readonly { readonly run: DbtRun; readonly text: string | null }[],
  manifest: Manifest | null,
): string | null {
  const roots = starts.map(({ text }) => (text === null ? null : fieldsOf(JSON.parse(text))));
  const last = roots.at(-1) ?? null;
  if (last === null) return null;
  const written = new Map<NodeResult, unknown>();
  for (const [index, { run }] of starts.entries()) {
    const rows = listOf(roots[index]?.results);
    for (const [at, row] of (run.results ?? []).entries()) written.set(row, rows[at]);
  }
  const [merged] = mergeAttempts(
    starts.map(({ run }) => run),
    manifest,
  ).runs;
  return JSON.stringify({ ...last, results: (merged?.results ?? []).map((row) => written.get(row) ?? asWritten(row)) });
}

function asWritten({ id, status, message, failures, seconds }: NodeResult) {
  return { unique_id: id, status, message, failures, execution_time: seconds, timing: [], adapter_response: {} };
}
