import { describe, expect, it } from "vitest";
import { readRunResults, spanSeconds } from "../../src/artifacts/run-results.ts";
import { runResultsJson } from "./build.ts";
import { readReal, realFiles } from "./real.ts";

function readRow(row: Record<string, unknown>) {
  const [read] = readRunResults(runResultsJson([{ unique_id: "test.shop.t", status: "pass", ...row }]), "x").results;
  if (read === undefined) throw new Error("no row");
  return read;
}

describe("readRunResults", () => {
  it.each([
    [{ empty: true }, { empty: true, sample: false, failFast: false, fullRefresh: false }],
    [
      { sample: { start: "2026-11-25T00:00:00+00:00", end: "2026-11-28T00:00:00+00:00" } },
      { empty: false, sample: true, failFast: false, fullRefresh: false },
    ],
    [
      { empty: false, sample: null, fail_fast: true },
      { empty: false, sample: false, failFast: true, fullRefresh: false },
    ],
  ])("tells which arguments make its results other ones: %j", (args, flags) => {
    expect(readRunResults(runResultsJson([], { args: { which: "build", ...args } }), "r.json").flags).toEqual(flags);
  });

  it("reads command, times, ids and rows", () => {
    const row = {
      unique_id: "model.shop.orders",
      status: "SUCCESS",
      execution_time: 0.25,
      message: "OK",
      failures: null,
      relation_name: '"dev"."main"."orders"',
      timing: [
        { name: "compile", started_at: "2026-11-25T07:00:02.000001Z" },
        { name: "execute", started_at: "2026-11-25T07:00:02.123456789Z" },
      ],
    };

    const read = readRunResults(runResultsJson([row]), "target/run_results.json");

    expect(read).toEqual({
      command: "build",
      dbtVersion: "1.11.16",
      flags: { empty: false, sample: false, failFast: false, fullRefresh: false },
      schema: 6,
      invocationId: "11111111-0000-4000-8000-000000000000",
      generatedAt: "2026-11-25T07:00:09.123Z",
      target: null,
      logPath: null,
      threads: 1,
      results: [
        {
          id: "model.shop.orders",
          status: "success",
          message: "OK",
          failures: null,
          seconds: 0.25,
          startedAt: "2026-11-25T07:00:02.123Z",
          relation: '"dev"."main"."orders"',
        },
      ],
    });
  });

  it.each([
    [["Thread-1 (worker)", "Thread-2 (worker)", "Thread-1 (worker)"], 2],
    [[undefined, null, ""], 1],
    [["Thread-1", undefined], 1],
    [[], 1],
  ])("counts the threads that did the work: %j", (threads, expected) => {
    const rows = threads.map((thread_id, index) => ({
      unique_id: `model.shop.m${index}`,
      status: "success",
      thread_id,
    }));

    expect(readRunResults(runResultsJson(rows), "x").threads).toBe(expected);
  });

  it.each([
    ["a number", 7, 7],
    ["zero", 0, 0],
    ["a text", "7", 7],
    ["a decimal of the warehouse", "7.0", 7],
    ["an empty text", "", null],
    ["another text", "many", null],
    ["null", null, null],
    ["a boolean", true, null],
  ])("takes failures as a number: %s", (_, failures, expected) => {
    expect(readRow({ failures }).failures).toBe(expected);
  });

  it("makes null of failures that Python calls NaN", () => {
    const text = runResultsJson([{ unique_id: "test.shop.t", status: "fail", failures: "@" }]).replace('"@"', "NaN");

    expect(readRunResults(text, "x").results[0]?.failures).toBeNull();
  });

  it.each([
    ["no timing", [], null],
    ["a missing timing", undefined, null],
    ["only compile", [{ name: "compile", started_at: "2026-11-25T07:00:02Z" }], "2026-11-25T07:00:02.000Z"],
    [
      "execute without a time",
      [
        { name: "compile", started_at: "2026-11-25T07:00:02Z" },
        { name: "execute", started_at: null },
      ],
      "2026-11-25T07:00:02.000Z",
    ],
    ["no zone, which is UTC", [{ name: "execute", started_at: "2026-11-25T07:00:02.5" }], "2026-11-25T07:00:02.500Z"],
    ["an offset", [{ name: "execute", started_at: "2026-11-25T07:00:02+02:00" }], "2026-11-25T05:00:02.000Z"],
    ["what is no time", [{ name: "execute", started_at: "2026-99-99T07:00:02Z" }], null],
  ])("knows when a node began: %s", (_, timing, expected) => {
    expect(readRow({ timing }).startedAt).toBe(expected);
  });

  it.each([
    ["fail", "Error", null],
    ["warn", "Warn", null],
    ["pass", "Pass", null],
    ["success", "Succeeded", null],
    ["skipped", "Skipped", null],
    ["error", "Compilation Error", "Compilation Error"],
    ["success", "OK", "OK"],
  ])("takes a message for none that repeats the status %s, as dbt 2's does: %s", (status, message, expected) => {
    expect(readRow({ status, message }).message).toBe(expected);
  });

  it("tells how long a build took, from its first node to its last", () => {
    const row = (started_at: string, execution_time: number) => ({
      ...{ unique_id: "model.shop.a", status: "success", execution_time },
      timing: [{ name: "execute", started_at }],
    });
    const rows = [row("2026-11-25T07:00:10Z", 5), row("2026-11-25T07:00:02Z", 3), { ...row("", 99), timing: [] }];

    expect(spanSeconds(readRunResults(runResultsJson(rows), "x"))).toBe(13);
    expect(spanSeconds({ results: [] })).toBeNull();
  });

  it.each([
    ["negative", -1],
    ["absent", undefined],
    ["a text", "fast"],
  ])("takes an execution time that is %s as none", (_, execution_time) => {
    expect(readRow({ execution_time }).seconds).toBe(0);
  });

  it.each([
    ["which", { which: "test", rpc_method: "test" }, "test"],
    ["only rpc_method", { rpc_method: "docs.generate" }, "generate"],
    ["neither", {}, ""],
    ["no args at all", undefined, ""],
  ])("knows the command: %s", (_, args, command) => {
    expect(readRunResults(runResultsJson([], { args }), "x").command).toBe(command);
  });

  it("keeps every row that has no id, each under a name of its own", () => {
    const rows = [{ status: "fail", unique_id: "" }, { status: "pass" }, { unique_id: "model.shop.a" }];

    const { results } = readRunResults(runResultsJson(rows), "x");

    expect(results.map(({ id, status }) => [id, status])).toEqual([
      ["row 1 without unique_id", "fail"],
      ["row 2 without unique_id", "pass"],
      ["model.shop.a", ""],
    ]);
  });

  it.each([
    ["no results", { results: undefined }, "it has no list of results"],
    ["a row that is no object", { results: ["pass"] }, "row 1 of its results is no object"],
    [
      "another artifact",
      { metadata: { dbt_schema_version: "https://schemas.getdbt.com/dbt/sources/v3.json" } },
      "dbt_schema_version says sources",
    ],
  ])("refuses a file with %s", (_, overrides, found) => {
    expect(() => readRunResults(runResultsJson([], overrides), "r.json")).toThrow(
      `r.json is no run-results file: ${found}`,
    );
  });

  it.each(realFiles().filter(({ kind }) => kind === "run_results"))("reads $file", ({ file, results, which }) => {
    const read = readRunResults(readReal(file), file);

    expect(read.results).toHaveLength(results ?? -1);
    expect(read.command).toBe(which ?? "");
    expect(read.schema).toBeGreaterThan(0);
    expect(Number.isNaN(Date.parse(read.generatedAt))).toBe(false);
    expect(new Set(read.results.map(({ id }) => id)).size).toBe(read.results.length);
    for (const { status, seconds } of read.results) {
      expect(["pass", "success", "fail", "error", "skipped", "warn"]).toContain(status);
      expect(seconds).toBeGreaterThanOrEqual(0);
    }
  });
});
