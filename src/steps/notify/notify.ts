import type { WebClient } from "@slack/web-api";
import type { Alert, Delivery, News, NotifyResult } from "../../alerts/alert.ts";
import { exitCodeOfDeliveries, isAboutErrors, missingChannels, NO_CHANNEL } from "../../alerts/audience.ts";
import { overdueIn } from "../../alerts/deadlines.ts";
import { decideAlerts } from "../../alerts/decide.ts";
import { nameOfFingerprint } from "../../alerts/fingerprint.ts";
import type { Ledger } from "../../alerts/ledger.ts";
import { recordDeliveries } from "../../alerts/record.ts";
import { unmentionable } from "../../alerts/route.ts";
import { mayRepeat, unsettledOf } from "../../alerts/unsettled.ts";
import { asEdited, withoutThreads } from "../../alerts/without-threads.ts";
import { type AlertFacts, renderAlert } from "../../render/slack.ts";
import { drawMessage } from "../../render/slack-preview.ts";
import { describeTold } from "../../render/told-words.ts";
import { count } from "../../render/words.ts";
import type { Mode } from "../../run/mode.ts";
import type { Run } from "../../run/run.ts";
import type { Context } from "../../setup/context.ts";
import type { Verdict } from "../../severity/verdict.ts";
import { createSlackClient } from "../../slack/client.ts";
import { deliver, type Post } from "../../slack/deliver.ts";
import { configurationError, type ExitCode } from "../../support/errors.ts";
import { redactAll } from "../../support/redact.ts";
import { cleanLine } from "../../text/clean.ts";
import { deliverIncoming, type IncomingWebhooks } from "../../webhooks/slack-incoming.ts";
import { openKeptLedger, settleLost } from "./kept-ledger.ts";
import { policyOf } from "./policy.ts";
import { findOfSameAttempt } from "./same-attempt.ts";
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

const MOST_COLUMNS = 88;

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
  const at = new Date(now).toISOString();
  const scope = `${told.run.repository} ${told.project} ${told.target ?? ""}`;
  const kept = await openKeptLedger(context, scope);
  const client = await openSlack(context);
  const { ledger, open } =
    client === null || kept.ledger === null
      ? { ledger: kept.ledger, open: [] }
      : await settleLost(client, kept.ledger, verdict.passed, {
          clock: context.clock,
          log: context.log,
          signal: context.signal,
          fallback: config.slack.fallback,
        });
  const policy = policyOf(context, scope, now);
  for (const { owner, got } of unmentionable(verdict.findings, config.slack.mentions))
    context.log.warn(
      "notify",
      `${owner} is not mentioned: its dbt group's owner has slack: ${JSON.stringify(cleanLine(got, 60))}: wanted the id of a Slack user (U…) or user group (S…), there or in slack.mentions`,
    );
  const decision = decideAlerts(verdict, ledger, told.run, policy, now);
  const incoming = given.dryRun ? null : incomingWebhooks(context.env);
  for (const lost of incoming === null ? [] : lostWithoutBot(config)) context.log.warn("notify", lost);
  const { said: alerts, unsaid } =
    incoming === null ? { said: decision.alerts, unsaid: [] } : withoutThreads(decision.alerts);
  const facts: AlertFacts = {
    run: told.run,
    mode: told.mode,
    target: told.target,
    projectName: told.project,
    reproduce: verdict.reproduce,
  };
  const posts = alerts.map((alert) => ({
    key: alert.key,
    channel: alert.channel,
    address: alert.address,
    // A board that nobody can edit is posted anew; any other message has its answer in its thread.
    canBeNew: alert.kind === "board" && alert.state !== "closed",
    message: redactAll(renderAlert(alert, facts), context.redact),
    mayRepeat: mayRepeat(alert, open),
  }));

  // Before the first post: a run that is killed before it records leaves the next one the keys to look for.
  const ahead =
    ledger === null || client === null || posts.length === 0
      ? { ledger, isSaved: false }
      : await kept.save({
          ...ledger,
          unsettled: [...ledger.unsettled, ...unsettledOf(alerts, at, new Date(context.clock.now()).toISOString())],
        });
  // On a laptop each start is a run of its own; `--at` replays other moments than this one.
  const isOneAttempt = (told.run.platform === "github" || told.run.platform === "circleci") && given.at === undefined;
  const earlier =
    client !== null && ledger === null && isOneAttempt
      ? await findOfSameAttempt(client, context.work, posts, context)
      : { there: [], repeats: [] };
  const hasHeard = await tellWebhook(decision.alerts, facts, policy.digest, at, context);
  const quiet = describeTold(decision.quiet, now);
  if (posts.length === 0) context.log.step("notify", ["nothing to tell", ...quiet].join("\n"));
  else if (quiet.length > 0) context.log.step("notify", quiet.join("\n"));
  const deliveries = await tell(context, client ?? incoming, alerts, posts, {
    ...earlier,
    isRemembered: ahead.isSaved,
  });
  const isTold = client !== null || incoming !== null || (alerts.length === 0 && !given.dryRun);
  const recorded =
    ahead.ledger !== null && decision.ledger !== null && isTold
      ? (
          await kept.save(
            recordDeliveries(
              { ...decision.ledger, unsettled: ahead.ledger.unsettled },
              decision.alerts,
              [...deliveries, ...unsaid.flatMap(asEdited)],
              policy,
              at,
            ),
          )
        ).ledger
      : ledger;

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
    ledger: { from: ledger === null ? "none" : config.ledger, open: openIn(recorded) },
    muted: mutedIn(verdict),
  };
  // A dry run leaves the work folder to whoever has it.
  if (!given.dryRun) await context.outputs.write("alerts.json", () => context.work.writeJson("alerts.json", result));
  context.signal.throwIfAborted();
  const ofDeliveries = hasHeard ? exitCodeOfDeliveries(given.onDeliveryFailure, alerts, deliveries) : 5;
  const overdue = config.overdue === "fail" ? overdueIn(decision.ledger, policy, now) : [];
  if (overdue.length > 0)
    context.log.warn("notify", `${count(overdue.length, "warning")} overdue, and overdue: fail is set: exit code 1`);
  return { result, exitCode: overdue.length > 0 ? 1 : ofDeliveries };
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

