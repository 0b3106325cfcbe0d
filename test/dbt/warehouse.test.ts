import { describe, expect, it } from "vitest";
import {
  compareWarehouses,
  filesOf,
  isOwnDatabase,
  renderMembers,
  renderText,
  type Separation,
  type TargetOutput,
} from "../../src/dbt/warehouse.ts";

const place = (target: string, output: TargetOutput | null, env: Record<string, string> = {}) => ({
  target,
  output,
  env,
});

function compare(
  check: TargetOutput | null,
  production: TargetOutput | null,
  env: Record<string, string> = {},
): Separation {
  return compareWarehouses(place("ci", check, env), place("prod", production, env), "/repo");
}

describe("two outputs of a profile", () => {
  it.each<[what: string, check: TargetOutput, production: TargetOutput, by: string]>([
    ["another account", { type: "snowflake", account: "a1" }, { type: "snowflake", account: "a2" }, "account"],
    ["another project", { type: "bigquery", project: "ci" }, { type: "bigquery", project: "prod" }, "project"],
    ["another host", { type: "postgres", host: "a", port: 1 }, { type: "postgres", host: "b", port: 1 }, "host"],
    ["another file", { type: "duckdb", path: "ci.duckdb" }, { type: "duckdb", path: "prod.duckdb" }, "path"],
    ["a file whose case differs", { type: "duckdb", path: "A.duckdb" }, { type: "duckdb", path: "a.duckdb" }, "path"],
    ["another adapter", { type: "duckdb", path: "x" }, { type: "snowflake", account: "x" }, "type"],
  ])("are apart: %s", (_, check, production, by) => {
    expect(compare(check, production)).toEqual({ kind: "separate", by });
  });

  it.each<[what: string, check: TargetOutput, production: TargetOutput]>([
    ["one account", { type: "snowflake", account: "A1" }, { type: "snowflake", account: "a1 " }],
    ["one file, written otherwise", { type: "duckdb", path: "./w.duckdb" }, { type: "duckdb", path: "/repo/w.duckdb" }],
    [
      "one host, another database",
      { type: "postgres", host: "h", dbname: "ci" },
      { type: "postgres", host: "H.", dbname: "prod" },
    ],
    [
      "one account, another schema",
      { type: "snowflake", account: "a", schema: "ci" },
      { type: "snowflake", account: "a", schema: "p" },
    ],
  ])("are one: %s", (_, check, production) => {
    expect(compare(check, production).kind).toBe("same");
  });

  it.each<[what: string, check: TargetOutput | null, production: TargetOutput | null, why: RegExp]>([
    ["no profile", null, { type: "duckdb" }, /does not tell the output ci/],
    ["nothing to compare", { type: "duckdb" }, { type: "duckdb" }, /name no host/],
    ["a key on one side", { type: "duckdb", path: "a" }, { type: "duckdb" }, /prod has no path/],
    [
      "a variable that is not set",
      { type: "snowflake", account: "a" },
      { type: "snowflake", account: "{{ env_var('PROD_ACCOUNT') }}" },
      /account of prod reads PROD_ACCOUNT, which is not set here/,
    ],
    [
      "other Jinja",
      { type: "snowflake", account: "a" },
      { type: "snowflake", account: "{{ var('x') }}" },
      /only dbt can read/,
    ],
  ])("cannot be told: %s", (_, check, production, why) => {
    const found = compare(check, production);

    expect(found.kind).toBe("unknown");
    expect(found.kind === "unknown" ? found.why : "").toMatch(why);
  });

  it("are told by the values of their variables, not by their names", () => {
    const check = { type: "snowflake", account: "{{ env_var('CI_ACCOUNT') }}" };
    const production = { type: "snowflake", account: "{{ env_var('PROD_ACCOUNT', 'p') }}" };

    expect(compare(check, production, { CI_ACCOUNT: "c" })).toEqual({ kind: "separate", by: "account" });
    expect(compare(check, production, { CI_ACCOUNT: "p" }).kind).toBe("same");
  });
});

it.each<[value: unknown, text: string | null]>([
  ["plain", "plain"],
  [5432, "5432"],
  ["{{ env_var('A') }}-{{ env_var(\"B\", 'b') }}", "a-b"],
  ["{{ env_var('A') | int }}", "a"],
  ["{{ env_var('C') }}", null],
  ["{{ var('a') }}", null],
  ["{% if x %}a{% endif %}", null],
  ["", null],
  [undefined, null],
  [{ a: 1 }, null],
])("a key of profiles.yml with %j is %j", (value, text) => {
  expect(renderText(value, { A: "a" })).toBe(text);
});

describe("the databases of an output", () => {
  const duckdb: TargetOutput = {
    type: "duckdb",
    path: "data/ci.v2.duckdb",
    attach: [
      { path: "{{ env_var('PROD') }}", alias: "Warehouse", type: "duckdb" },
      { path: "/db/.extra.db?access_mode=read_only" },
      { path: "{{ env_var('MISSING') }}", alias: "unknown" },
      "nonsense",
    ],
  };
  const ci = place("ci", duckdb, { PROD: "/db/prod.duckdb" });

  it("are files of DuckDB, its own and those that it attaches", () => {
    expect([...filesOf(ci, "/repo")]).toEqual([
      ["ci", "/repo/data/ci.v2.duckdb"],
      ["warehouse", "/db/prod.duckdb"],
      ["extra", "/db/.extra.db"],
    ]);
    expect(filesOf(place("ci", { type: "postgres", path: "x" }), "/repo").size).toBe(0);
    expect(filesOf(place("ci", null), "/repo").size).toBe(0);
  });

  it.each<[database: string | null, output: TargetOutput, isOwn: boolean]>([
    ["CI", duckdb, true],
    ["warehouse", duckdb, false],
    ["unknown", duckdb, false],
    [null, duckdb, true],
    ["memory", { type: "duckdb" }, true],
    ["shop-ci", { type: "bigquery", project: "Shop-CI" }, true],
    ["shop-prod", { type: "bigquery", project: "shop-ci" }, false],
    ["shop-ci", { type: "bigquery", database: "shop-ci" }, true],
    ["anything", { type: "snowflake", account: "a", database: "ci" }, true],
  ])("%s: is the warehouse's own or not", (database, output, isOwn) => {
    expect(isOwnDatabase(database, place("ci", output, { PROD: "/db/prod.duckdb" }), "/repo")).toBe(isOwn);
  });
});

describe("a location with what dbt knows of target and relation", () => {
  const members = { target: { schema: "{{ env_var('S') }}", name: "ci" }, this: { name: "orders" } };

  it.each([
    ["s3://b/{{ target.schema }}/{{this.name}}.parquet", "s3://b/ci_x/orders.parquet"],
    ["{{ env_var('S') }}/{{ target.name }}", "ci_x/ci"],
    ["plain.parquet", "plain.parquet"],
    ["{{ target.schema }}/{{ var('x') }}", "{{ target.schema }}/{{ var('x') }}"],
    ["{{ target.toString }}", "{{ target.toString }}"],
  ])("%s", (text, rendered) => {
    expect(renderMembers(text, { S: "ci_x" }, members)).toBe(rendered);
  });
});
