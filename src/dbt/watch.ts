import { jobPageIn, namesJob } from "../artifacts/bigquery-job.ts";
import { type Diagnostic, readDiagnostic } from "../artifacts/diagnostics.ts";
import { fieldsOf, numberOf, textOf } from "../artifacts/fields.ts";
import { cutText } from "../text/clean.ts";
import { shortenCrash } from "../text/crash.ts";

/** What dbt's JSON log tells while dbt runs. Pure. */
export interface BuildProgress {
  readonly total: number | null;
  readonly threads: number | null;
  readonly finished: number;
  /** How many nodes ran at the same time at most. */
  readonly mostAtOnce: number;
  /** How the nodes ended, in that order, as far as dbt said so. */
  readonly ended: readonly EndedNode[];
  /** By id, the nodes that began and have not ended. */
  readonly running: ReadonlyMap<string, RunningNode>;
  /** The last error that dbt told of: why it gave up, where it writes no results. */
  readonly lastWords: string | null;
  /** What dbt 2 told of nodes in its log alone, by id. */
  readonly told: ReadonlyMap<string, ToldError>;
  /** What dbt 2 told of the project's code. */
  readonly diagnostics: readonly Diagnostic[];
  /** What a person should see while the log itself is not shown: what failed or warned, each once. */
  readonly notable: readonly string[];
}

/** `isQuery`: a query of the node failed, which may be of no account; else dbt said that the node did. */
export interface ToldError {
  readonly text: string;
  readonly isQuery: boolean;
}

export interface RunningNode {
  readonly name: string;
  /** When it began, in milliseconds. */
  readonly since: number;
  /** The page of the warehouse's job that it waits for; null: nothing tells. */
  readonly job: string | null;
}

export interface EndedNode {
  readonly id: string;
  readonly status: string;
  readonly message: string | null;
  readonly failures: number | null;
  readonly seconds: number;
}

export const NOTHING_SEEN: BuildProgress = {
  total: null,
  threads: null,
  finished: 0,
  mostAtOnce: 0,
  ended: [],
  running: new Map(),
  lastWords: null,
  told: new Map(),
  diagnostics: [],
  notable: [],
};

/** NodeStart and NodeFinished are debug events: they are in the log file only. Lines that are no JSON are passed over. */
export function observe(progress: BuildProgress, line: string, now: number): BuildProgress {
  if (
    !/"name": ?"(\w+Result|LogStartLine|NodeStart|NodeFinished|ConcurrencyLine|MainEncounteredError|MainStackTrace|RunningOperationCaughtError|Generic|SQLQuery)"|"level": ?"(warn|error)"/.test(
      line,
    ) &&
    !namesJob(line)
  )
    return progress;
  const event = parseEvent(line);
  if (event === null) return progress;
  const followed = follow(progress, event, now);
  return withDiagnostic(withNotable({ ...followed, total: totalOf(event) ?? followed.total }, event), event);
}

/** Hooks are counted for themselves. */
function totalOf({ info, data }: LogEvent): number | null {
  return /^Log(?:StartLine|(?!Hook)\w+Result)$/.test(info.name) ? numberOf(data.total) : null;
}

function follow(progress: BuildProgress, event: LogEvent, now: number): BuildProgress {
  const id = event.data.node_info?.unique_id ?? "";
  switch (event.info.name) {
    case "ConcurrencyLine":
      return {
        ...progress,
        // A few less than its results count.
        total: progress.total ?? event.data.node_count ?? null,
        threads: numberOf(event.data.num_threads) ?? progress.threads,
      };
    case "NodeStart":
      return {
        ...progress,
        mostAtOnce: Math.max(progress.mostAtOnce, progress.running.size + (progress.running.has(id) ? 0 : 1)),
        running: new Map(progress.running).set(id, {
          name: event.data.node_info?.node_name ?? id,
          since: now,
          job: null,
        }),
      };
    case "AdapterEventDebug": {
      const node = progress.running.get(id);
      const job = node === undefined ? null : jobPageIn(event.info.msg ?? "");
      if (node === undefined || job === null) return progress;
      return { ...progress, running: new Map(progress.running).set(id, { ...node, job }) };
    }
    case "NodeFinished": {
      const running = new Map(progress.running);
      running.delete(id);
      const node = endedNode(id, event.data.run_result);
      const ended = node === null ? progress.ended : [...progress.ended, node];
      return { ...progress, running, ended, finished: progress.finished + 1 };
    }
    case "Generic":
      return event.info.level === "error" ? withError(progress, id, event.info.msg ?? "") : progress;
    case "SQLQuery": {
      const text = failedQuery(event.info.msg ?? "");
      if (text === null || id === "" || progress.told.has(id)) return progress;
      return { ...progress, told: new Map(progress.told).set(id, { text, isQuery: true }) };
    }
    // Behind the error of a crash comes where it happened.
    case "MainStackTrace":
      return { ...progress, lastWords: [progress.lastWords, event.info.msg].filter(Boolean).join("\n") || null };
    case "MainEncounteredError":
    case "RunningOperationCaughtError":
      return { ...progress, lastWords: event.data.exc ?? event.info.msg ?? progress.lastWords };
    default:
      return progress;
  }
}

