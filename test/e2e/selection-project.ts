import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const EXAMPLE = fileURLToPath(new URL("../../examples/shop", import.meta.url));

/** Files of a project; paths are from its folder. */
export interface Files {
  write(file: string, text: string): void;
  /** Throws where the file does not hold the text, so that no edit is silently none. */
  edit(file: string, from: string, to: string): void;
  add(file: string, text: string): void;
  move(from: string, to: string): void;
  remove(file: string): void;
}

export interface Edit {
  readonly name: string;
  readonly apply: (files: Files) => void;
}

export function filesIn(dir: string): Files {
  const read = (file: string) => readFileSync(join(dir, file), "utf8");
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  };
  return {
    write,
    edit: (file, from, to) => {
      const text = read(file);
      if (!text.includes(from)) throw new Error(`${file} does not hold: ${from}`);
      write(file, text.replace(from, to));
    },
    add: (file, text) => write(file, read(file) + text),
    move: (from, to) => {
      mkdirSync(dirname(join(dir, to)), { recursive: true });
      renameSync(join(dir, from), join(dir, to));
    },
    remove: (file) => {
      if (!existsSync(join(dir, file))) throw new Error(`there is no ${file}`);
      rmSync(join(dir, file));
    },
  };
}

/** The shop, and beside it one of each thing that it does without. */
export function copyProject(dir: string): Files {
  const isMade = (path: string) =>
    /[/\\](target|logs|\.signalbox|test-results)([/\\]|$)|\.duckdb/.test(path.slice(EXAMPLE.length));
  cpSync(EXAMPLE, dir, { recursive: true, filter: (path) => !isMade(path) });
  const files = filesIn(dir);
  for (const [file, text] of Object.entries(EXTRA)) files.write(file, text);
  return files;
}

const EXTRA: Readonly<Record<string, string>> = {
  "macros/chain.sql": `{% macro outer_part() %}{{ inner_part() }}{% endmacro %}
{% macro inner_part() %}1{% endmacro %}
{% macro never_used() %}1{% endmacro %}
`,
  "models/extra/chained.sql": "select {{ outer_part() }} as id\n",
  "models/extra/configured.sql": `{{ config(materialized='table', tags=['nightly', 'eu'], pre_hook="select 1",
    meta={'owner': 'ann', 'level': 1, 'list': ['a', 'b'], 'on': true}) }}
select 1 as id
`,
  "models/extra/contracted.sql": "select 1 as id, cast('a' as varchar) as name\n",
  "models/extra/documented.sql": "select 1 as id\n",
  "models/extra/compared.sql": "select 1 as country_code\n",
  "tests/singular/compared_with_seed.sql":
    "select country_code from {{ ref('compared') }} except select country_code from {{ ref('countries') }}\n",
  "models/extra/off.sql": "{{ config(enabled=false) }}\nselect 1 as id\n",
  "models/extra/blank.sql": " \n",
  "models/extra/account_v1.sql": "select 1 as id\n",
  "models/extra/account_v2.sql": "select 1 as id, 2 as other\n",
  "models/extra/uses_account.sql": "select id from {{ ref('account') }}\n",
  "models/extra/uses_own.sql": "select {{ own.own_part() }} as id from {{ ref('own_model') }}\n",
  "models/extra/uses_function.sql": "select {{ function('twice') }}(1) as id\n",
  "models/extra/days.sql": "{{ config(materialized='table') }}\nselect date '2026-01-01' as date_day\n",
  "models/extra/nested/deep/under.sql": "select 1 as id\n",
  "functions/twice.sql": "x * 2\n",
  "functions/twice.yml": `functions:
  - name: twice
    description: Two times.
    arguments: [{ name: x, data_type: int }]
    returns: { data_type: int }
`,
  "models/extra/_extra.yml": `models:
  - name: contracted
    description: With a contract.
    access: public
    config:
      materialized: table
      group: platform
      contract: { enforced: true }
    columns:
      - name: id
        data_type: integer
        data_tests:
          - relationships:
              arguments: { to: "source('shop', 'customers')", field: id }
          - relationships:
              name: contracted_in_accounts
              arguments: { to: "ref('account')", field: id }
      - { name: name, data_type: varchar }
  - name: documented
    description: Persisted.
    config:
      persist_docs: { relation: true, columns: true }
    columns:
      - { name: id, description: The id. }
  - name: account
    latest_version: 2
    versions: [{ v: 1 }, { v: 2 }]
    columns:
      - { name: id, data_tests: [unique] }
  - name: days
    time_spine: { standard_granularity_column: date_day }
    columns:
      - { name: date_day, granularity: day }

semantic_models:
  - name: sales
    model: ref('fct_orders')
    defaults: { agg_time_dimension: ordered_on }
    entities: [{ name: order, type: primary, expr: order_id }]
    dimensions: [{ name: ordered_on, type: time, type_params: { time_granularity: day } }]
    measures: [{ name: revenue, agg: sum, expr: amount_eur }]

metrics:
  - name: revenue
    label: Revenue
    type: simple
    type_params: { measure: revenue }

saved_queries:
  - name: daily_revenue
    query_params: { metrics: [revenue], group_by: ["TimeDimension('order__ordered_on', 'day')"] }
    exports: [{ name: daily, config: { export_as: table } }]
`,
  "packages.yml": "packages: [{ local: own }]\n",
  "dbt_packages/own/dbt_project.yml": `name: own
version: "1.0.0"
config-version: 2
models:
  own:
    +materialized: view
`,
  "dbt_packages/own/models/own_model.sql": "select 1 as id\n",
  "dbt_packages/own/models/own_models.yml": `models:
  - name: own_model
    columns: [{ name: id, data_tests: [not_null] }]
`,
  "dbt_packages/own/macros/own_part.sql": "{% macro own_part() %}1{% endmacro %}\n",
};

