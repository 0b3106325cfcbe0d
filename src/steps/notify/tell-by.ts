import type { WebClient } from "@slack/web-api";
import type { Alert } from "../../alerts/alert.ts";
import { type Decision, decideAlerts } from "../../alerts/decide.ts";
import type { AlertPolicy } from "../../alerts/policy.ts";
import { recordDeliveries } from "../../alerts/record.ts";
import type { SlackMessage } from "../../render/slack.ts";
import { describeTold } from "../../render/told-words.ts";
import type { Run } from "../../run/run.ts";
import type { Context } from "../../setup/context.ts";
import type { Verdict } from "../../severity/verdict.ts";
import type { Post } from "../../slack/deliver.ts";
import type { Failure } from "../../slack/failure.ts";
import { ledgerFile } from "../../slack/ledger-store.ts";
import { deliverIncoming, incomingWebhooks } from "../../webhooks/slack-incoming.ts";
import { announce, drawPosts } from "./announce.ts";
import { type KeptLedger, openKeptLedger } from "./kept-ledger.ts";
import { findOfSameAttempt } from "./same-attempt.ts";
import { candidatesOf, type OpenedSlackLedger, openSlackLedger } from "./slack-ledger.ts";
import { tellIncoming } from "./tell-incoming.ts";
import { type Earlier, type LedgerInUse, type PeopleParts, type TellingEnd, tellPeople } from "./tell-people.ts";
import { lostWithoutBot } from "./webhooks.ts";

/** How it is said; how it is sent; what it is kept in. */
interface ByParts
  extends Pick<Context, "env" | "log" | "runner" | "paint">,
    Pick<Context, "clock" | "signal" | "openFetch">,
    Pick<Context, "settings" | "cwd" | "work"> {}

/** The ledger that `ledger:` names, or why there is none. */
export type Opened = LedgerInUse | Extract<OpenedSlackLedger, { kind: "out" }>;

/** Opens what `ledger:` names. What cannot be read is told of. */
export async function openKept(
  context: ByParts,
  client: WebClient | null,
  { scope, verdict, policy }: { scope: string; verdict: Verdict; policy: AlertPolicy },
): Promise<Opened> {
  const { config } = context.settings;
  const named = ledgerFile(config.ledger, context);
  if (named !== null) return { kind: "file", file: await openKeptLedger(context, named, scope) };
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

interface RunToTell {
  readonly verdict: Verdict;
  readonly run: Run;
  readonly policy: AlertPolicy;
  readonly now: number;
}

type Telling = Pick<PeopleParts, "render" | "beforePosts">;

/** By the bot, by webhooks, or drawn in the terminal; the log says what has become of it. */
export async function tellBy(
  context: ByParts,
  client: WebClient | null,
  kept: Opened,
  about: RunToTell,
  telling: Telling,
): Promise<TellingEnd> {
  const { clock, signal, log, settings, env } = context;
  const { policy, now } = about;
  const at = new Date(now).toISOString();
  const say = (decision: Decision, alerts: readonly Alert[]) => sayWhatIsNew(context, decision, alerts, now);
  const decide = () =>
    decideAlerts(about.verdict, kept.kind === "file" ? kept.file.ledger : null, about.run, policy, now);
  if (kept.kind === "out") {
    const decision = decide();
    await telling.beforePosts(decision.alerts);
    say(decision, decision.alerts);
    const told = notTold(decision, kept.failure);
    announceAll(context, told);
    return told;
  }
  if (client !== null) {
    const { fallback, routes } = settings.config.slack;
    const boardFallback = routes.some(({ warn }) => warn === fallback) ? null : fallback;
    const findEarlierPosts = (posts: readonly Post[]) => findEarlier(context, client, about.run, posts);
    const parts = {
      ...telling,
      client,
      clock,
      signal,
      log,
      fallback,
      boardFallback,
      findEarlier: findEarlierPosts,
      say,
    };
    const told = await tellPeople(parts, kept, about);
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
  for (const lost of lostWithoutBot(file !== null, settings.config.slack)) log.warn("notify", lost);
  say(decision, decision.alerts);
  const fetch = (await context.openFetch()) ?? globalThis.fetch;
  const deliver = (posts: readonly Post[]) => deliverIncoming(posts, incoming, { fetch, clock, signal });
  const told = await tellIncoming({ render: telling.render, deliver, policy, at }, file, decision);
  announceAll(context, told);
  return told;
}

/** Where nobody knows what was told, everything waits for the next run: it would be told twice. */
function notTold(decision: Decision, { code, hint }: Failure): TellingEnd {
  const why = `${hint}: what was told before cannot be read, so the next run tells it`;
  const deliveries = decision.alerts.map(({ key }) => ({ key, result: "failed", code, hint: why }) as const);
  return { decision, alerts: decision.alerts, deliveries, ledger: null, isRemembered: false };
}

async function draw(
  context: ByParts,
  decision: Decision,
  file: KeptLedger | null,
  render: (alert: Alert) => SlackMessage,
  policy: AlertPolicy,
  at: string,
): Promise<TellingEnd> {
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
  { work, clock, signal, settings: { given } }: Pick<ByParts, "work" | "clock" | "signal" | "settings">,
  client: WebClient,
  { platform }: Run,
  posts: readonly Post[],
): Promise<Earlier> {
  const isOneAttempt = (platform === "github" || platform === "circleci") && given.at === undefined;
  return isOneAttempt ? findOfSameAttempt(client, work, posts, { clock, signal }) : { there: [], repeats: [] };
}

/** Edits go without a word: what they say is no news. */
function sayWhatIsNew({ log }: Pick<ByParts, "log">, { quiet }: Decision, alerts: readonly Alert[], now: number): void {
  const lines = describeTold(quiet, now);
  const isQuiet = alerts.every(({ address }) => address.kind === "edit");
  if (isQuiet) log.step("notify", ["nothing to tell", ...lines].join("\n"));
  else if (lines.length > 0) log.step("notify", lines.join("\n"));
}

function announceAll(context: ByParts, { alerts, deliveries, isRemembered }: TellingEnd): void {
  for (const delivery of deliveries)
    announce(
      context,
      delivery,
      alerts.find(({ key }) => key === delivery.key),
      isRemembered,
    );
}
