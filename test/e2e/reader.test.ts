import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { laptop, signalbox } from "./cli.ts";
import { DBT_BIN, DBT_PATH, describeOnDbt } from "./real-dbt.ts";

/** What somebody finds who opens a red run in the morning: on real dbt, with a local package and a Python model. */
describeOnDbt("the reader of a red run", () => {
  let [root, made, dir] = ["", "", ""];
  const env = (more: Record<string, string> = {}) => laptop({ PATH: DBT_PATH, ...more });
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  };
  const git = (...args: string[]) => spawnSync("git", args, { cwd: dir, env: env() });
  const run = (args: string[], more: Record<string, string> = {}) => signalbox(args, { cwd: dir, env: env(more) });
  const verdict = () => JSON.parse(readFileSync(join(dir, ".signalbox/verdict.json"), "utf8"));
  /** Dbt's own log may say anything. */
  const behindDbt = (log: string) => log.slice(log.indexOf("\nverdict "), log.indexOf("\nnotify "));

  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-reader-")));
    made = join(root, "made");
    dir = made;
    write("dbt_project.yml", "name: shop\nprofile: shop\nflags: { send_anonymous_usage_stats: false }\n");
    const target = "type: duckdb, path: w.duckdb, threads: 1";
    write("profiles.yml", `shop: { target: prod, outputs: { prod: { ${target} }, ci: { ${target}, schema: ci } } }\n`);
    write("packages.yml", "packages: [{ local: packages/own }]\n");
    write("packages/own/dbt_project.yml", "name: own\n");
    write("packages/own/models/of_package.sql", "select 1 as id union all select 1\n");
    write(
      "packages/own/models/schema.yml",
      "models:\n  - name: of_package\n    columns:\n      - name: id\n        data_tests: [unique]\n",
    );
    // The project has a file of the same name.
    write("models/schema.yml", "models:\n  - name: orders\n");
    write("models/orders.sql", "select 1 as id\n");
    write("models/py.py", "def model(dbt, session):\n    return {}['gone']\n");
    write(
      "signalbox.yml",
      "base_branch: main\nwarn_sla: 7d\nbuild: { retry_pause: 0s }\nmodes: { check: { target: ci }, deploy: { target: prod } }\n",
    );
    write(".gitignore", "target/\nlogs/\ndbt_packages/\n*.duckdb\n.signalbox/\ntest-results/\n");
    git("init", "-qb", "main");
    git("add", "-A");
    git("commit", "-qm", "first");
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  beforeEach(() => {
    dir = join(root, "project");
    cpSync(made, dir, { recursive: true });
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("finds the exception's own line, the file of a package's node, and the compiled code", async () => {
    const ended = await run(["ci", "--mode", "deploy", "--no-queue"]);

    expect(ended.code).toBe(1);
    const log = behindDbt(ended.stdout);
    expect(log).toMatch(/ERROR {2}py · model .*\n +at models\/py\.py:1\n.*\n +│ KeyError: 'gone'\n/);
    expect(log.match(/│ {3}at /g)?.length).toBeLessThanOrEqual(3);
    expect(log).toMatch(
      /of_package\.id · unique test .*\n +at packages\/own\/models\/schema\.yml:5\n +compiled: target\/compiled\/own\/\S+\.sql\n/,
    );
    expect(log).toContain("reproduce: dbt build --target prod --select ");
    for (const { subject } of verdict().findings) expect(existsSync(join(dir, subject.compiled))).toBe(true);

    // Alone, with what the run has left: notify calls the project as ci does.
    rmSync(join(dir, ".signalbox/run.json"));
    expect((await run(["notify"])).stdout).toContain("errors in prod (shop)");
  });

  it("finds why a DuckDB file could not be opened, and not where in dbt", async () => {
    const lock = 'import duckdb, sys; c = duckdb.connect("w.duckdb"); print("locked", flush=True); sys.stdin.read()';
    const holder = spawn(join(DBT_BIN ?? "", "python"), ["-c", lock], { cwd: dir, stdio: "pipe" });
    try {
      await once(holder.stdout, "data");

      const ended = await run(["ci", "--mode", "deploy", "--no-queue"]);

      expect(ended.code).toBe(4);
      const [first, ...others] = behindDbt(ended.stdout).match(/(?<=│ ).+/g) ?? [];
      expect(first).toContain("IO Error: Could not set lock on file");
      expect(others.filter((line) => line.startsWith("  at "))).toHaveLength(3);
    } finally {
      holder.kill();
    }
  });

  it("is not shown how dbt parses, but where that fails", async () => {
    git("checkout", "-qb", "feature");
    const check = ["ci", "--mode", "check", "--no-queue"];
    const fine = await run(check, { SIGNALBOX_SELECT: "orders" });
    write("models/orders.sql", "select {{ nope( }}\n");
    const broken = await run(check, { SIGNALBOX_SELECT: "orders" });

    const parse = /^dbt {7}dbt parse --target ci$([\s\S]*?)(?=^(?:baseline|plan|verdict|placing|notify|comment) )/m;
    expect(parse.exec(fine.stdout)?.[1]).not.toContain("Running with dbt");
    expect(parse.exec(broken.stdout)?.[1]).toContain("Running with dbt");
  });

  it("has report look where dbt.env lets dbt write", async () => {
    write(
      "signalbox.yml",
      "base_branch: main\ndbt: { env: { DBT_TARGET_PATH: elsewhere } }\nmodes: { check: { target: ci } }\n",
    );
    const program = join(DBT_BIN ?? "", "dbt");
    spawnSync(program, ["deps"], { cwd: dir, env: env() });
    spawnSync(program, ["build", "--select", "orders"], { cwd: dir, env: env({ DBT_TARGET_PATH: "elsewhere" }) });

    expect((await run(["report"])).stdout).toMatch(/^judged: .* · elsewhere\/run_results\.json$/m);
  });
});
