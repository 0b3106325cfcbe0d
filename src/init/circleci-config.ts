import { type Answers, configPathOf, slugOf } from "./facts.ts";
import { installSteps } from "./install.ts";
import { ORB } from "./published.ts";
import { yamlText } from "./yaml-text.ts";

export const CONFIG_PATH = ".circleci/config.yml";

/** The contexts that hold the secrets: a check gets neither production's key nor Slack's token. */
export const CONTEXTS = { check: "dbt-ci", deploy: "dbt-prod", slack: "slack", queue: "signalbox" } as const;

export function renderCircleConfig(answers: Answers): string {
  return [
    "version: 2.1",
    "orbs:",
    `  ${ORB_LINE}`,
    "workflows:",
    ...workflowLines(answers, ownName(answers), "  "),
    "",
  ].join("\n");
}

/**
 * A config that exists, with the orb and the workflow in their places and every other line as it was; null where the
 * places are not to be found line by line.
 */
export function addToCircleConfig(existing: string, answers: Answers): string | null {
  const lines = existing.split("\n");
  const isKey = (key: string) => new RegExp(`^${key}:\\s*(#.*)?$`);
  const workflows = lines.findIndex((line) => isKey("workflows").test(line));
  const orbs = lines.findIndex((line) => isKey("orbs").test(line));
  if (workflows < 0 || (orbs < 0 && lines.some((line) => line.startsWith("orbs:")))) return null;
  const own = ownName(answers);
  const name = own === "dbt" && /^\s+dbt:/m.test(existing) ? "signalbox" : own;
  const workflow = workflowLines(answers, name, indentBelow(lines, workflows));
  const orb =
    orbs < 0
      ? { at: workflows, added: ["orbs:", `  ${ORB_LINE}`] }
      : { at: orbs + 1, added: [indentBelow(lines, orbs) + ORB_LINE] };
  const hasOrb = lines.some((line) => /^\s+signalbox:\s*\S+\/signalbox@/.test(line));
  const additions = [{ at: workflows + 1, added: workflow }, ...(hasOrb ? [] : [orb])].sort((a, b) => b.at - a.at);
  for (const { at, added } of additions) lines.splice(at, 0, ...added);
  return lines.join("\n");
}

/** A project with a signalbox.yml of its own has a workflow of its own. */
function ownName({ configDir }: Answers): string {
  return configDir === "." ? "dbt" : `dbt_${slugOf(configDir)}`;
}

const ORB_LINE = `signalbox: ${ORB}`;

/** The blanks before the first key below a line. */
function indentBelow(lines: readonly string[], at: number): string {
  const next = lines.slice(at + 1).find((line) => !/^\s*(#.*)?$/.test(line)) ?? "";
  return /^ +/.exec(next)?.[0] ?? "  ";
}

/** Two jobs in one workflow, so that both wait in one queue and each has a context of its own. */
function workflowLines(answers: Answers, name: string, indent: string): readonly string[] {
  const branch = yamlText(answers.baseBranch);
  const install = installSteps(answers).map(({ run, dir }) =>
    dir === "." ? `{ run: ${run} }` : `{ run: { command: ${run}, working_directory: ${yamlText(dir)} } }`,
  );
  const config = answers.configDir === "." ? [] : [`        config: ${yamlText(configPathOf(answers))}`];
  return [
    `${name}:`,
    "  jobs:",
    "    - signalbox/ci:",
    "        name: check",
    ...config,
    `        context: [${CONTEXTS.check}, ${CONTEXTS.queue}] # never production's`,
    `        filters: { branches: { ignore: ${branch} } }`,
    `        install: &signalbox_install [${install.join(", ")}]`,
    "    - signalbox/ci:",
    "        name: deploy",
    ...config,
    `        context: [${CONTEXTS.deploy}, ${CONTEXTS.slack}, ${CONTEXTS.queue}]`,
    `        filters: { branches: { only: ${branch} } }`,
    "        install: *signalbox_install",
  ].map((line) => indent + line);
}
