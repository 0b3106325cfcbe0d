import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { json, laptop, signalbox } from "./cli.ts";

/** `report` after a dbt that something else started: no repository, no dbt, only files. */
describe("report on somebody else's dbt", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "signalbox-report-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const results = (rows: readonly [string, string][], overrides: { which?: string; generatedAt?: string } = {}) =>
    JSON.stringify({
      metadata: {
        dbt_schema_version: "https://schemas.getdbt.com/dbt/run-results/v6.json",
        dbt_version: "1.11.16",
        generated_at: overrides.generatedAt ?? "2026-11-25T07:00:00Z",
        invocation_id: "i-1",
      },
      args: { which: overrides.which ?? "build" },
      elapsed_time: 1,
      results: rows.map(([id, status]) => ({
        unique_id: id,
        status,
        message: status === "pass" ? null : "Got 3 results, configured to fail if != 0",
        failures: status === "pass" ? 0 : 3,
        execution_time: 0.1,
        timing: [],
        thread_id: "Thread-1",
        adapter_response: {},
      })),
    });
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  };
  const report = (...args: string[]) => signalbox(["report", ...args], { cwd: dir, env: laptop() });

  it.each([
    ["a pass", [["test.a.t", "pass"]], [], 0],
    ["a warning", [["test.a.t", "warn"]], [], 0],
    ["a warning with --fail-on warn", [["test.a.t", "warn"]], ["--fail-on", "warn"], 1],
    ["a failure", [["test.a.t", "fail"]], [], 1],
    ["a failure with --fail-on never", [["test.a.t", "fail"]], ["--fail-on", "never"], 0],
    ["a pass, but dbt ended with 1", [["test.a.t", "pass"]], ["--dbt-exit", "1"], 1],
    ["a status of next year, and dbt ended with 1", [["test.a.t", "exploded"]], ["--dbt-exit", "1"], 1],
    ["a pass, but dbt did not compile", [["test.a.t", "pass"]], ["--dbt-exit", "2"], 1],
  ] as const)("%s ends with the right exit code", async (_, rows, args, code) => {
    write({ "run_results.json": results(rows as unknown as [string, string][]) });

    expect((await report("run_results.json", ...args)).code).toBe(code);
  });

  it("writes verdict, JUnit and summary", async () => {
    write({ "run_results.json": results([["test.a.t", "fail"]]) });

    const ended = await report("run_results.json", "--json", "--summary", "out.md", "--junit", "xml");

    expect(json<VerdictResult>(ended)).toMatchObject({ schema: 1, level: "error", counts: { error: 1 } });
    expect(readFileSync(join(dir, "out.md"), "utf8")).toContain("1 error");
    expect(readFileSync(join(dir, "xml/dbt.xml"), "utf8")).toContain("<failure");
    expect(existsSync(join(dir, ".signalbox/verdict.json"))).toBe(true);
  });

  it("lays several files over each other by their time, whatever their order: the last result of a node wins", async () => {
    write({
      "old.json": results([["test.a.t", "fail"]], { generatedAt: "2026-11-25T07:00:00Z" }),
      "new.json": results([["test.a.t", "pass"]], { generatedAt: "2026-11-25T08:00:00Z" }),
    });

    expect((await report("new.json", "old.json")).code).toBe(0);
  });

  it.each([
    [
      "of dbt docs generate",
      results([["test.a.t", "success"]], { which: "generate" }),
      [],
      "is of `dbt docs generate`",
    ],
    [
      "from before the step",
      results([["test.a.t", "pass"]]),
      ["--since", "2026-11-25T09:00:00Z"],
      "it is of an earlier dbt start",
    ],
    ["truncated", results([["test.a.t", "pass"]]).slice(0, 100), [], "run_results.json"],
    ["empty", "", [], "run_results.json"],
    ["something else", "[]", [], "run_results.json"],
  ])("a file that is %s is exit 3 and one sentence, never green", async (_, text, args, words) => {
    write({ "run_results.json": text });

    const ended = await report("run_results.json", ...args);

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(words);
    expect(ended.stdout).toBe("");
  });
});
