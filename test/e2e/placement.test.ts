import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PlanResult } from "../../src/selection/plan.ts";
import { json, signalbox } from "./cli.ts";
import { DBT_BIN, describeOnDbt } from "./real-dbt.ts";
import { openBareShop, type Shop } from "./shop.ts";
import { aModel, ORDERS, openSmallProject, type SmallProject } from "./small-project.ts";

/** A project as there are many: its macro takes the custom schema alone, and its seeds have a fixed one. */
describeOnDbt("a check of a project that names its schemas itself", () => {
  let deployed: Shop;
  let shop: Shop;
  let before: string;
  const run = (...args: string[]) => signalbox(args, { cwd: shop.repo, env: { ...shop.env, SIGNALBOX_NO_QUEUE: "1" } });
  const builds = () =>
    readdirSync(join(shop.repo, ".signalbox/dbt")).filter((name) => name.endsWith("build") || name.endsWith("seed"));

  /** Every table and view of the warehouse with its number of rows, and all seeds. */
  const warehouse = (): string => {
    const program = [
      "import duckdb",
      `c = duckdb.connect(${JSON.stringify(join(shop.dir, "shop.duckdb"))}, read_only=True)`,
      'print(c.sql("select table_schema, table_name from information_schema.tables order by all").fetchall())',
      'print(c.sql("from reference.countries order by all").fetchall())',
    ];
    const { status, stdout, stderr } = spawnSync(join(DBT_BIN ?? "", "python"), ["-c", program.join("\n")], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };

  beforeAll(async () => {
    deployed = openBareShop({
      "dbt_project.yml": `name: shop
profile: shop
flags: { send_anonymous_usage_stats: false }
models: { shop: { +materialized: table } }
seeds: { shop: { +schema: reference } }
`,
      "macros/generate_schema_name.sql":
        "{% macro generate_schema_name(custom_schema_name, node) -%}\n  {{ (custom_schema_name or target.schema) | trim }}\n{%- endmacro %}\n",
      "seeds/countries.csv": "country_code,name\nDE,Germany\nFR,France\nPL,Poland\n",
      "models/dim_countries.sql": "select * from {{ ref('countries') }}\n",
      "models/_models.yml":
        "models: [{ name: dim_countries, columns: [{ name: country_code, data_tests: [unique] }] }]\n",
    });
    shop = deployed;
    expect((await run("ci", "--mode", "deploy", "--no-notify")).code).toBe(0);
    before = warehouse();
    rmSync(join(deployed.repo, ".signalbox"), { recursive: true });
    deployed.git("switch", "--quiet", "--create", "feature/seed");
    deployed.write("seeds/countries.csv", "country_code,name\nDE,Germany\nFR,France\n");
    deployed.commit("A country less");
  });
  afterAll(() => deployed.remove());
  beforeEach(() => {
    shop = deployed.copy();
  });
  afterEach(() => shop.remove());

  it("is refused before anything is built, and production stays as it was", async () => {
    const ended = await run("ci");

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("seed countries → shop.reference.countries: production has it there");
    expect(ended.stderr).toContain("macro generate_schema_name (macros/generate_schema_name.sql, package shop)");
    expect(ended.stderr).toContain('modes.check.exclude: "resource_type:seed"');
    expect(builds()).toEqual([]);
    expect(warehouse()).toBe(before);
  });

  it("is refused where everything is to be built, and where a plan of another day is", async () => {
    writeFileSync(
      join(shop.repo, "may.yml"),
      shop.read("signalbox.yml").replace("schema: ", 'may_write: ["seed.shop.*"], schema: '),
    );

    const everything = await run("ci", "--full", "--dry-run");
    const planned = await run("plan", "--config", "may.yml");
    const built = await run("build");

    expect(everything.code).toBe(2);
    expect(everything.stderr).toContain("seed countries → shop.reference.countries");
    expect(planned.code).toBe(0);
    expect(planned.stdout).toMatch(
      /writes to 2 schemas: shop\.ci_feature_seed_[0-9a-f]{6} \(\d+ nodes?\), shop\.reference/,
    );
    expect(built.code).toBe(2);
    expect(built.stderr).toContain("seed countries → shop.reference.countries");
    expect(builds()).toEqual([]);
    expect(warehouse()).toBe(before);
  });

  it("passes without its seeds, in the schema of the branch", async () => {
    const ended = await run("ci", "--exclude", "resource_type:seed");
    const { nodes } = JSON.parse(shop.read(".signalbox/plan.json")) as PlanResult;

    expect(ended.code).toBe(0);
    const models = nodes.filter(({ type }) => type === "model");
    expect(models.length).toBeGreaterThan(0);
    for (const { relation } of models) expect(relation).toMatch(/^shop\.ci_feature_seed_[0-9a-f]{6}\.\w+$/);
    expect(nodes.filter(({ type }) => type === "test").every(({ relation }) => relation === null)).toBe(true);
    expect(warehouse()).toContain(before.split("\n")[1] ?? "nothing");
  });
});

describe("where a check writes", () => {
  let project: SmallProject;
  beforeEach(() => {
    project = openSmallProject();
    project.git("switch", "--quiet", "--create", "feature");
  });
  afterEach(() => project.remove());

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    signalbox(args, { cwd: project.dir, env: { ...project.env, SIGNALBOX_NO_QUEUE: "true", ...env } });
  const fixed = { ...aModel("fixed"), schema: "reference" };
  const FIXED = { FAKE_DBT_NODES: JSON.stringify({ [fixed.unique_id]: fixed }) };
  const targets = () => project.starts().map(({ argv }) => `${argv[0]} ${argv[argv.indexOf("--target") + 1]}`);
  const settings = (check: string, more = "") =>
    project.write({
      "signalbox.yml": `version: 1\nbase_branch: main\nmodes:\n  check: { target: ci, ${check} }\n  deploy: { target: prod }\n${more}`,
    });

  it("costs nothing where everything is in the branch's schema, even where production does not parse", async () => {
    const ended = await run(["ci", "--full"], { FAKE_DBT_REFUSES: "prod" });

    expect(ended.code).toBe(0);
    expect(targets()).toEqual(["parse ci", "build ci"]);
  });

  it("is compared with production, which is parsed without SIGNALBOX_SCHEMA", async () => {
    const ended = await run(["ci", "--full"], FIXED);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("model fixed → db.reference.fixed: production has it there");
    expect(targets()).toEqual(["parse ci", "parse prod"]);
    expect(project.starts().map(({ env }) => env.SIGNALBOX_SCHEMA !== undefined)).toEqual([true, false]);
  });

  it.each([["plan"], ["ci"]])("is refused by %s --json in one document, with the way out", async (command) => {
    const ended = await run([command, "--full", "--json"], FIXED);

    const { error } = json<{ error: Record<string, unknown> }>(ended);
    expect(ended.code).toBe(2);
    expect(error).toMatchObject({ kind: "configuration", exitCode: 2 });
    expect(error.message).toContain("model fixed → db.reference.fixed");
    expect(error.hint).toContain('modes.check.may_write: ["model.small.fixed"]');
  });

  it("cannot be told where production does not parse: baseline.env is named", async () => {
    const ended = await run(["plan", "--full"], { ...FIXED, FAKE_DBT_REFUSES: "prod" });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("where production is cannot be told");
    expect(ended.stderr).toContain("baseline.env");
  });

  it("cannot be told where nobody names production's target", async () => {
    project.write({
      "signalbox.yml": "version: 1\nbase_branch: main\nmodes:\n  check: { target: ci, select: null }\n",
    });

    const ended = await run(["plan"], FIXED);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("modes.deploy.target is missing");
  });

  it("is compared with each target of production", async () => {
    project.write({
      "profiles.yml":
        "small:\n  target: ci\n  outputs:\n    ci: { type: duckdb }\n    prod: { type: duckdb }\n    hourly: { type: duckdb }\n",
    });
    settings("select: null", "  schedule: { target: hourly }\n");

    const ended = await run(["plan"], FIXED);

    expect(ended.code).toBe(2);
    expect(targets()).toEqual(["parse ci", "parse prod", "parse hourly"]);
  });

  const deployedWithout = (): string => {
    const base = join(project.dir, "..", "base");
    mkdirSync(base);
    const dbtVersion = { dbt_version: "1.11.16", project_name: "small", adapter_type: "duckdb" };
    const metadata = { dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json", ...dbtVersion };
    const nodes = { [ORDERS.unique_id]: ORDERS };
    writeFileSync(join(base, "manifest.json"), JSON.stringify({ metadata, nodes, sources: {}, macros: {} }));
    return base;
  };

  it("is compared with the base branch as it is now too: a deploy that failed has left its tables", async () => {
    const ended = await run(["ci", "--select", "fixed", "--defer-state", deployedWithout()], FIXED);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("model fixed → db.reference.fixed: production has it there");
    expect(targets()).toEqual(["parse ci", "parse ci", "parse prod"]);
  });

  it("is compared with what is deployed where the base branch does not parse: a warning", async () => {
    const ended = await run(["plan", "--select", "fixed", "--defer-state", deployedWithout()], {
      ...FIXED,
      FAKE_DBT_REFUSES: "prod",
    });

    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("was compared with what is known to be deployed, not with main as it is now");
  });

  it("is compared with the base branch as the branch left it where it has no project that parses since", async () => {
    project.git("switch", "--quiet", "main");
    project.write({ "dbt_project.yml": "name: small\nprofile: small\n# broken\n" });
    project.git("commit", "--quiet", "--all", "--message", "Broken");
    project.git("switch", "--quiet", "feature");

    const ended = await run(["ci", "--select", "fixed", "--defer-state", deployedWithout()], {
      ...FIXED,
      FAKE_DBT_BROKEN: "# broken",
    });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("model fixed → db.reference.fixed: production has it there");
    expect(targets()).toEqual(["parse ci", "parse ci", "parse prod", "parse prod"]);
  });

  it("is compared with what is deployed where nobody names production's target: a warning", async () => {
    project.write({ "signalbox.yml": "version: 1\nbase_branch: main\nmodes:\n  check: { target: ci }\n" });

    const ended = await run(["plan", "--select", "fixed", "--defer-state", deployedWithout()], FIXED);

    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("modes.deploy.target is missing");
  });

  it("is compared in a warehouse of its own too, where it is what that attaches", async () => {
    const attach = "attach: [{ path: prod.duckdb, alias: db }]";
    project.write({
      "profiles.yml": `small:\n  target: ci\n  outputs:\n    ci: { type: duckdb, path: ci.duckdb, ${attach} }\n    prod: { type: duckdb, path: prod.duckdb }\n`,
    });
    settings("select: null, separate_warehouse: true, defer: false");

    const ended = await run(["plan"], FIXED);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("model fixed → db.reference.fixed: production has it there");
  });

  it("may be production where may_write names the node", async () => {
    settings('select: null, may_write: ["model.small.fix*"]');

    const ended = await run(["ci"], { ...FIXED, FAKE_DBT_ROWS: '[{},{"unique_id":"model.small.fixed"}]' });

    expect(ended.code).toBe(0);
    expect(targets()).toEqual(["parse ci", "build ci"]);
  });

  it("is looked at again where a plan out of a file is built", async () => {
    settings('select: null, may_write: ["model.small.fixed"]');
    const planned = await run(["plan"], FIXED);
    settings("select: null");

    const built = await run(["build"], FIXED);

    expect([planned.code, built.code]).toEqual([0, 2]);
    expect(built.stderr).toContain("model fixed → db.reference.fixed: production has it there");
    expect(targets()).toEqual(["parse ci", "parse ci", "parse prod"]);
  });

  it("is looked at with production's functions too, which dbt does not defer to where the plan has them", async () => {
    const made = { ...aModel("to_eur"), resource_type: "function", unique_id: "function.small.to_eur", schema: "udf" };
    const nodes = { [made.unique_id]: made };
    const base = join(project.dir, "..", "base");
    mkdirSync(base);
    const manifest = {
      metadata: {
        dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
        dbt_version: "1.11.16",
        project_name: "small",
        adapter_type: "duckdb",
      },
      nodes: { [ORDERS.unique_id]: ORDERS },
      functions: { [made.unique_id]: { ...made, raw_code: "select 'before'" } },
    };
    writeFileSync(join(base, "manifest.json"), JSON.stringify(manifest));
    const env = { FAKE_DBT_NODES: JSON.stringify(nodes) };
    settings('select: "state:modified+", may_write: ["function.*"]');
    const planned = await run(["plan", "--json", "--state", base, "--defer-state", base], env);
    settings('select: "state:modified+"');

    const built = await run(["build"], env);

    expect(json<PlanResult>(planned).ids).toContain(made.unique_id);
    expect(json<PlanResult>(planned).dbt?.deferState).not.toBeNull();
    expect(built.code).toBe(2);
    expect(built.stderr).toContain("function to_eur → db.udf.to_eur: production has it there");
  });

  it("is told of a plan of two manifests, which nobody knows to be a check", async () => {
    await run(["plan", "--full"], { ...FIXED, FAKE_DBT_REFUSES: "prod" });
    const manifest = ".signalbox/dbt/01-parse/manifest.json";

    const offline = await run(["plan", "--json", "--manifest", manifest, "--select", "fixed"], FIXED);

    expect(json<PlanResult>(offline).nodes).toMatchObject([{ id: fixed.unique_id, relation: "db.reference.fixed" }]);
  });

  it.each<[what: string, paths: [string, string], code: number]>([
    ["other files", ["ci/db.duckdb", "prod/db.duckdb"], 0],
    ["one file", ["./w.duckdb", "w.duckdb"], 2],
  ])("is another warehouse only where profiles.yml shows it: %s", async (_, [ci, prod], code) => {
    project.write({
      "profiles.yml": `small:\n  target: ci\n  outputs:\n    ci: { type: duckdb, path: ${ci} }\n    prod: { type: duckdb, path: ${prod} }\n`,
    });
    settings("select: null, defer: false, separate_warehouse: true");

    const ended = await run(["plan"], FIXED);

    expect(ended.code).toBe(code);
    if (code === 0) expect(ended.stdout).toContain("the checks of all branches write to db.reference");
    else expect(ended.stderr).toContain("it is not shown that ci and prod are apart: ci and prod have the same path");
    expect(targets()).toEqual(["parse ci"]);
  });

  it("is one schema for all branches where the template does not tell them apart: a warning", async () => {
    settings("select: null, schema: everybody");

    const ended = await run(["plan"]);

    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("the checks of all branches write to db.everybody");
    expect(ended.stdout).toContain("write {branch} or {pr} into modes.check.schema");
  });

  it("is decided with the vars of the build", async () => {
    const ended = await run(["ci", "--full", "--", "--vars", "{schema: reference}"]);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("dbt.args");
    expect(targets()).toEqual(["parse ci"]);
  });
});
