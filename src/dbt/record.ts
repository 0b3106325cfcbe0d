import { join } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { readManifest } from "../artifacts/manifest.ts";
import { type RunResults, readRunResults } from "../artifacts/run-results.ts";
import { readSources } from "../artifacts/sources.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import type { Redact } from "../support/redact.ts";

/** What is known of a start without its artifacts. */
export interface StartRecord
  extends Pick<
    DbtRun,
    | "command"
    | "exitCode"
    | "startedAt"
    | "seconds"
    | "trouble"
    | "lastWords"
    | "threads"
    | "again"
    | "held"
    | "diagnostics"
  > {
  /** Folder with the copies of its artifacts. */
  readonly dir: string;
  /** What it was told with --target: dbt 2 does not write it down. */
  readonly target: string | null;
}

/** The results file that a command of dbt writes; null for parse, ls and deps. */
export function resultsFileOf(command: string): "run_results.json" | "sources.json" | null {
  if (command === "source freshness") return "sources.json";
  return ["parse", "ls", "deps"].includes(command) ? null : "run_results.json";
}

/** A start with its artifacts. What is missing or unreadable becomes its trouble, unless it has a worse one. */
export async function readRecord({ dir, target, ...facts }: StartRecord): Promise<DbtRun> {
  const file = resultsFileOf(facts.command);
  try {
    const manifest = await readIfAny(join(dir, "manifest.json"), readManifest);
    const results: RunResults | null =
      file === null ? null : await readIfAny(join(dir, file), file === "sources.json" ? readSources : readRunResults);
    const isMissing = file !== null && results === null;
    return {
      ...facts,
      manifest,
      results: results?.results ?? null,
      ...(results === null ? {} : { flags: results.flags }),
      trouble: facts.trouble === "none" && isMissing ? "missing" : facts.trouble,
      source:
        results === null || file === null
          ? null
          : {
              file: join(dir, file),
              command: results.command,
              target: results.target ?? target,
              generatedAt: results.generatedAt,
            },
    };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    const trouble = facts.trouble === "none" ? "unreadable" : facts.trouble;
    return { ...facts, manifest: null, results: null, trouble, lastWords: error.message, source: null };
  }
}

/** The run without the secrets in what dbt says. Names of nodes stay: dbt is asked by them. */
export function redactRun(run: DbtRun, redact: Redact): DbtRun {
  const { lastWords, results, diagnostics } = run;
  return {
    ...run,
    lastWords: lastWords === null ? null : redact(lastWords),
    ...(diagnostics === undefined
      ? {}
      : { diagnostics: diagnostics.map((each) => ({ ...each, text: redact(each.text) })) }),
    results: results?.map((row) => ({ ...row, message: row.message === null ? null : redact(row.message) })) ?? null,
  };
}

async function readIfAny<T>(file: string, read: (text: string, where: string) => T): Promise<T | null> {
  const text = await readFileIfAny(file);
  return text === null ? null : read(text, file);
}
