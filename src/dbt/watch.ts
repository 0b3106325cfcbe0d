import { fieldsOf, numberOf, textOf } from "../artifacts/fields.ts";
import { count } from "../render/words.ts";
import { shortenCrash } from "../text/crash.ts";

/** What dbt's JSON log tells while dbt runs. Pure: lines and times in, sentences out. */
export interface BuildProgress {
  readonly total: number | null;
  readonly threads: number | null;
  readonly finished: number;
  /** How the nodes ended, in that order, as far as dbt said so. */
  readonly ended: readonly EndedNode[];
  /** Names of the nodes that began and have not ended, with the time of their start in milliseconds. */
  readonly running: ReadonlyMap<string, { readonly name: string; readonly since: number }>;
  /** The last error that dbt told of: why it gave up, where it writes no results. */
  readonly lastWords: string | null;
  /** What dbt 2 told of nodes in its log alone, by id. */
  readonly told: ReadonlyMap<string, ToldError>;
}

/** `isQuery`: a query of the node failed, which may be of no account; else dbt said that the node did. */
export interface ToldError {
  readonly text: string;
  readonly isQuery: boolean;
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
  ended: [],
  running: new Map(),
  lastWords: null,
  told: new Map(),
};

/** NodeStart and NodeFinished are debug events: they are in the log file only. Lines that are no JSON are passed over. */
export function observe(progress: BuildProgress, line: string, now: number): BuildProgress {
  if (
    !/"name": ?"(NodeStart|NodeFinished|ConcurrencyLine|MainEncounteredError|MainStackTrace|RunningOperationCaughtError|Generic|SQLQuery)"/.test(
      line,
    )
  )
    return progress;
  const event = parseEvent(line);
  if (event === null) return progress;
  const id = event.data.node_info?.unique_id ?? "";
  switch (event.info.name) {
    case "ConcurrencyLine":
      return {
        ...progress,
        total: event.data.node_count ?? progress.total,
        threads: numberOf(event.data.num_threads) ?? progress.threads,
      };
    case "NodeStart":
      return {
        ...progress,
        running: new Map(progress.running).set(id, { name: event.data.node_info?.node_name ?? id, since: now }),
      };
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
    default:
      return { ...progress, lastWords: event.data.exc ?? event.info.msg ?? progress.lastWords };
  }
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

/** `12 of 34 nodes done; running: fct_orders (95 s), dim_customers (61 s), +2 more`. */
export function describeProgress(progress: BuildProgress, now: number): string {
  const done =
    progress.total === null
      ? `${count(progress.finished, "node")} done`
      : `${progress.finished} of ${count(progress.total, "node")} done`;
  const oldest = [...progress.running.values()].sort((a, b) => a.since - b.since);
  if (oldest.length === 0) return done;
  const named = oldest.slice(0, 3).map(({ name, since }) => `${name} (${Math.round((now - since) / 1000)} s)`);
  return `${done}; running: ${named.join(", ")}${oldest.length > 3 ? `, +${oldest.length - 3} more` : ""}`;
}

/** Nodes that have been running for longer than `seconds`, oldest first. */
export function runningLongerThan(progress: BuildProgress, seconds: number, now: number): readonly string[] {
  return [...progress.running]
    .filter(([, { since }]) => now - since >= seconds * 1000)
    .sort(([, a], [, b]) => a.since - b.since)
    .map(([id]) => id);
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
