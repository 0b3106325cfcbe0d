import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyFailure, describeFailure, failureClassOf } from "../../src/severity/failure.ts";
import { FAILURE_RULES } from "../../src/severity/failure-rules.ts";
import type { FailureClass } from "../../src/severity/verdict.ts";
import { aResult } from "../artifacts/build.ts";

/** What warehouses say, as dbt passes it on: one line at least for each rule. */
const MESSAGES: readonly [string, FailureClass, string][] = [
  [
    "snowflake",
    "code",
    "Compilation Error in model a (models/a.sql)\n  Model 'model.shop.a' depends on a node named 'b' which was not found",
  ],
  ["duckdb", "code", "Parsing Error in model a: at path ['name']: 1 is not of type 'string'"],

  [
    "snowflake",
    "infrastructure",
    "Database Error\n  250001 (08001): Failed to connect to DB: x.snowflakecomputing.com:443. Incorrect username or password was specified.",
  ],
  ["snowflake", "infrastructure", "250001 (08001): None: Failed to connect to DB. JWT token is invalid. [0ce9eb56]"],
  [
    "snowflake",
    "infrastructure",
    "Database Error in model a\n  003001 (42501): SQL access control error:\n  Insufficient privileges to operate on schema 'MAIN'",
  ],
  [
    "snowflake",
    "infrastructure",
    "250001 (08001): Failed to connect to DB. Role 'CI' specified in the connect string does not exist or not authorized.",
  ],
  ["snowflake", "infrastructure", "000606 (57P03): No active warehouse selected in the current session."],
  [
    "snowflake",
    "infrastructure",
    "090073 (22000): Warehouse 'CI' cannot be resumed because resource monitor 'M' has exceeded its quota.",
  ],
  [
    "snowflake",
    "infrastructure",
    "000630 (57014): Statement reached its statement or warehouse timeout of 300 second(s) and was canceled.",
  ],
  [
    "snowflake",
    "transient",
    "000625 (57014): Statement '01c6' has locked table 'ORDERS' in transaction 17 and this lock has not yet been released.\n  Your statement was aborted because the number of waiters for this lock exceeds the 20 statements limit.",
  ],
  [
    "snowflake",
    "transient",
    "000603 (XX000): SQL execution internal error:\n  Processing aborted by error 300010:391167117; incident 7185034.",
  ],
  ["snowflake", "transient", "390114 (08001): Authentication token has expired.  The user must authenticate again."],
  ["snowflake", "transient", "250003 (08001): Failed to execute request: HTTPSConnectionPool(host='x', port=443)"],
  [
    "snowflake",
    "deferred-relation-missing",
    "Database Error in model a\n  002003 (42S02): SQL compilation error:\n  Object 'PROD.MAIN.B' does not exist or not authorized.",
  ],
  [
    "snowflake",
    "code",
    "001003 (42000): SQL compilation error:\n  syntax error line 1 at position 7 unexpected 'form'.",
  ],
  ["snowflake", "code", "100038 (22018): Numeric value 'x' is not recognized"],
  ["snowflake", "code", "100038 (22018): Numeric value '503: Service Unavailable' is not recognized"],
  ["snowflake", "transient", "HTTP 503: Service Unavailable"],

  ["athena", "infrastructure", "An error occurred (AccessDeniedException) when calling the GetTable operation"],
  [
    "athena",
    "throttled",
    "An error occurred (TooManyRequestsException) when calling the StartQueryExecution operation: You have exceeded the limit for the number of queries you can run concurrently.",
  ],
  [
    "glue",
    "throttled",
    "GlueCursor execute An error occurred (ThrottlingException) when calling the RunStatement operation (reached max retries: 4): Rate exceeded",
  ],
  ["athena", "code", "SYNTAX_ERROR: line 1:8: Column 'ThrottlingRate' cannot be resolved"],
  ["athena", "deferred-relation-missing", "TABLE_NOT_FOUND: line 9:6: Table 'awsdatacatalog.prod.b' does not exist"],

  [
    "sqlserver",
    "transient",
    "('40001', '[40001] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Transaction (Process ID 52) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction. (1205)')",
  ],
  [
    "trino",
    "throttled",
    'TrinoQueryError(type=INSUFFICIENT_RESOURCES, name=QUERY_QUEUE_FULL, message="Too many queued queries for "global"", query_id=x)',
  ],
  [
    "trino",
    "code",
    "TrinoUserError(type=USER_ERROR, name=COLUMN_NOT_FOUND, message=\"line 1:8: Column 'query_queue_full' cannot be resolved\", query_id=x)",
  ],

  ["bigquery", "throttled", "403 Exceeded rate limits: too many table update operations for this table"],
  [
    "bigquery",
    "throttled",
    "Database Error in test a (models/a.yml)\n  Exceeded rate limits: too many concurrent queries for this project_and_region. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas",
  ],
  [
    "bigquery",
    "throttled",
    "Job exceeded rate limits: Your table exceeded quota for table update operations. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas",
  ],
  ["bigquery", "throttled", "googleapi: Error 400: jobRateLimitExceeded"],
  [
    "bigquery",
    "throttled",
    "Quota exceeded: Your project_and_region exceeded quota for max number of jobs that can be queued per project.",
  ],
  [
    "bigquery",
    "throttled",
    "403 POST https://bigquery.googleapis.com/x: quota exceeded: Your project exceeded quota for concurrent queries",
  ],
  [
    "bigquery",
    "infrastructure",
    "Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerDay, which is set by your administrator.",
  ],
  ["bigquery", "infrastructure", "Quota exceeded: Your project exceeded quota for free query bytes scanned."],
  [
    "bigquery",
    "infrastructure",
    "Unable to generate access token, if you're using impersonate_service_account, make sure",
  ],
  [
    "bigquery",
    "transient",
    "An internal error occurred and the request could not be completed. This is usually caused by a transient issue. Retrying the job with back-off as described in the BigQuery SLA should solve the problem",
  ],
  ["bigquery", "transient", "500 An internal error occurred and the request could not be completed. Error: 3144498"],
  ["bigquery", "transient", "500 Retrying the job with backoff. Error: 80324028"],
  ["bigquery", "transient", "400 backendError"],
  [
    "bigquery",
    "transient",
    "The job encountered an internal error during execution and was unable to complete successfully.",
  ],
  ["bigquery", "transient", "504 Deadline Exceeded"],
  ["bigquery", "transient", "Deadline of 120.0s exceeded while calling target function, last exception: 503"],
  ["bigquery", "transient", "Timeout of 600.0s exceeded, last exception: ('Connection aborted.')"],
  // The user's code and data, which quote such words.
  ["bigquery", "code", "Unrecognized name: quotaExceeded at [3:5]"],
  ["bigquery", "code", 'Could not cast literal "Quota exceeded: x" to type INT64 at [1:8]'],
  ["bigquery", "code", "Bad int64 value: Connection reset by peer"],
  ["bigquery", "transient", "500 Error encountered during execution. Retrying may solve the problem."],
  [
    "bigquery",
    "transient",
    "400 The job encountered an error during execution. Retrying the job may solve the problem.",
  ],
  ["bigquery", "transient", "400 Could not serialize access to table p:d.t due to concurrent update"],
  ["bigquery", "transient", "Operation did not complete within the designated timeout of 300 seconds."],
  [
    "bigquery",
    "infrastructure",
    "403 Quota exceeded: Your table exceeded quota for imports or query appends per table",
  ],
  [
    "bigquery",
    "infrastructure",
    "400 Resources exceeded during query execution: The query could not be executed in the allotted memory.",
  ],
  ["bigquery", "infrastructure", "403 Access Denied: Table p:d.t: User does not have permission to query table p:d.t"],
  ["bigquery", "deferred-relation-missing", "404 Not found: Table p:d.t was not found in location EU"],
  [
    "bigquery",
    "code",
    'Database Error in model a (models/a.sql)\n  Syntax error: Expected end of input but got identifier "bork" at [9:1]',
  ],

  ["postgres", "transient", "could not serialize access due to concurrent update"],
  [
    "redshift",
    "transient",
    "1023 (DETAIL: Serializable isolation violation on table - 100167, transactions forming the cycle are: 55705701)",
  ],
  ["redshift", "transient", "could not complete because of conflict with concurrent transaction"],
  [
    "postgres",
    "transient",
    "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally",
  ],
  ["postgres", "transient", "terminating connection due to administrator command"],
  ["postgres", "transient", 'connection to server at "db" failed: FATAL:  the database system is starting up'],
  ["postgres", "transient", "canceling statement due to conflict with recovery"],
  ["postgres", "throttled", "FATAL:  sorry, too many clients already"],
  ["postgres", "transient", "canceling statement due to statement timeout"],
  ["postgres", "transient", "canceling statement due to lock timeout"],
  ["postgres", "transient", 'connection to server at "db" (10.0.0.1), port 5432 failed: timeout expired'],
  ["redshift", "transient", "SSL SYSCALL error: EOF detected"],
  ["redshift", "transient", "Database Error\n  could not open relation with OID 6134794"],
  [
    "postgres",
    "transient",
    'duplicate key value violates unique constraint "pg_namespace_nspname_index"\n  DETAIL:  Key (nspname)=(ci_x) already exists.',
  ],
  ["redshift", "infrastructure", "Query (1) cancelled by WLM abort action of Query Monitoring Rule"],
  ["postgres", "code", 'invalid input syntax for type integer: "deadlock detected"'],
  ["postgres", "code", 'column "timeout expired" does not exist'],
  ["postgres", "infrastructure", 'FATAL:  password authentication failed for user "ci"'],
  ["postgres", "infrastructure", "permission denied for schema main"],
  ["redshift", "infrastructure", "Disk Full"],
  [
    "postgres",
    "deferred-relation-missing",
    'Database Error in model a\n  relation "prod.b" does not exist\n  LINE 3: from "prod"."b"',
  ],
  ["postgres", "code", 'column "nope" does not exist'],
  ["postgres", "code", 'syntax error at or near "form"'],

  [
    "databricks",
    "transient",
    "[DELTA_CONCURRENT_APPEND] ConcurrentAppendException: Files were added to the root of the table by a concurrent update.",
  ],
  [
    "databricks",
    "transient",
    "[DELTA_METADATA_CHANGED] MetadataChangedException: The metadata of the Delta table has been changed",
  ],
  ["databricks", "transient", "Error during request to server: TEMPORARILY_UNAVAILABLE"],
  ["spark", "transient", "The cluster 0101 is in unexpected state Terminated"],
  ["databricks", "transient", "Cluster 0101-120000-abc restart timed out after 600 seconds"],
  [
    "databricks",
    "throttled",
    "[INTERNAL_ERROR] Query could not be scheduled: HTTP Response code: 503. Please try again later. SQLSTATE: XX000",
  ],
  [
    "databricks",
    "transient",
    "HTTPSConnectionPool(host='x', port=443): Max retries exceeded with url: /sql (Caused by ResponseError('too many 503 error responses'))",
  ],
  ["databricks", "transient", "ConcurrentAppendException: Files were added"],
  ["databricks", "infrastructure", "Invalid access token."],
  [
    "databricks",
    "code",
    '[CAST_INVALID_INPUT] The value \'DELTA_CONCURRENT_APPEND\' of the type "STRING" cannot be cast to "INT"',
  ],
  ["databricks", "infrastructure", "PERMISSION_DENIED: User does not have USE SCHEMA on Schema 'main'"],
  ["databricks", "infrastructure", "QUOTA_EXCEEDED: Cannot create 1 Table(s)"],
  [
    "databricks",
    "deferred-relation-missing",
    "[TABLE_OR_VIEW_NOT_FOUND] The table or view `prod`.`b` cannot be found.",
  ],
  ["databricks", "code", "[PARSE_SYNTAX_ERROR] Syntax error at or near 'form'"],

  ["duckdb", "transient", 'IO Error: Could not set lock on file "/tmp/dev.duckdb": Conflicting lock is held'],
  ["duckdb", "transient", "TransactionContext Error: Failed to commit: write-write conflict on key"],
  ["duckdb", "transient", "io error: could not set lock on file x"],
  ["duckdb", "infrastructure", "HTTP Error: HTTP GET error on 'https://x/y.parquet' (HTTP 403)"],
  ["duckdb", "code", "Conversion Error: Could not convert string 'connection reset' to INT32"],
  ["duckdb", "code", 'Binder Error: Referenced column "IO Error: Could not set lock on file" not found'],
  ["duckdb", "infrastructure", "Out of Memory Error: failed to allocate data of size 16.0 MiB"],
  [
    "duckdb",
    "deferred-relation-missing",
    'Runtime Error in model a\n  Catalog Error: Table with name b does not exist!\n  Did you mean "main.c"?',
  ],
  ["duckdb", "code", "Runtime Error in model a\n  Catalog Error: Scalar Function with name initcap does not exist!"],

  ["snowflake", "infrastructure", "SSLError: certificate verify failed: unable to get local issuer certificate"],
  ["trino", "transient", "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))"],
  [
    "bigquery",
    "transient",
    "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
  ],
  ["trino", "transient", "RemoteDisconnected('Remote end closed connection without response')"],
  ["trino", "transient", "[Errno -3] Temporary failure in name resolution"],
  ["trino", "transient", "HTTPSConnectionPool(host='x', port=443): Read timed out. (read timeout=60)"],
  ["spark", "infrastructure", "OSError: [Errno 28] No space left on device"],
  ["trino", "throttled", "error 429: Too Many Requests"],
  ["trino", "transient", "error 503: Service Unavailable"],
  ["sqlserver", "transient", "EOF occurred in violation of protocol (_ssl.c:2427)"],
  ["sqlserver", "transient", "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred"],
  [
    "bigquery",
    "transient",
    "503 GET https://bigquery.googleapis.com/bigquery/v2/projects/p/jobs/f: Visibility check was unavailable.",
  ],
  // What people wrote, and only looks like a vendor's words.
  [
    "bigquery",
    "code",
    "Database Error in test rateLimitExceeded (models/s.yml)\n  Division by zero: 1 / 0\n  compiled code at target/run/shop/connection reset/rateLimitExceeded.sql",
  ],
  [
    "bigquery",
    "code",
    "Database Error in model quotaExceeded (models/connection refused.sql)\n  Column name backendError is ambiguous at [3:5]",
  ],
  ["bigquery", "code", "Name rateLimitExceeded not found inside t at [3:5]"],
  ["bigquery", "code", "Invalid timestamp: 'Connection reset by peer'"],
  ["bigquery", "code", "Query error: connection timed out at [1:8]"],
  ["bigquery", "transient", "Query error: Transaction is aborted due to concurrent update against table t at [5:1]"],
  [
    "bigquery",
    "infrastructure",
    "Quota exceeded: Your table exceeded quota for Number of partition modifications to a column partitioned table.",
  ],
  [
    "postgres",
    "code",
    "Database Error in model a (a.sql)\n  UNION types text and integer cannot be matched\n  LINE 2: select 'timeout expired' as reason\n                 ^",
  ],
  [
    "postgres",
    "code",
    'null value in column "id" violates not-null constraint\n  DETAIL:  Failing row contains (null, deadlock detected).',
  ],
  ["postgres", "code", 'date/time field value out of range: "broken pipe"'],
  ["redshift", "throttled", 'FATAL:  connection limit "500" exceeded for non-bootstrap users'],
  [
    "duckdb",
    "code",
    "Runtime Error in test connection_reset (a.yml)\n  Out of Range Error: 'read timed out' is too large",
  ],
  [
    "snowflake",
    "code",
    "100132 (P0000): JavaScript execution error: Uncaught 503 Service Unavailable in F at 'x' position 1",
  ],
  ["snowflake", "transient", "250001: 250001: Could not connect to Snowflake backend after 2 attempt(s).Aborting"],
  ["databricks", "code", "[AMBIGUOUS_REFERENCE] Reference `connection reset` is ambiguous. SQLSTATE: 42704"],
  ["athena", "code", "INVALID_CAST_ARGUMENT: Cannot cast 'ThrottlingException' to INT"],
  [
    "sqlserver",
    "code",
    "('42S22', \"[42S22] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Invalid column name 'connection refused'. (207)\")",
  ],
  ["trino", "code", 'TrinoUserError(type=USER_ERROR, name=DIVISION_BY_ZERO, message="connection reset", query_id=x)'],
  [
    "trino",
    "deferred-relation-missing",
    "TrinoUserError(type=USER_ERROR, name=TABLE_NOT_FOUND, message=\"line 1:15: Table 'c.s.t' does not exist\", query_id=x)",
  ],
  [
    "trino",
    "infrastructure",
    'TrinoUserError(type=USER_ERROR, name=PERMISSION_DENIED, message="Access Denied: Cannot select from table t", query_id=x)',
  ],
];

