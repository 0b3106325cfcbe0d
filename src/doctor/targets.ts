import { findEnvVars } from "../dbt/env-vars.ts";
import { excludeOf, namesOf, partsOf } from "../init/naming.ts";
import { listed } from "../render/words.ts";
import { TARGET_PLACEHOLDER } from "../settings/placeholder.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import type { DoctorProject, Seen, TargetFacts } from "./facts.ts";

export interface TargetsOfModes {
  readonly check: string | null;
  readonly deploy: string | null;
  readonly schedule: string | null;
}

const IN_FILE =
  "in signalbox.yml: modes: { check: { target: ci }, deploy: { target: prod }, schedule: { target: prod } }";
const LOOK = "see the line on profiles.yml below";
const OWN_SCHEMA = "schema: \"{{ env_var('SIGNALBOX_SCHEMA', 'dbt') }}\"";

/**
 * Whether a check can build where production is. `hasConfig`: without signalbox.yml no mode has a target, which is said
 * elsewhere.
 */
export function checkTargets(seen: Seen<DoctorProject>, modes: TargetsOfModes, hasConfig: boolean): readonly Check[] {
  if (seen.kind === "failed") {
    const fix = seen.fix ?? "see what dbt parse says";
    return [fail("project", seen.why, hasConfig ? fix : `${fix}; signalbox init finds a project in a folder below`)];
  }
  const project = seen.value;
  const { targets, profilesFile } = project;
  const known =
    listed(
      (targets ?? []).map(({ name }) => name),
      8,
    ) || "none";
  const ofUnread = project.unread.map(({ path, why }) =>
    warn(`project:${path}`, `${path} ${why}`, "mend it, or take it away: what it says is not looked at"),
  );
  if (targets === null)
    return [...(hasConfig ? namedTargets(modes, "not looked up") : []), ofNoTargets(project), ...ofUnread];
  if (!hasConfig) return [ok("targets", `${profilesFile} has the targets ${known}`), ...ofUnread];
  const missing = (["check", "deploy", "schedule"] as const).flatMap((mode) => {
    const name = modes[mode];
    return name === null || targets.some((target) => target.name === name)
      ? []
      : [
          name === TARGET_PLACEHOLDER
            ? fail(
                `targets:${mode}`,
                `modes.${mode}.target is still ${name}, which signalbox init wrote: a run ends with exit 2`,
                `write production's target there; ${profilesFile} has: ${known}`,
              )
            : fail(
                `targets:${mode}`,
                `modes.${mode}.target is ${name}, and ${profilesFile} has no such target`,
                `it has: ${known}`,
              ),
        ];
  });
  const target = (name: string | null) => targets.find((each) => each.name === name) ?? null;
  const [check, deploy] = [target(modes.check), target(modes.deploy ?? modes.schedule)];
  return [
    ...namedTargets(modes, missing.length === 0 ? "found" : "missing"),
    ...missing,
    ...(check === null ? [] : [ofSchema(check, deploy, project)]),
    ...(check === null || deploy === null || check.name === deploy.name ? [] : [ofUser(check, deploy)]),
    ...ofNaming(check, project),
    ...ofUnread,
  ];
}

function ofNoTargets({ profilesFile, noTargets }: DoctorProject): Check {
  const why =
    noTargets?.why.replace("profiles.yml", () => profilesFile ?? "profiles.yml") ?? "profiles.yml has no targets";
  switch (noTargets?.kind) {
    case "missing":
      return warn(
        "targets:profiles",
        why,
        "commit one beside dbt_project.yml, with secrets by env_var(): a CI has no other; or name its folder in dbt.profiles_dir",
      );
    case "template":
      return warn("targets:profiles", `${why}: the targets were not looked at`, "dbt debug tells what it finds there");
    default:
      return fail("targets:profiles", why, "mend it: dbt debug says the same, and no run starts without it");
  }
}

/** What signalbox.yml says. `isThere`: whether profiles.yml has those targets; of missing ones there are checks of their own. */
function namedTargets(
  { check, deploy, schedule }: TargetsOfModes,
  isThere: "found" | "missing" | "not looked up",
): readonly Check[] {
  if (check === null)
    return [
      fail("targets", "check mode has no target: signalbox refuses to guess one, it could be production", IN_FILE),
    ];
  const shared = check === deploy ? "deploy" : check === schedule ? "schedule" : null;
  if (shared !== null)
    return [
      fail(
        "targets",
        `check and ${shared} share the target ${check}: signalbox refuses to build a check there`,
        IN_FILE,
      ),
    ];
  if (deploy === null)
    return [
      warn(
        "targets",
        `modes.deploy.target is missing: where production is, and what a check may not write, is not known (check has ${check})`,
        IN_FILE,
      ),
    ];
  if (isThere === "missing") return [];
  const named = `check builds with ${check}, deploy with ${deploy}, schedule with ${schedule ?? "the profile's own"}`;
  return [
    isThere === "found"
      ? ok("targets", named)
      : warn("targets", `${named}, as signalbox.yml says: whether these targets exist was not seen`, LOOK),
  ];
}

/**
 * Most warehouses fold names that nobody quotes, and signalbox refuses a check whose relations differ from production's in
 * case alone, whatever the warehouse is: where names are quoted, quotes may be taken away again.
 */
function isOneSchema(check: TargetFacts, deploy: TargetFacts | null): boolean {
  const [one, other] = [check, deploy].map((target) => target?.renderedSchema?.toLowerCase() ?? null);
  return one != null && one === other;
}

