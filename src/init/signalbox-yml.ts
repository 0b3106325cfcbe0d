import type { Config } from "../settings/file.ts";
import { TARGET_PLACEHOLDER } from "../settings/placeholder.ts";
import { cleanLine } from "../text/clean.ts";
import { type Answers, joinPath, relativePath } from "./facts.ts";
import { dbtCommand } from "./install.ts";
import { WHERE_IDS_ARE } from "./questions.ts";
import { yamlList, yamlText } from "./yaml-text.ts";

/** Only the keys that matter; the others have defaults, and README names them. */
export function renderSignalboxYml(answers: Answers): string {
  const { project, configDir, baseBranch, check, deploy, schema, errorChannel, warnChannel } = answers;
  const profilesDir = profilesDirOf(answers);
  const targets = [
    `target: ${yamlText(check)}, schema: ${JSON.stringify(schema)}`,
    `target: ${yamlText(deploy)}`,
  ] as const;
  const isOpen = deploy === TARGET_PLACEHOLDER;
  const channel = (key: string, id: string | null, what: string) =>
    `  ${`${key}:${id === null ? "" : ` ${id}`}`.padEnd(22)}# ${what}`;
  return [
    "version: 1",
    `base_branch: ${yamlText(baseBranch)}`,
    "dbt:",
    `  command: ${yamlList(dbtCommand(project.packages))}`,
    `  project_dir: ${yamlText(relativePath(configDir, project.dir))}`,
    ...(profilesDir === null ? [] : [`  profiles_dir: ${yamlText(profilesDir)}`]),
    "modes:",
    "  # pull requests: what changed, in a schema of the branch",
    `  check:    { ${targets[0]} }`,
    `  # merged to ${baseBranch}, and by the clock: everything`,
    ...(isOpen ? ["  # write the name of production's target twice: every run stops with exit code 2 until then"] : []),
    `  deploy:   { ${targets[1]} }`,
    `  schedule: { ${targets[1]} }`,
    `slack: # ids, not names: ${WHERE_IDS_ARE}`,
    channel("error", errorChannel, "get this fixed now"),
    channel("warn", warnChannel, "fix at some point this week"),
    ...findingLines(project),
    "",
  ].join("\n");
}

/** What the team's sqlfluff says of the lines that a pull request changes; its jinja templater connects to nothing. */
function findingLines({ sqlfluff, packages }: Answers["project"]): readonly string[] {
  if (sqlfluff === null) return [];
  const words = [...dbtCommand(packages).slice(0, -1), "sqlfluff", "lint", "--format", "json", "--templater", "jinja"];
  return [
    `findings: # on pull requests, as ${cleanLine(sqlfluff.file, 100)} says, on the lines that they change`,
    `  - { name: sqlfluff, run: ${yamlList([...words, "{files}"])}, format: sqlfluff, severity: warn }`,
  ];
}

/** Whether a signalbox.yml that exists says all of it already, in whatever words and with whatever besides. */
export function isCovered(existing: Config, answers: Answers): boolean {
  const { dbt, modes, slack } = existing;
  const pairs = [
    [joinPath(dbt.projectDir), relativePath(answers.configDir, answers.project.dir)],
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
function profilesDirOf({ project, configDir }: Answers): string | null {
  const dir = project.profiles?.dir ?? null;
  return dir === null || dir === project.dir ? null : relativePath(configDir, dir);
}