const STAGING = "models/staging/_staging.yml";
const SOURCES = "models/staging/_sources.yml";
const FINANCE = "models/marts/finance/_finance.yml";
const EXTRA_YML = "models/extra/_extra.yml";

/** One change each, as people make them. */
export const EDITS: readonly Edit[] = [
  { name: "nothing", apply: () => {} },
  { name: "a body", apply: ({ add }) => add("models/staging/stg_orders.sql", "\n-- seen\n") },
  { name: "a body at the end of the graph", apply: ({ add }) => add("models/marts/crm/dim_customers.sql", "\n--\n") },
  {
    name: "bodies of two parents of a test",
    apply: ({ add }) => {
      for (const name of ["stg_orders", "stg_customers"]) add(`models/staging/${name}.sql`, "\n--\n");
    },
  },
  {
    name: "the body of a parent of a test on a source",
    apply: ({ add }) => add("models/extra/contracted.sql", "\n--\n"),
  },
  { name: "a blank body gets code", apply: ({ write }) => write("models/extra/blank.sql", "select 1 as id") },
  {
    name: "config: materialized in the file",
    apply: ({ edit }) => edit("models/extra/configured.sql", "'table'", "'view'"),
  },
  {
    name: "config: a key of meta",
    apply: ({ edit }) => edit("models/extra/configured.sql", "'level': 1", "'level': 2"),
  },
  {
    name: "config: an integer becomes a float",
    apply: ({ edit }) => edit("models/extra/configured.sql", "'level': 1", "'level': 1.0"),
  },
  { name: "config: a tag", apply: ({ edit }) => edit("models/extra/configured.sql", "'eu'", "'us'") },
  { name: "config: a hook", apply: ({ edit }) => edit("models/extra/configured.sql", '"select 1"', '"select 2"') },
  {
    name: "config: tags in yml",
    apply: ({ edit }) => edit(EXTRA_YML, "materialized: table", "materialized: table\n      tags: [daily]"),
  },
  {
    name: "config: meta in yml",
    apply: ({ edit }) => edit(EXTRA_YML, "materialized: table", "materialized: table\n      meta: { a: 1 }"),
  },
  { name: "config: a group in yml", apply: ({ edit }) => edit(EXTRA_YML, "group: platform", "group: finance") },
  {
    name: "config: an alias",
    apply: ({ edit }) => edit(EXTRA_YML, "materialized: table", "materialized: table\n      alias: other"),
  },
  {
    name: "config: a schema",
    apply: ({ edit }) => edit(EXTRA_YML, "materialized: table", "materialized: table\n      schema: other"),
  },
  {
    name: "config: a database",
    apply: ({ edit }) => edit(EXTRA_YML, "materialized: table", "materialized: table\n      database: shop"),
  },
  {
    name: "config: a key of its own",
    apply: ({ edit }) => edit(EXTRA_YML, "materialized: table", "materialized: table\n      partition_by: id"),
  },
  {
    name: "config: persist_docs off",
    apply: ({ edit }) => edit(EXTRA_YML, "relation: true, columns: true", "relation: true"),
  },
  {
    name: "config: of a folder in dbt_project.yml",
    apply: ({ edit }) => edit("dbt_project.yml", "    staging:", "    staging:\n      +materialized: table"),
  },
  {
    name: "config: grants",
    apply: ({ edit }) => edit(EXTRA_YML, "materialized: table", "materialized: table\n      grants: { select: [ann] }"),
  },
  {
    name: "a description that is not persisted",
    apply: ({ edit }) => edit(STAGING, "Customer accounts.", "Accounts."),
  },
  { name: "a persisted description", apply: ({ edit }) => edit(EXTRA_YML, "Persisted.", "Kept.") },
  { name: "a persisted description of a column", apply: ({ edit }) => edit(EXTRA_YML, "The id.", "An id.") },
  { name: "a contract: type", apply: ({ edit }) => edit(EXTRA_YML, "data_type: varchar }", "data_type: text }") },
  {
    name: "a contract: column added",
    apply: ({ edit }) =>
      edit(
        EXTRA_YML,
        "      - { name: name, data_type: varchar }",
        "      - { name: name, data_type: varchar }\n      - { name: more, data_type: varchar }",
      ),
  },
  { name: "a contract: no longer enforced", apply: ({ edit }) => edit(EXTRA_YML, "enforced: true", "enforced: false") },
  { name: "a macro, used directly", apply: ({ edit }) => edit("macros/to_eur.sql", "12, 2", "14, 2") },
  { name: "a macro, used through another", apply: ({ edit }) => edit("macros/chain.sql", "%}1{%", "%}2{%") },
  {
    name: "a macro that nothing uses",
    apply: ({ edit }) => edit("macros/chain.sql", "never_used() %}1", "never_used() %}2"),
  },
  { name: "a macro added", apply: ({ add }) => add("macros/chain.sql", "{% macro third() %}3{% endmacro %}") },
  {
    name: "a macro of dbt overridden",
    apply: ({ write }) =>
      write("macros/names.sql", "{% macro generate_schema_name(custom_schema_name, node) %}other{% endmacro %}"),
  },
  {
    name: "a test of dbt overridden",
    apply: ({ write }) =>
      write("macros/unique.sql", "{% test unique(model, column_name) %}select 1 as id where false{% endtest %}"),
  },
  {
    name: "a generic test's macro",
    apply: ({ edit }) => edit("tests/generic/within_range.sql", "select *", "select 1"),
  },
  { name: "a macro of a package", apply: ({ edit }) => edit("dbt_packages/own/macros/own_part.sql", "%}1{%", "%}2{%") },
  { name: "a model of a package", apply: ({ add }) => add("dbt_packages/own/models/own_model.sql", "--\n") },
  { name: "the content of a seed", apply: ({ add }) => add("seeds/countries.csv", "XX,Nowhere\n") },
  {
    name: "a seed of more than 1 MiB, changed",
    apply: ({ write }) => write("seeds/large.csv", `id\n${"1\n".repeat(600_000)}2\n`),
  },
  { name: "a seed's column types", apply: ({ edit }) => edit("seeds/_seeds.yml", "decimal(12, 6)", "decimal(14, 6)") },
  {
    name: "a snapshot's config",
    apply: ({ edit }) =>
      edit("snapshots/customers_snapshot.yml", "unique_key: customer_id", "unique_key: [customer_id]"),
  },
  {
    name: "a source's schema",
    apply: ({ edit }) => edit(SOURCES, "  - name: billing", "  - name: billing\n    schema: other"),
  },
  {
    name: "a source's identifier",
    apply: ({ edit }) => edit(SOURCES, "      - name: products", "      - name: products\n        identifier: goods"),
  },
  { name: "a source's freshness alone", apply: ({ edit }) => edit(SOURCES, "count: 72", "count: 96") },
  { name: "a source's description", apply: ({ edit }) => edit(SOURCES, "The catalogue,", "Catalogue,") },
  {
    name: "a source's tags and meta",
    apply: ({ edit }) =>
      edit(
        SOURCES,
        "        description: The catalogue",
        "        config: { tags: [a], meta: { b: 1 } }\n        description: The catalogue",
      ),
  },
  {
    name: "a source's quoting",
    apply: ({ edit }) => edit(SOURCES, "  - name: billing", "  - name: billing\n    quoting: { identifier: true }"),
  },
  { name: "a new source", apply: ({ add }) => add(SOURCES, "      - name: refunds\n") },
  {
    name: "an exposure's url",
    apply: ({ edit }) => edit(FINANCE, "    maturity: high", "    maturity: high\n    url: https://shop.example"),
  },
  {
    name: "an exposure's owner",
    apply: ({ edit }) => edit(FINANCE, "      name: finance-data", "      name: finance"),
  },
  {
    name: "an exposure's tags",
    apply: ({ edit }) => edit(FINANCE, "    maturity: high", "    maturity: high\n    config: { tags: [board] }"),
  },
  {
    name: "a new exposure",
    apply: ({ add }) =>
      add(
        FINANCE,
        "\n  - name: other_board\n    type: dashboard\n    owner: { name: ann }\n    depends_on: [ref('fct_orders')]\n",
      ),
  },
  { name: "a unit test's rows", apply: ({ edit }) => edit(FINANCE, "amount_eur: 100", "amount_eur: 101") },
  {
    name: "a unit test's description",
    apply: ({ edit }) =>
      edit(FINANCE, "    model: fct_daily_revenue", "    description: Words.\n    model: fct_daily_revenue"),
  },
  { name: "a test's severity", apply: ({ edit }) => edit(STAGING, "severity: warn", "severity: error") },
  { name: "a test's threshold", apply: ({ edit }) => edit(STAGING, '"> 5"', '"> 6"') },
  {
    name: "a test's arguments",
    apply: ({ edit }) => edit(STAGING, "values: [charge, refund]", "values: [charge, refund, gift]"),
  },
  {
    name: "a test taken away",
    apply: ({ edit }) =>
      edit(
        STAGING,
        "          - accepted_values:\n              arguments:\n                values: [charge, refund]\n",
        "          - not_null\n",
      ),
  },
  { name: "a singular test", apply: ({ add }) => add("tests/singular/refunds_within_charges.sql", "--\n") },
  { name: "a model moved", apply: ({ move }) => move("models/extra/chained.sql", "models/extra/nested/chained.sql") },
  { name: "a model renamed", apply: ({ move }) => move("models/extra/chained.sql", "models/extra/linked.sql") },
  { name: "a model deleted", apply: ({ remove }) => remove("models/extra/chained.sql") },
  {
    name: "a model disabled",
    apply: ({ edit }) => edit("models/extra/chained.sql", "select", "{{ config(enabled=false) }} select"),
  },
  { name: "a model enabled", apply: ({ edit }) => edit("models/extra/off.sql", "enabled=false", "enabled=true") },
  {
    name: "a model added below another",
    apply: ({ write }) =>
      write("models/extra/more.sql", "select * from {{ ref('chained') }}, {{ source('billing', 'payments') }}"),
  },
  {
    name: "a model that a test compares with a seed is replaced",
    apply: ({ write, remove, edit }) => {
      remove("models/extra/compared.sql");
      write("models/extra/replaced.sql", "select country_code from {{ ref('countries') }}");
      edit("tests/singular/compared_with_seed.sql", "ref('compared')", "ref('replaced')");
    },
  },
  { name: "the latest version", apply: ({ edit }) => edit(EXTRA_YML, "latest_version: 2", "latest_version: 1") },
  {
    name: "a new version",
    apply: ({ edit, write }) => {
      edit(EXTRA_YML, "{ v: 2 }]", "{ v: 2 }, { v: 3 }]");
      write("models/extra/account_v3.sql", "select 3 as id");
    },
  },
  { name: "the body of one version", apply: ({ add }) => add("models/extra/account_v1.sql", "--\n") },
  { name: "access", apply: ({ edit }) => edit(EXTRA_YML, "access: public", "access: protected") },
  {
    name: "a deprecation date",
    apply: ({ edit }) => edit(EXTRA_YML, "    access: public", "    access: public\n    deprecation_date: 2027-01-01"),
  },
  { name: "a function's body", apply: ({ write }) => write("functions/twice.sql", "x + x\n") },
  {
    name: "a function's argument",
    apply: ({ edit }) => edit("functions/twice.yml", "{ name: x, data_type: int }", "{ name: x, data_type: bigint }"),
  },
  { name: "a metric's label", apply: ({ edit }) => edit(EXTRA_YML, "label: Revenue", "label: Income") },
  { name: "a measure", apply: ({ edit }) => edit(EXTRA_YML, "agg: sum", "agg: max") },
  { name: "a saved query", apply: ({ edit }) => edit(EXTRA_YML, "export_as: table", "export_as: view") },
  {
    name: "the adapter's quoting of the project",
    apply: ({ add }) => add("dbt_project.yml", "\nquoting: { identifier: true }\n"),
  },
];