describe("classifyFailure", () => {
  it.each(MESSAGES)("calls this of %s %s: %s", (adapter, failureClass, message) => {
    expect(classifyFailure(message, adapter)).toBe(failureClass);
  });

  it.each(FAILURE_RULES.map((rule) => [String(rule.pattern), rule] as const))(
    "has a message for the rule %s",
    (_, rule) => {
      const decided = MESSAGES.filter(([adapter, , message]) => firstRule(adapter, message) === rule);

      expect(decided.length).toBeGreaterThan(0);
    },
  );

  it.each([
    ["a message that no rule knows", "Database Error in model a\n  the moon is in the wrong house", "snowflake"],
    ["no message", null, "bigquery"],
    ["another adapter's message", "000625 (57014): waiters", "duckdb"],
  ])("leaves %s unknown", (_, message, adapter) => {
    expect(classifyFailure(message, adapter)).toBe("unknown");
  });

  it("does not look at the case", () => {
    for (const [adapter, failureClass, message] of MESSAGES) {
      expect([message, classifyFailure(message.toUpperCase(), adapter)]).toEqual([message, failureClass]);
    }
  });

  it("names what went wrong, and a page where the vendor says so, but for code", () => {
    expect(describeFailure("403 Exceeded rate limits: too many concurrent queries", "bigquery")).toBe(
      "BigQuery rate limit",
    );
    expect(describeFailure("Connection reset by peer", "bigquery")).toBe("connection lost");
    expect(describeFailure("the moon is in the wrong house", "bigquery")).toBeNull();
    for (const { failureClass, words, source } of FAILURE_RULES) {
      expect(words === "").toBe(failureClass === "code" || failureClass === "deferred-relation-missing");
      expect(source).toMatch(/^https:\/\//);
    }
  });

  it("asks every adapter's rules where the adapter is unknown", () => {
    expect(classifyFailure("could not serialize access", null)).toBe("transient");
    expect(classifyFailure("could not serialize access", "")).toBe("transient");
  });

  it("has no pattern that a hostile message could make slow", () => {
    for (const { pattern } of FAILURE_RULES) {
      expect(pattern.source).not.toMatch(/[*+}]\)?[*+{]|\.\*/);
      expect(pattern.flags).toBe("i");
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 50_000 }), (message) => void classifyFailure(message.repeat(20), null)),
      { numRuns: 20 },
    );
  });
});

describe("failureClassOf", () => {
  it.each([
    ["a failed test", aResult("test.shop.t", "fail", { message: "Connection reset by peer" }), "data"],
    ["a warning", aResult("test.shop.t", "warn"), "data"],
    ["a source that is too old", aResult("source.shop.raw.a", "error", { message: "loaded 3 d ago" }), "data"],
    [
      "a source whose query failed",
      aResult("source.shop.raw.a", "runtime error", { message: "Read timed out" }),
      "transient",
    ],
    ["a model whose query failed", aResult("model.shop.a", "error", { message: "Parser Error: near form" }), "code"],
    ["batches that failed", aResult("model.shop.a", "partial success", { message: "2 of 3 batches" }), "unknown"],
  ])("tells %s apart", (_, row, failureClass) => {
    expect(failureClassOf(row, "duckdb")).toBe(failureClass);
  });
});

function firstRule(adapter: string, message: string) {
  return FAILURE_RULES.find(
    ({ adapters, pattern }) => (adapters.length === 0 || adapters.includes(adapter)) && pattern.test(message),
  );
}
