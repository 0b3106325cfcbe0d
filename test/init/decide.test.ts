import { describe, expect, it } from "vitest";
import { configOf, namesDbt, proposeCi, proposeProject, proposeTargets, variablesOf } from "../../src/init/decide.ts";
import type { CiFile } from "../../src/init/facts.ts";
import { TARGET_PLACEHOLDER } from "../../src/settings/placeholder.ts";
import { resolve } from "../../src/settings/resolve.ts";
import { buildFacts, buildProject, buildTarget } from "./build.ts";

const github = (text = ""): CiFile => ({ ci: "github", path: ".github/workflows/ci.yml", text, why: null });
const circle = (text = ""): CiFile => ({ ci: "circleci", path: ".circleci/config.yml", text, why: null });

describe("the CI that is proposed", () => {
  it.each([
    ["the one whose file runs dbt", { ciFiles: [github(), circle("- run: dbt build")] }, "circleci"],
    ["the only one with a file", { ciFiles: [circle()] }, "circleci"],
    ["by the remote's host, where both have files", { ciFiles: [github(), circle()] }, "github"],
    ["GitHub, for a GitHub server of a company", { remote: { host: "github.acme.com", path: "a/b" } }, "github"],
    ["CircleCI, for another host", { remote: { host: "gitlab.com", path: "a/b" } }, "circleci"],
    ["GitHub, where nothing tells", { remote: null }, "github"],
  ])("is %s", (_, overrides, expected) => {
    const { value } = proposeCi(buildFacts(overrides));

    expect(value).toBe(expected);
  });
});

const configFrom = (text: string) =>
  resolve({ command: "init", flags: {}, words: [], rest: [], env: {}, file: { name: "signalbox.yml", text }, now: 0 })
    .config;

describe("the project that is proposed", () => {
  const config = (projectDir: string) => configFrom(`dbt: { project_dir: ${projectDir} }`);

  it.each<[string, readonly string[], string, string | null, string | null]>([
    ["nobody's, of several seen from the top", ["a", "a/nested", "b"], ".", null, null],
    ["that of the folder", ["a", "b"], "b", null, "b"],
    ["that around the folder", ["a", "a/nested", "b"], "a/models", null, "a"],
    ["the innermost around the folder", ["a/nested", "a", "b"], "a/nested/models", null, "a/nested"],
    ["not one whose name only begins alike", ["a", "b"], "bb", null, null],
    ["that of the folder, whatever signalbox.yml names", ["a", "b"], "b", "a", "b"],
    ["that of signalbox.yml", ["a", "b"], ".", "./b/", "b"],
    ["the top's, from the top", [".", "a"], ".", null, "."],
    ["the top's, beside its tests", [".", "integration_tests"], ".", null, "."],
    ["the only one that is no test of another", ["dbt", "dbt/integration_tests"], ".", null, "dbt"],
    [
      "tests, where somebody stands in them",
      [".", "integration_tests"],
      "integration_tests/models",
      null,
      "integration_tests",
    ],
    ["tests, where there is nothing else", ["integration_tests"], ".", null, "integration_tests"],
  ])("is %s", (_, dirs, cwd, named, expected) => {
    const projects = dirs.map((dir) => buildProject([], { dir }));
    const existing = named === null ? null : config(named);

    const proposed = proposeProject(buildFacts({ projects, cwd, existing }));

    expect(proposed?.dir ?? null).toBe(expected);
  });

  it.each<[string, string, string | null, boolean, string]>([
    ["at the top for the first", "b", null, false, "."],
    ["at the top for the one that it names", "a", "a", false, "."],
    ["in the folder of the second", "b", "a", false, "b"],
    ["where it is already", "b", null, true, "b"],
    ["at the top, where that names a folder without a project", "b", "gone", false, "."],
  ])("has its signalbox.yml %s", (_, dir, named, hasOwn, expected) => {
    const projects = ["a", "b"].map((each) =>
      buildProject([], { dir: each, own: hasOwn && each === dir ? config(".") : null }),
    );
    const facts = buildFacts({ projects, existing: named === null ? null : config(named) });

    const found = configOf(facts, projects.find((project) => project.dir === dir) ?? buildProject());

    expect(found.dir).toBe(expected);
  });
});

