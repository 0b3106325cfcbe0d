import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { PlanResult } from "../../src/selection/plan.ts";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { signalbox } from "./cli.ts";
import { describeOnDbt } from "./real-dbt.ts";
import { openBareShop, type Shop } from "./shop.ts";

/** dbt-duckdb has no functions of its own: one macro makes them. */
const MACRO = `{% macro duckdb__scalar_function_sql(target_relation) %}
create or replace macro {{ target_relation.schema }}.{{ target_relation.identifier }}(
  {% for argument in model.arguments %}{{ argument.name }}{% endfor %}) as ({{ model.compiled_code }})
{% endmacro %}
`;
const FUNCTION = `functions:
  - name: times_two
    arguments: [{ name: x, data_type: integer }]
    returns: { data_type: integer }
`;
const testsOf = (value: number) => `models:
  - name: doubled
    columns: [{ name: v, data_tests: [{ accepted_values: { arguments: { values: [${value}] } } }] }]
unit_tests:
  - name: doubled_is_right
    model: doubled
    given: []
    expect: { rows: [{ v: ${value} }] }
`;
const ID = "function.shop.times_two";

/** With --favor-state dbt takes production's function wherever production has one, also where the run builds it. */
describeOnDbt("a function that a branch changes", () => {
  let deployed: Shop;
  let shop: Shop;
  const value = <T>(name: string) => JSON.parse(readFileSync(join(shop.repo, ".signalbox", name), "utf8")) as T;
  beforeAll(async () => {
    deployed = openBareShop({
      "macros/functions.sql": MACRO,
      "functions/_functions.yml": FUNCTION,
      "functions/times_two.sql": "x * 2\n",
      "models/doubled.sql": "select {{ function('times_two') }}(21) as v\n",
      "models/_doubled.yml": testsOf(42),
    });
    const here = { cwd: deployed.repo, env: deployed.env };
    const deploy = await signalbox(["ci", "--mode", "deploy", "--no-notify"], here);
    expect(deploy.code, deploy.stdout).toBe(0);
    deployed.git("switch", "--quiet", "--create", "feature/function");
  });
  afterAll(() => deployed.remove());
  beforeEach(() => {
    shop = deployed.copy();
  });
  afterEach(() => shop.remove());

  it("is what its models call: a right change is green", async () => {
    shop.write("functions/times_two.sql", "x * 3\n");
    shop.write("models/_doubled.yml", testsOf(63));
    shop.commit("Three times");

    const ended = await signalbox(["ci"], { cwd: shop.repo, env: shop.env });

    const plan = value<PlanResult>("plan.json");
    expect(ended.code, ended.stdout).toBe(0);
    expect(plan.ids).toContain(ID);
    expect(plan.defer).toBe(true);
    expect(value("build.json")).toMatchObject({ planMatchesRun: true });
    // What is compared with stays as it was published.
    const stateHas = (dir: string | null | undefined) =>
      readFileSync(join(dir ?? "", "manifest.json"), "utf8").includes(`"${ID}": {`);
    expect(stateHas(plan.dbt?.state)).toBe(true);
    expect(stateHas(plan.dbt?.deferState)).toBe(false);
  });

  it("is what its models call: a wrong one is red, also where dbt leaves unit tests out", async () => {
    shop.write("functions/times_two.sql", "x * 4\n");
    shop.commit("Four times");

    const env = {
      ...shop.env,
      DBT_ENGINE_EXCLUDE_RESOURCE_TYPES: "unit_test seed",
      DBT_EXCLUDE_RESOURCE_TYPES: "test",
    };
    const ended = await signalbox(["ci"], { cwd: shop.repo, env });

    expect(ended.code, ended.stdout).toBe(1);
    expect(ended.stdout).toContain("resource types, by dbt's own arguments or variables: without unit_test, seed");
    const failed = value<VerdictResult>("verdict.json").findings.map(
      ({ subject }) => subject.kind === "node" && subject.type,
    );
    expect(failed).toEqual(["test"]);
    expect(value<PlanResult>("plan.json").ids.filter((id) => id.startsWith("unit_test."))).toEqual([]);
    expect(value("build.json")).toMatchObject({ planMatchesRun: true });
    expect(existsSync(join(shop.repo, ".signalbox/baselines/deferral-of-plan/manifest.json"))).toBe(true);
  });
});
