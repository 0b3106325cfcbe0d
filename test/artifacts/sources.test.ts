import { describe, expect, it } from "vitest";
import { readSources } from "../../src/artifacts/sources.ts";
import { readReal, realFiles } from "./real.ts";

function readRow(row: Record<string, unknown>) {
  const metadata = { dbt_schema_version: "https://schemas.getdbt.com/dbt/sources/v3.json" };
  const text = JSON.stringify({ metadata, results: [{ unique_id: "source.shop.raw.orders", ...row }] });
  return readSources(text, "sources.json").results[0];
}

const HOUR = 3600;

describe("readSources", () => {
  it.each([
    ["pass", 45.9, "loaded 45 s ago; warn after 24 h, error after 3 d"],
    ["pass", 12 * 60, "loaded 12 min ago; warn after 24 h, error after 3 d"],
    ["pass", 3.5 * HOUR, "loaded 3 h 30 min ago; warn after 24 h, error after 3 d"],
    ["warn", 26 * HOUR, "loaded 1 d 2 h ago; warn after 24 h, error after 3 d"],
    ["error", 72 * HOUR, "loaded 3 d ago; warn after 24 h, error after 3 d"],
  ])("says in words what a %s of %d s means", (status, age, message) => {
    const criteria = { warn_after: { count: 24, period: "hour" }, error_after: { count: 3, period: "day" } };

    expect(readRow({ status, max_loaded_at_time_ago_in_s: age, criteria })).toMatchObject({ status, message });
  });

  it("leaves out a threshold that is not set", () => {
    const criteria = {
      warn_after: { count: null, period: null },
      error_after: { count: 90, period: "minute" },
      filter: null,
    };

    expect(readRow({ status: "pass", max_loaded_at_time_ago_in_s: 0, criteria })?.message).toBe(
      "loaded 0 s ago; error after 90 min",
    );
  });

  it("keeps what dbt says of a runtime error", () => {
    expect(readRow({ status: "runtime error", error: "Database Error: no such table" })).toMatchObject({
      status: "runtime error",
      message: "Database Error: no such table",
      seconds: 0,
    });
  });

  it("has no message where the row says nothing", () => {
    expect(readRow({ status: "warn" })?.message).toBeNull();
  });

  it("refuses a run_results.json", () => {
    const text =
      '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"}, "results": []}';

    expect(() => readSources(text, "s.json")).toThrow("s.json is no sources file: dbt_schema_version says run-results");
  });

  it.each(realFiles().filter(({ kind }) => kind === "sources"))("reads $file", ({ file, results }) => {
    const read = readSources(readReal(file), file);

    expect(read.command).toBe("source freshness");
    expect(read.results).toHaveLength(results ?? -1);
    for (const { status, message } of read.results) {
      expect(status).toBe("pass");
      expect(message).toMatch(/^loaded .+ ago; .*after \d+ (?:h|d)/);
    }
  });
});
