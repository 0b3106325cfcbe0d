import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { CiResult } from "../../src/commands/ci-ending.ts";
import type { PlanResult } from "../../src/selection/plan.ts";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { CLI, type Ended, program, signalbox, start } from "./cli.ts";
import { DBT_2_ENV, DBT_BIN, DBT_PATH, describeOnDbt2 } from "./real-dbt.ts";
import { MISTAKE, openShop, type Shop } from "./shop.ts";

const TERMINAL = fileURLToPath(new URL("terminal.py", import.meta.url));
/** By its name, as signalbox starts it. */
const DBT = "dbt";
const FAILING = "test.shop.unique_int_orders_eur_order_id.b2a50f1b5a";
/** It takes hours, and can be stopped. */
const SLOW =
  "{{ config(materialized='table') }} select sum(sqrt(a.range * b.range)) as x from range(1000000) a, range(1000000) b\n";

/** The day of story.test.ts on the real dbt 2: each test has a copy of the shop as its deploy has left it. */
describeOnDbt2("a team's day on dbt 2", () => {
  let deployed: { readonly shop: Shop; readonly ended: Ended };
  let shop: Shop;
  const env = (of = shop) => ({ ...of.env, ...DBT_2_ENV });
  const run = (...args: string[]) => signalbox(args, { cwd: shop.repo, env: env() });
  const onTerminal = (...args: string[]) => {
    const { NO_COLOR: _, ...rest } = env();
    return program(["python3", TERMINAL, process.execPath, CLI, ...args], {
      cwd: shop.repo,
      env: { ...rest, TERM: "xterm" },
    });
  };
  const value = <T>(name: string) => JSON.parse(readFileSync(join(shop.repo, ".signalbox", name), "utf8")) as T;
  const onBranch = (change: () => void) => {
    shop = deployed.shop.copy();
    shop.git("switch", "--quiet", "--create", "feature/rates");
    change();
    shop.commit("A change");
  };
  const makeMistake = () => shop.edit(MISTAKE.file, MISTAKE.old, MISTAKE.now);

  beforeAll(async () => {
    const first = openShop();
    const ended = await signalbox(["ci", "--mode", "deploy"], { cwd: first.repo, env: env(first) });
    deployed = { shop: first, ended };
  });
  afterAll(() => deployed?.shop.remove());
  afterEach(() => shop?.remove());

  it("begins with a deploy that builds everything and publishes a bundle, and has no flag that is no longer supported", () => {
    shop = deployed.shop.copy();
    const { ended } = deployed;

    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/dbt build: exit 0 after \d+\.\d s, 39 nodes/);
    expect(ended.stdout).toContain("state bundle of");
    expect(ended.stdout).not.toMatch(/no longer supported|"info":/);
    expect(value<CiResult>("ci.json").verdict?.findings).toMatchObject([
      { status: "warn", failures: 3, threshold: "warn if != 0" },
    ]);
    expect(shop.git("status", "--porcelain")).toBe("");
  });

  it("checks a branch: what dbt ls selects, no exposure, and of the error no message that says nothing", async () => {
    onBranch(() => {
      makeMistake();
      shop.write("models/_nobody.yml", "models:\n  - name: nobody\n");
    });

    const ended = await run("ci");

    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/12 of 39 nodes: 1 changed, 11 follow/);
    expect(ended.stdout).toMatch(/int_orders_eur\s+body changed/);
    expect(ended.stdout.match(/(?<=^dbt +dbt )\w+(?= --)/gm)).toEqual(["ls", "build"]);
    expect(ended.stdout).not.toMatch(/please report it|│ (?:Error|Warn)$/m);
    expect(ended.stdout).toContain("reproduce: dbt build --target ci --select unique_int_orders_eur_order_id");
    expect(ended.stdout).toMatch(
      /^time +\d+\.\d s: (?:waited .+, )?parse \d\.\d s, build \d\.\d s \(the baseline's was \d\.\d s\); slowest: \w+ \d/m,
    );
    expect(value("build.json")).toMatchObject({ planMatchesRun: true });
    expect(value<PlanResult>("plan.json").delegatedToDbt).toMatch(/^dbt ls was asked/);
    const { findings, counts } = value<VerdictResult>("verdict.json");
    expect(counts).toMatchObject({ error: 1, warn: 2, skipped: 8, passed: 2 });
    expect(findings.find(({ subject }) => subject.kind === "run")).toMatchObject({
      ...{ subject: { what: "project" }, severity: "warn", isNew: true },
      places: [{ path: "models/_nobody.yml", message: expect.stringMatching(/^NoNodeForYamlKey \(dbt1089\): Unused/) }],
    });
    expect(findings[0]).toMatchObject({
      subject: { id: FAILING },
      failures: 4,
      threshold: "error if != 0",
      isNew: true,
    });
  });

  it("tells two channels when it is merged", async () => {
    onBranch(makeMistake);
    shop.git("switch", "--quiet", "main");
    shop.git("merge", "--quiet", "--ff-only", "feature/rates");

    const ended = await run("ci", "--mode", "deploy");

    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/#C0ERRORS00 · errors[\s\S]*#C0WARNINGS · warnings/);
    expect(ended.stdout).toContain("no state bundle: the build has errors");
  });

  it("lets the second of two runs wait for the first", async () => {
    shop = deployed.shop.copy();
    const hourly = shop.clone("hourly");
    const first = start(["ci", "--mode", "deploy", "--no-notify"], { cwd: shop.repo, env: env() });
    await first.prints(/entered at once/);
    const second = start(["ci", "--mode", "deploy", "--no-notify"], { cwd: hourly, env: env() });

    const [one, two] = await Promise.all([first.ended, second.ended]);

    expect([one.code, two.code]).toEqual([0, 0]);
    expect(two.stdout).toMatch(/waits for run \d+ of main[\s\S]*entered after \d+ s: run \d+ has ended/);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("stops dbt when it gets %s", async (name, code) => {
    onBranch(() => shop.write("models/slow.sql", SLOW));
    const running = start(["ci"], { cwd: shop.repo, env: env() });
    await running.prints(/dbt build --target ci[\s\S]*Loading profiles\.yml/);
    await new Promise((resolve) => setTimeout(resolve, 500));

    running.child.kill(name);
    const ended = await running.ended;

    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(`stopped by ${name}`);
    expect(ended.stdout).not.toContain("<unknown>");
  });

  it("stops a node that takes too long, and tells what became of the others, whatever dbt's results say", async () => {
    onBranch(() => {
      shop.write("models/slow.sql", SLOW);
      shop.write("models/quick.sql", "select 1 as x\n");
      shop.write("models/after.sql", "select * from {{ ref('slow') }}\n");
    });

    const ended = await onTerminal("ci", "--node-timeout", "3s", "--retries", "0");

    expect(ended.stdout).toContain("stopping dbt: --node-timeout of 3 s is over for model.shop.slow");
    expect(ended.stdout).toMatch(/\r\x1b\[K1\/3 · slow \d s\r\x1b\[K/);
    expect(ended.stdout).toMatch(/dbt's log: \.signalbox\/dbt\/\d\d-build\/dbt\.log/);
    expect(ended.stdout).not.toMatch(/Succeeded|Loading profiles/);
    const { passed, known, findings } = value<VerdictResult>("verdict.json");
    expect(findings.map(({ status }) => status).sort()).toEqual(["stalled", "stopped"]);
    expect(known).toContain("model.shop.after");
    expect(passed).toContain("model.shop.quick");
    expect(passed).not.toContain("model.shop.after");
  });

  it("takes a project that does not compile for a finding about the run, with dbt's reason and not its addresses", async () => {
    onBranch(() => shop.write("models/marts/broken.sql", "select * from {{ ref('no_such_model') }}\n"));

    const check = await run("ci");
    const ofCheck = value<VerdictResult>("verdict.json");
    const deploy = await run("ci", "--mode", "deploy");

    expect([check.code, deploy.code]).toEqual([1, 1]);
    for (const { findings } of [ofCheck, value<VerdictResult>("verdict.json")]) {
      expect(findings).toMatchObject([{ subject: { kind: "run", what: "dbt-failed" }, status: "exit 1" }]);
      expect(findings[0]?.message).toMatch(/^\[DependencyNotFound \(dbt1048\)\]: Ref 'no_such_model' not found/);
      expect(findings[0]?.message).not.toContain("<unknown>");
      expect(findings[0]?.places).toMatchObject([{ path: "models/marts/broken.sql", line: 1, column: 15 }]);
    }
    expect(check.stdout + deploy.stdout).not.toContain("<unknown>");
  });

  it("calls a test an error whose query failed, though dbt says that it found failures", async () => {
    onBranch(() => {
      shop.write("tests/no_query.sql", "select * from no_such_table\n");
      shop.write("tests/no_warning.sql", "{{ config(severity='warn') }} select * from no_such_table\n");
    });

    const ended = await run("ci", "--select", "no_query no_warning");

    expect(ended.code).toBe(1);
    expect(value<VerdictResult>("verdict.json").findings).toMatchObject([
      {
        status: "error",
        failures: null,
        message: expect.stringMatching(/Table with name no_such_table does not exist/),
      },
      { status: "warn", failures: null, message: expect.stringMatching(/^its query failed: .*no_such_table/) },
    ]);
  });

  it("never calls green what a dbt that was started by hand left of a project that does not compile", async () => {
    onBranch(() => shop.write("models/marts/broken.sql", "select {{ no_such_function() }} as x\n"));
    spawnSync(DBT, ["build", "--target", "ci"], { cwd: shop.repo, env: env() });

    const told = await run("report", "target/run_results.json");
    rmSync(join(shop.repo, "logs"), { recursive: true });
    const doubted = await run("report", "target/run_results.json");
    const compiles = await run("report", "target/run_results.json", "--dbt-exit", "0");

    expect(told.code).toBe(1);
    expect(told.stdout).toContain("[JinjaError (dbt1501)]: Failed to render SQL");
    expect(doubted.code).toBe(3);
    expect(doubted.stderr).toContain("name its exit code (--dbt-exit)");
    expect(compiles.code).toBe(0);
  });

  it("starts again what was stopped, with fewer threads than were asked for, and takes the last of each option", async () => {
    onBranch(() => {
      shop.write("models/slow.sql", SLOW);
      shop.edit(
        "signalbox.yml",
        "modes:",
        'build: { retries: 1, retry_pause: 1s }\ndbt: { threads: 4, args: ["--threads", "3"] }\nmodes:',
      );
    });

    const ended = await run("ci", "--node-timeout", "2s", "--", "--threads", "2");

    expect(ended.stdout).not.toContain("cannot be used multiple times");
    const { starts } = value<{ starts: { argv: string[]; again: unknown; trouble: string }[] }>("build.json");
    expect(starts.map(({ trouble }) => trouble)).toEqual(["stalled", "stalled"]);
    for (const { argv } of starts) expect(argv.filter((word) => word === "--threads")).toHaveLength(1);
  });

  it("refuses in one line what dbt refuses", async () => {
    onBranch(makeMistake);

    const option = await run("ci", "--", "--nope");
    const method = await run("ci", "--select", "nope:x");

    expect(option.code).toBe(1);
    expect(option.stdout).toContain("unexpected argument '--nope' found");
    expect(method.code).toBe(2);
    expect(method.stderr).toContain("Invalid node selector method: `nope`");
  });

  it.skipIf(DBT_BIN === undefined)("parses again what another engine has deployed, and says so", async () => {
    shop = openShop();
    await signalbox(["ci", "--mode", "deploy"], { cwd: shop.repo, env: { ...shop.env, PATH: DBT_PATH } });
    shop.git("switch", "--quiet", "--create", "feature/rates");
    makeMistake();
    shop.commit("A change");

    // Its DuckDB writes a file that the library of dbt 2 is too old for: no more than the plan.
    const ended = await run("plan");

    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(
      /bundle .+ was made with dbt 1\.11\.16, and this is dbt 2\.0\.0.*: .+ is parsed again/,
    );
    const { baselines, ids } = value<PlanResult>("plan.json");
    expect(baselines).toMatchObject({ selection: { kind: "bundle" }, deferral: { kind: "bundle" } });
    expect(ids).toHaveLength(12);
  });
});
