import { isDailyDue } from "./daily.ts";
import { type Draft, IN_CHANNEL, inThread } from "./draft.ts";
import { itemOf, type Piece } from "./item.ts";
import type { BoardState, Ledger } from "./ledger.ts";
import type { Mentions } from "./mentions.ts";
import { usualPause } from "./pace.ts";
import type { AlertPolicy } from "./policy.ts";
import { boardWeekOf } from "./zone.ts";

/**
 * The boards: one for each warn channel and ISO week, posted when something is open, edited from then on, closed with its
 * score. The one in the main warn channel lists the errors too: it is the index of everything that is open.
 */

const NINE_O_CLOCK = 9 * 60;
/** Where runs are further apart, a board that waited for 09:00 would come hours later. */
const SELDOM_MS = 6 * 3600_000;

export function weekFor(ledger: Pick<Ledger, "recentRuns">, { zone }: Pick<AlertPolicy, "zone">, now: number): string {
  const isSeldom = (usualPause(ledger) ?? 0) > SELDOM_MS;
  return boardWeekOf(zone, isSeldom ? 0 : NINE_O_CLOCK, now);
}

/** The channel's last board that is not closed. */
export function boardOf({ boards }: Pick<Ledger, "boards">, channel: string): BoardState | null {
  return boards.find((board) => board.channel === channel && !board.isClosed) ?? null;
}

/** The channel's board of this week. */
export function currentBoard(ledger: Ledger, channel: string, policy: AlertPolicy, now: number): BoardState | null {
  const board = boardOf(ledger, channel);
  return board?.week === weekFor(ledger, policy, now) ? board : null;
}

/** The policy for a week whose main board stands in the `fallback`, as its own channel refused it: warnings go there, too. */
export function followBoard(policy: AlertPolicy, ledger: Ledger, fallback: string | null, now: number): AlertPolicy {
  const { warnChannel, channelOf } = policy;
  const stands = (channel: string) => currentBoard(ledger, channel, policy, now) !== null;
  if (fallback === null || stands(warnChannel) || !stands(fallback)) return policy;
  return {
    ...policy,
    warnChannel: fallback,
    channelOf: (finding) => {
      const channel = channelOf(finding);
      return channel === warnChannel ? fallback : channel;
    },
  };
}

/** Where an error is told: by its finding, else where it was told before. */
export function errorChannelOf({ finding, entry }: Piece, policy: AlertPolicy): string {
  if (finding !== null) return policy.channelOf({ ...finding, severity: "error" });
  return (entry.told === "error" ? entry.thread?.channel : undefined) ?? policy.errorChannel;
}

/** Where a warning is told: by its finding, else where it was told before. */
export function warnChannelOf({ finding, entry }: Piece, policy: AlertPolicy): string {
  if (finding !== null) return policy.channelOf({ ...finding, severity: "warn" });
  const { errorChannel, warnChannel } = policy;
  // An answer may have told it under an error's message, which is in another channel.
  const channel = entry.told === "warn" ? entry.thread?.channel : undefined;
  return channel === undefined || channel === errorChannel ? warnChannel : channel;
}

export function boardDrafts(
  pieces: readonly Piece[],
  ledger: Ledger,
  policy: AlertPolicy,
  mentions: Mentions,
  now: number,
): readonly Draft[] {
  const warnings = pieces.filter(({ entry }) => entry.severity === "warn" && entry.state === "open");
  const channels = new Set([
    policy.warnChannel,
    ...warnings.map((piece) => warnChannelOf(piece, policy)),
    ...ledger.boards.map(({ channel }) => channel),
  ]);
  const drafts = [...channels].flatMap((channel) => draftsOf(channel, { pieces, ledger, policy, mentions, now }));
  return [...drafts, ...expiredDrafts(drafts, ledger, policy, now)];
}

interface World {
  readonly pieces: readonly Piece[];
  readonly ledger: Ledger;
  readonly policy: AlertPolicy;
  readonly mentions: Mentions;
  readonly now: number;
}

