import type { NodeResult } from "../artifacts/run-results.ts";
import type { FailureClass } from "./verdict.ts";

export interface FailureRule {
  /** dbt's names of the adapters that say this; empty: any. */
  readonly adapters: readonly string[];
  readonly failureClass: Exclude<FailureClass, "data" | "unknown">;
  /** Linear: no quantifier within a quantifier, since messages come from outside. */
  readonly pattern: RegExp;
}

const SNOWFLAKE = ["snowflake"];
const BIGQUERY = ["bigquery"];
const POSTGRES = ["postgres", "redshift"];
const DATABRICKS = ["databricks", "spark"];
const DUCKDB = ["duckdb"];

/**
 * What a message of status `error` means, first match wins; within an adapter from the narrow to the wide. What no rule
 * knows stays unknown, and is never tried again.
 */
export const FAILURE_RULES: readonly FailureRule[] = [
  // dbt's own words, before anything that quotes SQL.
  { adapters: [], failureClass: "code", pattern: /^(?:Compilation|Parsing) Error/ },

  // https://docs.snowflake.com/en/user-guide/troubleshooting
  {
    adapters: SNOWFLAKE,
    failureClass: "infrastructure",
    pattern: /Incorrect username or password|JWT token is invalid/i,
  },
  { adapters: SNOWFLAKE, failureClass: "infrastructure", pattern: /\b003001 \(42501\)|Insufficient privileges/ },
  {
    adapters: SNOWFLAKE,
    failureClass: "infrastructure",
    pattern: /Role '[^']*' specified in the connect string does not exist/,
  },
  { adapters: SNOWFLAKE, failureClass: "infrastructure", pattern: /\b000606 \(57P03\)|No active warehouse selected/ },
  { adapters: SNOWFLAKE, failureClass: "infrastructure", pattern: /\b090073 \(22000\)|exceeded its quota/ },
  {
    adapters: SNOWFLAKE,
    failureClass: "infrastructure",
    pattern: /\b000630 \(57014\)|reached its statement or warehouse timeout/,
  },
  {
    adapters: SNOWFLAKE,
    failureClass: "transient",
    pattern: /\b000625 \(57014\)|number of waiters for this lock exceeds/,
  },
  {
    adapters: SNOWFLAKE,
    failureClass: "transient",
    pattern: /\b000603 \(XX000\)|Processing aborted (?:by|due to) error 300\d{3}/,
  },
  { adapters: SNOWFLAKE, failureClass: "transient", pattern: /\b390114\b|Authentication token has expired/ },
  { adapters: SNOWFLAKE, failureClass: "transient", pattern: /\b25000[13] \(08001\)|Failed to connect to DB/ },
  {
    adapters: SNOWFLAKE,
    failureClass: "deferred-relation-missing",
    pattern: /\b002003 \(\w{5}\)|does not exist or not authorized/,
  },
  { adapters: SNOWFLAKE, failureClass: "code", pattern: /SQL compilation error/ },
  { adapters: SNOWFLAKE, failureClass: "code", pattern: /\b1000\d\d \(22\w{3}\)/ },

  // https://cloud.google.com/bigquery/docs/error-messages
  { adapters: BIGQUERY, failureClass: "transient", pattern: /Exceeded rate limits|rateLimitExceeded/ },
  {
    adapters: BIGQUERY,
    failureClass: "transient",
    pattern: /Retrying (?:the job )?may solve the problem|backendError|jobInternalError/,
  },
  {
    adapters: BIGQUERY,
    failureClass: "transient",
    pattern: /Could not serialize access|Transaction is aborted due to concurrent update/,
  },
  {
    adapters: BIGQUERY,
    failureClass: "transient",
    pattern: /Operation did not complete within the designated timeout/,
  },
  { adapters: BIGQUERY, failureClass: "infrastructure", pattern: /Quota exceeded|Custom quota exceeded|quotaExceeded/ },
  { adapters: BIGQUERY, failureClass: "infrastructure", pattern: /Resources exceeded during query execution/ },
  {
    adapters: BIGQUERY,
    failureClass: "infrastructure",
    pattern: /Access Denied|invalid_grant|billing(?:NotEnabled| has not been enabled)/,
  },
  { adapters: BIGQUERY, failureClass: "deferred-relation-missing", pattern: /Not found: (?:Table|Dataset) / },
  {
    adapters: BIGQUERY,
    failureClass: "code",
    pattern: /Syntax error: |Unrecognized name: |No matching signature for |Function not found: /,
  },

  // https://www.postgresql.org/docs/current/errcodes-appendix.html, https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
  { adapters: POSTGRES, failureClass: "transient", pattern: /could not serialize access|deadlock detected/ },
  {
    adapters: POSTGRES,
    failureClass: "transient",
    pattern: /Serializable isolation violation|conflict with concurrent transaction/,
  },
  {
    adapters: POSTGRES,
    failureClass: "transient",
    pattern: /server closed the connection unexpectedly|connection has been closed unexpectedly/,
  },
  { adapters: POSTGRES, failureClass: "transient", pattern: /terminating connection due to administrator command/ },
  {
    adapters: POSTGRES,
    failureClass: "transient",
    pattern: /the database system is (?:starting up|shutting down|in recovery mode)/,
  },
  { adapters: POSTGRES, failureClass: "transient", pattern: /canceling statement due to conflict with recovery/ },
  {
    adapters: POSTGRES,
    failureClass: "transient",
    pattern: /too many clients already|remaining connection slots are reserved/,
  },
  {
    adapters: POSTGRES,
    failureClass: "infrastructure",
    pattern: /canceling statement due to statement timeout|abort action of Query Monitoring Rule/i,
  },
  {
    adapters: POSTGRES,
    failureClass: "infrastructure",
    pattern: /password authentication failed|no pg_hba\.conf entry/,
  },
  { adapters: POSTGRES, failureClass: "infrastructure", pattern: /permission denied for |must be owner of / },
  { adapters: POSTGRES, failureClass: "infrastructure", pattern: /\bDisk Full\b|out of shared memory/i },
  {
    adapters: POSTGRES,
    failureClass: "deferred-relation-missing",
    pattern: /relation "[^"\n]+" does not exist|schema "[^"\n]+" does not exist/,
  },
  {
    adapters: POSTGRES,
    failureClass: "code",
    pattern: /(?:column|function|operator|type) \S[^\n]{0,200} does not exist/,
  },
  {
    adapters: POSTGRES,
    failureClass: "code",
    pattern: /syntax error at or near|invalid input syntax for|division by zero/i,
  },

  // https://docs.databricks.com/aws/en/error-messages/error-classes
  {
    adapters: DATABRICKS,
    failureClass: "transient",
    pattern: /\bDELTA_CONCURRENT_|Concurrent(?:Append|DeleteRead|DeleteDelete|Transaction)Exception/,
  },
  { adapters: DATABRICKS, failureClass: "transient", pattern: /\bDELTA_METADATA_CHANGED\b|MetadataChangedException/ },
  {
    adapters: DATABRICKS,
    failureClass: "transient",
    pattern: /\bTEMPORARILY_UNAVAILABLE\b|Error during request to server/,
  },
  {
    adapters: DATABRICKS,
    failureClass: "transient",
    pattern: /is in unexpected state (?:Pending|Restarting|Terminating|Terminated)/,
  },
  {
    adapters: DATABRICKS,
    failureClass: "infrastructure",
    pattern: /\bPERMISSION_DENIED\b|\bINSUFFICIENT_PERMISSIONS\b|Invalid access token/,
  },
  { adapters: DATABRICKS, failureClass: "infrastructure", pattern: /\bQUOTA_EXCEEDED\b|\bRESOURCE_EXHAUSTED\b/ },
  {
    adapters: DATABRICKS,
    failureClass: "deferred-relation-missing",
    pattern: /\b(?:TABLE_OR_VIEW|SCHEMA)_NOT_FOUND\b/,
  },
  {
    adapters: DATABRICKS,
    failureClass: "code",
    pattern: /\bPARSE_SYNTAX_ERROR\b|\bUNRESOLVED_(?:COLUMN|ROUTINE)\b|\bDATATYPE_MISMATCH\b/,
  },

  // https://duckdb.org/docs/stable/guides/troubleshooting/overview
  { adapters: DUCKDB, failureClass: "transient", pattern: /IO Error: Could not set lock on file/ },
  { adapters: DUCKDB, failureClass: "transient", pattern: /TransactionContext Error: [^\n]{0,200}conflict/i },
  {
    adapters: DUCKDB,
    failureClass: "infrastructure",
    pattern: /Out of Memory Error: |HTTP Error: [^\n]{0,200}\b40[13]\b/,
  },
  {
    adapters: DUCKDB,
    failureClass: "deferred-relation-missing",
    pattern: /Catalog Error: (?:Table|View|Schema) with name /,
  },
  {
    adapters: DUCKDB,
    failureClass: "code",
    pattern: /(?:Parser|Binder|Catalog|Conversion|Constraint|Invalid Input) Error: /,
  },

  { adapters: [], failureClass: "infrastructure", pattern: /certificate verify failed|No space left on device/i },
  {
    adapters: [],
    failureClass: "transient",
    pattern: /connection (?:was )?(?:reset|refused|aborted)|broken pipe|ECONN(?:RESET|REFUSED)/i,
  },
  {
    adapters: [],
    failureClass: "transient",
    pattern: /remote end closed connection|EOF occurred in violation of protocol|UNEXPECTED_EOF_WHILE_READING/i,
  },
  {
    adapters: [],
    failureClass: "transient",
    pattern: /temporary failure in name resolution|name or service not known/i,
  },
  { adapters: [], failureClass: "transient", pattern: /(?:connection|read) timed out|connect timeout|ETIMEDOUT/i },
  {
    adapters: [],
    failureClass: "transient",
    pattern:
      /\b(?:502 Bad Gateway|503 (?:Service Unavailable|GET|POST)|504 Gateway Time-?out|429 Too Many Requests)\b/i,
  },
];

/** Longer messages quote SQL; what went wrong stands at their beginning. */
const LOOKED_AT = 8_000;

/**
 * What a message of a node with status `error` tells. `adapter` is dbt's word (`snowflake`); where it is unknown, every
 * adapter's rules are asked. A missing relation is taken for a deferred one: the caller knows what was built.
 */
export function classifyFailure(message: string | null, adapter: string | null): FailureClass {
  const text = (message ?? "").slice(0, LOOKED_AT);
  const rule = FAILURE_RULES.find(
    ({ adapters, pattern }) => (adapters.length === 0 || !adapter || adapters.includes(adapter)) && pattern.test(text),
  );
  return rule?.failureClass ?? "unknown";
}

/** The class of a row that failed. A source with status `error` is too old: that is data, and its query ran. */
export function failureClassOf({ id, status, message }: NodeResult, adapter: string | null): FailureClass {
  const isData = status === "fail" || status === "warn" || (status === "error" && id.startsWith("source."));
  return isData ? "data" : classifyFailure(message, adapter);
}
