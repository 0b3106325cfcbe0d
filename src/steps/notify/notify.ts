import type { WebClient } from "@slack/web-api";
import type { Alert, News, NotifyResult } from "../../alerts/alert.ts";
import { exitCodeOfDeliveries, missingChannels } from "../../alerts/audience.ts";
import { overdueIn } from "../../alerts/deadlines.ts";
import { type AlertPolicy, type Decision, decideAlerts } from "../../alerts/decide.ts";
import { nameOfFingerprint } from "../../alerts/fingerprint.ts";
import type { Ledger } from "../../alerts/ledger.ts";
import { recordDeliveries } from "../../alerts/record.ts";
import { unmentionable } from "../../alerts/route.ts";
import { type AlertFacts, renderAlert, type SlackMessage } from "../../render/slack.ts";
import { describeTold } from "../../render/told-words.ts";
import { count } from "../../render/words.ts";
import type { Mode } from "../../run/mode.ts";
import type { Run } from "../../run/run.ts";
import type { Context } from "../../setup/context.ts";
import type { Verdict } from "../../severity/verdict.ts";
import { createSlackClient } from "../../slack/client.ts";
import type { Post } from "../../slack/deliver.ts";
import type { Failure } from "../../slack/failure.ts";
import { configurationError, type ExitCode } from "../../support/errors.ts";
import { redactAll } from "../../support/redact.ts";
import { cleanLine } from "../../text/clean.ts";
import { deliverIncoming } from "../../webhooks/slack-incoming.ts";
import { announce, drawPosts } from "./announce.ts";
import { type KeptLedger, openKeptLedger } from "./kept-ledger.ts";
import { policyOf } from "./policy.ts";
import { findOfSameAttempt } from "./same-attempt.ts";
import { candidatesOf, type OpenedSlackLedger, openSlackLedger } from "./slack-ledger.ts";
import { tellIncoming } from "./tell-incoming.ts";
import { type Earlier, type Kept, type TellParts, type Told, tellPeople } from "./tell-people.ts";
import { incomingWebhooks, lostWithoutBot, tellWebhook, webhookProblems } from "./webhooks.ts";

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
}

/** Throws a configuration error where there is a token and a channel is missing. */
export function assertChannels({ env, settings: { config } }: Context): void {
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
  const client = await openSlack(context);
  const policy = policyOf(context, scope, now);
  for (const { owner, got } of unmentionable(verdict.findings, config.slack.mentions))
    context.log.warn(
      "notify",
      `${owner} is not mentioned: its dbt group's owner has slack: ${JSON.stringify(cleanLine(got, 60))}: wanted the id of a Slack user (U…) or user group (S…), there or in slack.mentions`,
    );
  const facts: AlertFacts = {
    run: told.run,
    mode: told.mode,
    target: told.target,
    projectName: told.project,
    reproduce: verdict.reproduce,
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
    muted: mutedIn(verdict),
  };
  // A dry run leaves the work folder to whoever has it.
  if (!given.dryRun) await context.outputs.write("alerts.json", () => context.work.writeJson("alerts.json", result));
  context.signal.throwIfAborted();
  const overdue = config.overdue === "fail" ? overdueIn(decision.ledger, policy, now) : [];
  if (overdue.length > 0)
    context.log.warn("notify", `${count(overdue.length, "warning")} overdue, and overdue: fail is set: exit code 1`);
  const ofDeliveries = hasHeard ? exitCodeOfDeliveries(given.onDeliveryFailure, alerts, deliveries) : 5;
  return { result, exitCode: overdue.length > 0 ? 1 : ofDeliveries };
}

type Opened = Kept | Extract<OpenedSlackLedger, { kind: "out" }>;

/** Opens what `ledger:` names. What cannot be read is told of. */
async function openKept(
  context: Context,
  client: WebClient | null,
  { scope, verdict, policy }: { scope: string; verdict: Verdict; policy: AlertPolicy },
): Promise<Opened> {
  const { config } = context.settings;
  if (config.ledger.startsWith("file:")) {
    const file = await openKeptLedger(context, scope);
    return { kind: "file", file };
  }
  if (config.ledger !== "slack" || client === null) return { kind: "none" };
  const { warnChannel, errorChannel, digest } = policy;
  const candidates = candidatesOf(verdict, policy.nameOf, {
    mentions: [...Object.values(config.slack.mentions), ...verdict.findings.flatMap((each) => policy.mentionsOf(each))],
    expired: policy.expired.map(({ id }) => id),
  });
  const opened = await openSlackLedger(
    { client, clock: context.clock, signal: context.signal, log: context.log },
    { warnChannel, errorChannel, scopeId: digest("scope") },
    scope,
    candidates,
  );
  switch (opened.kind) {
    case "known":
      return { kind: "slack", slack: opened };
    case "out":
      return opened;
    case "none":
      context.log.warn(
        "notify",
        `${opened.why}. Until then every run tells everything, and nothing is called new or recovered; ledger: file:PATH remembers without it`,
      );
      return opened;
  }
}

interface Subject {
  readonly verdict: Verdict;
  readonly run: Run;
  readonly policy: AlertPolicy;
  readonly now: number;
}

type Telling = Pick<TellParts, "render" | "beforePosts">;

