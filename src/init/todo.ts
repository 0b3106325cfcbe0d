import { CONTEXTS } from "./circleci-config.ts";
import { variablesOf } from "./decide.ts";
import type { Answers, Facts } from "./facts.ts";
import { GITHUB_SECRETS } from "./github-workflow.ts";
import { WHERE_IDS_ARE } from "./questions.ts";
import { SLACK_APP_PATH } from "./slack-app.ts";

/** A step that only a person can take: a title, and its lines. */
export interface Todo {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Slack's app, the secrets, the invitation, in their order, each with its exact place. */
export function todosOf(facts: Facts, answers: Answers): readonly Todo[] {
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
          ? [`and write the channels' ids into signalbox.yml (slack.error, slack.warn): ${WHERE_IDS_ARE}`]
          : [],
    },
  ];
}

function githubSecrets({ remote }: Facts, answers: Answers): Todo {
  const { check, deploy } = variablesOf(answers.project, answers);
  const place =
    remote === null
      ? "on GitHub: Settings → Secrets and variables → Actions → New repository secret"
      : `https://${remote.host}/${remote.path}/settings/secrets/actions/new`;
  return {
    title: `Add three secrets: ${place}`,
    lines: table([
      [GITHUB_SECRETS.slack, "the token of step 1"],
      [
        GITHUB_SECRETS.check,
        `what dbt reads as ${check} with the target ${answers.check}; it must not open production`,
      ],
      [GITHUB_SECRETS.deploy, `what dbt reads as ${deploy} with the target ${answers.deploy}`],
    ]),
  };
}

/** https://circleci.com/docs/guides/security/contexts/ */
function circleSecrets({ remote }: Facts, answers: Answers): Todo {
  const { check, deploy } = variablesOf(answers.project, answers);
  const vcs = remote === null ? undefined : { "github.com": "github", "bitbucket.org": "bitbucket" }[remote.host];
  const [organization] = remote?.path.split("/") ?? [];
  const place =
    vcs === undefined || organization === undefined
      ? "https://app.circleci.com → your organization → Organization Settings → Contexts"
      : `https://app.circleci.com/settings/organization/${vcs}/${organization}/contexts`;
  return {
    title: `Add four contexts with a variable each: ${place}`,
    lines: [
      ...table([
        [`${CONTEXTS.slack}: SLACK_BOT_TOKEN`, "the token of step 1"],
        [`${CONTEXTS.check}: ${check}`, `what dbt reads with the target ${answers.check}; it must not open production`],
        [
          `${CONTEXTS.deploy}: ${deploy}`,
          `what dbt reads with the target ${answers.deploy}; restrict the context: pipeline.git.branch == ${JSON.stringify(answers.baseBranch)}`,
        ],
        [`${CONTEXTS.queue}: CIRCLE_TOKEN`, "a personal API token: https://app.circleci.com/settings/user/tokens"],
      ]),
      `For an hourly run: Project Settings → Triggers → Add Trigger → Schedule, on ${answers.baseBranch}`,
    ],
  };
}

/** What the CI's own lock would serve, and what it would not. */
export function nativeLock({ remote }: Facts, { ci }: Answers): readonly string[] {
  if (ci === "github") {
    // https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#concurrency
    return [
      `GitHub's own lock waits without a runner: concurrency: { group: "dbt-\${{ github.ref }}", queue: max } in the workflow, and signalbox ci --no-queue`,
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
