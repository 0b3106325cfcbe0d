import type { WebClient } from "@slack/web-api";
import type { Alert, Delivery } from "../../alerts/alert.ts";
import { followBoard } from "../../alerts/boards.ts";
import { type Decision, decideAlerts } from "../../alerts/decide.ts";
import type { Ledger } from "../../alerts/ledger.ts";
import type { AlertPolicy } from "../../alerts/policy.ts";
import { recordDeliveries } from "../../alerts/record.ts";
import { mayRepeat } from "../../alerts/unsettled.ts";
import type { SlackMessage } from "../../render/slack.ts";
import type { Run } from "../../run/run.ts";
import type { Verdict } from "../../severity/verdict.ts";
import { payloadOf } from "../../slack/board-payload.ts";
import { deliver, type Post } from "../../slack/deliver.ts";
import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import { claimPosts } from "./claim.ts";
import { type KeptLedger, settleLost } from "./kept-ledger.ts";
import { indexBoardOf, lookBeforePosting, type SlackLedger, saveOnBoard } from "./slack-ledger.ts";

/** Where it is kept what has been told. */
export type LedgerInUse =
  | { readonly kind: "none" }
  | { readonly kind: "file"; readonly file: KeptLedger }
  | { readonly kind: "slack"; readonly slack: SlackLedger };

export interface PeopleParts {
  readonly client: WebClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The channel for what another one refuses; null: there is none. */
  readonly fallback: string | null;
  /** The same, where a board there can be no other channel's. */
  readonly boardFallback: string | null;
  readonly render: (alert: Alert) => SlackMessage;
  /** Called when it is decided what to tell, before anything is posted. */
  readonly beforePosts: (alerts: readonly Alert[]) => Promise<void>;
  /** Says what is new and what is told already. */
  readonly say: (decision: Decision, alerts: readonly Alert[]) => void;
  /** What this attempt of a CI run has posted before, where no ledger tells. */
  readonly findEarlier: (posts: readonly Post[]) => Promise<Earlier>;
}

export interface Earlier {
  /** Posts that stand in Slack already. */
  readonly there: readonly Delivery[];
  /** Keys of posts that may stand there. */
  readonly repeats: readonly string[];
}

export interface TellingEnd {
  readonly decision: Decision;
  /** What was to be said; less than what was decided where messages can be neither answered nor edited. */
  readonly alerts: readonly Alert[];
  readonly deliveries: readonly Delivery[];
  /** null: none is kept. */
  readonly ledger: Ledger | null;
  /** Whether the ledger holds what was posted, for the next run to look for. */
  readonly isRemembered: boolean;
}

