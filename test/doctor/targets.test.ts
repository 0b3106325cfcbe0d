import { expect, it } from "vitest";
import type { DoctorProject, Seen, TargetFacts } from "../../src/doctor/facts.ts";
import { checkTargets } from "../../src/doctor/targets.ts";
import { TARGET_PLACEHOLDER } from "../../src/settings/placeholder.ts";
import { failed, levels, project, target } from "./build.ts";

const MODES = { check: "ci", deploy: "prod", schedule: "prod" };
const OF_BRANCH = { schema: "{{ env_var('SIGNALBOX_SCHEMA', 'ci') }}", renderedSchema: "ci" };
const who = (mark: string, ...variables: string[]): TargetFacts["identity"] => ({ user: { mark, variables } });
const ci = target("ci", OF_BRANCH);
const prod = target("prod");
const GOOD = ["ok targets", "ok schema", "ok user"];
const without = (kind: "missing" | "template" | "refused") =>
  project(null, { noTargets: { kind, why: `profiles.yml: ${kind}` } });
const macro = (text: string): Partial<DoctorProject> => ({
  schemaMacro: { path: "macros/schema.sql", text },
  naming: { macros: [{ name: "generate_schema_name", path: "macros/schema.sql" }], configs: [] },
});

it.each<
  [
    what: string,
    found: Seen<DoctorProject>,
    modes: typeof MODES | Record<keyof typeof MODES, string | null>,
    expected: readonly string[],
  ]
>([
  ["as init writes it", project([ci, prod]), MODES, GOOD],
  ["no project", failed("no dbt_project.yml"), MODES, ["fail project"]],
  ["no profiles.yml", without("missing"), MODES, ["warn targets", "warn targets:profiles"]],
  ["a profile that is a template", without("template"), MODES, ["warn targets", "warn targets:profiles"]],
  ["a profiles.yml that dbt cannot read", without("refused"), MODES, ["warn targets", "fail targets:profiles"]],
  [
    "one target for both, and no profiles.yml",
    without("missing"),
    { ...MODES, check: "prod" },
    ["fail targets", "warn targets:profiles"],
  ],
  [
    "a file that was not read",
    project([ci, prod], { unread: [{ path: "pyproject.toml", why: "is UTF-16" }] }),
    MODES,
    [...GOOD, "warn project:pyproject.toml"],
  ],
  ["no target for checks", project([ci, prod]), { ...MODES, check: null }, ["fail targets"]],
  ["one target for both", project([prod]), { ...MODES, check: "prod" }, ["fail targets", "fail schema"]],
  [
    "one target for check and schedule",
    project([ci, prod]),
    { ...MODES, schedule: "ci" },
    ["fail targets", "ok schema", "ok user"],
  ],
  [
    "no target for deploys",
    project([ci]),
    { check: "ci", deploy: null, schedule: null },
    ["warn targets", "ok schema"],
  ],
  ["a target that is not there", project([ci]), MODES, ["fail targets:deploy", "fail targets:schedule", "ok schema"]],
  [
    "one schema",
    project([target("ci", { renderedSchema: "dbt" }), target("prod", { renderedSchema: "dbt" })]),
    MODES,
    ["ok targets", "fail schema", "ok user"],
  ],
  [
    "one schema in another case, which Snowflake folds and signalbox refuses everywhere",
    project([target("ci", { renderedSchema: "Analytics" }), target("prod", { renderedSchema: "ANALYTICS" })]),
    MODES,
    ["ok targets", "fail schema", "ok user"],
  ],
  [
    "one schema in two warehouses",
    project([target("ci", { renderedSchema: "dbt" }), target("prod", { renderedSchema: "dbt" })], { isSeparate: true }),
    MODES,
    ["ok targets", "warn schema", "ok user"],
  ],
  ["one schema for all branches", project([target("ci"), prod]), MODES, ["ok targets", "warn schema", "ok user"]],
  ["both by the variable", project([ci, target("prod", OF_BRANCH)]), MODES, ["ok targets", "warn schema", "ok user"]],
  [
    "the schema by the macro",
    project([target("ci"), prod], macro("env_var('SIGNALBOX_SCHEMA') default_schema")),
    MODES,
    [...GOOD, "ok naming"],
  ],
  [
    "one user",
    project([
      { ...ci, identity: who("a") },
      { ...prod, identity: who("a") },
    ]),
    MODES,
    ["ok targets", "ok schema", "warn user"],
  ],
  [
    "one variable",
    project([
      { ...ci, identity: who("a", "DBT_USER") },
      { ...prod, identity: who("a", "DBT_USER") },
    ]),
    MODES,
    GOOD,
  ],
  [
    "two users",
    project([
      { ...ci, identity: who("a") },
      { ...prod, identity: who("b") },
    ]),
    MODES,
    GOOD,
  ],
  [
    "a macro that forgets the schema",
    project([ci, prod], macro("{{ custom_schema_name }}")),
    MODES,
    [...GOOD, "warn naming"],
  ],
  [
    "dbt's macro for one environment",
    project([ci, prod], macro("{{ generate_schema_name_for_env(custom_schema_name, node) }}")),
    MODES,
    [...GOOD, "ok naming"],
  ],
  [
    "a macro that tells targets apart",
    project([ci, prod], macro("{% if target.name == 'prod' %}{{ custom }}{% else %}{{ target.schema }}")),
    MODES,
    [...GOOD, "ok naming"],
  ],
  [
    "+schema and dbt's own macro",
    project([ci, prod], { naming: { macros: [], configs: [{ key: "+schema", where: "models" }] } }),
    MODES,
    [...GOOD, "ok naming"],
  ],
  [
    "target_schema and other macros",
    project([ci, prod], {
      naming: {
        macros: [{ name: "generate_alias_name", path: "m.sql" }],
        configs: [{ key: "target_schema", where: "s.sql" }],
      },
    }),
    MODES,
    [...GOOD, "warn naming:macros", "warn naming:configs"],
  ],
])("targets: %s", (_, found, modes, expected) => {
  expect(levels(checkTargets(found, modes, true))).toEqual(expected);
});

it("names the placeholder of init for what it is", () => {
  const modes = { ...MODES, deploy: TARGET_PLACEHOLDER, schedule: TARGET_PLACEHOLDER };

  const [deploy] = checkTargets(project([ci, prod]), modes, true);

  expect(deploy).toMatchObject({ id: "targets:deploy", level: "fail", fix: expect.stringContaining("ci, prod") });
  expect(deploy?.found).toContain("which signalbox init wrote");
});

it("says which targets there are where no signalbox.yml names any", () => {
  const none = { check: null, deploy: null, schedule: null };

  expect(checkTargets(project([ci, prod]), none, false)).toMatchObject([
    { level: "ok", found: expect.stringContaining("ci, prod") },
  ]);
});

it("never shows a value of profiles.yml that could be a secret", () => {
  const secret = { ...who("mark-of-a-password"), keyfile: { mark: "mark-of-a-key", variables: [] } };

  const text = JSON.stringify(
    checkTargets(
      project([
        { ...ci, identity: secret },
        { ...prod, identity: secret },
      ]),
      MODES,
      true,
    ),
  );

  expect(text).toContain("share user, keyfile");
  expect(text).not.toContain("mark-of");
});
