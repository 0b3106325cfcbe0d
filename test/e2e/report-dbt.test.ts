import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { laptop, signalbox } from "./cli.ts";
import { DBT_BIN, DBT_PATH, describeOnDbt } from "./real-dbt.ts";

/** `report` after starts of real dbt: what it leaves, and what its log says of those that leave nothing. */
describeOnDbt("report on real dbt", () => {
  let [root, dir, retried] = ["", "", ""];
  const env = () => laptop({ PATH: DBT_PATH });
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  };
  const program = () => join(DBT_BIN ?? "", "dbt");
  const dbt = (...args: string[]) => spawnSync(program(), args, { cwd: dir, env: env() }).status;
  const report = (...args: string[]) => signalbox(["report", ...args], { cwd: dir, env: env() });

  /** A build that failed, and its retry that did not: its results are the last ones, the first ones are in first/. */
  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-report-dbt-")));
    [dir, retried] = [join(root, "project"), join(root, "retried")];
    write("dbt_project.yml", "name: small\nprofile: small\nflags: { send_anonymous_usage_stats: false }\n");
    write("profiles.yml", "small: { target: ci, outputs: { ci: { type: duckdb, path: w.duckdb } } }\n");
    write("models/a.sql", "select 1 as id\n");
    write("models/b.sql", "select nope from {{ ref('a') }}\n");
    expect(dbt("build")).toBe(1);
    write("first/manifest.json", "");
    copyFileSync(join(dir, "target/run_results.json"), join(dir, "first/run_results.json"));
    write("models/b.sql", "select id from {{ ref('a') }}\n");
    expect(dbt("retry")).toBe(0);
    copyFileSync(join(dir, "target/manifest.json"), join(dir, "first/manifest.json"));
    renameSync(dir, retried);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  // In the folder in which dbt ran: its log names it.
  beforeEach(() => cpSync(retried, dir, { recursive: true, preserveTimestamps: true }));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("calls the first results of a build that was retried red, alone and beside the retry's manifest", async () => {
    expect((await report("first/run_results.json")).code).toBe(1);
    expect((await report("first/run_results.json", "target/run_results.json")).code).toBe(0);
    // Elsewhere, without dbt's log and without the retry's results.
    const elsewhere = join(dir, "elsewhere");
    mkdirSync(elsewhere);
    const results = join(dir, "first/run_results.json");
    expect((await signalbox(["report", results], { cwd: elsewhere, env: env() })).code).toBe(1);
  });

  it("is not green behind a build that did not compile, and is behind ls and docs that came to nothing", async () => {
    expect(dbt("ls")).toBe(0);
    const fine = await report();
    write("models/c.sql", "select {{ nope( }}\n");
    expect(dbt("ls")).toBe(2);
    const stillFine = await report();
    expect(dbt("build")).toBe(2);
    const stale = await report();

    expect([fine.code, stillFine.code, stale.code]).toEqual([0, 0, 3]);
    expect(fine.stdout).toMatch(/^judged: dbt build · target ci · /m);
    expect(stale.stderr).toContain("which left no results: Compilation Error in model c (models/c.sql)");
  });

  it("is not green on the results of a build that was cancelled: dbt writes the nodes that it had done", async () => {
    write("models/slow.sql", `{{ config(materialized="table") }} ${SLOW}`);
    const child = spawn(program(), ["build", "--exclude", "b"], { cwd: dir, env: env() });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const log = join(dir, "logs/dbt.log");
    // What dbt notes when it hands the query to DuckDB; the query itself would run for hours.
    await vi.waitUntil(() => /On model\.small\.slow: [\s\S]*range\(200000\)/.test(readFileSync(log, "utf8")), {
      timeout: 120_000,
      interval: 100,
    });
    const running = await report();
    child.kill("SIGINT");
    await ended;
    const cancelled = await report();

    expect(running.code).toBe(3);
    expect(running.stderr).toContain("it was stopped, or it is still running");
    expect(cancelled.code).toBe(1);
  });
});

const SLOW = "select count(*) as n from range(200000) x, range(2000000) y where x.range * y.range % 7 = 3\n";
