import { groupBy } from "../support/group-by.ts";
import { currentBoard, errorChannelOf, warnChannelOf } from "./boards.ts";
import { type Draft, IN_CHANNEL, inThread } from "./draft.ts";
import { dueAtOf, itemOf, type Piece } from "./item.ts";
import type { Ledger, LedgerEntry } from "./ledger.ts";
import type { Mentions } from "./mentions.ts";
import type { AlertPolicy } from "./policy.ts";

const DAY_MS = 86_400_000;
const OVERDUE_EVERY_MS = 3 * DAY_MS;

/** A warning's deadline: its owner is reminded a day before, in the board's thread; past it, the error channel is told. */
export function deadlineDrafts(
  pieces: readonly Piece[],
  ledger: Ledger,
  policy: AlertPolicy,
  mentions: Mentions,
  now: number,
): readonly Draft[] {
  return [...overdueDrafts(pieces, policy, mentions, now), ...reminderDrafts(pieces, ledger, policy, mentions, now)];
}

/** Whether it stands open past its deadline, and nobody has muted it. */
function isOverdue(
  { entry, isDisabled }: Pick<Piece, "entry" | "isDisabled">,
  slaSeconds: number,
  now: number,
): boolean {
  const due = dueAtOf(entry, slaSeconds);
  return entry.state === "open" && !entry.isMuted && !isDisabled && due !== null && now >= due;
}

/** The warnings of a ledger that are past their deadline. */
export function overdueIn(
  ledger: Ledger | null,
  { warnSlaSeconds }: Pick<AlertPolicy, "warnSlaSeconds">,
  now: number,
): readonly LedgerEntry[] {
  return (ledger?.entries ?? []).filter((entry) => isOverdue({ entry, isDisabled: false }, warnSlaSeconds, now));
}

function overdueDrafts(
  pieces: readonly Piece[],
  policy: AlertPolicy,
  mentions: Mentions,
  now: number,
): readonly Draft[] {
  const { warnSlaSeconds: slaSeconds } = policy;
  const overdue = pieces.filter((piece) => isOverdue(piece, slaSeconds, now) && piece.news === null);
  return [...groupBy(overdue, (piece) => errorChannelOf(piece, policy))].flatMap(
    ([channel, group]): readonly Draft[] => {
      const last = Math.max(
        ...group.map(({ entry }) => Date.parse(entry.overdueToldAt ?? "")).filter((ms) => ms <= now),
      );
      if (now - last < OVERDUE_EVERY_MS) return [];
      const items = group.map((piece) => itemOf(piece, policy, "overdue"));
      return [{ kind: "overdue", channel, address: IN_CHANNEL, items, slaSeconds, mentions: mentions.onceADay(group) }];
    },
  );
}

function reminderDrafts(
  pieces: readonly Piece[],
  ledger: Ledger,
  policy: AlertPolicy,
  mentions: Mentions,
  now: number,
): readonly Draft[] {
  const { warnSlaSeconds } = policy;
  const soon = pieces.filter(({ entry, news, isDisabled }) => {
    const due = dueAtOf(entry, warnSlaSeconds);
    return (
      entry.state === "open" &&
      entry.told === "warn" &&
      news === null &&
      entry.remindedAt === null &&
      !entry.isMuted &&
      !isDisabled &&
      due !== null &&
      now < due &&
      // A deadline of a day or less was told with the warning itself.
      warnSlaSeconds * 1000 > DAY_MS &&
      now >= due - DAY_MS
    );
  });
  return [...groupBy(soon, (piece) => warnChannelOf(piece, policy))].flatMap(([channel, group]): readonly Draft[] => {
    const board = currentBoard(ledger, channel, policy, now);
    return board === null
      ? []
      : [
          {
            kind: "reminder",
            channel,
            address: inThread(board.ts),
            items: group.map((piece) => itemOf(piece, policy, null)),
            mentions: mentions.onceADay(group),
          },
        ];
  });
}
