import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { signalbox, start } from "./cli.ts";
import { DBT_BIN, describeOnDbt } from "./real-dbt.ts";
import { openBareShop, type Shop } from "./shop.ts";
import { aModel, aTestOf, openSmallProject, type SmallProject } from "./small-project.ts";

const NO_PAUSE = "build: { retry_pause: 0s }\n";
const read = <T>(dir: string, name: string) => JSON.parse(readFileSync(join(dir, ".signalbox", name), "utf8")) as T;
const junitOf = (dir: string) => readFileSync(join(dir, "test-results/dbt/dbt.xml"), "utf8");
const statusesOf = (text: string) =>
  Object.fromEntries(
    (JSON.parse(text) as { results: { unique_id: string; status: string }[] }).results.map((row) => [
      row.unique_id.split(".")[2],
      row.status,
    ]),
  );

describeOnDbt("a check whose branch has a newer run, on real dbt and DuckDB", () => {
  let shop: Shop;
  beforeEach(() => {
    shop = openBareShop({ "models/a.sql": "select 1 as id\n" });
    shop.write("signalbox.yml", `${shop.read("signalbox.yml")}queue: { supersede_running: true }\n`);
    shop.commit("Make way");
    shop.git("push", "--quiet", "origin", "main");
  });
  afterEach(() => shop.remove());

  it("stops dbt, lets that run in, and ends with 0, in a report behind it too", async () => {
    shop.git("switch", "--quiet", "--create", "feature/slow");
    rmSync(join(shop.repo, "models/a.sql"));
    shop.write("models/a.py", slowUnless(join(shop.dir, "go"), null));
    shop.commit("Slow");
    const newerRepo = join(shop.dir, "newer");
    cpSync(shop.repo, newerRepo, { recursive: true });
    const older = start(["ci"], { cwd: shop.repo, env: shop.env });
    await older.prints(/START (?:python|sql)/);

    const newer = start(["ci"], { cwd: newerRepo, env: shop.env });
    const first = await older.ended;
    writeFileSync(join(shop.dir, "go"), "");
    const second = await newer.ended;

    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(/makes way, dbt is stopped: run \d+ is newer/),
    ]);
    expect(read<{ outcome: string }>(shop.repo, "ci.json")).toMatchObject({ outcome: "superseded", exitCode: 0 });
    expect([second.code, second.stdout]).toEqual([0, expect.stringMatching(/PASS {3}1 passed/)]);
    const report = await signalbox(["report"], { cwd: shop.repo, env: shop.env });
    expect(report.code).toBe(0);
  });
});

