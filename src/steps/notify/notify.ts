import type { WebClient } from "@slack/web-api";
import type { Alert, News, NotifyResult } from "../../alerts/alert.ts";
import { exitCodeOfDeliveries, missingChannels } from "../../alerts/audience.ts";
import { overdueIn } from "../../alerts/deadlines.ts";
import { nameOfFingerprint } from "../../alerts/fingerprint.ts";
import type { Ledger } from "../../alerts/ledger.ts";
import { unmentionable } from "../../alerts/route.ts";
import { describeRetried } from "../../render/retried-words.ts";
import { type AlertFacts, renderAlert } from "../../render/slack.ts";
import { count } from "../../render/words.ts";
import type { Mode } from "../../run/mode.ts";
import type { Run } from "../../run/run.ts";
import type { Given, SettingsPart } from "../../settings/resolve.ts";
import type { Context } from "../../setup/context.ts";
import { countVerdict } from "../../severity/outcome.ts";
import type { Verdict } from "../../severity/verdict.ts";
import { createSlackClient } from "../../slack/client.ts";
import { configurationError, type ExitCode } from "../../support/errors.ts";
import type { Fetch } from "../../support/proxied-fetch.ts";
import { redactAll } from "../../support/redact.ts";
import type { Environment } from "../../support/secrets.ts";
import { cleanLine } from "../../text/clean.ts";
import { artifactsUrlOf } from "../report/page-file.ts";
import { policyOf } from "./policy.ts";
import { openKept, tellBy } from "./tell-by.ts";
import { tellWebhook, webhookProblems } from "./webhooks.ts";

/** What an alert says about the run that it comes from. */
export interface AlertContext {
  readonly run: Run;
  readonly mode: Mode;
  readonly target: string | null;
  readonly project: string;
}

export interface Notified {
  readonly result: NotifyResult;
  readonly exitCode: ExitCode;
  /** By fingerprint, ISO times; empty without a ledger. */
  readonly firstSeen: Readonly<Record<string, string>>;
}

/** Throws a configuration error where there is a token and a channel is missing. */
export function assertChannels({
  env,
  settings: { config },
}: {
  readonly env: Environment;
  readonly settings: SettingsPart<never, "slack">;
}): void {
  const ofWebhooks = webhookProblems(env);
  if (ofWebhooks.length > 0)
    throw configurationError(ofWebhooks, "Slack shows the address of a webhook once: copy it again");
  if (!env.SLACK_BOT_TOKEN) return;
  const problems = missingChannels(config.slack);
  if (problems.length > 0)
    throw configurationError(
      problems,
      "in signalbox.yml, or as --error-channel and --warn-channel; in Slack, click the channel's name: the id stands at the bottom",
    );
}

/** Decides whom to tell, posts it (or draws it, without a token), and records what was delivered. Writes alerts.json. */
export async function notifyStep(context: Context, about: AlertContext, judged: Verdict): Promise<Notified> {
  const [told, verdict] = redactAll([about, judged] as const, context.redact);
  const { given, config } = context.settings;
  const now = given.at ?? context.clock.now();
  const scope = `${told.run.repository} ${told.project} ${told.target ?? ""}`;
  const client = await openSlack(given, context.env, context.openFetch);
  const policy = policyOf(context, scope, now);
  for (const { owner, got } of unmentionable(verdict.findings, config.slack.mentions))
    context.log.warn(
      "notify",
      `${owner} is not mentioned: its dbt group's owner has slack: ${JSON.stringify(cleanLine(got, 60))}: wanted the id of a Slack user (U…) or user group (S…), there or in slack.mentions`,
    );
  const facts: AlertFacts = {
    artifactsUrl: artifactsUrlOf(context, told.run),
    run: told.run,
    mode: told.mode,
    target: told.target,
    projectName: told.project,
    reproduce: verdict.reproduce,
    retried: describeRetried(verdict),
  };
  const kept = await openKept(context, client, { scope, verdict, policy });
  const subject = { verdict, run: told.run, policy, now };
  let hasHeard = true;
  const ended = await tellBy(context, client, kept, subject, {
    render: (alert) => redactAll(renderAlert(alert, facts), context.redact),
    beforePosts: async (alerts) => {
      hasHeard = await tellWebhook(alerts, facts, policy.digest, new Date(now).toISOString(), context);
    },
  });
  const { decision, alerts, deliveries, ledger } = ended;

  const result: NotifyResult = {
    schema: 1,
    alerts: alerts.map((alert) => ({
      kind: alert.kind,
      key: alert.key,
      channel: alert.channel,
      findings: idsOf(alert),
      news: newsOf(alert),
    })),
    deliveries,
    ledger: { from: kept.kind === "none" || kept.kind === "out" ? "none" : config.ledger, open: openIn(ledger) },
    muted: countVerdict(verdict).muted,
  };
  // A dry run leaves the work folder to whoever has it.
  if (!given.dryRun) await context.outputs.write("alerts.json", () => context.work.writeJson("alerts.json", result));
  context.signal.throwIfAborted();
  const overdue = config.overdue === "fail" ? overdueIn(decision.ledger, policy, now) : [];
  if (config.overdue === "fail" && decision.ledger === null)
    context.log.warn("notify", "overdue: fail has no effect in this run: without a ledger no deadline is known");
  if (overdue.length > 0)
    context.log.warn("notify", `${count(overdue.length, "warning")} overdue, and overdue: fail is set: exit code 1`);
  const ofDeliveries = hasHeard ? exitCodeOfDeliveries(given.onDeliveryFailure, alerts, deliveries) : 5;
  return { result, firstSeen: firstSeenIn(decision.ledger), exitCode: overdue.length > 0 ? 1 : ofDeliveries };
}

function firstSeenIn(ledger: Ledger | null): Notified["firstSeen"] {
  const open = (ledger?.entries ?? []).filter(({ state }) => state === "open");
  return Object.fromEntries(open.map(({ fingerprint, firstSeen }) => [fingerprint, firstSeen]));
}

function openIn(ledger: Ledger | null): number {
  return ledger?.entries.filter(({ state }) => state === "open").length ?? 0;
}

/** null: nothing is sent, as there is no token or the run is dry. */
async function openSlack(
  { dryRun, slackUrl }: Pick<Given, "dryRun" | "slackUrl">,
  env: Environment,
  openFetch: () => Promise<Fetch | null>,
): Promise<WebClient | null> {
  const token = env.SLACK_BOT_TOKEN;
  if (!token || dryRun) return null;
  const fetch = (await openFetch()) ?? globalThis.fetch;
  return createSlackClient(token, slackUrl, { fetch });
}

function idsOf({ items }: Alert): string[] {
  return items.map(({ fingerprint }) => nameOfFingerprint(fingerprint));
}

function newsOf({ items }: Alert): Record<string, News> {
  return Object.fromEntries(
    items.flatMap(({ fingerprint, news }) => (news === null ? [] : [[nameOfFingerprint(fingerprint), news]])),
  );
}
