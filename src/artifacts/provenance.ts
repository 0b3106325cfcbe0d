import type { Manifest } from "./manifest.ts";
import type { RunResults } from "./run-results.ts";

/**
 * Commands whose results say something about data. `dbt retry` writes the command that it repeats; `compile`, `generate`
 * and `show` write a success for every test that they only compiled.
 */
const JUDGED: ReadonlySet<string> = new Set([
  "build",
  "test",
  "run",
  "seed",
  "snapshot",
  "retry",
  "clone",
  "run-operation",
  "freshness",
  "source freshness",
]);

/** Clocks of file systems and Python's rounding: a file may look up to a second older than it is. */
const TOLERANCE_MS = 1000;

export interface ProvenanceQuestion {
  /** null: the file does not exist. */
  readonly results: RunResults | null;
  readonly manifest: Manifest | null;
  /** When the step that had to write the results began, in milliseconds since the epoch; null where nobody knows. */
  readonly notBefore: number | null;
  /** The file as the reader shall see it. */
  readonly where: string;
  /** False for all but the newest of several results files, sources.json among them: the manifest is of a later start. */
  readonly isNewest?: boolean;
}

export type Provenance =
  | { readonly trouble: "none"; readonly warnings: readonly string[] }
  | { readonly trouble: "missing" | "stale" | "foreign"; readonly sentence: string };

/** Whether dbt writes results that are judged when it is started with this command. */
export function writesResults(command: string): boolean {
  return JUDGED.has(command);
}

/**
 * Whether a results file is what it is taken for: of a command that runs something, of this start, of this project.
 * Another invocation id in the manifest is trouble only where the manifest is also newer than the newest results and
 * nobody knows when the step began: then a failed start has most likely left old results in place.
 */
export function checkProvenance({
  results,
  manifest,
  notBefore,
  where,
  isNewest = true,
}: ProvenanceQuestion): Provenance {
  if (results === null) {
    return {
      trouble: "missing",
      sentence: `${where} does not exist: dbt was not started, ended before its first node, or wrote to another --target-path`,
    };
  }
  const command = results.command === "generate" ? "docs generate" : results.command;
  const onlyCompiled =
    results.command === "" && results.results.some(({ id, status }) => id.startsWith("test.") && status === "success");
  if (onlyCompiled || (command !== "" && !JUDGED.has(command))) {
    const of = onlyCompiled ? "a command that only compiled" : `\`dbt ${command}\``;
    return {
      trouble: "foreign",
      sentence: `${where} is of ${of}, which runs no test; it overwrites the results of dbt build: give it a --target-path of its own, or report before it`,
    };
  }

  const writtenAt = Date.parse(results.generatedAt);
  if (notBefore !== null && !(writtenAt >= notBefore - TOLERANCE_MS)) {
    const when = Number.isNaN(writtenAt) ? "does not say when it was written" : `was written at ${results.generatedAt}`;
    return {
      trouble: "stale",
      sentence: `${where} ${when}, before this step began (${new Date(notBefore).toISOString()}): it is of an earlier dbt start`,
    };
  }
  if (manifest === null) return { trouble: "none", warnings: [] };

  const nodeIds = results.results
    .map(({ id }) => id)
    .filter((id) => !/^(?:operation|macro)\.|^row \d+ without /.test(id));
  const unknown = nodeIds.filter((id) => !manifest.nodes.has(id));
  if (nodeIds.length > 0 && unknown.length === nodeIds.length) {
    return {
      trouble: "foreign",
      sentence: `${where} and manifest.json have no node in common: they are of different projects or targets`,
    };
  }
  const warnings =
    unknown.length === 0 ? [] : [`${unknown.length} of ${nodeIds.length} nodes in ${where} are not in manifest.json`];
  if (
    !isNewest ||
    results.invocationId === "" ||
    manifest.invocationId === "" ||
    results.invocationId === manifest.invocationId
  ) {
    return { trouble: "none", warnings };
  }
  // sources.json is overwritten by no other command: a later build does not make it doubtful.
  const isOverwritten = results.command !== "source freshness";
  if (isOverwritten && notBefore === null && Date.parse(manifest.generatedAt) > writtenAt + TOLERANCE_MS) {
    return {
      trouble: "stale",
      sentence: `${where} (${results.generatedAt}) is older than manifest.json (${manifest.generatedAt}), which a later dbt start wrote: if that start failed, these are not its results. Say when the step began to accept them`,
    };
  }
  return { trouble: "none", warnings: [...warnings, `manifest.json is of another dbt start than ${where}`] };
}
