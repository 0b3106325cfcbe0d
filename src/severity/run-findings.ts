import type { DbtRun, Trouble } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { writesResults } from "../artifacts/provenance.ts";
import { cleanText } from "../text/clean.ts";
import { shortenCrash } from "../text/crash.ts";
import { isTrouble } from "./cause.ts";
import { placesOfDiagnostics } from "./diagnostic-findings.ts";
import { classifyFailure } from "./failure.ts";
import type { ProjectPath } from "./node-path.ts";
import type { FailureClass, Finding } from "./verdict.ts";

/** Sources named in one message. */
const MOST_CANDIDATES = 10;

type RunFinding = Omit<Finding, "isNew">;

interface RunTrouble {
  readonly what: "dbt-failed" | "artifacts";
  readonly status: string;
  readonly message: string;
  readonly failureClass: FailureClass;
}

/** Whether the start's results are its own: only then do they count. */
export function hasOwnResults(run: DbtRun): boolean {
  return run.results !== null && !["stale", "foreign", "missing", "unreadable"].includes(run.trouble);
}

/** Whether this start looked at the freshness of sources. */
function isFreshness({ command }: DbtRun): boolean {
  return command === "freshness" || command === "source freshness";
}

/**
 * What went wrong without a row of its own: dbt did not compile, its artifacts are not to be believed, it was stopped, or
 * it ended with an exit code that none of its rows explains. At most one finding of each kind, as alerts tell them apart
 * by it.
 */
export function findRunProblems(
  runs: readonly DbtRun[],
  manifest: Manifest | null,
  place: Pick<ProjectPath, "projectDir">,
): readonly RunFinding[] {
  const troubles = runs.map((run) => troubleOf(run, manifest)).filter((trouble) => trouble !== null);
  const errors = runs.flatMap(({ diagnostics = [] }) => diagnostics.filter(({ severity }) => severity === "error"));
  const places = placesOfDiagnostics(errors, place);
  return (["dbt-failed", "artifacts"] as const).flatMap((what) => {
    const same = troubles.filter((trouble) => trouble.what === what);
    const [first] = same;
    if (first === undefined) return [];
    const isOneClass = same.every(({ failureClass }) => failureClass === first.failureClass);
    return [
      {
        subject: { kind: "run", what },
        severity: "error",
        failureClass: isOneClass ? first.failureClass : "unknown",
        status: first.status,
        message: [...new Set(same.map(({ message }) => message))].join("\n"),
        failures: null,
        threshold: null,
        skipped: [],
        muted: null,
        ...(what === "dbt-failed" && places.length > 0 ? { places } : {}),
      },
    ];
  });
}

const STOPPED_BY: ReadonlyMap<Trouble, Pick<RunTrouble, "status" | "failureClass"> & { readonly by: string }> = new Map(
  [
    ["killed", { by: "by a signal", status: "killed", failureClass: "stopped" }],
    ["stalled", { by: "by --node-timeout", status: "stalled", failureClass: "stopped" }],
    // More time than that was not to be given, whatever the reason.
    ["timed-out", { by: "by --run-timeout", status: "timed out", failureClass: "unknown" }],
  ],
);

function troubleOf(run: DbtRun, manifest: Manifest | null): RunTrouble | null {
  const { command, exitCode, trouble } = run;
  const adapter = manifest?.adapter ?? null;
  const dbt = `dbt ${command}`;
  const lastWords = shortenCrash(cleanText(run.lastWords ?? "").trim());
  const failed = (said: string, message: string, failureClass: FailureClass): RunTrouble => ({
    what: "dbt-failed",
    status: said,
    message,
    failureClass,
  });

  const stopped = STOPPED_BY.get(trouble);
  if (stopped !== undefined) {
    const sentence = `${dbt} was stopped ${stopped.by} after ${Math.round(run.seconds)} s`;
    return failed(stopped.status, joined(sentence, lastWords), stopped.failureClass);
  }
  if (!hasOwnResults(run)) {
    // dbt 1.x ends with 2 where it does not compile, dbt 2.x with 1; both leave the results of an earlier start in place.
    const isTold = trouble === "none" || (trouble === "missing" && lastWords !== "");
    if (exitCode === 2 || (exitCode !== null && exitCode !== 0 && isTold)) {
      const message = lastWords || `${dbt} ended with exit ${exitCode} and gave no results`;
      return failed(`exit ${exitCode}`, message, classOfLastWords(lastWords, adapter));
    }
    if (trouble === "none" && !writesResults(command)) return null;
    const said = trouble === "none" ? "missing" : trouble;
    const message = lastWords || `${dbt} ended with exit ${exitCode ?? "unknown"}; its results are ${said}`;
    return { what: "artifacts", status: said, message, failureClass: "unknown" };
  }
  if (isExplained(run)) return null;
  const candidates = exitCode === 1 ? candidateWords(findSourcesWithoutRow(run, manifest)) : "";
  return failed(
    `exit ${exitCode}`,
    joined(`${dbt} ended with exit ${exitCode}, which none of its results explains${candidates}`, lastWords),
    classOfLastWords(lastWords, adapter),
  );
}

/** Exit 1 says that a node failed, whatever a rule or a later start makes of it; every other code says more. */
function isExplained({ exitCode, results }: DbtRun): boolean {
  if (exitCode === 0 || exitCode === null) return true;
  // The row that counts of a node is its last one: an earlier one that failed explains nothing that is shown.
  const rows = new Map((results ?? []).map((row) => [row.id, row]));
  return exitCode === 1 && [...rows.values()].some(isTrouble);
}

/**
 * Ids of the sources that have freshness thresholds and no row in the results of a freshness run, sorted. They were not
 * selected (sources.json does not say what was), or their query failed: since dbt 1.8 these have no row. dbt that ended
 * with 0 had no such failure.
 */
export function findSourcesWithoutRow(run: DbtRun, manifest: Manifest | null): readonly string[] {
  if (!isFreshness(run) || !hasOwnResults(run) || run.exitCode === 0 || manifest === null) return [];
  const rows = new Set(run.results?.map(({ id }) => id));
  return [...manifest.nodes.values()]
    .filter(({ id, hasFreshness }) => hasFreshness && !rows.has(id))
    .map(({ id }) => id)
    .sort();
}

function candidateWords(ids: readonly string[]): string {
  if (ids.length === 0) return "";
  const named = ids.slice(0, MOST_CANDIDATES).join(", ");
  const more = ids.length > MOST_CANDIDATES ? `, +${ids.length - MOST_CANDIDATES} more` : "";
  return `. dbt writes no row for a source whose query failed; with freshness thresholds and without a row: ${named}${more}`;
}

function classOfLastWords(lastWords: string, adapter: string | null): FailureClass {
  const failureClass = classifyFailure(lastWords, adapter);
  return failureClass === "deferred-relation-missing" ? "code" : failureClass;
}

function joined(sentence: string, lastWords: string): string {
  return lastWords === "" ? sentence : `${sentence}: ${lastWords}`;
}
