import { resolve } from "node:path";
import { platformOf } from "../platforms/detect.ts";
import type { Context } from "../setup/context.ts";
import { ledgerFile, readLedgerContents } from "../slack/ledger-store.ts";
import { createGit } from "../support/git.ts";
import { createRemote } from "../support/remote.ts";
import { incomingWebhooks } from "../webhooks/slack-incoming.ts";
import type { DoctorFacts } from "./checks.ts";
import { look } from "./look.ts";
import { lookAtCiFiles, lookAtCircle, lookAtGitHub } from "./look-ci.ts";
import { lookAtBase, lookAtDbt, lookAtGit, lookAtTargets } from "./look-project.ts";
import { lookAtSlack } from "./look-slack.ts";
import { lookAtStore } from "./look-store.ts";
import { lookAtTrust } from "./look-trust.ts";

/** All looks run side by side, and the longest ends, with what it has started, within 30 s. */
const MOST_MS = 20_000;
const MOST_DISK_MS = 10_000;
const MOST_TRUST_MS = 8_000;
/** With the trust before it, which takes no time as a rule; then a dbt has 7 s to end. A cold Python needs some. */
const MOST_DBT_MS = 20_000;
const MOST_SLACK_MS = 28_000;

/** Every look of doctor, side by side: the slowest ends with its own time. */
export async function lookAround(context: Context): Promise<DoctorFacts> {
  const { env, settings, baseDir, clock, children, openFetch } = context;
  const { config, given } = settings;
  const platform = platformOf(env);
  const dir = resolve(baseDir, config.dbt.projectDir);
  const kept = ledgerFile(config.ledger, context);
  const git = (signal: AbortSignal) => createGit(baseDir, env, { ms: MOST_DISK_MS, signal });
  const remote = (signal: AbortSignal) => createRemote(git(signal), signal);
  // What a step would warn of is said by the checks.
  const silent = { ...context.log, step: () => {}, warn: () => {} };
  const aside = (signal: AbortSignal) => ({
    ...context,
    log: silent,
    signal,
    git: git(signal),
    remote: remote(signal),
  });
  const within = <T>(what: string, ask: (signal: AbortSignal) => Promise<T>, ms = MOST_MS) =>
    look(context, { what, ms }, ask);
  const ifSet = <T>(token: string | undefined, ask: () => Promise<T>) => (token ? ask() : null);

  const startedAt = clock.monotonic();
  const trust = within("what tells whose code this is", (signal) => lookAtTrust(aside(signal), dir), MOST_TRUST_MS);
  const lookAtOwnDbt = async () => {
    const own = await trust;
    if (own.kind === "failed") return { ...own, why: `dbt was not started: ${own.why}` };
    const place = { config: config.dbt, dir, env };
    const what = `${config.dbt.command.join(" ")} --version`;
    const left = MOST_DBT_MS - Math.floor((clock.monotonic() - startedAt) / 1000) * 1000;
    return within(what, (signal) => lookAtDbt(place, children, signal), left);
  };
  const lookAtOwnStore = async () => {
    const own = await trust;
    if (own.kind === "failed") return { ...own, why: `the store was not tried: ${own.why}` };
    return within(`the store ${config.store}`, (signal) => lookAtStore(aside(signal), own.value), MOST_TRUST_MS * 2);
  };
  const whyNoTest = async () => {
    const own = given.sendTest ? await trust : null;
    return own === null ? "it was not asked for" : own.kind === "failed" ? own.why : own.value.distrust;
  };
  const [dbt, ofGit, base, project, store, files, github, circle, slack, ledger] = await Promise.all([
    lookAtOwnDbt(),
    within("git", (signal) => lookAtGit(aside(signal)), MOST_DISK_MS),
    within("the remote", (signal) => lookAtBase(aside(signal), config.baseBranch)),
    within("the dbt project", () => lookAtTargets({ config, baseDir, env }), MOST_DISK_MS),
    lookAtOwnStore(),
    within("the CI files", async (signal) => lookAtCiFiles((await git(signal).top()) ?? baseDir), MOST_DISK_MS),
    ifSet(env.GITHUB_TOKEN, () =>
      within("GitHub", (signal) => lookAtGitHub(context, platform, remote(signal), signal)),
    ),
    ifSet(env.CIRCLE_TOKEN, () =>
      within("CircleCI", (signal) => lookAtCircle({ env, clock, openFetch }, given.circleUrl, remote(signal), signal)),
    ),
    ifSet(env.SLACK_BOT_TOKEN, () =>
      within(
        "Slack",
        async () =>
          lookAtSlack({
            token: env.SLACK_BOT_TOKEN ?? "",
            url: given.slackUrl,
            fetch: await openFetch(),
            slack: config.slack,
            whyNoTest: await whyNoTest(),
          }),
        MOST_SLACK_MS,
      ),
    ),
    kept === null
      ? null
      : within("the ledger", async () => ({ ...kept, ...(await readLedgerContents(kept.path)) }), MOST_DISK_MS),
  ]);
  const { check, deploy, schedule } = config.modes;
  return {
    platform,
    node: process.version,
    config: {
      file: context.configFile,
      command: config.dbt.command,
      baseBranch: config.baseBranch,
      targets: { check: check.target, deploy: deploy.target, schedule: schedule.target },
      group: config.queue.workflows,
      wantsComment: config.report.comment,
      channels: config.slack,
    },
    sendTest: given.sendTest,
    ...{ dbt, git: ofGit, base, project, store, files, github, circle, slack, ledger },
    hasWebhooks: incomingWebhooks(env) !== null,
  };
}
