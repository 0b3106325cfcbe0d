import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
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

  describe("where dbt's log tells of other starts", () => {
    const LINE = "=".repeat(30);
    const start = (clock: string, id: string, command: string, ...lines: string[]) =>
      [
        `${LINE} ${clock}.000000 | ${id} ${LINE}`,
        `${clock}.000001 [info ] [MainThread]: Running with dbt=1.11.16`,
        `${clock}.000002 [debug] [MainThread]: running dbt with arguments {'write_json': 'True', 'invocation_command': '${command}', 'target_path': 'None'}`,
        ...lines.map((line) => `${clock}.900000 [debug] [MainThread]: ${line}`),
        "",
      ].join("\n");
    const built = (how: string) =>
      start(
        "07:00:00",
        "i-1",
        "dbt build",
        "Concurrency: 4 threads (target='prod')",
        "Wrote artifact RunExecutionResult to /shop/target/run_results.json",
        `Command \`dbt build\` ${how} at 07:00:01 after 1 seconds`,
      );
    const open = (log: string, folder = "logs") => {
      mkdirSync(join(dir, "target"));
      mkdirSync(join(dir, folder));
      write({
        "dbt_project.yml": "name: shop\n",
        "target/run_results.json": results([["test.a.t", "pass"]]),
        [`${folder}/dbt.log`]: log,
      });
    };

    it("says what it judged: command, target, time, age and file", async () => {
      open(built("succeeded"));

      const text = await report();
      const { sources } = json<VerdictResult>(await report("--json"));

      expect(text.code).toBe(0);
      expect(text.stdout).toMatch(
        /^judged: dbt build · target prod · 2026-11-25 07:00 UTC, .+ ago · target\/run_results\.json$/m,
      );
      expect(readFileSync(join(dir, ".signalbox/summary.md"), "utf8")).toContain("judged: dbt build");
      expect(sources).toEqual([
        {
          file: expect.stringMatching(/target\/run_results\.json$/),
          command: "build",
          target: "prod",
          generatedAt: "2026-11-25T07:00:00.000Z",
          ageSeconds: expect.any(Number),
          withoutRow: [],
        },
      ]);
    });

    it.each([
      ["in logs/", "logs", {}],
      ["where DBT_LOG_PATH is", "elsewhere", { DBT_LOG_PATH: "elsewhere" }],
    ])("is never green behind a build that left no results: a log %s", async (_, folder, env) => {
      const failed = start("07:05:00", "i-2", "dbt build", "Encountered an error:");
      open(`${built("succeeded")}${failed}Compilation Error in model c\n`, folder);

      const ended = await signalbox(["report"], { cwd: dir, env: laptop(env) });
      const since = await signalbox(["report", "--since", "2026-11-25T06:59:00Z"], { cwd: dir, env: laptop(env) });

      expect(ended.code).toBe(3);
      expect(ended.stderr).toMatch(/older than `dbt build` of .*, which left no results: Compilation Error in model c/);
      expect(since.code).toBe(0);
    });

    it("leaves no earlier verdict for notify where it refuses", async () => {
      open(built("succeeded"));
      const kept = [".signalbox/verdict.json", ".signalbox/summary.md", "test-results/dbt/dbt.xml"];
      const there = () => kept.map((name) => existsSync(join(dir, name)));

      expect((await report()).code).toBe(0);
      expect((await report("--base", ".signalbox/verdict.json")).code).toBe(0);
      expect(there()).toEqual([true, true, true]);
      write({ "logs/dbt.log": `${built("succeeded")}${start("07:05:00", "i-2", "dbt build")}` });

      expect((await report()).code).toBe(3);
      expect(there()).toEqual([false, false, false]);
      expect((await signalbox(["notify"], { cwd: dir, env: laptop() })).code).toBe(3);
    });

    it("is not green where the results of one folder are old, and newer ones lie in another", async () => {
      const inPlace = (clock: string, id: string, place: string, ...lines: string[]) =>
        start(clock, id, "dbt build", ...lines).replace("'None'", `'${place}'`);
      const wrote = (place: string) => `Wrote artifact RunExecutionResult to ${dir}/${place}/run_results.json`;
      open(
        inPlace("07:00:00", "i-1", "eu", wrote("eu")) +
          inPlace("07:10:00", "i-2", "eu") +
          inPlace("07:20:00", "i-3", "us", wrote("us")),
      );
      for (const place of ["eu", "us"]) mkdirSync(join(dir, place));
      const pass: Parameters<typeof results>[0] = [["test.a.t", "pass"]];
      const us = results(pass).replace("i-1", "i-3").replace("07:00", "07:20");
      write({ "eu/run_results.json": results(pass), "us/run_results.json": us });

      const ended = await report("eu/run_results.json", "us/run_results.json");

      expect(ended.code).toBe(3);
      expect(ended.stderr).toContain("eu/run_results.json");
      expect((await report("us/run_results.json")).code).toBe(0);
    });

    it("is not green on the part that a cancelled build wrote: dbt's log says that it failed", async () => {
      open(built("failed"));

      expect((await report()).code).toBe(1);
    });

    it("reads the target folder that dbt_project.yml or the environment names", async () => {
      open(built("succeeded"));
      mkdirSync(join(dir, "out"));
      write({
        "dbt_project.yml": "name: shop\ntarget-path: out\n",
        "out/run_results.json": results([["test.a.t", "fail"]]),
      });

      expect((await report()).code).toBe(1);
      expect((await signalbox(["report"], { cwd: dir, env: laptop({ DBT_TARGET_PATH: "target" }) })).code).toBe(0);
    });

    it("does not take another project's results in a shared target folder for its own", async () => {
      open(built("succeeded"));
      write({
        "target/manifest.json": JSON.stringify({
          metadata: {
            dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
            project_name: "other",
            invocation_id: "i-1",
          },
          nodes: { "test.a.t": { unique_id: "test.a.t", resource_type: "test", name: "t" } },
          sources: {},
          macros: {},
        }),
      });

      const ended = await report();

      expect(ended.code).toBe(3);
      expect(ended.stderr).toContain('is of the project "other"');
    });
  });

  describe("on what a signalbox left", () => {
    const leave = (files: Readonly<Record<string, string>>) => {
      mkdirSync(join(dir, "target"));
      mkdirSync(join(dir, ".signalbox/dbt/01-parse"), { recursive: true });
      write({ "target/run_results.json": results([["test.a.t", "pass"]]), ".signalbox/.signalbox-work": "", ...files });
    };

    it("is not green where a ci was cancelled before it built: older results lie in target/", async () => {
      leave({ ".signalbox/run.json": "{}" });

      const ended = await report();

      expect(ended.code).toBe(3);
      expect(ended.stderr).toContain("is of a signalbox that was stopped: its ci began at");
      expect((await report("target/run_results.json")).code).toBe(0);
    });

    it.each([
      ["killed", {}],
      ["interrupted, of which its ci still told", { ".signalbox/ci.json": '{"outcome":"failed"}' }],
      ["killed after an earlier ci had nothing to do", { ".signalbox/ci.json": '{"outcome":"nothing"}' }],
    ])("is not green where a build was %s: dbt may have gone on, and its results are whole", async (_, files) => {
      mkdirSync(join(dir, ".signalbox/dbt/02-build"), { recursive: true });
      leave({ ".signalbox/run.json": "{}", ...files });

      const ended = await report();

      expect(ended.code).toBe(3);
      expect(ended.stderr).toContain("its dbt build (dbt/02-build) has no end");
    });

    it("is not green where a ci ended before its build, and leaves it its verdict", async () => {
      const verdict = join(dir, ".signalbox/verdict.json");
      leave({
        ".signalbox/run.json": "{}",
        ".signalbox/verdict.json": "of ci",
        ".signalbox/ci.json": '{"outcome":"failed"}',
      });
      utimesSync(verdict, new Date("2020-01-01"), new Date("2020-01-01"));

      expect((await report()).code).toBe(3);
      expect(readFileSync(verdict, "utf8")).toBe("of ci");
      // Written after the ci ended: an earlier report's.
      utimesSync(verdict, new Date("2099-01-01"), new Date("2099-01-01"));
      expect((await report()).code).toBe(3);
      expect(existsSync(verdict)).toBe(false);
    });

    it("says that nothing ran where a ci had nothing to build, and not what target/ held before", async () => {
      leave({ ".signalbox/run.json": "{}", ".signalbox/ci.json": '{"outcome":"nothing"}' });

      const ended = await report();

      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain("nothing ran");
    });

    it("judges target/ where only a plan was made, and where dbt was started by hand since", async () => {
      leave({ ".signalbox/ci.json": '{"outcome":"failed"}' });
      utimesSync(join(dir, ".signalbox/ci.json"), new Date("2020-01-01"), new Date("2020-01-01"));
      const byHand = await report();
      rmSync(join(dir, ".signalbox/ci.json"));

      expect(byHand.stdout).toContain("1 passed");
      expect((await report()).stdout).toContain("1 passed");
    });
  });

  describe("on sources.json alone", () => {
    const source = (name: string) => ({
      unique_id: `source.shop.raw.${name}`,
      resource_type: "source",
      name,
      source_name: "raw",
      loaded_at_field: "ts",
      freshness: { warn_after: { count: 1, period: "day" }, error_after: { count: 2, period: "day" } },
    });
    const of = (...names: string[]) =>
      Object.fromEntries(names.map((name) => [`source.shop.raw.${name}`, source(name)]));

    it.each([
      ["nobody knows dbt's exit code", [], 0, /^2 sources with freshness thresholds have no row \(raw\.b, raw\.c\)/m],
      ["dbt ended with 0", ["--dbt-exit", "0"], 0, /1 passed/],
      ["dbt ended with 1", ["--dbt-exit", "1"], 1, /without a row: source\.shop\.raw\.b, source\.shop\.raw\.c/],
    ])("a source that was not selected is no error: %s", async (what, args, code, words) => {
      const metadata = (kind: string) => ({
        dbt_schema_version: `https://schemas.getdbt.com/dbt/${kind}.json`,
        generated_at: "2026-11-25T07:00:00Z",
        invocation_id: "i-1",
      });
      write({
        "manifest.json": JSON.stringify({
          metadata: metadata("manifest/v12"),
          nodes: {},
          sources: of("a", "b", "c"),
          macros: {},
        }),
        "sources.json": JSON.stringify({
          metadata: metadata("sources/v3"),
          results: [{ unique_id: "source.shop.raw.a", status: "pass", execution_time: 1, timing: [] }],
        }),
      });

      const ended = await report("--sources", "sources.json", ...args);

      expect(ended.code).toBe(code);
      expect(ended.stdout).toMatch(words);
      if (what === "dbt ended with 0") expect(ended.stdout).not.toContain("no row");
    });
  });
});
