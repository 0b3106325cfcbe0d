import { concurrencyLine } from "./concurrency.ts";
import { type Variable, variablesOf } from "./decide.ts";
import { type Answers, configPathOf, slugOf } from "./facts.ts";
import { installSteps } from "./install.ts";
import { ACTION } from "./published.ts";
import { yamlList, yamlText } from "./yaml-text.ts";

/** A project with a signalbox.yml of its own has a workflow of its own. */
export function workflowPath(answers: Answers): string {
  return `.github/workflows/${nameOf(answers)}.yml`;
}

function nameOf({ configDir }: Answers): string {
  return configDir === "." ? "dbt" : `dbt_${slugOf(configDir)}`;
}

/** The secret that Slack's token is read from. */
export const SLACK_SECRET = "SLACK_BOT_TOKEN";

/** A variable of dbt, and the names under which GitHub keeps its values; null: that target does not read it. */
export interface Kept {
  readonly variable: Variable;
  readonly check: string | null;
  readonly deploy: string | null;
}

/** A credential has one secret for checks and another for production; what is no credential is a variable of GitHub. */
export function keptVariables(answers: Answers): readonly Kept[] {
  return variablesOf(answers.project, answers).map((variable) => {
    const { name, isSecret, ofCheck, ofDeploy } = variable;
    const kept = (suffix: string) => (isSecret && ofCheck && ofDeploy ? `${name}_${suffix}` : name);
    return { variable, check: ofCheck ? kept("CI") : null, deploy: ofDeploy ? kept("PROD") : null };
  });
}

export function renderWorkflow(answers: Answers): string {
  return [
    `name: ${nameOf(answers)}`,
    "on:",
    "  pull_request:",
    "  merge_group:",
    `  push: { branches: ${yamlList([answers.baseBranch])} }`,
    '  schedule: [{ cron: "7 * * * *" }] # every hour',
    "permissions: { contents: read, actions: read }",
    "# a newer push stops the older check; every other run has a group of its own, so that no deploy is dropped",
    concurrencyLine(nameOf(answers)),
    "jobs:",
    "  dbt:",
    "    runs-on: ubuntu-latest",
    "    steps:",
    "      - uses: actions/checkout@v5",
    "        with: { fetch-depth: 0 } # what changed is seen against the commit where the branch began",
    "      - uses: actions/setup-python@v6",
    `        with: { ${pythonInputs(answers).join(", ")} }`,
    ...installSteps(answers).flatMap(({ run, dir }) => [
      `      - run: ${run}`,
      ...(dir === "." ? [] : [`        working-directory: ${yamlText(dir)}`]),
    ]),
    `      - uses: ${ACTION}`,
    `        with: { ${actionInputs(answers).join(", ")} }`,
    ...environmentLines(answers).map((line) => `        ${line}`),
    "",
  ].join("\n");
}

function actionInputs(answers: Answers): readonly string[] {
  const token = `slack-token: "\${{ secrets.${SLACK_SECRET} }}"`;
  return answers.configDir === "." ? [token] : [`config: ${yamlText(configPathOf(answers))}`, token];
}

/** The cache of pip needs a file to hash: https://github.com/actions/setup-python#caching-packages-dependencies */
function pythonInputs({ project: { packages } }: Answers): readonly string[] {
  const version = 'python-version: "3.12"';
  if (packages?.manager !== "pip") return [version];
  const file = packages.dir === "." ? packages.file : `${packages.dir}/${packages.file}`;
  return [version, "cache: pip", ...(file === "requirements.txt" ? [] : [`cache-dependency-path: ${yamlText(file)}`])];
}

/**
 * `a && b || c` is c where b is empty: production's key has to be b, so that a check without a key of its own gets none.
 * The ref of a pull request and of a merge group is never the base branch.
 * https://docs.github.com/actions/reference/workflows-and-actions/expressions#operators
 */
function environmentLines(answers: Answers): readonly string[] {
  const isBase = `github.ref == '${`refs/heads/${answers.baseBranch}`.replaceAll("'", "''")}'`;
  const lines = keptVariables(answers).map(({ variable: { name, isSecret }, check, deploy }) => {
    const from = (kept: string) => `${isSecret ? "secrets" : "vars"}.${kept}`;
    if (deploy === null || check === deploy) return [name, from(check ?? name)];
    return [name, `${isBase} && ${from(deploy)} || ${check === null ? "''" : from(check)}`];
  });
  if (lines.length === 0) return [];
  return [
    "env: # what profiles.yml reads; a check, of a pull request or of the merge queue, never gets production's key",
    ...lines.map(([name, value]) => `  ${name}: ${JSON.stringify(`\${{ ${value} }}`)}`),
  ];
}