/** By the bot, by webhooks, or drawn in the terminal; the log says what has become of it. */
async function tellBy(
  context: Context,
  client: WebClient | null,
  kept: Opened,
  subject: Subject,
  telling: Telling,
): Promise<Told> {
  const { clock, signal, log, settings, env } = context;
  const { policy, now } = subject;
  const at = new Date(now).toISOString();
  const say = (decision: Decision, alerts: readonly Alert[]) => sayWhatIsNew(context, decision, alerts, now);
  const decide = () =>
    decideAlerts(subject.verdict, kept.kind === "file" ? kept.file.ledger : null, subject.run, policy, now);
  if (kept.kind === "out") {
    const decision = decide();
    await telling.beforePosts(decision.alerts);
    say(decision, decision.alerts);
    const told = notTold(decision, kept.failure);
    announceAll(context, told);
    return told;
  }
  if (client !== null) {
    const { fallback } = settings.config.slack;
    const findEarlierPosts = (posts: readonly Post[]) => findEarlier(context, client, subject.run, posts);
    const parts = { ...telling, client, clock, signal, log, fallback, findEarlier: findEarlierPosts, say };
    const told = await tellPeople(parts, kept, subject);
    announceAll(context, told);
    return told;
  }
  const decision = decide();
  const file = kept.kind === "file" ? kept.file : null;
  await telling.beforePosts(decision.alerts);
  const incoming = settings.given.dryRun ? null : incomingWebhooks(env);
  if (incoming === null) {
    say(decision, decision.alerts);
    return draw(context, decision, file, telling.render, policy, at);
  }
  for (const lost of lostWithoutBot(settings.config)) log.warn("notify", lost);
  say(decision, decision.alerts);
  const fetch = (await context.openFetch()) ?? globalThis.fetch;
  const deliver = (posts: readonly Post[]) => deliverIncoming(posts, incoming, { fetch, clock, signal });
  const told = await tellIncoming({ render: telling.render, deliver, policy, at }, file, decision);
  announceAll(context, told);
  return told;
}

/** Where nobody knows what was told, everything waits for the next run: it would be told twice. */
function notTold(decision: Decision, { code, hint }: Failure): Told {
  const why = `${hint}: what was told before cannot be read, so the next run tells it`;
  const deliveries = decision.alerts.map(({ key }) => ({ key, result: "failed", code, hint: why }) as const);
  return { decision, alerts: decision.alerts, deliveries, ledger: null, isRemembered: false };
}

async function draw(
  context: Context,
  decision: Decision,
  file: KeptLedger | null,
  render: (alert: Alert) => SlackMessage,
  policy: AlertPolicy,
  at: string,
): Promise<Told> {
  const { alerts } = decision;
  const posts = alerts.map((alert) => ({ key: alert.key, channel: alert.channel, message: render(alert) }));
  if (alerts.length > 0) drawPosts(context, alerts, posts);
  // Nothing was to be told: that is known from now on.
  const isDone = alerts.length === 0 && !context.settings.given.dryRun && decision.ledger !== null;
  const ledger =
    file !== null && isDone && decision.ledger !== null
      ? (await file.save(recordDeliveries(decision.ledger, [], [], policy, at))).ledger
      : (file?.ledger ?? null);
  return { decision, alerts, deliveries: [], ledger, isRemembered: false };
}

/** On a laptop each start is a run of its own; `--at` replays other moments than this one. */
async function findEarlier(
  { work, clock, signal, settings: { given } }: Context,
  client: WebClient,
  { platform }: Run,
  posts: readonly Post[],
): Promise<Earlier> {
  const isOneAttempt = (platform === "github" || platform === "circleci") && given.at === undefined;
  return isOneAttempt ? findOfSameAttempt(client, work, posts, { clock, signal }) : { there: [], repeats: [] };
}

/** Edits go without a word: what they say is no news. */
function sayWhatIsNew({ log }: Context, { quiet }: Decision, alerts: readonly Alert[], now: number): void {
  const lines = describeTold(quiet, now);
  const isQuiet = alerts.every(({ address }) => address.kind === "edit");
  if (isQuiet) log.step("notify", ["nothing to tell", ...lines].join("\n"));
  else if (lines.length > 0) log.step("notify", lines.join("\n"));
}

function announceAll(context: Context, { alerts, deliveries, isRemembered }: Told): void {
  for (const delivery of deliveries)
    announce(
      context,
      delivery,
      alerts.find(({ key }) => key === delivery.key),
      isRemembered,
    );
}

function openIn(ledger: Ledger | null): number {
  return ledger?.entries.filter(({ state }) => state === "open").length ?? 0;
}

/** null: nothing is sent, as there is no token or the run is dry. */
async function openSlack({ env, settings: { given }, openFetch }: Context): Promise<WebClient | null> {
  const token = env.SLACK_BOT_TOKEN;
  if (!token || given.dryRun) return null;
  const fetch = (await openFetch()) ?? globalThis.fetch;
  return createSlackClient(token, given.slackUrl, { fetch });
}

function idsOf({ items }: Alert): string[] {
  return items.map(({ fingerprint }) => nameOfFingerprint(fingerprint));
}

function newsOf({ items }: Alert): Record<string, News> {
  return Object.fromEntries(
    items.flatMap(({ fingerprint, news }) => (news === null ? [] : [[nameOfFingerprint(fingerprint), news]])),
  );
}

export function mutedIn(verdict: Verdict): number {
  return verdict.findings.filter(({ muted }) => muted !== null).length;
}
