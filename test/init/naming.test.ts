import { describe, expect, it } from "vitest";
import { adviceOf } from "../../src/init/advice.ts";
import { excludeOf, findNaming, namesOf, partsOf } from "../../src/init/naming.ts";
import { buildAnswers, buildFacts, buildProject } from "./build.ts";

describe("a naming", () => {
  const macro = { name: "duckdb__generate_schema_name", path: "macros/a.sql" };
  const alias = { name: "generate_alias_name", path: "macros/b.sql" };
  const [schema, database, target] = ["+schema", "+database", "target_schema"].map((key) => ({ key, where: "x" }));

  it("has the macro for schemas, others, what that macro is given, and what is fixed", () => {
    expect(
      partsOf({ macros: [alias, macro], configs: [schema, database, target].flatMap((each) => each ?? []) }),
    ).toEqual({
      macro,
      others: [alias],
      schemas: [schema],
      fixed: [database, target],
    });
    expect(partsOf({ macros: [alias], configs: [] })).toMatchObject({ macro: null, others: [alias] });
  });

  it.each([
    [["target_schema", "+target_database"], '"resource_type:snapshot"'],
    [["target_schema", "+database"], "…"],
  ])("with %j is left out of checks by %s", (keys, exclude) => {
    expect(excludeOf(keys.map((key) => ({ key, where: "x" })))).toBe(`modes: { check: { exclude: ${exclude} } }`);
  });

  it("names each config once", () => {
    expect(
      namesOf([
        { key: "+schema", where: "x" },
        { key: "+schema", where: "x" },
      ]),
    ).toEqual(["+schema in x"]);
  });
});

describe("what names schemas", () => {
  it.each([
    ["{% macro generate_schema_name(a, b) %}", ["generate_schema_name"]],
    ["{%- macro default__generate_schema_name (a) -%}", ["default__generate_schema_name"]],
    [
      "{% macro generate_alias_name() %}{% macro duckdb__generate_database_name() %}",
      ["generate_alias_name", "duckdb__generate_database_name"],
    ],
    ["{% macro my_generate_schema_name_for_env() %}", []],
    ["{{ generate_schema_name('x') }}", []],
  ])("is in %s the macros %j", (text, names) => {
    expect(findNaming({}, [{ path: "m.sql", text }]).macros.map(({ name }) => name)).toEqual(names);
  });

  it("is a config at any depth, and no folder that has its name", () => {
    const project = {
      models: {
        "+schema": "a",
        shop: { schema: { "+materialized": "view" }, marts: { database: "lake", "+schema": null } },
      },
      snapshots: { shop: { "+target_schema": "history" } },
      vars: { schema: "x" },
    };

    expect(findNaming(project, []).configs).toEqual([
      { key: "+schema", where: "dbt_project.yml models" },
      { key: "+database", where: "dbt_project.yml models.shop.marts" },
      { key: "+target_schema", where: "dbt_project.yml snapshots.shop" },
    ]);
  });

  it("is a snapshot's target_schema, in SQL and in YAML", () => {
    const files = [
      { path: "snapshots/a.sql", text: "{% snapshot a %}{{ config(target_schema = 'x') }}" },
      { path: "snapshots/b.yml", text: "snapshots:\n  - name: b\n    config: { target_database: y }" },
      { path: "macros/c.sql", text: "{% set target_schema = 1 %}" },
    ];

    expect(findNaming({}, files).configs).toEqual([
      { key: "target_schema", where: "snapshots/a.sql" },
      { key: "target_database", where: "snapshots/b.yml" },
    ]);
  });
});

it("is named from the top of the repository, and snapshots' keys leave out snapshots", () => {
  const naming = {
    macros: [{ name: "generate_schema_name", path: "macros/a.sql" }],
    configs: [{ key: "+target_schema", where: "dbt_project.yml snapshots.shop" }],
  };
  const answers = buildAnswers({ project: buildProject(["ci", "prod"], { naming, dir: "transform" }) });

  const advice = adviceOf(buildFacts(), answers);

  expect(advice.map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^transform\/macros\/a\.sql has a generate_schema_name/),
      expect.stringMatching(/^\+target_schema in transform\/dbt_project\.yml snapshots\.shop/),
    ]),
  );
  expect(advice.flatMap(({ paste }) => paste)).toContain('modes: { check: { exclude: "resource_type:snapshot" } }');
});

it("a schema alone is a suffix of the branch's, and told as one", () => {
  const naming = { macros: [], configs: [{ key: "+schema", where: "dbt_project.yml models.shop" }] };
  const answers = buildAnswers({ project: buildProject(["ci", "prod"], { naming }) });

  const texts = adviceOf(buildFacts(), answers).map(({ text }) => text);

  expect(texts.filter((text) => text.startsWith("+schema"))).toEqual([
    "+schema in dbt_project.yml models.shop: dbt puts it behind the branch's schema, so that a check has several (ci_branch_1a2b3c_name); signalbox plan shows them",
  ]);
});
