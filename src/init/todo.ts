import { TARGET_PLACEHOLDER } from "../settings/placeholder.ts";
import { CONTEXTS } from "./circleci-config.ts";
import { type Variable, variablesOf } from "./decide.ts";
import { type Answers, configPathOf, type InitFacts } from "./facts.ts";
import { keptVariables, SLACK_SECRET } from "./github-workflow.ts";
import { WHERE_IDS_ARE } from "./questions.ts";
import { SLACK_APP_PATH } from "./slack-app.ts";

/** A step that only a person can take: a title, and its lines. */
export interface Todo {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Slack's app, the secrets, the invitation, in their order, each with its exact place. */
export function todosOf(facts: InitFacts, answers: Answers): readonly Todo[] {
  return [
    {
      // https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests
      title: "Create the Slack app: https://api.slack.com/apps?new_app=1",
      lines: [
        `From a manifest → your workspace → Next → YAML: paste ${SLACK_APP_PATH} → Next → Create → Install to Workspace`,
        "OAuth & Permissions → Bot User OAuth Token (xoxb-…) is the token for step 2",
      ],
    },
    answers.ci === "github" ? githubSecrets(facts, answers) : circleSecrets(facts, answers),
    {
      title: "Invite the bot: in both channels, /invite @signalbox",
      lines:
        answers.errorChannel === null || answers.warnChannel === null
          ? [`and write the channels' ids into ${configPathOf(answers)} (slack.error, slack.warn): ${WHERE_IDS_ARE}`]
          : [],
    },
  ];
}

function githubSecrets({ remote }: InitFacts, answers: Answers): Todo {
  const kept = keptVariables(answers);
  const page = (name: string, tab: string) =>
    remote === null
      ? `on GitHub: Settings → Secrets and variables → Actions → ${tab}`
      : `https://${remote.host}/${remote.path}/settings/${name}/actions/new`;
  const rowsOf = (isSecret: boolean) =>
    kept
      .filter(({ variable }) => variable.isSecret === isSecret)
      .flatMap(({ variable, check, deploy }) => rowsOfVariable(variable, check, deploy, answers));
  const secrets = [[SLACK_SECRET, "the token of step 1"] as const, ...rowsOf(true)];
  const plain = rowsOf(false);
  return {
    title: `Add ${counted(secrets.length, "secret")}: ${page("secrets", "New repository secret")}`,
    lines: [
      ...table(secrets),
      ...(plain.length === 0
        ? []
        : [`and ${counted(plain.length, "variable")}: ${page("variables", "Variables → New repository variable")}`]),
      ...table(plain),
    ],
  };
}

function rowsOfVariable(
  { name, isSecret }: Variable,
  check: string | null,
  deploy: string | null,
  answers: Answers,
): (readonly [string, string])[] {
  const reads = (target: string) => `what dbt reads as ${name} ${withTarget(target)}`;
  const apart = isSecret ? "; it must not open production" : "";
  if (check !== null && check === deploy) return [[check, `what dbt reads as ${name}`]];
  return [
    ...(check === null ? [] : [[check, `${reads(answers.check)}${apart}`] as const]),
    ...(deploy === null ? [] : [[deploy, reads(answers.deploy)] as const]),
  ];
}

/** https://circleci.com/docs/guides/security/contexts/ */
function circleSecrets({ remote }: InitFacts, answers: Answers): Todo {
  const variables = variablesOf(answers.project, answers);
  const vcs = remote === null ? undefined : { "github.com": "github", "bitbucket.org": "bitbucket" }[remote.host];
  const [organization] = remote?.path.split("/") ?? [];
  const place =
    vcs === undefined || organization === undefined
      ? "https://app.circleci.com → your organization → Organization Settings → Contexts"
      : `https://app.circleci.com/settings/organization/${vcs}/${organization}/contexts`;
  const names = (isRead: (variable: Variable) => boolean) =>
    variables
      .filter(isRead)
      .map(({ name }) => name)
      .join(", ") || "what dbt needs";
  return {
    title: `Add four contexts with their variables: ${place}`,
    lines: [
      ...table([
        [`${CONTEXTS.slack}: SLACK_BOT_TOKEN`, "the token of step 1"],
        [
          `${CONTEXTS.check}: ${names(({ ofCheck }) => ofCheck)}`,
          `what dbt reads ${withTarget(answers.check)}; it must not open production`,
        ],
        [
          `${CONTEXTS.deploy}: ${names(({ ofDeploy }) => ofDeploy)}`,
          `what dbt reads ${withTarget(answers.deploy)}; restrict the context: pipeline.git.branch == ${JSON.stringify(answers.baseBranch)}`,
        ],
        [`${CONTEXTS.queue}: CIRCLE_TOKEN`, "a personal API token: https://app.circleci.com/settings/user/tokens"],
      ]),
      `For an hourly run: Project Settings → Triggers → Add Trigger → Schedule, on ${answers.baseBranch}`,
      // https://circleci.com/docs/guides/orchestrate/skip-build/
      `A newer push stops the older check: Project Settings → Advanced → Auto-cancel redundant workflows; it spares the project's default branch alone, so leave it off where that is not ${answers.baseBranch}: it would stop deploys`,
    ],
  };
}

/** What the CI's own lock would serve, and what it would not. */
export function nativeLock({ remote }: InitFacts, { ci }: Answers): readonly string[] {
  if (ci === "github") {
    // https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#concurrency
    return [
      `GitHub's own lock waits without a runner: concurrency: { group: "dbt-\${{ github.ref }}", queue: max } in place of the workflow's own, and signalbox ci --no-queue`,
      "It has no timeout, lets no waiting schedule leave for a newer one, and does not say who holds it or for how long still",
    ];
  }
  // https://circleci.com/docs/guides/orchestrate/controlling-serial-execution-across-your-organization/
  return [
    `CircleCI's own lock waits without a container: serial-group: ${remote?.path ?? "shop"}/dbt-prod at the job deploy, and signalbox ci --no-queue`,
    "It skips older runs that wait (not_run), holds one job per key and not each branch, and its timeout is fixed at 5 hours",
  ];
}

function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}

function counted(count: number, what: string): string {
  const word = ["no", "one", "two", "three", "four", "five", "six"][count] ?? String(count);
  return `${word} ${what}${count === 1 ? "" : "s"}`;
}

function withTarget(name: string): string {
  return name === TARGET_PLACEHOLDER ? "with production's target" : `with the target ${name}`;
}
