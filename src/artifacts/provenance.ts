import { type Invocation, type ResultsName, wasToWrite } from "./dbt-log.ts";
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
  /** When the step that had to write the results began, in milliseconds since the epoch; null where that is not known. */
  readonly notBefore: number | null;
  /** The file as the reader shall see it. */
  readonly where: string;
  /** The file's folder. */
  readonly folder: string;
  /** False for all but the newest of several files of one kind: the manifest is of a later start. */
  readonly isNewest: boolean;
  /** False for all but the newest of those that were written in the same folder: what the log tells is of a later start. */
  readonly isNewestThere: boolean;
  /** What dbt's log tells, the oldest first; none where there is no log. */
  readonly log: readonly Invocation[];
  /** dbt's target folder where a start names none. */
  readonly targetPath: string;
  /** Invocation ids of all results files that are at hand. */
  readonly knownIds: ReadonlySet<string>;
}

export type Provenance =
  | {
      readonly trouble: "none";
      readonly warnings: readonly string[];
      /** Why these may not be the results of dbt's last start: enough to call nothing green. null: no reason to doubt. */
      readonly doubt: string | null;
      /** The start that wrote the file, where the log has it. */
      readonly own: Invocation | null;
    }
  | { readonly trouble: "missing" | "stale" | "foreign"; readonly sentence: string };

/** Whether dbt writes results that are judged when it is started with this command. */
export function writesResults(command: string): boolean {
  return JUDGED.has(command);
}

/**
 * Whether a results file is what it is taken for: of a command that runs something, of this project, and not older than
 * a start that left no results, which dbt's log tells. Where no log tells of the start that wrote a newer manifest (a
 * `dbt ls` does, and a build that failed), that is a doubt.
 */
export function checkProvenance(question: ProvenanceQuestion): Provenance {
  const { results, manifest, notBefore, where, isNewest, isNewestThere, log, knownIds } = question;
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
  const own = results.invocationId === "" ? null : (log.findLast(({ id }) => id === results.invocationId) ?? null);
  const later = notBefore === null && isNewestThere ? findLaterStart(question, results, own) : null;
  if (later !== null) {
    return { trouble: "stale", sentence: `${where} ${writtenWords(results)} is older than ${startWords(later)}` };
  }
  const overwritten = notBefore === null && command === "run-operation" ? findOverwritten(question, own) : null;
  if (overwritten !== null) {
    return {
      trouble: "foreign",
      sentence: `${where} is of \`dbt run-operation\`, and \`dbt ${overwritten.command}\` of ${new Date(overwritten.startedAt).toISOString()} was to leave its results there: give the operation a --target-path of its own, or report before it; to judge the operation alone, say since when results count: --since TIME`,
    };
  }
  if (manifest === null) return { trouble: "none", warnings: [], doubt: null, own };

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
  const isOther =
    isNewest &&
    results.invocationId !== "" &&
    manifest.invocationId !== "" &&
    results.invocationId !== manifest.invocationId;
  if (!isOther) return { trouble: "none", warnings, doubt: null, own };
  const manifestAt = Date.parse(manifest.generatedAt);
  const isToldOf =
    knownIds.has(manifest.invocationId) ||
    log.some(
      ({ id, startedAt }) =>
        id === manifest.invocationId ||
        (id === null && startedAt <= manifestAt + TOLERANCE_MS && startedAt >= writtenAt - TOLERANCE_MS),
    );
  // sources.json is overwritten by no other command: a later build does not make it doubtful.
  const isDoubtful =
    results.command !== "source freshness" && notBefore === null && manifestAt > writtenAt + TOLERANCE_MS && !isToldOf;
  return {
    trouble: "none",
    warnings: isToldOf ? warnings : [...warnings, `manifest.json is of another dbt start than ${where}`],
    doubt: isDoubtful
      ? `${where} ${writtenWords(results)} is older than manifest.json (${manifest.generatedAt}), which a later dbt start wrote, and dbt's log does not tell which: if that was a build that failed, these are not its results`
      : null,
    own,
  };
}

/** The last start behind these results that was to leave some where they lie, and left none. */
function findLaterStart(question: ProvenanceQuestion, results: RunResults, own: Invocation | null): Invocation | null {
  const { log } = question;
  const file: ResultsName = results.command === "source freshness" ? "sources.json" : "run_results.json";
  const writtenAt = Date.parse(results.generatedAt);
  const after =
    own === null
      ? log.filter(({ startedAt }) => !(startedAt <= writtenAt + TOLERANCE_MS))
      : log.slice(log.lastIndexOf(own) + 1);
  return (
    after.findLast((start) => wasToWrite(start, file) && !start.left.has(file) && isSamePlace(start, own, question)) ??
    null
  );
}

/**
 * The last build before this operation in the same place, where its results are not at hand: whatever came of it, the file
 * tells of the operation alone.
 */
function findOverwritten(question: ProvenanceQuestion, own: Invocation | null): Invocation | null {
  if (own === null) return null;
  const before = question.log.slice(0, question.log.lastIndexOf(own));
  const isBuild = (start: Invocation) => start.command !== null && wasToWrite(start, "run_results.json");
  const last = before.findLast((start) => isBuild(start) && isSamePlace(start, own, question)) ?? null;
  const isAtHand = last?.id != null && question.knownIds.has(last.id);
  return isAtHand ? null : last;
}

/** Whether a start wrote, or was to write, where the results lie. `own`: the start that wrote them, where it is known. */
function isSamePlace(
  start: Invocation,
  own: Invocation | null,
  { folder, targetPath }: Pick<ProvenanceQuestion, "folder" | "targetPath">,
): boolean {
  const place = start.targetPath ?? targetPath;
  if (own === null) return place === folder || start.wroteIn === folder;
  // What the log says of the one and of the other: in a container the project can lie elsewhere.
  if (own.wroteIn !== null && start.wroteIn !== null) return own.wroteIn === start.wroteIn;
  return (own.targetPath ?? targetPath) === place;
}

function writtenWords({ command, generatedAt }: RunResults): string {
  const of = command === "" ? "" : `dbt ${command}, `;
  return `(${of}${generatedAt === "" ? "of an unknown time" : generatedAt})`;
}

function startWords({ command, startedAt, end, error }: Invocation): string {
  const what = `\`dbt ${command ?? "(a command that the log does not name)"}\` of ${new Date(startedAt).toISOString()}, which left no results`;
  if (error !== null) return `${what}: ${error}`;
  if (end === null) return `${what}: it was stopped, or it is still running`;
  return `${what}, though it ${end}`;
}
