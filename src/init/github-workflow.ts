import { variablesOf } from "./decide.ts";
import type { Answers } from "./facts.ts";
import { installSteps } from "./install.ts";
import { ACTION } from "./published.ts";
import { yamlList, yamlText } from "./yaml-text.ts";

export const WORKFLOW_PATH = ".github/workflows/dbt.yml";

/** The secrets that the workflow reads. */
export const GITHUB_SECRETS = { slack: "SLACK_BOT_TOKEN", check: "DBT_CI_KEY", deploy: "DBT_PROD_KEY" } as const;

export function renderWorkflow(answers: Answers): string {
  return [
    "name: dbt",
    "on:",
    "  pull_request:",
    `  push: { branches: ${yamlList([answers.baseBranch])} }`,
    '  schedule: [{ cron: "7 * * * *" }] # every hour',
    "permissions: { contents: read, actions: read }",
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
    `        with: { slack-token: "\${{ secrets.${GITHUB_SECRETS.slack} }}" }`,
    "        env: # a pull request never gets the key of production",
    ...credentialLines(answers).map((line) => `          ${line}`),
    "",
  ].join("\n");
}

/** The cache of pip needs a file to hash: https://github.com/actions/setup-python#caching-packages-dependencies */
function pythonInputs({ project: { packages } }: Answers): readonly string[] {
  const version = 'python-version: "3.12"';
  if (packages?.manager !== "pip") return [version];
  const file = packages.dir === "." ? packages.file : `${packages.dir}/${packages.file}`;
  return [version, "cache: pip", ...(file === "requirements.txt" ? [] : [`cache-dependency-path: ${yamlText(file)}`])];
}

/**
 * `a && b || c` is c where b is empty: production's key has to be b, so that a pull request without a key of its own
 * gets none. https://docs.github.com/actions/reference/workflows-and-actions/expressions#operators
 */
function credentialLines(answers: Answers): readonly string[] {
  const { check, deploy } = variablesOf(answers.project, answers);
  const [ci, prod] = [`secrets.${GITHUB_SECRETS.check}`, `secrets.${GITHUB_SECRETS.deploy}`];
  const production = `github.event_name != 'pull_request' && ${prod}`;
  return check === deploy
    ? [`${check}: "\${{ ${production} || ${ci} }}"`]
    : [`${check}: "\${{ ${ci} }}"`, `${deploy}: "\${{ ${production} || '' }}"`];
}
