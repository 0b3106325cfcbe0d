import type { Run } from "../run/run.ts";
import type { Finding, Verdict } from "../severity/verdict.ts";
import { groupBy } from "../support/group-by.ts";
import type { Alert } from "./alert.ts";
import { boardDrafts, errorChannelOf } from "./boards.ts";
import { changeDrafts } from "./changes.ts";
import { dailyPieces, isDailyDue } from "./daily.ts";
import { deadlineDrafts } from "./deadlines.ts";
import { type Draft, IN_CHANNEL, withKey } from "./draft.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { itemOf, itemWithoutLedger, type Piece, piecesOf } from "./item.ts";
import type { Ledger } from "./ledger.ts";
import { createMentions, type Mentions } from "./mentions.ts";
import { observe } from "./observe.ts";
import { findGap, rememberRun } from "./pace.ts";
import type { AlertPolicy } from "./policy.ts";
import { countSecondStarts, daysToTell, isToldAlone } from "./second-starts.ts";

export interface Decision {
  /** In the order in which they are delivered. */
  readonly alerts: readonly Alert[];
  /** What this run has seen, before anything is told; null without a ledger. */
  readonly ledger: Ledger | null;
  /** The findings that no message is sent about, in the verdict's order. */
  readonly quiet: readonly ToldFinding[];
}

/** A finding that no message is sent about: muted (null), or told before at this ISO time. */
export interface ToldFinding {
  readonly finding: Finding;
  readonly at: string | null;
}

/**
 * Whom to tell what after a run. Everything follows from what is stored and this verdict: no run is necessary. Without a
 * ledger nothing is known of earlier runs: everything is told, and nothing is called new or recovered. `now` is in
 * milliseconds since the epoch.
 */
export function decideAlerts(
  verdict: Verdict,
  ledger: Ledger | null,
  run: Run,
  policy: AlertPolicy,
  now: number,
): Decision {
  if (ledger === null) return decideWithoutLedger(verdict, run, policy);
  const seen = observe(ledger, verdict, policy.nameOf, now);
  const isPaced = run.trigger !== "push" && run.trigger !== "pull-request" && run.trigger !== "merge-group";
  const pieces = piecesOf(seen, policy, now);
  const daily = dailyPieces(pieces, ledger, policy, now);
  const mentions = createMentions(ledger, policy, now);

  const secondStarts = countSecondStarts(ledger, verdict.retried != null, policy.zone, now);
  const isDue = policy.repeat !== "off" && isDailyDue(ledger, policy.zone, policy.dailyAtMinutes, now);
  const ofErrors = withSecondStarts(
    errorDrafts(pieces, policy.repeat === "channel" ? daily.pieces : [], policy, mentions),
    isDue ? daysToTell(secondStarts) : null,
    policy,
  );

  const drafts: Draft[] = [
    ...(isPaced ? gapDrafts(ledger, policy, now) : []),
    ...ofErrors,
    ...(policy.repeat === "thread" ? dailyInThreads(daily.pieces, policy, mentions) : []),
    ...deadlineDrafts(pieces, ledger, policy, mentions, now),
    ...changeDrafts(pieces, ledger, policy, mentions, now),
    ...boardDrafts(pieces, ledger, policy, mentions, now),
  ];
  const alerts = drafts.map((draft) => withKey(draft, run, policy));
  const paced = { ...(isPaced ? rememberRun(seen.ledger, now) : seen.ledger), secondStarts };
  const isDecided = daily.isDecided && !ofErrors.some(({ kind }) => kind === "daily");
  return {
    alerts,
    ledger: withQuietChanges(isDecided ? { ...paced, dailyAt: new Date(now).toISOString() } : paced, policy),
    quiet: quietOf(verdict, alerts, pieces),
  };
}

function decideWithoutLedger(verdict: Verdict, run: Run, policy: AlertPolicy): Decision {
  const told = verdict.findings.filter(({ muted }) => muted === null);
  const groups = groupBy(told, (finding) => `${finding.severity} ${policy.channelOf(finding)}`);
  const drafts = [...groups.values()].map((findings): Draft => {
    const [first] = findings;
    if (first === undefined) throw new Error("an alert without findings");
    return {
      kind: "problems",
      severity: first.severity,
      channel: policy.channelOf(first),
      address: IN_CHANNEL,
      items: findings.map((finding) => itemWithoutLedger(finding, policy)),
      mentions: [...new Set(findings.flatMap((each) => (each.severity === "error" ? policy.mentionsOf(each) : [])))],
    };
  });
  return {
    alerts: drafts.map((draft) => withKey(draft, run, policy)),
    ledger: null,
    quiet: verdict.findings.flatMap((finding) => (finding.muted === null ? [] : [{ finding, at: null }])),
  };
}

