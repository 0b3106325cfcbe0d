import type { Diagnostic } from "./diagnostics.ts";
import type { Manifest } from "./manifest.ts";
import type { NodeResult, RunFlags } from "./run-results.ts";

/** One start of dbt and what it left behind. */
export interface DbtRun {
  /** dbt's command: build, run, test, parse, ls, source freshness. */
  readonly command: string;
  /** null: ended by a signal, or not started by us (`report` reads files only). */
  readonly exitCode: number | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly seconds: number;
  readonly results: readonly NodeResult[] | null;
  readonly manifest: Manifest | null;
  /** Absent: no results file tells. */
  readonly flags?: RunFlags;
  /** What is wrong with the results file (its sentence is in `lastWords`), or how dbt was stopped. */
  readonly trouble: Trouble;
  /** What dbt said last when it gave no results (a compile error); null where nothing is known. */
  readonly lastWords: string | null;
  /** The results file that was read, for the report; null without one. */
  readonly source: ResultsSource | null;
  /**
   * How many threads dbt said that it has, or was given; of a dbt that says nothing, how many nodes ran at once. Absent or
   * null: it did not come so far.
   */
  readonly threads?: number | null;
  /** Absent: no second start. */
  readonly again?: Again;
  /** What dbt 2 told of the project's code; absent: nothing. */
  readonly diagnostics?: readonly Diagnostic[];
  /** Of a look at the sources: what was not built because of it; absent: nothing. */
  readonly held?: readonly Held[];
}

/** A stale source, and the nodes below it that were not built because of it, sorted. */
export interface Held {
  readonly source: string;
  readonly ids: readonly string[];
}

/** The manifest of the last start that has one. */
export function lastManifest(runs: readonly DbtRun[]): Manifest | null {
  return runs.findLast(({ manifest }) => manifest !== null)?.manifest ?? null;
}

/** `timed-out`: by --run-timeout; `stalled`: by --node-timeout. */
export const TROUBLES = [
  "none",
  "stale",
  "foreign",
  "missing",
  "unreadable",
  "killed",
  "timed-out",
  "stalled",
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What a second start was to build again, after which pause. */
export interface Again {
  /** Sorted; null: all that dbt chooses. */
  readonly ids: readonly string[] | null;
  readonly pauseSeconds: number;
  /** What went wrong before: `3 nodes: BigQuery rate limit`. */
  readonly why: string;
}

/** What was judged. */
export interface ResultsSource {
  readonly file: string;
  /** As `args.which` says; "" where the file does not. */
  readonly command: string;
  /** dbt's target by its name; null where neither the file nor dbt's log says. */
  readonly target: string | null;
  /** ISO time; "" where the file does not say. */
  readonly generatedAt: string;
}
