import { describe, expect, it } from "vitest";
import { readAdapterResponse } from "../../src/artifacts/adapter-response.ts";
import { readRunResults } from "../../src/artifacts/run-results.ts";
import { isPlainUrl } from "../../src/text/url.ts";
import { readReal, realFiles } from "./real.ts";

const NOTHING = { code: null, bytesBilled: null, bytesProcessed: null, slotMs: null, jobUrl: null, queryId: null };

/** As dbt-bigquery 1.11 writes it. */
const BIGQUERY = {
  _message: "CREATE TABLE (10.0 rows, 3.8 KiB processed)",
  code: "CREATE TABLE",
  rows_affected: 10,
  bytes_processed: 3912,
  bytes_billed: 10_485_760,
  location: "asia-northeast1",
  project_id: "your-project",
  job_id: "ebee3ff4-f1-4de-bad7-1",
  slot_ms: 421,
};

describe("what a warehouse says of a query", () => {
  it("has bytes, slots and the page of the job on BigQuery", () => {
    expect(readAdapterResponse(BIGQUERY)).toEqual({
      code: "CREATE TABLE",
      bytesBilled: 10_485_760,
      bytesProcessed: 3912,
      slotMs: 421,
      jobUrl:
        "https://console.cloud.google.com/bigquery?project=your-project&j=bq:asia-northeast1:ebee3ff4-f1-4de-bad7-1&page=queryresults",
      queryId: null,
    });
  });

  it.each([
    ["Snowflake's query", { code: "SUCCESS", query_id: "01be-1" }, { code: "SUCCESS", queryId: "01be-1" }],
    ["Athena's bytes", { code: "OK", data_scanned_in_bytes: 7 }, { code: "OK", bytesProcessed: 7 }],
    ["BigQuery's before dbt 1.5", { code: "SELECT", bytes_processed: "12" }, { code: "SELECT", bytesProcessed: 12 }],
    ["a view's, of which BigQuery says none", { code: "CREATE VIEW", slot_ms: null }, { code: "CREATE VIEW" }],
  ])("has %s", (_, raw, known) => {
    expect(readAdapterResponse(raw)).toEqual({ ...NOTHING, ...known });
  });

  it.each([undefined, null, {}, [], "OK", { _message: "OK" }])("is nothing in %j", (raw) => {
    expect(readAdapterResponse(raw)).toBeNull();
  });

  it.each([
    ["bytes", { bytes_billed: -1, bytes_processed: 1e300, slot_ms: "x" }],
    ["a project", { ...BIGQUERY, project_id: "a&b" }],
    ["a place", { ...BIGQUERY, location: "us)" }],
    ["a job", { ...BIGQUERY, job_id: "x](https://evil.example" }],
    ["a job of a megabyte", { ...BIGQUERY, job_id: "x".repeat(2 ** 20) }],
  ])("takes no %s that is none", (_, raw) => {
    expect(readAdapterResponse(raw)?.jobUrl ?? null).toBeNull();
    expect(readAdapterResponse({ bytes_billed: -1, bytes_processed: 1e300 })).toBeNull();
  });
});

const files = realFiles().filter(({ kind }) => kind === "run_results");

it.skipIf(files.length > 0)("of real artifacts (skipped: there is no ../shared/artifacts here)", (test) => test.skip());

it.skipIf(files.length === 0)("is read from real artifacts of BigQuery, with a page for each job", () => {
  const responses = files
    .flatMap(({ file }) => readRunResults(readReal(file), file).results)
    .flatMap(({ response }) => response ?? []);
  const billed = responses.filter(({ bytesBilled }) => bytesBilled !== null);

  expect(billed.length).toBeGreaterThan(50);
  for (const { jobUrl, slotMs } of billed) {
    expect(isPlainUrl(jobUrl ?? "")).toBe(true);
    expect(slotMs).not.toBeUndefined();
  }
  expect(responses.filter(({ queryId }) => queryId !== null).length).toBeGreaterThan(0);
});
