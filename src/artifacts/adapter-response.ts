import { jobPageOf } from "./bigquery-job.ts";
import { fieldsOf, numberOf, textOf } from "./fields.ts";

/** What the warehouse said of a node's query. https://docs.getdbt.com/reference/artifacts/run-results-json */
export interface AdapterResponse {
  /** The kind of statement, such as `CREATE TABLE`, `MERGE`, `SUCCESS`; null: it does not say. */
  readonly code: string | null;
  readonly bytesBilled: number | null;
  readonly bytesProcessed: number | null;
  /** Milliseconds of BigQuery's slots. */
  readonly slotMs: number | null;
  /** The page of BigQuery's job; null: it was none, or it has a name that is none. */
  readonly jobUrl: string | null;
  /** Snowflake's and others' id of the query. */
  readonly queryId: string | null;
}

const MOST_ID = 200;
/** https://cloud.google.com/resource-manager/docs/creating-managing-projects, and `example.com:project` of old ones. */
const PROJECT = /^[A-Za-z0-9][A-Za-z0-9.:-]{0,99}$/;
const LOCATION = /^[A-Za-z0-9-]{1,40}$/;
/** https://cloud.google.com/bigquery/docs/reference/rest/v2/JobReference */
const JOB = /^[A-Za-z0-9_-]{1,200}$/;

/**
 * dbt-bigquery's, dbt-snowflake's and dbt-athena's `adapter_response`, by field; null where nothing in it tells a cost.
 * https://github.com/dbt-labs/dbt-adapters: BigQueryAdapterResponse, SnowflakeAdapterResponse, AthenaAdapterResponse
 */
export function readAdapterResponse(raw: unknown): AdapterResponse | null {
  const fields = fieldsOf(raw);
  const response: AdapterResponse = {
    code: textOf(fields.code)?.slice(0, MOST_ID).toUpperCase() ?? null,
    bytesBilled: amountOf(fields.bytes_billed),
    bytesProcessed: amountOf(fields.bytes_processed) ?? amountOf(fields.data_scanned_in_bytes),
    slotMs: amountOf(fields.slot_ms),
    jobUrl: jobUrlOf(textOf(fields.project_id), textOf(fields.location), textOf(fields.job_id)),
    queryId: textOf(fields.query_id)?.slice(0, MOST_ID) ?? null,
  };
  return Object.values(response).every((value) => value === null) ? null : response;
}

/** A file from outside may hold any number. */
function amountOf(value: unknown): number | null {
  const number = numberOf(value);
  return number === null || number < 0 || number > Number.MAX_SAFE_INTEGER ? null : number;
}

function jobUrlOf(project: string | null, location: string | null, job: string | null): string | null {
  if (project === null || location === null || job === null) return null;
  if (!PROJECT.test(project) || !LOCATION.test(location) || !JOB.test(job)) return null;
  return jobPageOf(project, location, job);
}
