import { type AdapterResponse, readAdapterResponse } from "./adapter-response.ts";
import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf, timeOf } from "./fields.ts";
import { notA, parseJson, readMetadata } from "./json.ts";

/** One row of run_results.json or sources.json. */
export interface NodeResult {
  readonly id: string;
  /** dbt's own word, lower case: pass, fail, warn, error, skipped, success, runtime error, … */
  readonly status: string;
  readonly message: string | null;
  /** The fail_calc value, capped by `limit`: failures, not rows. */
  readonly failures: number | null;
  readonly seconds: number;
  readonly startedAt: string | null;
  readonly relation: string | null;
  /** Of a source: of when its newest row is, in a form that sorts as time does; absent: not known. */
  readonly loadedAt?: string;
  /** Absent: the warehouse said nothing of what it took. */
  readonly response?: AdapterResponse;
}

/** Arguments of the command that change what its results say, wherever dbt had them from. */
export interface RunFlags {
  /** Every input had no rows. */
  readonly empty: boolean;
  /** Every input was a part of its rows. */
  readonly sample: boolean;
  /** dbt stopped at the first failure; unit tests that it did not come to have no row then. */
  readonly failFast: boolean;
  /** Incremental models were built from the start. */
  readonly fullRefresh: boolean;
}

/** Whether such a build's nodes had other data than they have otherwise; what is not known does not say so. */
export function sawPart(flags: Pick<RunFlags, "empty" | "sample"> | null | undefined): boolean {
  return flags?.empty === true || flags?.sample === true;
}

/** run_results.json (or sources.json) as one value. */
export interface RunResults {
  /** `args.which`: build, test, run, generate, …; "source freshness" for sources.json; "" where the file does not say. */
  readonly command: string;
  readonly dbtVersion: string;
  readonly schema: number;
  readonly invocationId: string;
  /** ISO time at which dbt wrote the file; "" where the file does not say. */
  readonly generatedAt: string;
  /** dbt's --target; null where it was not named, or the file does not say. */
  readonly target: string | null;
  /** dbt's --log-path as it was in force; null where the file does not say. */
  readonly logPath: string | null;
  readonly flags: RunFlags;
  /** How many threads did the work; 1 where the rows do not say. */
  readonly threads: number;
  readonly results: readonly NodeResult[];
}

/** Reads run_results.json v1 to v6. Throws an artifacts error for what is none. */
export function readRunResults(text: string, where: string): RunResults {
  const root = parseJson(text, where);
  const args = fieldsOf(root.args);
  return readResultsFile(root, "run-results", where, {
    // rpc_method is what dbt wrote before `which`, and "docs.generate" there is "generate" here.
    command: textOf(args.which) ?? textOf(args.rpc_method)?.split(".").at(-1) ?? "",
    readRow: (row, id) => ({
      ...commonFields(row, id),
      // dbt 0.19 wrote the number of failures as the message.
      message: typeof row.message === "number" ? String(row.message) : messageOf(row.message),
      failures: numberOf(row.failures),
      relation: textOf(row.relation_name),
      ...responseOf(row),
    }),
  });
}

function responseOf(row: Fields): Pick<NodeResult, "response"> {
  const response = readAdapterResponse(row.adapter_response);
  return response === null ? {} : { response };
}

/** dbt 2 repeats the status in place of a message. */
const NO_MESSAGE = /^(?:error|fail(?:ed)?|warn(?:ed)?|pass(?:ed)?|success|succeeded|skip(?:ped)?)$/i;

function messageOf(message: unknown): string | null {
  const text = textOf(message);
  return text === null || NO_MESSAGE.test(text) ? null : text;
}

/** From the first start of a node to the last end, in seconds; null where the rows do not say. dbt 2's own total is a sum. */
export function spanSeconds({ results }: Pick<RunResults, "results">): number | null {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { startedAt, seconds } of results) {
    const start = Date.parse(startedAt ?? "") / 1000;
    if (Number.isNaN(start)) continue;
    first = Math.min(first, start);
    last = Math.max(last, start + seconds);
  }
  return last < first ? null : last - first;
}

interface RowReader {
  readonly command: string;
  readonly readRow: (row: Fields, id: string) => NodeResult;
}

/** What run_results.json and sources.json have in common. */
export function readResultsFile(
  root: Fields,
  kind: "run-results" | "sources",
  where: string,
  { command, readRow }: RowReader,
): RunResults {
  const { metadata, schema } = readMetadata(root, kind, where);
  const args = fieldsOf(root.args);
  if (!Array.isArray(root.results)) throw notA(kind, where, "it has no list of results");
  return {
    command,
    dbtVersion: textOf(metadata.dbt_version) ?? "",
    schema,
    invocationId: textOf(metadata.invocation_id) ?? "",
    generatedAt: timeOf(metadata.generated_at) ?? "",
    target: textOf(args.target),
    logPath: textOf(args.log_path),
    flags: {
      empty: args.empty === true,
      sample: args.sample !== undefined && args.sample !== null && args.sample !== false,
      failFast: args.fail_fast === true,
      fullRefresh: args.full_refresh === true,
    },
    threads: Math.max(
      1,
      new Set(root.results.map((row: unknown) => textOf(fieldsOf(row).thread_id)).filter(Boolean)).size,
    ),
    results: root.results.map((row: unknown, index) => {
      if (!isFields(row)) throw notA(kind, where, `row ${index + 1} of its results is no object`);
      // Rows without an id exist. Each keeps a name of its own, so that none can hide another.
      return readRow(row, textOf(row.unique_id) ?? `row ${index + 1} without unique_id`);
    }),
  };
}

/** Id, status and times, which both kinds of row have; message, failures and relation are the caller's. */
export function commonFields(row: Fields, id: string): Pick<NodeResult, "id" | "status" | "seconds" | "startedAt"> {
  return {
    id,
    status: (textOf(row.status) ?? "").trim().toLowerCase(),
    seconds: Math.min(Math.max(0, numberOf(row.execution_time) ?? 0), Number.MAX_SAFE_INTEGER),
    startedAt: startedAt(row, "execute") ?? startedAt(row, "compile"),
  };
}

function startedAt(row: Fields, phase: "execute" | "compile"): string | null {
  const timing = listOf(row.timing).map(fieldsOf);
  return timeOf(timing.find(({ name }) => name === phase)?.started_at);
}