/** Decides, posts, and records what has arrived. `now` is in milliseconds since the epoch. Never throws. */
export async function tellPeople(
  parts: PeopleParts,
  kept: LedgerInUse,
  { verdict, run, policy: configured, now }: { verdict: Verdict; run: Run; policy: AlertPolicy; now: number },
): Promise<TellingEnd> {
  const at = new Date(now).toISOString();
  const stored = kept.kind === "none" ? null : kept.kind === "file" ? kept.file.ledger : kept.slack.ledger;
  const { ledger, open } =
    stored === null ? { ledger: null, open: [] } : await settleLost(parts.client, stored, verdict.passed, parts);
  // In Slack the board's own channel is where the ledger is looked for.
  const policy =
    kept.kind === "file" && ledger !== null ? followBoard(configured, ledger, parts.boardFallback, now) : configured;
  // Where that one refuses the board nothing is saved: an answer elsewhere would be one in each run.
  const tied = kept.kind === "slack" ? kept.slack.place.warnChannel : null;
  const decide = (from: Ledger | null) => decideAlerts(verdict, from, run, policy, now);
  const toPost = (alert: Alert): Post => ({
    key: alert.key,
    channel: alert.channel,
    address: alert.address,
    // A board that is gone is posted anew; any other message has its answer in its thread.
    canBeNew: alert.kind === "board" && alert.state !== "closed",
    ...(alert.address.kind === "thread" && alert.channel !== tied ? { home: homeOf(alert, policy) } : {}),
    message: parts.render(alert),
    mayRepeat: mayRepeat(alert, open),
    ...(kept.kind === "slack" ? { payload: payloadOf(alert, kept.slack.place.scopeId, at) } : {}),
  });

  if (kept.kind === "slack" && ledger !== null) {
    const slack = { ...kept.slack, ledger };
    const first = decide(ledger);
    // Takes minutes where a webhook does not answer: the look comes after it.
    await parts.beforePosts(first.alerts);
    const known = await lookBeforePosting(parts, slack, first.alerts);
    const decision = known === ledger ? first : decide(known);
    parts.say(decision, decision.alerts);
    return tellOnBoard(parts, slack, decision, known, toPost, policy, at);
  }
  const first = decide(ledger);
  await parts.beforePosts(first.alerts);
  const since = new Date(parts.clock.now()).toISOString();
  const ahead =
    ledger === null || kept.kind !== "file"
      ? { decision: first, ledger, isSaved: false }
      : await claimPosts(kept.file, ledger, first, decide, { at, since });
  const { decision } = ahead;
  const { alerts } = decision;
  parts.say(decision, alerts);
  const posts = alerts.map(toPost);
  const { there, repeats } = kept.kind === "none" ? await parts.findEarlier(posts) : { there: [], repeats: [] };
  const due = posts
    .filter(({ key }) => !there.some((delivery) => delivery.key === key))
    .map((post) => (repeats.includes(post.key) ? { ...post, mayRepeat: true } : post));
  const deliveries = [...there, ...(await deliver(due, parts))];
  if (kept.kind !== "file" || ahead.ledger === null || decision.ledger === null)
    return { decision, alerts, deliveries, ledger: null, isRemembered: false };
  const seen = { ...decision.ledger, unsettled: ahead.ledger.unsettled };
  const saved = await kept.file.save(recordDeliveries(seen, decision.alerts, deliveries, policy, at));
  return { decision, alerts, deliveries, ledger: saved.ledger, isRemembered: ahead.isSaved };
}

/** The channel in which an answer would stand alone. */
function homeOf({ kind, items }: Alert, { errorChannel, warnChannel }: AlertPolicy): string {
  const isOfErrors = kind === "downgraded" || items.some(({ severity }) => severity === "error");
  return isOfErrors ? errorChannel : warnChannel;
}

/** The board comes last, as it keeps what has become of the others; then what it takes the place of is closed. */
async function tellOnBoard(
  parts: PeopleParts,
  slack: SlackLedger,
  decision: Decision,
  known: Ledger,
  toPost: (alert: Alert) => Post,
  policy: AlertPolicy,
  at: string,
): Promise<TellingEnd> {
  const { alerts } = decision;
  const index = indexBoardOf(alerts, slack.place);
  const isClosing = (alert: Alert) =>
    alert !== index && alert.kind === "board" && alert.channel === slack.place.warnChannel;
  const others = alerts.filter((alert) => alert !== index && !isClosing(alert));
  const deliveries = [...(await deliver(others.map(toPost), parts))];
  const seen = { ...(decision.ledger ?? known), unsettled: known.unsettled };
  const recorded = recordDeliveries(seen, alerts, deliveries, policy, at);
  if (index === undefined) return { decision, alerts, deliveries, ledger: recorded, isRemembered: false };
  const saved = await saveOnBoard(
    parts,
    { ...slack, ledger: known },
    recorded,
    // One that is closed keeps the ledger, too.
    { alert: index, post: { ...toPost(index), canBeNew: true } },
    at,
  );
  deliveries.push(saved.delivery, ...(await deliver(alerts.filter(isClosing).map(toPost), parts)));
  return { decision, alerts, deliveries, ledger: saved.ledger, isRemembered: saved.delivery.result !== "failed" };
}
