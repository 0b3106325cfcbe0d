import { TARGET_PLACEHOLDER } from "../settings/placeholder.ts";
import { isTemplate } from "../text/jinja.ts";
import { CONTEXTS } from "./circleci-config.ts";
import { namesDbt, targetOf, variablesOf } from "./decide.ts";
import { type Answers, configPathOf, type InitFacts, joinPath, type Naming } from "./facts.ts";
import { packageNames } from "./install.ts";
import { excludeOf, namedFrom, namesOf, partsOf } from "./naming.ts";
import { OWNER } from "./published.ts";

/** What a person should mend: what was found, and lines to paste where there are any. */
export interface Advice {
  readonly text: string;
  readonly paste: readonly string[];
}

export function adviceOf(facts: InitFacts, answers: Answers): readonly Advice[] {
  return [
    ...publisherAdvice(),
    ...unreadAdvice(facts),
    ...openTargetAdvice(answers),
    ...targetAdvice(answers),
    ...schemaAdvice(answers),
    ...namingAdvice(answers),
    ...variableAdvice(answers),
    ...installAdvice(answers),
    ...sqlfluffAdvice(answers),
    ...otherRuns(facts, answers),
    ...baseBranchAdvice(facts, answers),
  ];
}

function advise(text: string, ...paste: readonly string[]): Advice {
  return { text, paste };
}

function publisherAdvice(): Advice[] {
  if (OWNER !== "OWNER") return [];
  return [advise("OWNER in the CI file stands for the account that publishes signalbox: replace it before you push")];
}

/** What such a file starts, or installs, nobody has looked at. */
function unreadAdvice({ unread }: InitFacts): Advice[] {
  const shown = unread.slice(0, MOST_UNREAD);
  const more = unread.length - shown.length;
  return [
    ...shown.map(({ path, why }) => advise(`${path} ${why}: init went on without it`)),
    ...(more > 0 ? [advise(`${more} more files were not read`)] : []),
  ];
}

const MOST_UNREAD = 10;

function openTargetAdvice({ project, deploy, ...answers }: Answers): Advice[] {
  if (deploy !== TARGET_PLACEHOLDER) return [];
  const names = project.profiles?.targets.map(({ name }) => name).join(", ") ?? "";
  const found =
    names === ""
      ? "no target is known"
      : `no name tells which target is production (profiles.yml has ${names}; only one called prod, production or live is taken)`;
  return [
    advise(
      `${found}: write its name into ${configPathOf(answers)} in place of ${TARGET_PLACEHOLDER}; every run stops with exit code 2 until then. Start init again after that: it writes the macro that cleans up`,
    ),
  ];
}

function targetAdvice({ project, check, deploy }: Answers): Advice[] {
  const { profiles, dir } = project;
  const place = joinPath(dir, "profiles.yml");
  const shared =
    check === deploy
      ? [
          advise(
            `pull requests and production share the target ${check}: signalbox refuses to build a check there; make one of its own in profiles.yml and name it in modes.check.target`,
          ),
        ]
      : [];
  if (profiles === null) {
    return [
      ...shared,
      advise(
        `no profiles.yml tells the targets of this project: commit ${place} with the targets ${check} and ${deploy === TARGET_PLACEHOLDER ? "production's" : deploy}; secrets come in by env_var()`,
      ),
    ];
  }
  const missing = [...new Set([check, deploy])].filter(
    (name) => name !== TARGET_PLACEHOLDER && targetOf(project, name) === null,
  );
  const known = profiles.targets.map(({ name }) => name).join(", ") || "none";
  return [
    ...shared,
    ...(profiles.dir === null
      ? [
          advise(
            `${profiles.file} lies outside the repository, where no CI finds it: commit ${place}; secrets come in by env_var()`,
          ),
        ]
      : []),
    ...missing.map((name) => advise(`${profiles.file} has no target ${name} (it has: ${known}): add it there`)),
  ];
}

/** Two branches that share a schema overwrite each other. */
function schemaAdvice({ project, check }: Answers): Advice[] {
  const target = targetOf(project, check);
  const schema = target?.schema ?? null;
  if (schema?.includes("SIGNALBOX_SCHEMA")) return [];
  const usual = schema !== null && /^\w+$/.test(schema) ? schema : "dbt";
  const where =
    schema === null
      ? ": all pull requests would build into one schema"
      : isTemplate(schema)
        ? `, but of ${schema}`
        : `: all pull requests would build into ${schema}`;
  return [
    advise(
      target === null
        ? `the target ${check} has to take the schema of the branch. In profiles.yml:`
        : `the target ${check} does not take the schema of the branch${where}. In profiles.yml:`,
      `${target?.schemaKey ?? "schema"}: "{{ env_var('SIGNALBOX_SCHEMA', '${usual}') }}"`,
    ),
  ];
}