/** Of one start; what else there was, its log has. */
const MOST_NOTABLE = 200;
const MOST_LINES_OF_NOTABLE = 6;

function withNotable(progress: BuildProgress, event: LogEvent): BuildProgress {
  const text = isNotable(event) ? cutText(shortenCrash(event.info.msg ?? "").trim(), 1000, MOST_LINES_OF_NOTABLE) : "";
  const { notable } = progress;
  if (text === "" || notable.length >= MOST_NOTABLE || notable.includes(text)) return progress;
  return { ...progress, notable: [...notable, text] };
}

/** Of one start; what else there was, its log has. */
const MOST_DIAGNOSTICS = 200;

/** An error of a node is told with what became of that. */
function withDiagnostic(progress: BuildProgress, { info, data }: LogEvent): BuildProgress {
  const id = data.node_info?.unique_id ?? null;
  if (info.name !== "Generic" || progress.diagnostics.length >= MOST_DIAGNOSTICS) return progress;
  const found = readDiagnostic(info.msg ?? "", id);
  if (found === null || (found.severity === "error" && id !== null)) return progress;
  return { ...progress, diagnostics: [...progress.diagnostics, found] };
}

/** Not what dbt says again at its end, and no error: it is the node's, which has a line of its own, or it ends the start. */
function isNotable({ info: { name, level }, data }: LogEvent): boolean {
  // A result of dbt 2 is info whatever became of the node.
  if (/^Log\w*Result$/.test(name)) return level !== "info" || /^(?:error|fail|warn)/.test(textOf(data.status) ?? "");
  return level === "warn" && !name.startsWith("RunResult");
}

/** So many errors are kept that are no node's: a project can have one in each file. */
const MOST_WORDS = 4000;

/** dbt 2 tells every error so, `[error] [JinjaError (dbt1501)]: …`, with its node where it has one. */
function withError(progress: BuildProgress, id: string, msg: string): BuildProgress {
  const text = shortenCrash(msg.replace(/^\[error\]:? ?/, "")).trim();
  // That it was stopped is known here, and why.
  if (text === "" || text.startsWith("[OperationCanceled ")) return progress;
  if (id !== "") return { ...progress, told: new Map(progress.told).set(id, { text, isQuery: false }) };
  const { lastWords } = progress;
  if (lastWords !== null && lastWords.length + text.length > MOST_WORDS) return progress;
  return { ...progress, lastWords: lastWords === null ? text : `${lastWords}\n${text}` };
}

/** The error of a query, out of what dbt 2 writes above it; null: it had none. */
function failedQuery(msg: string): string | null {
  const key = "\n-- error message: ";
  const start = msg.indexOf(key);
  if (start === -1 || !msg.includes("\n-- outcome: error\n")) return null;
  const end = msg.indexOf("\n-- ", start + key.length);
  return msg.slice(start + key.length, end === -1 ? undefined : end).replace(/^Internal: /, "");
}

function endedNode(id: string, result: unknown): EndedNode | null {
  const { status, message, num_failures: failures, execution_time: seconds } = fieldsOf(result);
  const word = textOf(status);
  if (id === "" || word === null) return null;
  return { id, status: word, message: textOf(message), failures: numberOf(failures), seconds: numberOf(seconds) ?? 0 };
}

interface LogEvent {
  readonly info: { readonly name: string; readonly level?: string; readonly msg?: string };
  readonly data: {
    readonly node_info?: { readonly unique_id?: string; readonly node_name?: string };
    readonly node_count?: number;
    readonly num_threads?: unknown;
    readonly run_result?: unknown;
    readonly exc?: string;
    readonly status?: unknown;
    /** `12 of 40` of a result of dbt 1. */
    readonly total?: unknown;
  };
}

function parseEvent(line: string): LogEvent | null {
  try {
    const value = JSON.parse(line) as { info?: { name?: unknown }; data?: unknown } | null;
    const isEvent = typeof value?.info?.name === "string" && typeof value.data === "object" && value.data !== null;
    return isEvent ? (value as LogEvent) : null;
  } catch {
    return null;
  }
}
