import type { FailureClass } from "./verdict.ts";

export interface FailureRule {
  /** dbt's names of the adapters that say this; empty: any. */
  readonly adapters: readonly string[];
  readonly failureClass: Exclude<FailureClass, "data" | "unknown" | "stopped">;
  /** Linear: no quantifier within a quantifier, since messages come from outside. Without regard to case. */
  readonly pattern: RegExp;
  /** What went wrong in a few words, the warehouse's name before it: `BigQuery rate limit`; "" where it is the code. */
  readonly words: string;
  /** Where the words stand: the vendor's page, or the source that prints them. */
  readonly source: string;
}

type Row = readonly [FailureRule["failureClass"], RegExp, string?];

function from(source: string, adapters: readonly string[], vendor: string, rows: readonly Row[]): FailureRule[] {
  return rows.map(([failureClass, pattern, what = ""]) => ({
    adapters,
    failureClass,
    pattern,
    words: what === "" ? "" : `${vendor}${vendor === "" ? "" : " "}${what}`,
    source,
  }));
}

const SNOWFLAKE = ["snowflake"];
const BIGQUERY = ["bigquery"];
const POSTGRES = ["postgres", "redshift"];
const DATABRICKS = ["databricks", "spark"];
const DUCKDB = ["duckdb"];
const AWS = ["athena", "glue"];
const SQL_SERVER = ["sqlserver", "fabric", "synapse"];
const TRINO = ["trino", "starburst"];

/**
 * What a message of status `error` means, first match wins. The words of the user's code come first, as they quote it and
 * its data; behind them, within an adapter, from the narrow to the wide. What no rule knows stays unknown, and is never
 * tried again.
 */