/** A check may not write where production is: what is not in the branch's schema is refused when it is there. */
function namingAdvice({ project: { dir, naming: found }, check }: Answers): Advice[] {
  const { macro, others, schemas, fixed } = partsOf(namedFrom(found, dir));
  const told = (configs: Naming["configs"]) => namesOf(configs).slice(0, 6).join(", ");
  return [
    ...(macro === null
      ? []
      : [
          advise(
            `${macro.path} has a ${macro.name} of its own: where it gives a schema without target.schema, a check would write where production is, and signalbox refuses to build it. Begin the macro with:`,
            `{%- if target.name == '${check}' -%}`,
            "  {{ target.schema }}{{ '_' ~ custom_schema_name | trim if custom_schema_name }}",
            "{%- else -%} … what is there now … {%- endif -%}",
          ),
        ]),
    ...others.map(({ name, path }) =>
      advise(`${path} has a ${name} of its own: signalbox plan says where it puts the nodes of a check`),
    ),
    ...(schemas.length === 0
      ? []
      : [
          advise(
            macro === null
              ? `${told(schemas)}: dbt puts it behind the branch's schema, so that a check has several (ci_branch_1a2b3c_name); signalbox plan shows them`
              : `${told(schemas)}: is what ${macro.name} is given; see where signalbox plan puts it`,
          ),
        ]),
    ...(fixed.length === 0
      ? []
      : [
          advise(
            `${told(fixed)}: the same for production and for every branch unless it is a template; what a check would write there is refused. Leave it out of checks, in signalbox.yml:`,
            excludeOf(fixed),
          ),
        ]),
  ];
}

/** The CI file hands over what profiles.yml reads, and cannot know of more. */
function variableAdvice({ project, check, deploy, ci }: Answers): Advice[] {
  if (variablesOf(project, { check, deploy }).length > 0) return [];
  const place =
    ci === "github" ? "the env of signalbox's step" : `the contexts ${CONTEXTS.check} and ${CONTEXTS.deploy}`;
  const isKnown = [check, deploy].some((name) => targetOf(project, name) !== null);
  const found =
    project.profiles === null
      ? "no profiles.yml was found"
      : isKnown
        ? "profiles.yml reads no variable"
        : "which variables profiles.yml reads is not known without its targets";
  return [
    advise(
      `${found}: the CI file hands no credential to dbt. Where the warehouse wants one, read it with env_var() in profiles.yml, and set that variable in ${place}`,
    ),
  ];
}

function installAdvice(answers: Answers): Advice[] {
  if (answers.project.packages !== null) return [];
  return [
    advise(
      `no requirements.txt, uv.lock, poetry.lock or Pipfile tells which dbt is installed: the CI takes the newest ${packageNames(answers).join(" and ")}; pin them in a requirements.txt`,
    ),
  ];
}

/** A tool that is missing fails every check. */
function sqlfluffAdvice({ project: { sqlfluff, packages } }: Answers): Advice[] {
  if (sqlfluff === null || packages === null || sqlfluff.isInstalled) return [];
  const installs = joinPath(packages.dir, packages.file);
  return [
    advise(
      `${sqlfluff.file} has settings for sqlfluff, and ${installs} does not name it: add it there, or take findings out of signalbox.yml; where it is missing every check ends with exit code 3`,
    ),
  ];
}

/** A run without the gate is a run that nobody waits for. */
function otherRuns({ ciFiles }: InitFacts, { ci }: Answers): Advice[] {
  return ciFiles
    .filter((file) => file.ci === ci && namesDbt(file.text))
    .map(({ path }) =>
      advise(
        `${path} runs dbt beside signalbox, and nobody waits for it: remove it, or put the queue before its dbt and its workflow into queue.workflows:`,
        "npx -y signalbox@1 queue -- dbt build",
      ),
    );
}

function baseBranchAdvice({ remote, baseBranch, existing }: InitFacts, { project: { own } }: Answers): Advice[] {
  if ((own?.baseBranch ?? existing?.baseBranch ?? null) !== null || baseBranch.from === "remote") return [];
  const why = remote === null ? "there is no remote" : "the clone does not know its remote's HEAD";
  return [advise(`${baseBranch.name} is taken for the base branch, and ${why}: check base_branch in signalbox.yml`)];
}