function draftsOf(channel: string, { pieces, ledger, policy, mentions, now }: World): readonly Draft[] {
  const isIndex = channel === policy.warnChannel;
  const ofChannel = pieces
    .filter(({ entry }) => entry.severity === "warn" || entry.told === "warn")
    .filter((piece) => warnChannelOf(piece, policy) === channel);
  const rows = pieces.filter(
    (piece) =>
      piece.entry.state === "open" &&
      (piece.entry.told !== null || piece.news === "opened") &&
      (piece.entry.severity === "warn" ? warnChannelOf(piece, policy) === channel : isIndex),
  );
  const warnings = rows.filter(({ entry }) => entry.severity === "warn");
  const isFresh = ({ news }: Piece) => news === "opened" || news === "flapping" || news === "better";
  const opened = warnings.filter(isFresh).length;
  const fixed = ofChannel.filter(
    ({ entry, news }) => entry.told === "warn" && (news === "recovered" || news === "removed"),
  ).length;
  const week = weekFor(ledger, policy, now);
  const board = boardOf(ledger, channel);
  const expired = isIndex ? policy.expired : [];
  const common = {
    kind: "board",
    channel,
    items: rows.map((piece) => itemOf(piece, policy, null)),
    mentions: [],
  } as const;

  if (board?.week === week) {
    const isStale = isIndex
      ? rows.length > 0 || fixed > 0
      : opened + fixed > 0 || isDailyDue(ledger, policy.zone, policy.dailyAtMinutes, now);
    const hasEnded =
      rows.length === 0 &&
      pieces.some(
        ({ entry, news }) =>
          entry.told !== null &&
          // Of what comes and goes nothing is told when it passes, and it is not open.
          (news === "recovered" || news === "removed" || (entry.state !== "open" && Date.parse(entry.since) === now)),
      );
    if (!isStale && !hasEnded && !(isIndex && policy.isLedgerOnBoard)) return [];
    const score = { opened: board.opened + opened, fixed: board.fixed + fixed, carried: warnings.length };
    const state = rows.length === 0 ? "quiet" : "open";
    return [{ ...common, address: { kind: "edit", ts: board.ts }, state, week, score, expired }];
  }
  const closing: readonly Draft[] =
    board === null
      ? []
      : [
          {
            ...common,
            address: { kind: "edit", ts: board.ts },
            state: "closed",
            week: board.week,
            // What opens in this run is the new board's.
            score: { opened: board.opened, fixed: board.fixed + fixed, carried: warnings.length - opened },
            expired: [],
          },
        ];
  if (rows.length === 0) return closing.length > 0 ? closing : keptOf(channel, ledger, policy);
  return [
    ...closing,
    {
      ...common,
      items: rows.map((piece) =>
        itemOf(piece, policy, piece.entry.severity === "warn" && isFresh(piece) ? piece.news : null),
      ),
      address: IN_CHANNEL,
      state: "open",
      week,
      score: { opened: warnings.length, fixed: 0, carried: warnings.length },
      expired,
      mentions: mentions.onceADay(warnings.filter(isFresh)),
    },
  ];
}

/** The last board goes on to keep the ledger, as it is, while nothing is open. */
function keptOf(channel: string, { boards }: Ledger, policy: AlertPolicy): readonly Draft[] {
  const last = boards.find((board) => board.channel === channel);
  if (last === undefined || channel !== policy.warnChannel || !policy.isLedgerOnBoard) return [];
  const { ts, week, opened, fixed } = last;
  const score = { opened, fixed, carried: 0 };
  const address = { kind: "edit", ts } as const;
  return [{ kind: "board", channel, address, items: [], mentions: [], state: "closed", week, score, expired: [] }];
}

/** Mutes that have ended: told once, under the board; a new board lists them. */
function expiredDrafts(boards: readonly Draft[], ledger: Ledger, policy: AlertPolicy, now: number): readonly Draft[] {
  const expired = policy.expired.filter(({ id }) => !ledger.expiredTold.includes(id));
  const channel = policy.warnChannel;
  const isOnNewBoard = boards.some(
    (draft) => draft.kind === "board" && draft.address.kind === "channel" && draft.channel === channel,
  );
  if (expired.length === 0 || isOnNewBoard) return [];
  const board = currentBoard(ledger, channel, policy, now);
  return [
    {
      kind: "expired",
      channel,
      address: board === null ? IN_CHANNEL : inThread(board.ts),
      items: [],
      mentions: [],
      expired,
    },
  ];
}