function gapDrafts(ledger: Ledger, { errorChannel }: AlertPolicy, now: number): readonly Draft[] {
  const gap = findGap(ledger, now);
  return gap === null
    ? []
    : [{ kind: "gap", channel: errorChannel, address: IN_CHANNEL, items: [], mentions: [], ...gap }];
}

/** One message for each error channel: what is new, what comes and goes, and once a day what still fails. */
function errorDrafts(
  pieces: readonly Piece[],
  daily: readonly Piece[],
  policy: AlertPolicy,
  mentions: Mentions,
): readonly Draft[] {
  const isNew = ({ news, entry }: Piece) =>
    entry.severity === "error" && (news === "opened" || news === "worse" || news === "flapping");
  const told = [...pieces.filter(isNew), ...daily.map((piece) => ({ ...piece, news: "again" as const }))];
  return [...groupBy(told, (piece) => errorChannelOf(piece, policy))].map(([channel, group]): Draft => {
    const items = group.map((piece) => itemOf(piece, policy));
    const has = (news: Piece["news"]) => group.some((piece) => piece.news === news);
    const fresh = group.filter(({ news }) => news === "opened" || news === "worse");
    const common = { channel, address: IN_CHANNEL, items };
    if (fresh.length === 0 && !has("flapping")) return { ...common, kind: "daily", mentions: mentions.onceADay(group) };
    if (fresh.length === 0 && !has("again"))
      return { ...common, kind: "flapping", phase: "start", mentions: mentions.onceADay(group) };
    return { ...common, kind: "problems", severity: "error", mentions: mentions.always(fresh) };
  });
}

/**
 * The day's message says on how many days in a row builds were started again; where none tells of errors, and from the third
 * day on once a week, it is a message of its own, for those who fix things some day.
 */
function withSecondStarts(
  drafts: readonly Draft[],
  days: number | null,
  { errorChannel, warnChannel }: AlertPolicy,
): readonly Draft[] {
  if (days === null) return drafts;
  const told = drafts.find(
    ({ kind, channel, items }) =>
      (kind === "daily" || kind === "problems") &&
      channel === errorChannel &&
      items.some(({ news }) => news === "again"),
  );
  if (told !== undefined) return drafts.map((each) => (each === told ? { ...told, secondStartDays: days } : each));
  if (!isToldAlone(days)) return drafts;
  const common = { channel: warnChannel, address: IN_CHANNEL, items: [], mentions: [] };
  return [...drafts, { ...common, kind: "daily", secondStartDays: days }];
}

function dailyInThreads(pieces: readonly Piece[], policy: AlertPolicy, mentions: Mentions): readonly Draft[] {
  const groups = groupBy(pieces, ({ entry: { thread } }) => `${thread?.channel} ${thread?.ts}`);
  return [...groups.values()].flatMap((group): readonly Draft[] => {
    const thread = group[0]?.entry.thread;
    const items = group.map((piece) => itemOf(piece, policy, "again"));
    return thread === null || thread === undefined
      ? []
      : [
          {
            kind: "daily",
            channel: thread.channel,
            address: { kind: "thread", ts: thread.ts },
            items,
            mentions: mentions.onceADay(group),
          },
        ];
  });
}

/** What is over while it is muted needs no message, nor what nobody can answer to. */
function withQuietChanges(ledger: Ledger, { expired }: AlertPolicy): Ledger {
  const ids = new Set(expired.map(({ id }) => id));
  return {
    ...ledger,
    entries: ledger.entries.map((entry) => {
      const { state, told, thread, severity, isMuted } = entry;
      if (told !== "error" && told !== "warn") return entry;
      if (state === "open") return isMuted && severity === "warn" ? { ...entry, told: "warn" } : entry;
      const hasNoAnswer = thread === null && (told === "error" || ledger.boards.every(({ isClosed }) => isClosed));
      return isMuted || hasNoAnswer ? { ...entry, told: state, isFlapping: false } : entry;
    }),
    expiredTold: ledger.expiredTold.filter((id) => ids.has(id)),
  };
}

function quietOf(verdict: Verdict, alerts: readonly Alert[], pieces: readonly Piece[]): readonly ToldFinding[] {
  const told = new Set(
    alerts.flatMap(({ items }) => items.flatMap(({ fingerprint, news }) => (news === null ? [] : [fingerprint]))),
  );
  const entries = new Map(pieces.map(({ entry }) => [entry.fingerprint, entry]));
  return verdict.findings.flatMap((finding): readonly ToldFinding[] => {
    if (finding.muted !== null) return [{ finding, at: null }];
    const at = entries.get(fingerprintOf(finding))?.notifiedAt ?? null;
    return told.has(fingerprintOf(finding)) || at === null ? [] : [{ finding, at }];
  });
}
