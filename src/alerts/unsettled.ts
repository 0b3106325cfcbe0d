import type { Alert, Delivery, News } from "./alert.ts";
import { withoutRun } from "./draft.ts";
import { nameOfFingerprint } from "./fingerprint.ts";
import { freshEntry, type Ledger, type LedgerEntry, type UnsettledPost } from "./ledger.ts";

/** After this long nobody looks any more whether a message has arrived. */
const REMEMBERED_MS = 7 * 86_400_000;

/**
 * The posts that are about to be made, as the ledger holds them while nobody knows what becomes of them: a run that is
 * killed between a post and its record leaves them to the next one. `at` is the run's ISO time; `since` this machine's.
 */
export function unsettledOf(alerts: readonly Alert[], at: string, since: string): readonly UnsettledPost[] {
  // An edit can be made once more without harm.
  return alerts
    .filter(({ address }) => address.kind !== "edit")
    .map((alert) => ({
      key: alert.key,
      channel: alert.channel,
      thread: alert.address.kind === "thread" ? alert.address.ts : null,
      since,
      at,
      week: alert.kind === "board" ? alert.week : null,
      told: alert.items.flatMap(({ fingerprint, severity, news }) => {
        const said = saidBy(news, severity);
        return said === undefined ? [] : [{ fingerprint, severity: said }];
      }),
    }));
}

function saidBy(news: News | null, severity: "error" | "warn"): UnsettledPost["told"][number]["severity"] | undefined {
  if (news === null) return undefined;
  if (news === "overdue") return news;
  return news === "recovered" || news === "removed" ? null : severity;
}

/** The ledger when a post is known to have arrived as the message `ts`, or (null) not to have arrived. */
export function settle(ledger: Ledger, post: UnsettledPost, ts: string | null): Ledger {
  const unsettled = ledger.unsettled.filter(({ key }) => key !== post.key);
  if (ts === null) return { ...ledger, unsettled };
  const entries = new Map(ledger.entries.map((entry) => [entry.fingerprint, entry]));
  for (const { fingerprint, severity } of post.told) {
    const known = entries.get(fingerprint);
    if (severity === "overdue") {
      if (known !== undefined) entries.set(fingerprint, { ...known, overdueToldAt: post.at });
      continue;
    }
    // What a later message has told is newer than this one.
    if (known !== undefined && (known.notifiedAt ?? "") > post.at) continue;
    if (severity !== null) entries.set(fingerprint, toldThen(fingerprint, severity, known, post, ts));
    else if (known !== undefined) entries.set(fingerprint, overThen(known, post));
  }
  return { ...ledger, entries: [...entries.values()], boards: boardsWith(ledger, post, ts), unsettled };
}

function overThen(known: LedgerEntry, { at }: UnsettledPost): LedgerEntry {
  const isOpen = known.state === "open";
  const state = isOpen ? "recovered" : known.state;
  return { ...known, state, since: isOpen ? at : known.since, told: state, notifiedAt: at, isFlapping: false };
}

function toldThen(
  fingerprint: string,
  severity: "error" | "warn",
  known: LedgerEntry | undefined,
  { channel, thread, at }: UnsettledPost,
  ts: string,
): LedgerEntry {
  // What is said again has its message already.
  const own = known?.told === severity ? known.thread : null;
  const told = { told: severity, notifiedAt: at, thread: own ?? { channel, ts: thread ?? ts } };
  // A run that was killed could not store what it had seen.
  const isUnseen = known !== undefined && known.lastSeen < at && (known.state === "open" || known.since < at);
  return {
    ...freshEntry(fingerprint, severity, at),
    ...known,
    ...(isUnseen ? { state: "open", severity, lastSeen: at } : {}),
    ...told,
  };
}

function boardsWith({ boards }: Ledger, { channel, week, told }: UnsettledPost, ts: string): Ledger["boards"] {
  if (week === null || boards.some((board) => board.channel === channel && board.week >= week)) return boards;
  const board = { channel, ts, week, opened: told.length, fixed: 0, isClosed: false };
  return [...boards.filter((each) => each.channel !== channel), board];
}

/** The open problems of which a post that is not settled may have told since that they are over. */
export function maybeRecovered({ entries, unsettled }: Pick<Ledger, "entries" | "unsettled">): readonly LedgerEntry[] {
  return entries.filter(({ fingerprint, notifiedAt }) =>
    unsettled.some(
      ({ at, told }) =>
        at >= (notifiedAt ?? "") && told.some((each) => each.severity === null && each.fingerprint === fingerprint),
    ),
  );
}

/** Whether something in this alert may have been told by a post that is not settled. */
export function mayRepeat(alert: Alert, unsettled: readonly UnsettledPost[]): boolean {
  const maybeTold = new Set(unsettled.flatMap(toldBy));
  return unsettledOf([alert], "", "")
    .flatMap(toldBy)
    .some((told) => maybeTold.has(told));
}

/** Whether all that this alert would say is said by these posts of a run that is at work just now. */
export function isSaidBy(alert: Alert, posts: readonly UnsettledPost[]): boolean {
  const [own] = unsettledOf([alert], "", "");
  if (own === undefined) return false;
  const said = new Set(posts.flatMap(toldBy));
  const told = toldBy(own);
  return (
    (told.length > 0 && told.every((each) => said.has(each))) ||
    posts.some(({ key, channel, week }) =>
      own.week === null ? withoutRun(key) === withoutRun(own.key) : channel === own.channel && week === own.week,
    )
  );
}

function toldBy({ told }: UnsettledPost): string[] {
  return told.map(({ fingerprint, severity }) => `${severity} ${fingerprint}`);
}

/**
 * What stays unsettled after a run: its own posts that may have arrived, and older ones, but for what has been told since,
 * or was over before anybody could look.
 */
export function stillUnsettled(
  unsettled: readonly UnsettledPost[],
  alerts: readonly Alert[],
  deliveries: readonly Delivery[],
  at: string,
): readonly UnsettledPost[] {
  const own = unsettledOf(alerts, at, at).flatMap((post) => {
    const delivery = deliveries.find(({ key }) => key === post.key);
    return delivery?.result === "failed" && delivery.mayBeIn !== undefined ? [{ ...post, ...delivery.mayBeIn }] : [];
  });
  const keys = new Set(alerts.map(({ key }) => key));
  const arrived = new Set(deliveries.flatMap(({ key, result }) => (result === "failed" ? [] : [key])));
  const posts = unsettledOf(
    alerts.filter(({ key }) => arrived.has(key)),
    at,
    at,
  );
  const toldNow = new Set(posts.flatMap(toldBy));
  // That a problem was over is no news any more once people have read that it is there.
  for (const { fingerprint } of posts.flatMap(({ told }) => told)) toldNow.add(`null ${fingerprint}`);
  const older = unsettled
    .filter((post) => !keys.has(post.key) && Date.parse(at) - Date.parse(post.at) < REMEMBERED_MS)
    .map((post) => ({
      ...post,
      told: post.told.filter(({ fingerprint, severity }) => !toldNow.has(`${severity} ${fingerprint}`)),
    }))
    .filter(({ told }) => told.length > 0);
  return [...older, ...own];
}

/** A post that nobody can look up, without what has passed since: there is nothing to tell of it any more. */
export function withoutPassed(post: UnsettledPost, passed: readonly string[]): UnsettledPost {
  const over = new Set(passed);
  return {
    ...post,
    told: post.told.filter(
      ({ fingerprint, severity }) => severity === null || !over.has(nameOfFingerprint(fingerprint)),
    ),
  };
}