describeOnDbt("a second start on real dbt and DuckDB", () => {
  let shop: Shop;
  beforeEach(() => {
    const sql = { "models/a.sql": "select 1 as id\n", "models/b.sql": "select * from {{ ref('a') }}\n" };
    shop = openBareShop({ ...sql, "models/c.sql": "select * from {{ ref('b') }}\n" });
    shop.write("signalbox.yml", `${shop.read("signalbox.yml")}${NO_PAUSE}`);
    shop.commit("No pause");
    shop.git("push", "--quiet", "origin", "main");
  });
  afterEach(() => shop.remove());

  it("builds all once the database's file is free again, says so, and ends with 0", async () => {
    const lock = spawn(
      join(DBT_BIN ?? "", "python"),
      [
        "-c",
        `import duckdb; c = duckdb.connect("${join(shop.dir, "shop.duckdb")}"); print("locked", flush=True); input()`,
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    await once(lock.stdout, "data");

    const run = start(["ci", "--mode", "deploy"], { cwd: shop.repo, env: shop.env });
    await run.prints(/is started again in/);
    lock.stdin.end("\n");
    const { code, stdout } = await run.ended;

    expect(stdout).toMatch(/dbt is started again in 0\.0 s for 3 nodes \(DuckDB file lock\)/);
    expect(stdout).toMatch(/PASS {3}3 passed\n +dbt was started again: DuckDB file lock, \+/);
    expect(code).toBe(0);
    expect(read<VerdictResult>(shop.repo, "verdict.json")).toMatchObject({
      level: "pass",
      findings: [],
      dbt: { commands: ["build", "build"] },
      retried: { starts: [{ nodes: 3, why: "DuckDB file lock" }], nodes: {} },
    });
  });

  it("builds what a killed dbt did not come to, and not again what it had built", async () => {
    const wrapper = join(shop.dir, "wrapper");
    // The first build is killed by the system as soon as its log says that a is done.
    writeFileSync(
      wrapper,
      `#!/bin/sh
case " $* " in *" build "*) ;; *) exec dbt "$@" ;; esac
[ -e "${shop.dir}/killed" ] && exec dbt "$@"
dbt "$@" & pid=$!
log=$(echo " $*" | sed 's/.* --log-path \\([^ ]*\\).*/\\1/')/dbt.log
until grep -q '"NodeFinished"' "$log" 2>/dev/null || ! kill -0 $pid; do sleep 0.1; done
touch "${shop.dir}/killed"; kill -9 $pid; exit 137
`,
    );
    chmodSync(wrapper, 0o755);
    rmSync(join(shop.repo, "models/b.sql"));
    shop.write("models/b.py", slowUnless(join(shop.dir, "killed")));
    shop.write("signalbox.yml", `${shop.read("signalbox.yml")}dbt: { command: ["${wrapper}"] }\n`);
    shop.commit("A slow model");

    const { code, stdout } = await signalbox(["ci", "--mode", "deploy", "--no-publish"], {
      cwd: shop.repo,
      env: shop.env,
    });

    expect(stdout).toMatch(/dbt is started again in 0\.0 s for 2 nodes/);
    expect([code, statusesOf(readFileSync(join(shop.repo, "target/run_results.json"), "utf8"))]).toEqual([
      0,
      { a: "success", b: "success", c: "success" },
    ]);
    const [, second] = read<{ starts: { argv: string[] }[] }>(shop.repo, "build.json").starts;
    expect(second?.argv.join(" ")).toContain("--select fqn:shop.b,resource_type:model fqn:shop.c,resource_type:model");
    expect(read<VerdictResult>(shop.repo, "verdict.json")).toMatchObject({ level: "pass", findings: [] });
  });

  it("names a node that runs for longer than it did when the bundle was built", async () => {
    const first = await signalbox(["ci", "--mode", "deploy"], { cwd: shop.repo, env: shop.env });
    expect(first.code).toBe(0);
    shop.git("switch", "--quiet", "--create", "feature/slow");
    rmSync(join(shop.repo, "models/b.sql"));
    shop.write("models/b.py", 'import time\n\ndef model(dbt, session):\n    time.sleep(6)\n    return dbt.ref("a")\n');
    shop.commit("Slow");

    const { code, stdout } = await signalbox(["ci", "--stall-after", "3s"], { cwd: shop.repo, env: shop.env });

    expect([code, stdout]).toEqual([0, expect.stringMatching(/no end yet: model\.shop\.b \([34] s, usually 1 s\)/)]);
  });

  it("reads in a check what the first start built, not production's", async () => {
    const first = await signalbox(["ci", "--mode", "deploy"], { cwd: shop.repo, env: shop.env });
    expect(first.code).toBe(0);
    shop.git("switch", "--quiet", "--create", "feature/two");
    shop.write("models/a.sql", "select 2 as id\n");
    rmSync(join(shop.repo, "models/b.sql"));
    shop.write("models/b.py", resetOnce(join(shop.dir, "broken")));
    shop.commit("Two");
    writeFileSync(join(shop.dir, "broken"), "x");

    const { code, stdout } = await signalbox(["ci"], { cwd: shop.repo, env: shop.env });

    expect([code, stdout]).toEqual([0, expect.stringMatching(/1 model: connection lost, passed at the second try/)]);
    const look =
      'import duckdb, sys; print(duckdb.connect(sys.argv[1]).sql("select id from " + sys.argv[2] + ".b").fetchall())';
    const { stdout: rows } = spawnSync(
      join(DBT_BIN ?? "", "python"),
      ["-c", look, join(shop.dir, "shop.duckdb"), schemaOf(shop)],
      { encoding: "utf8" },
    );
    expect(rows.trim()).toBe("[(2,)]");
    expect(read<VerdictResult>(shop.repo, "verdict.json").retried).toMatchObject({ starts: [{ nodes: 2 }] });
  });
});

/** A model that ends at once only where the file is there. */
function slowUnless(file: string, parent: string | null = "a"): string {
  return `import os, time

def model(dbt, session):
    if not os.path.exists(${JSON.stringify(file)}):
        for _ in range(1200):
            if os.path.exists(${JSON.stringify(file)}):
                break
            time.sleep(0.1)
    return ${parent === null ? 'session.sql("select 1 as id")' : `dbt.ref(${JSON.stringify(parent)})`}
`;
}

/** A model that fails as a lost connection does while the file is there, and takes it away. */
function resetOnce(file: string): string {
  return `import os

def model(dbt, session):
    if os.path.exists(${JSON.stringify(file)}):
        os.remove(${JSON.stringify(file)})
        raise ConnectionResetError("Connection reset by peer")
    return dbt.ref("a")
`;
}

/** The schema of the check that was planned last. */
function schemaOf(shop: Shop): string {
  const { nodes } = read<{ nodes: { id: string; relation: string }[] }>(shop.repo, "plan.json");
  return (nodes.find(({ id }) => id === "model.shop.b")?.relation ?? "").split(".")[1] ?? "";
}

describe("a second start", () => {
  let project: SmallProject;
  const BUSY = "Database Error\n  429 Too Many Requests";
  const NODES = {
    "model.small.paid": aModel("paid", "model.small.orders"),
    "test.small.unique_paid.1": aTestOf("paid", "unique_paid"),
  };
  const rows = (...each: [string, string, string?][]) =>
    JSON.stringify(each.map(([unique_id, status, message]) => ({ unique_id, status, message })));
  const deploy = (env: Record<string, string>, ...args: string[]) =>
    signalbox(["ci", "--mode", "deploy", "--no-publish", ...args], {
      cwd: project.dir,
      env: { ...project.env, FAKE_DBT_NODES: JSON.stringify(NODES), ...env },
    });
  const FIRST = rows(
    ["model.small.orders", "success"],
    ["model.small.paid", "error", BUSY],
    ["test.small.unique_paid.1", "skipped"],
  );
  const GOOD = rows(["model.small.paid", "success"], ["test.small.unique_paid.1", "pass"]);
  const builds = () => project.starts().filter(({ argv }) => argv.includes("build"));

  beforeEach(() => {
    project = openSmallProject();
    project.write({ "signalbox.yml": project.read("signalbox.yml") + NO_PAUSE });
  });
  afterEach(() => project.remove());

  it("takes a quarter of the threads for what was refused and what waited for it, and keeps every try", async () => {
    const env = { FAKE_DBT_ROWS_1: FIRST, FAKE_DBT_EXIT_1: "1", FAKE_DBT_ROWS_2: GOOD, FAKE_DBT_THREADS: "12" };

    const { code, stdout } = await deploy(env);

    expect(code).toBe(0);
    expect(stdout).toContain("dbt is started again in 0.0 s for 2 nodes, with 3 threads (1 node: too many requests)");
    expect(stdout).toContain("1 model: too many requests, passed at the second try, +");
    expect(stdout).toContain("it went with 3 threads: consider modes.*.threads in signalbox.yml");
    const [, second] = builds();
    expect(second?.argv.join(" ")).toContain(
      "--select fqn:small.paid,resource_type:model fqn:small.unique_paid,resource_type:test --indirect-selection empty",
    );
    expect(second?.argv.slice(-2)).toEqual(["--threads", "3"]);
    const merged = readFileSync(join(project.dir, "target/run_results.json"), "utf8");
    expect(statusesOf(merged)).toEqual({ orders: "success", paid: "success", unique_paid: "pass" });
    const xml = junitOf(project.dir);
    expect(xml.match(/<testcase/g)).toHaveLength(3);
    expect(xml).not.toMatch(/<(?:error|failure)/);
    expect(xml).toContain("paid: passed at the second try: too many requests");
  });

  it.each<[what: string, second: Record<string, string>, code: number]>([
    ["that the second start built", { FAKE_DBT_ROWS_2: GOOD }, 0],
    ["that failed again", { FAKE_DBT_ROWS_2: rows(["model.small.paid", "error", BUSY]), FAKE_DBT_EXIT_2: "1" }, 1],
  ])("ends a build alone by what counts: nodes %s", async (_, second, code) => {
    const env = { ...project.env, FAKE_DBT_NODES: JSON.stringify(NODES), FAKE_DBT_ROWS_1: FIRST, FAKE_DBT_EXIT_1: "1" };
    const run = (...args: string[]) =>
      signalbox([...args, "--mode", "deploy"], { cwd: project.dir, env: { ...env, ...second } });
    await run("plan");

    expect((await run("build")).code).toBe(code);
    expect(builds()).toHaveLength(2);
  });

  it("is told alike by a report afterwards", async () => {
    await deploy({ FAKE_DBT_ROWS_1: FIRST, FAKE_DBT_EXIT_1: "1", FAKE_DBT_ROWS_2: GOOD });
    const first = read<VerdictResult>(project.dir, "verdict.json");

    const { code, stdout } = await signalbox(["report"], { cwd: project.dir, env: project.env });

    expect([code, stdout]).toEqual([0, expect.stringContaining("passed at the second try")]);
    const { retried, findings, passed, level } = read<VerdictResult>(project.dir, "verdict.json");
    expect({ retried, findings, passed, level }).toEqual({
      ...{ retried: first.retried, findings: first.findings, passed: first.passed, level: first.level },
    });
  });

  it.each<[string, Record<string, string>, string[], number, number, RegExp]>([
    [
      "what stays refused is exit 4",
      {
        FAKE_DBT_ROWS_2: rows(["model.small.paid", "error", BUSY], ["test.small.unique_paid.1", "skipped"]),
        FAKE_DBT_EXIT_2: "1",
      },
      [],
      4,
      2,
      /not started again: --retries 1 is used up/,
    ],
    [
      "what fails on data then is exit 1",
      {
        FAKE_DBT_ROWS_2: rows(["model.small.paid", "success"], ["test.small.unique_paid.1", "fail", "Got 2 results"]),
        FAKE_DBT_EXIT_2: "1",
      },
      [],
      1,
      2,
      /1 model: too many requests, passed at the second try/,
    ],
    [
      "a second start that leaves a node out is exit 1",
      { FAKE_DBT_ROWS_2: rows(["model.small.paid", "success"]) },
      [],
      1,
      2,
      /dbt was started again for it, and left no result/,
    ],
    ["--retries 0 starts once", {}, ["--retries", "0"], 4, 1, /not started again: --retries is 0/],
    [
      "a failed test is not tried again",
      {
        FAKE_DBT_ROWS_1: rows(
          ["model.small.orders", "success"],
          ["model.small.paid", "success"],
          ["test.small.unique_paid.1", "fail", "Got 2 results"],
        ),
      },
      [],
      1,
      1,
      /1 error/,
    ],
    [
      "a killed dbt is started again",
      {
        FAKE_DBT_DIES_1: "1",
        FAKE_DBT_ROWS_2: rows(
          ["model.small.orders", "success"],
          ["model.small.paid", "success"],
          ["test.small.unique_paid.1", "pass"],
        ),
      },
      [],
      0,
      2,
      /dbt was started again: dbt was stopped/,
    ],
    [
      "a node without an answer is stopped and built again",
      {
        FAKE_DBT_HANGS_1: '["orders"]',
        FAKE_DBT_ROWS_2: rows(
          ["model.small.orders", "success"],
          ["model.small.paid", "success"],
          ["test.small.unique_paid.1", "pass"],
        ),
      },
      ["--node-timeout", "1s"],
      0,
      2,
      /1 model: no answer, passed at the second try/,
    ],
    [
      "one that never answers is exit 4",
      { FAKE_DBT_HANGS: '["orders"]' },
      ["--node-timeout", "1s"],
      4,
      2,
      /dbt build was stopped by --node-timeout/,
    ],
  ])("%s", async (_, env, args, code, starts, says) => {
    const ended = await deploy({ FAKE_DBT_ROWS_1: FIRST, FAKE_DBT_EXIT_1: "1", ...env }, ...args);

    expect(ended.stdout).toMatch(says);
    expect([ended.code, builds().length]).toEqual([code, starts]);
  });

  it.each([
    [["--retries", "4"], '--retries is "4": wanted 0 to 3'],
    [["--node-timeout", "0s"], '--node-timeout is "0s": wanted at least 1s'],
  ])("refuses %j", async (args, words) => {
    const { code, stderr } = await deploy({}, ...args);

    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
    expect(existsSync(join(project.dir, ".signalbox"))).toBe(false);
  });
});