/** Two branches that share a schema overwrite each other; one that shares production's overwrites production. */
function ofSchema(check: TargetFacts, deploy: TargetFacts | null, { schemaMacro, isSeparate }: DoctorProject): Check {
  const isOfBranch = (text: string | null) => text?.includes("SIGNALBOX_SCHEMA") === true;
  if (isOfBranch(check.schema)) {
    return isOfBranch(deploy?.schema ?? null) && isOneSchema(check, deploy)
      ? warn(
          "schema",
          `${check.name} and ${deploy?.name} both read SIGNALBOX_SCHEMA: production builds into its default, ${deploy?.renderedSchema ?? "which is not told"}, as does a check by hand`,
          `give ${deploy?.name} a schema of its own`,
        )
      : ok("schema", `${check.name} takes the schema of the branch (SIGNALBOX_SCHEMA)`);
  }
  if (isOfBranch(schemaMacro?.text ?? null))
    return ok("schema", `${schemaMacro?.path} gives the schema of the branch (SIGNALBOX_SCHEMA)`);
  const words = check.renderedSchema ?? check.schema ?? "one that profiles.yml does not name";
  const variable = check.renderedSchema === null ? findEnvVars(check.schema ?? "")[0]?.name : undefined;
  const isShared = isOneSchema(check, deploy) && isSeparate !== true;
  const inCase = deploy?.renderedSchema === check.renderedSchema ? "" : ` and ${deploy?.renderedSchema}, which is one`;
  return isShared
    ? fail(
        "schema",
        `${check.name} and ${deploy?.name} share the schema ${words}${inCase}: a check is refused where it would overwrite production`,
        `in profiles.yml, at ${check.name}: ${OWN_SCHEMA}`,
      )
    : warn(
        "schema",
        variable === undefined
          ? `all pull requests build into ${words}: two that run at once overwrite each other`
          : `the schema of ${check.name} is what ${variable} says: unless the CI sets another one for each branch, two pull requests overwrite each other`,
        `in profiles.yml, at ${check.name}: ${OWN_SCHEMA}`,
      );
}

/** Who connects, as far as profiles.yml tells. One that differs is enough: a role of Snowflake has rights of its own. */
function ofUser(check: TargetFacts, deploy: TargetFacts): Check {
  const keys = [...new Set([check, deploy].flatMap(({ identity }) => Object.keys(identity)))];
  if (keys.length === 0)
    return ok(
      "user",
      `${check.name} and ${deploy.name} name no user: what the job is logged in as decides what a check may write`,
    );
  const differs = keys.find((key) => check.identity[key]?.mark !== deploy.identity[key]?.mark);
  if (differs !== undefined) {
    const from = [check, deploy].flatMap(({ identity }) => identity[differs]?.variables ?? []);
    const words = from.length === 0 ? `${differs} differs` : `${differs} comes from ${listed([...new Set(from)], 4)}`;
    return ok("user", `${check.name} and ${deploy.name} do not connect alike: ${words}`);
  }
  const variables = [...new Set(keys.flatMap((key) => check.identity[key]?.variables ?? []))];
  return variables.length > 0
    ? ok(
        "user",
        `${check.name} and ${deploy.name} both read ${listed(variables, 4)}: the CI has to set another value for checks`,
      )
    : warn(
        "user",
        `${check.name} and ${deploy.name} share ${listed(keys, 4)}: code of a pull request can write production`,
        "give checks a user of their own, without rights on production's schemas",
      );
}

/** What puts nodes elsewhere than into the target's schema. */
function ofNaming(check: TargetFacts | null, { naming, schemaMacro }: DoctorProject): readonly Check[] {
  const { others, schemas, fixed } = partsOf(naming);
  const found: Check[] = [];
  if (schemaMacro !== null) {
    // dbt's own macro for it: https://docs.getdbt.com/docs/build/custom-schemas
    const isForEnv = schemaMacro.text.includes("generate_schema_name_for_env");
    const heeds =
      isForEnv ||
      /target\s?\.\s?schema|default_schema|default__generate_schema_name|SIGNALBOX_SCHEMA/.test(schemaMacro.text);
    const tells = isForEnv || /target\s?\.\s?name|SIGNALBOX_SCHEMA/.test(schemaMacro.text);
    if (heeds && tells) found.push(ok("naming", `${schemaMacro.path} tells targets apart`));
    else
      found.push(
        warn(
          "naming",
          heeds
            ? `${schemaMacro.path} has a generate_schema_name of its own that does not ask for target.name`
            : `${schemaMacro.path} has a generate_schema_name of its own that does not use target.schema: a check would write where production is, and signalbox refuses to build it`,
          `signalbox plan shows where a check goes; begin the macro with {%- if target.name == '${check?.name ?? "ci"}' -%} {{ target.schema }}{{ '_' ~ custom_schema_name | trim if custom_schema_name }} {%- else -%}`,
        ),
      );
  } else if (schemas.length > 0)
    found.push(ok("naming", "dbt's own generate_schema_name puts +schema behind the schema of the branch"));
  if (others.length > 0)
    found.push(
      warn(
        "naming:macros",
        listed(
          others.map(({ name, path }) => `${path} has a ${name} of its own`),
          4,
        ),
        "signalbox plan shows where it puts the nodes of a check",
      ),
    );
  if (fixed.length > 0)
    found.push(
      warn(
        "naming:configs",
        `${listed(namesOf(fixed), 4)}: the same for production and for every branch unless it is a template`,
        `leave those nodes out of checks: ${excludeOf(fixed)}`,
      ),
    );
  return found;
}
