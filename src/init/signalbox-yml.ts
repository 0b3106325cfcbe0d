import type { Config } from "../settings/file.ts";
import { type Answers, joinPath } from "./facts.ts";
import { dbtCommand } from "./install.ts";
import { WHERE_IDS_ARE } from "./questions.ts";
import { yamlList, yamlText } from "./yaml-text.ts";

/** Only the keys that matter; the others have defaults, and README names them. */
export function renderSignalboxYml(answers: Answers): string {
  const { project, baseBranch, check, deploy, schema, errorChannel, warnChannel } = answers;
  const profilesDir = profilesDirOf(answers);
  const targets = [
    `target: ${yamlText(check)}, schema: ${JSON.stringify(schema)}`,
    `target: ${yamlText(deploy)}`,
  ] as const;
  const channel = (key: string, id: string | null, what: string) =>
    `  ${`${key}:${id === null ? "" : ` ${id}`}`.padEnd(22)}# ${what}`;
  return [
    "version: 1",
    `base_branch: ${yamlText(baseBranch)}`,
    "dbt:",
    `  command: ${yamlList(dbtCommand(project.packages))}`,
    `  project_dir: ${yamlText(project.dir)}`,
    ...(profilesDir === null ? [] : [`  profiles_dir: ${yamlText(profilesDir)}`]),
    "modes:",
    "  # pull requests: what changed, in a schema of the branch",
    `  check:    { ${targets[0]} }`,
    `  # merged to ${baseBranch}, and by the clock: everything`,
    `  deploy:   { ${targets[1]} }`,
    `  schedule: { ${targets[1]} }`,
    `slack: # ids, not names: ${WHERE_IDS_ARE}`,
    channel("error", errorChannel, "get this fixed now"),
    channel("warn", warnChannel, "fix at some point this week"),
    "",
  ].join("\n");
}

/** Whether a signalbox.yml that exists says all of it already, in whatever words and with whatever besides. */
export function isCovered(existing: Config, answers: Answers): boolean {
  const { dbt, modes, slack } = existing;
  const pairs = [
    [joinPath(dbt.projectDir), answers.project.dir],
    [dbt.profilesDir, dbt.profilesDir ?? profilesDirOf(answers)],
    [modes.check.target, answers.check],
    [modes.deploy.target, answers.deploy],
    [modes.schedule.target, modes.schedule.target ?? answers.deploy],
    [slack.error, answers.errorChannel],
    [slack.warn, answers.warnChannel],
  ];
  return pairs.every(([said, wanted]) => said === wanted);
}

/** null: dbt finds profiles.yml itself, beside the project. */
function profilesDirOf({ project }: Answers): string | null {
  const dir = project.profiles?.dir ?? null;
  return dir === project.dir ? null : dir;
}
