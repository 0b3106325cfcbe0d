import { describe, expect, it } from "vitest";
import { namesDbt, proposeCi, proposeProject, proposeTargets, variablesOf } from "../../src/init/decide.ts";
import type { CiFile } from "../../src/init/facts.ts";
import { buildFacts, buildProject, buildTarget } from "./build.ts";

const github = (text = ""): CiFile => ({ ci: "github", path: ".github/workflows/ci.yml", text });
const circle = (text = ""): CiFile => ({ ci: "circleci", path: ".circleci/config.yml", text });

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

describe("the project that is proposed", () => {
  const projects = ["a", "a/nested", "b"].map((dir) => buildProject([], { dir }));

  it.each([
    ["nobody's, of several seen from the top", ".", null],
    ["that of the folder", "b", "b"],
    ["that around the folder", "a/models", "a"],
    ["the innermost around the folder", "a/nested/models", "a/nested"],
    ["not one whose name only begins alike", "bb", null],
  ])("is %s", (_, cwd, expected) => {
    const proposed = proposeProject(buildFacts({ projects, cwd }));

    expect(proposed?.dir ?? null).toBe(expected);
  });
});

describe("the targets that are proposed", () => {
  it.each<[string, readonly string[], string, string]>([
    ["by their names", ["prod", "ci"], "ci", "prod"],
    ["a personal one for the check", ["dev", "production"], "dev", "production"],
    ["a check's own before a personal one", ["dev", "ci", "prod"], "ci", "prod"],
    ["another for production", ["dev", "warehouse"], "dev", "warehouse"],
    ["never production for the check", ["prod"], "ci", "prod"],
    ["never a personal one for production", ["default"], "default", "prod"],
    ["the usual names where there are none", [], "ci", "prod"],
    ["two of unknown names", ["blue", "green"], "green", "blue"],
  ])("are %s", (_, names, check, deploy) => {
    const proposed = proposeTargets(buildFacts(), buildProject(names));

    expect(proposed).toEqual({ check, deploy });
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
    ["none, where neither target is known", { dev: ["DEV_TOKEN"] }, []],
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
      "no credential that is only like one",
      { ci: ["KEYBOARD"], prod: [] },
      [{ name: "KEYBOARD", isSecret: false, ...check }],
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