export const FAILURE_RULES: readonly FailureRule[] = [
  ...from("https://github.com/dbt-labs/dbt-common/blob/main/dbt_common/exceptions/base.py", [], "", [
    ["code", /^(?:Compilation|Parsing) Error/i],
  ]),

  ...from("https://docs.snowflake.com/en/user-guide/troubleshooting", SNOWFLAKE, "Snowflake", [
    ["infrastructure", /Incorrect username or password|JWT token is invalid/i, "login refused"],
    ["infrastructure", /\b003001 \(42501\)|Insufficient privileges/i, "access denied"],
    ["infrastructure", /Role '[^']*' specified in the connect string does not exist/i, "login refused"],
    ["deferred-relation-missing", /\b002003 \(\w{5}\)|does not exist or not authorized/i],
    ["code", /SQL compilation error/i],
    // P0: raised by a function or procedure of the project's.
    ["code", /\b100\d{3} \((?:22\w{3}|P0\w{3})\)/i],
    ["infrastructure", /\b000606 \(57P03\)|No active warehouse selected/i, "without a warehouse"],
    ["infrastructure", /\b090073 \(22000\)|exceeded its quota/i, "credits used up"],
    ["infrastructure", /\b000630 \(57014\)|reached its statement or warehouse timeout/i, "statement time-out"],
    ["transient", /\b000625 \(57014\)|number of waiters for this lock exceeds/i, "lock"],
    ["transient", /\b000603 \(XX000\)|Processing aborted (?:by|due to) error 300\d{3}/i, "internal error"],
    ["transient", /\b390114\b|Authentication token has expired/i, "session expired"],
    ["transient", /\b503:? Service Unavailable|\b290503\b/i, "not available"],
    [
      "transient",
      /\b25000[13] \(08001\)|Failed to connect to DB|Could not connect to Snowflake backend/i,
      "not reached",
    ],
  ]),

  ...from("https://cloud.google.com/bigquery/docs/error-messages", BIGQUERY, "BigQuery", [
    ["code", /Syntax error: |Unrecognized name: |No matching signature for |Function not found: /i],
    ["code", /Could not cast literal |Invalid cast from |Bad (?:int64|double|bool) value: |Could not parse '/i],
    ["code", /Invalid (?:timestamp|date|datetime|time|interval|json|numeric value|bignumeric value): /i],
    ["code", / not found inside | is ambiguous at | cannot be coerced |neither grouped nor aggregated/i],
    ["code", /Division by zero: |Duplicate column names? in |Column \d{1,9} in /i],
    ["deferred-relation-missing", /Not found: (?:Table|Dataset) /i],
    ["infrastructure", /Access Denied: |invalid_grant|billing(?:NotEnabled| has not been enabled)/i, "access denied"],
    ["infrastructure", /Unable to generate access token|invalid authentication credentials/i, "login refused"],
    ["infrastructure", /Resources exceeded during query execution/i, "resources exceeded"],
  ]),
  ...from("https://cloud.google.com/bigquery/docs/troubleshoot-quotas", BIGQUERY, "BigQuery", [
    // Quotas of a day: a minute later they are used up as well.
    [
      "infrastructure",
      /Custom quota exceeded|quota for (?:free query bytes|imports or query appends|number of partition modif)/i,
      "daily quota",
    ],
    ["throttled", /(?:Job e|E)xceeded rate limits|(?:job)?rateLimitExceeded/i, "rate limit"],
    ["throttled", /Quota exceeded: |\bquotaExceeded\b/i, "quota"],
  ]),
  ...from("https://cloud.google.com/bigquery/docs/error-messages", BIGQUERY, "BigQuery", [
    ["transient", /Retrying (?:the job )?(?:may solve the problem|with back-?off)/i, "internal error"],
    ["transient", /An internal error occurred and the request could not be completed/i, "internal error"],
    ["transient", /\b(?:job)?backendError\b|\bjobInternalError\b/i, "internal error"],
    ["transient", /encountered an internal error during execution/i, "internal error"],
    ["transient", /Could not serialize access|Transaction is aborted due to concurrent update/i, "concurrent update"],
    ["transient", /did not complete within the designated timeout/i, "time-out"],
    ["transient", /\b504 Deadline Exceeded|Deadline of \d{1,6}(?:\.\d{1,6})?s exceeded/i, "time-out"],
    ["transient", /Timeout of \d{1,6}(?:\.\d{1,6})?s exceeded/i, "time-out"],
    ["transient", /\b(?:500|502|503) (?:GET|POST) https?:/i, "not available"],
    // A place in the SQL, behind BigQuery's own words: a script tells of those with the place of its statement.
    ["code", / at \[\d{1,9}:\d{1,9}\]/i],
  ]),

  ...from("https://www.postgresql.org/docs/current/errcodes-appendix.html", POSTGRES, "database", [
    // Two of dbt's threads create one schema. https://www.postgresql.org/message-id/17552.1298669083%40sss.pgh.pa.us
    [
      "transient",
      /constraint "pg_(?:namespace_nspname|type_typname_nsp|class_relname_nsp)_index"/i,
      "concurrent update",
    ],
    ["deferred-relation-missing", /relation "[^"\n]+" does not exist|schema "[^"\n]+" does not exist/i],
    // A line of the SQL, and values.
    ["code", /\bLINE \d{1,9}: /i],
    ["code", /violates (?:not-null|unique|check|exclusion|foreign key) constraint| is ambiguous/i],
    ["code", /out of range|malformed \w{1,20} literal|invalid (?:value|input value|byte sequence)|Invalid digit, /i],
    ["infrastructure", /password authentication failed|no pg_hba\.conf entry/i, "login refused"],
    ["infrastructure", /permission denied for |must be owner of /i, "access denied"],
    ["code", /(?:column|function|operator|type) \S[^\n]{0,200} does not exist/i],
    ["code", /syntax error at or near|invalid input syntax for|division by zero/i],
    ["transient", /could not serialize access|deadlock detected/i, "concurrent update"],
    ["transient", /canceling statement due to lock timeout/i, "lock time-out"],
    ["transient", /canceling statement due to statement timeout/i, "statement time-out"],
    ["transient", /canceling statement due to conflict with recovery/i, "recovery"],
    ["transient", /server closed the connection unexpectedly/i, "connection lost"],
    ["transient", /connection has been closed unexpectedly|SSL SYSCALL error: EOF/i, "connection lost"],
    ["transient", /terminating connection due to administrator command/i, "restart"],
    ["transient", /the database system is (?:starting up|shutting down|in recovery mode)/i, "restart"],
    ["transient", /\btimeout expired\b/i, "connect time-out"],
    [
      "throttled",
      /too many clients already|remaining connection slots are reserved|connection limit "\d{1,9}" exceeded/i,
      "connection limit",
    ],
    ["infrastructure", /\bDisk Full\b|out of shared memory/i, "out of disk or memory"],
  ]),
  ...from("https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html", ["redshift"], "Redshift", [
    ["transient", /Serializable isolation violation/i, "concurrent update"],
    ["transient", /conflict with concurrent transaction/i, "concurrent update"],
  ]),
  ...from("https://github.com/dbt-labs/dbt-adapters/issues/617", ["redshift"], "Redshift", [
    ["transient", /could not open relation with OID \d/i, "concurrent update"],
  ]),
  ...from(
    "https://docs.aws.amazon.com/redshift/latest/dg/cm-c-wlm-query-monitoring-rules.html",
    ["redshift"],
    "Redshift",
    [["infrastructure", /abort action of Query Monitoring Rule/i, "query monitoring rule"]],
  ),

  ...from("https://docs.databricks.com/aws/en/error-messages/error-classes", DATABRICKS, "Databricks", [
    ["infrastructure", /\bPERMISSION_DENIED\b|\bINSUFFICIENT_PERMISSIONS\b/i, "access denied"],
    ["infrastructure", /Invalid access token/i, "login refused"],
    ["deferred-relation-missing", /\b(?:TABLE_OR_VIEW|SCHEMA)_NOT_FOUND\b/i],
    ["code", /\bPARSE_SYNTAX_ERROR\b|\bUNRESOLVED_(?:COLUMN|ROUTINE)\b|\bDATATYPE_MISMATCH\b/i],
    ["code", /\bCAST_INVALID_INPUT\b|\bDIVIDE_BY_ZERO\b/i],
    // Data, a rule of a table, names and syntax. https://docs.databricks.com/aws/en/error-messages/sqlstates
    ["code", /\bSQLSTATE: ?(?:2[123]|42)\w{3}\b/i],
    ["transient", /\bDELTA_CONCURRENT_/i, "concurrent update"],
    ["transient", /Concurrent(?:Append|DeleteRead|DeleteDelete|Transaction)Exception/i, "concurrent update"],
    ["transient", /\bDELTA_METADATA_CHANGED\b|MetadataChangedException/i, "concurrent update"],
    ["infrastructure", /\bQUOTA_EXCEEDED\b|\bRESOURCE_EXHAUSTED\b/i, "quota"],
  ]),
  ...from("https://github.com/databricks/dbt-databricks/issues/1063", DATABRICKS, "Databricks", [
    ["throttled", /Query could not be scheduled/i, "queue full"],
    ["transient", /too many 503 error responses/i, "not available"],
    ["transient", /\bTEMPORARILY_UNAVAILABLE\b|Error during request to server/i, "not available"],
  ]),
  ...from(
    "https://github.com/databricks/dbt-databricks/blob/main/dbt/adapters/databricks/api_client.py",
    DATABRICKS,
    "Databricks",
    [
      ["transient", /is in unexpected state (?:Pending|Restarting|Terminating|Terminated)/i, "cluster start"],
      ["transient", /Cluster \S{1,100} restart timed out after|Error starting terminated cluster/i, "cluster start"],
    ],
  ),

  ...from("https://duckdb.org/docs/stable/guides/troubleshooting/overview", DUCKDB, "DuckDB", [
    ["deferred-relation-missing", /Catalog Error: (?:Table|View|Schema) with name /i],
    ["code", /(?:Parser|Binder|Catalog|Conversion|Constraint|Invalid Input) Error: /i],
    ["code", /(?:Out of Range|Mismatch Type|Not implemented|Invalid type|Dependency|Sequence|Syntax) Error: /i],
    ["transient", /IO Error: Could not set lock on file/i, "file lock"],
    ["transient", /TransactionContext Error: [^\n]{0,200}conflict/i, "concurrent update"],
    ["infrastructure", /Out of Memory Error: /i, "out of memory"],
    ["infrastructure", /HTTP Error: [^\n]{0,200}\b40[13]\b/i, "access denied"],
  ]),

  ...from("https://docs.aws.amazon.com/athena/latest/APIReference/CommonErrors.html", AWS, "AWS", [
    ["code", /\b(?:SYNTAX_ERROR|COLUMN_NOT_FOUND|TYPE_MISMATCH)\b/i],
    ["code", /\b(?:INVALID_CAST_ARGUMENT|INVALID_FUNCTION_ARGUMENT|DIVISION_BY_ZERO|FUNCTION_NOT_FOUND)\b/i],
    ["deferred-relation-missing", /\bTABLE_NOT_FOUND\b/i],
    ["infrastructure", /\bAccessDeniedException\b|\bExpiredTokenException\b/i, "access denied"],
    ["throttled", /\bThrottlingException\b|\bTooManyRequestsException\b/i, "throttling"],
  ]),

  ...from(
    "https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/mssqlserver-1205-database-engine-error",
    SQL_SERVER,
    "SQL Server",
    [
      ["code", /\[(?:2[123]\w{3}|42S(?:01|21|22))\]|Incorrect syntax near |Conversion failed when converting /i],
      ["transient", /chosen as the deadlock victim/i, "deadlock"],
    ],
  ),

  ...from("https://trino.io/docs/current/admin/resource-groups.html", TRINO, "Trino", [
    ["infrastructure", /\bname=PERMISSION_DENIED\b/i, "access denied"],
    ["deferred-relation-missing", /\bname=(?:TABLE|SCHEMA)_NOT_FOUND\b/i],
    ["code", /\btype=USER_ERROR\b/i],
    ["throttled", /\bname=QUERY_QUEUE_FULL\b|Too many queued queries for /i, "queue full"],
  ]),

  ...from("https://docs.python.org/3/library/exceptions.html#os-exceptions", [], "", [
    ["infrastructure", /certificate verify failed/i, "certificate refused"],
    ["infrastructure", /No space left on device/i, "full disk"],
    [
      "transient",
      /connection (?:was )?(?:reset|refused|aborted)|broken pipe|ECONN(?:RESET|REFUSED)/i,
      "connection lost",
    ],
    ["transient", /remote end closed connection|EOF occurred in violation of protocol/i, "connection lost"],
    ["transient", /UNEXPECTED_EOF_WHILE_READING/i, "connection lost"],
    ["transient", /temporary failure in name resolution|name or service not known/i, "name not resolved"],
    ["transient", /(?:connection|read) timed out|connect timeout|ETIMEDOUT/i, "network time-out"],
  ]),
  ...from("https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Status", [], "", [
    ["throttled", /\b429:? Too Many Requests\b/i, "too many requests"],
    ["transient", /\b(?:502:? Bad Gateway|503:? Service Unavailable|504:? Gateway Time-?out)\b/i, "not available"],
  ]),
];