interface TellOptions {
  /** Posts that stand in Slack already. */
  readonly there: readonly Delivery[];
  /** Keys of posts that may stand there. */
  readonly repeats: readonly string[];
  /** Whether the ledger holds what is posted now, for the next run to look for. */
  readonly isRemembered: boolean;
}

async function tell(
  context: Context,
  slack: WebClient | IncomingWebhooks | null,
  alerts: readonly Alert[],
  posts: readonly Post[],
  { there, repeats, isRemembered }: TellOptions,
): Promise<readonly Delivery[]> {
  if (posts.length === 0) return [];
  if (slack === null) {
    context.log.step(
      "notify",
      context.env.SLACK_BOT_TOKEN
        ? "dry run: nothing is sent; the messages would look like this"
        : "SLACK_BOT_TOKEN is not set: nothing is sent; the messages would look like this",
    );
    for (const [index, post] of posts.entries()) draw(context, alerts[index], post);
    return [];
  }
  const { clock, signal } = context;
  if (!("chat" in slack)) {
    const fetch = (await context.openFetch()) ?? globalThis.fetch;
    const posted = await deliverIncoming(posts, slack, { fetch, clock, signal });
    for (const delivery of posted)
      announce(
        context,
        delivery,
        alerts.find(({ key }) => key === delivery.key),
        false,
      );
    return posted;
  }
  const { fallback } = context.settings.config.slack;
  const due = posts
    .filter(({ key }) => !there.some((delivery) => delivery.key === key))
    .map((post) => (repeats.includes(post.key) ? { ...post, mayRepeat: true } : post));
  const deliveries = [...there, ...(await deliver(due, { client: slack, clock, signal, fallback }))];
  for (const delivery of deliveries)
    announce(
      context,
      delivery,
      alerts.find(({ key }) => key === delivery.key),
      isRemembered,
    );
  return deliveries;
}

function draw(context: Context, alert: Alert | undefined, { channel, message }: Post): void {
  const what = alert?.kind === "problems" ? (alert.severity === "error" ? "errors" : "warnings") : (alert?.kind ?? "");
  const lines = drawMessage(message, {
    channel: `${channel === NO_CHANNEL ? channel : `#${channel}`} · ${what}`,
    paint: context.paint,
    width: MOST_COLUMNS,
  });
  context.log.more(["", ...lines]);
}

/** An error that did not arrive is loud: in the log and beside the run. */
function announce(context: Context, delivery: Delivery, alert: Alert | undefined, isRemembered: boolean): void {
  const what =
    alert === undefined
      ? delivery.key
      : `${alert.kind === "problems" ? count(idsOf(alert).length, alert.severity === "error" ? "error" : "warning") : alert.kind} → ${alert.channel}`;
  if (delivery.result !== "failed") {
    context.log.step("notify", `${what}: ${delivery.result}`);
    for (const way of delivery.ways ?? []) context.log.warn("notify", `${what}: ${delivery.result} ${way}`);
    return;
  }
  const next =
    delivery.mayBeIn === undefined
      ? ""
      : isRemembered
        ? "; the next run looks for it before it is posted again"
        : "; without a ledger the next run posts it again";
  const message = `${what}: NOT DELIVERED (${delivery.code}): ${delivery.hint}${next}`;
  context.log.warn("notify", message);
  context.runner.annotate([
    {
      level: isAboutErrors(alert) ? "error" : "warning",
      title: "Slack alert not delivered",
      message,
      file: null,
      line: null,
    },
  ]);
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