describe("the targets that are proposed", () => {
  it.each<[string, readonly string[], string, string]>([
    ["by their names", ["prod", "ci"], "ci", "prod"],
    ["by their names, in capitals", ["PROD", "CI"], "CI", "PROD"],
    ["a personal one for the check", ["dev", "production"], "dev", "production"],
    ["a check's own before a personal one", ["dev", "cicd", "live"], "cicd", "live"],
    ["never production for the check", ["prod"], "ci", "prod"],
    ["no other for production", ["dev", "warehouse"], "dev", TARGET_PLACEHOLDER],
    ["not one that only has a name in it", ["dev-sqlfluff", "analyst_sandbox"], "ci", TARGET_PLACEHOLDER],
    ["not production's of a region", ["ci", "prod_eu"], "ci", TARGET_PLACEHOLDER],
    ["not production's of a person or a tool", ["prod_service_account", "prod"], "ci", "prod"],
    ["none of two that both could be", ["prod", "live", "ci"], "ci", TARGET_PLACEHOLDER],
    ["never a personal one for production", ["default"], "ci", TARGET_PLACEHOLDER],
    ["not known where there are none", [], "ci", TARGET_PLACEHOLDER],
    ["not known where their names are unknown", ["blue", "green"], "ci", TARGET_PLACEHOLDER],
  ])("are %s", (_, names, check, deploy) => {
    const proposed = proposeTargets(null, buildProject(names));

    expect(proposed).toEqual({ check, deploy });
  });

  it("are not a laptop's DuckDB beside another production", () => {
    const targets = [buildTarget({ name: "dev", adapter: "duckdb" }), buildTarget({ name: "prod", adapter: "trino" })];

    const proposed = proposeTargets(null, buildProject([], { profiles: { file: "profiles.yml", dir: ".", targets } }));

    expect(proposed).toEqual({ check: "ci", deploy: "prod" });
  });

  it("are those of signalbox.yml, whatever they are called", () => {
    const existing = configFrom("modes: { check: { target: blue }, deploy: { target: prod_eu } }");

    const proposed = proposeTargets(existing, buildProject(["ci", "prod"]));

    expect(proposed).toEqual({ check: "blue", deploy: "prod_eu" });
  });
});

describe("the variables that the CI hands over", () => {
  const project = (targets: Readonly<Record<string, readonly string[]>>) =>
    buildProject([], {
      profiles: {
        file: "profiles.yml",
        dir: ".",
        targets: Object.entries(targets).map(([name, variables]) => buildTarget({ name, variables })),
      },
    });
  const [both, check, deploy] = [
    { ofCheck: true, ofDeploy: true },
    { ofCheck: true, ofDeploy: false },
    { ofCheck: false, ofDeploy: true },
  ];

  it.each<[string, Readonly<Record<string, readonly string[]>>, readonly object[]]>([
    ["none, where none is read", { ci: [], prod: [] }, []],
    ["none, where neither target is known, and the only one is a person's", { dev: ["DEV_TOKEN"] }, []],
    ["none, where neither target is known, and there are others", { a: ["A_TOKEN"], b: ["B_TOKEN"] }, []],
    [
      "what the only target reads, which the variables make one or the other",
      { default_target: ["WH_TOKEN"] },
      [{ name: "WH_TOKEN", isSecret: true, ...both }],
    ],
    [
      "what both read, credentials first",
      { ci: ["HOST", "PG_PASSWORD"], prod: ["HOST", "PG_PASSWORD"] },
      [
        { name: "PG_PASSWORD", isSecret: true, ...both },
        { name: "HOST", isSecret: false, ...both },
      ],
    ],
    [
      "every credential of each",
      { ci: ["CI_TOKEN"], prod: ["PROD_KEY", "PROD_PASSPHRASE"] },
      [
        { name: "CI_TOKEN", isSecret: true, ...check },
        { name: "PROD_KEY", isSecret: true, ...deploy },
        { name: "PROD_PASSPHRASE", isSecret: true, ...deploy },
      ],
    ],
    [
      "production's alone",
      { ci: [], prod: ["DBT_ENV_SECRET_X"] },
      [{ name: "DBT_ENV_SECRET_X", isSecret: true, ...deploy }],
    ],
    ["the other's, for a check that is to be added", { prod: ["A_KEY"] }, [{ name: "A_KEY", isSecret: true, ...both }]],
    ["the other's, for production to be added", { ci: ["A_KEY"] }, [{ name: "A_KEY", isSecret: true, ...both }]],
    [
      "a secret, wherever the name does not tell",
      { ci: ["DATABASE_URL", "PG_DSN", "KEY_HOST", "PG_DATABASE"], prod: [] },
      [
        { name: "DATABASE_URL", isSecret: true, ...check },
        { name: "PG_DSN", isSecret: true, ...check },
        { name: "KEY_HOST", isSecret: true, ...check },
        { name: "PG_DATABASE", isSecret: false, ...check },
      ],
    ],
    [
      "a secret, by every word that says so",
      { ci: ["PGPASS", "SNOWFLAKE_PAT", "MY_APIKEY_USER", "DATABRICKS_ENDPOINT"], prod: [] },
      [
        { name: "PGPASS", isSecret: true, ...check },
        { name: "SNOWFLAKE_PAT", isSecret: true, ...check },
        { name: "MY_APIKEY_USER", isSecret: true, ...check },
        { name: "DATABRICKS_ENDPOINT", isSecret: false, ...check },
      ],
    ],
  ])("are %s", (_, targets, expected) => {
    const found = variablesOf(project(targets), { check: "ci", deploy: "prod" });

    expect(found).toEqual(expected);
  });
});

describe("a CI file that runs dbt", () => {
  it.each([
    ["- run: dbt build", true],
    ["- run: cd transform && uv run dbt test --select x", true],
    ["  # dbt build", false],
    ["- run: npx -y signalbox@1 queue -- dbt build", false],
    ["- run: dbt deps", false],
    ["- run: my-dbt building", false],
  ])("%s: %s", (line, expected) => {
    const found = namesDbt(`jobs:\n  a:\n    steps:\n      ${line}\n`);

    expect(found).toBe(expected);
  });
});
