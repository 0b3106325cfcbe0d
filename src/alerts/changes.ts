import { groupBy } from "../support/group-by.ts";
import type { AlertItem, News } from "./alert.ts";
import { boardOf, currentBoard, warnChannelOf } from "./boards.ts";
import { type Draft, inThread } from "./draft.ts";
import { isHash } from "./fingerprint.ts";
import { itemOf, type Piece } from "./item.ts";
import type { Ledger, MessageRef } from "./ledger.ts";
import type { Mentions } from "./mentions.ts";
import type { AlertPolicy } from "./policy.ts";

/**
 * What has become of problems that people know: the message that told errors is edited and answered, warnings are answered
 * in their board's thread, new ones with their owners. Nothing of this makes a phone ring.
 */
export function changeDrafts(
  pieces: readonly Piece[],
  ledger: Ledger,
  policy: AlertPolicy,
  mentions: Mentions,
  now: number,
): readonly Draft[] {
  return [
    ...parentEdits(pieces, policy),
    ...answers(pieces, ledger, policy),
    ...newWarnings(pieces, ledger, policy, mentions, now),
  ];
}

/** Each message that told errors, once more, where one of its items has changed. */
function parentEdits(pieces: readonly Piece[], policy: AlertPolicy): readonly Draft[] {
  const ofErrors = pieces.filter(
    ({ entry: { told, thread, severity } }) => thread !== null && isOfError(told, severity),
  );
  return [...groupBy(ofErrors, ({ entry: { thread } }) => `${thread?.channel} ${thread?.ts}`).values()].flatMap(
    (group): readonly Draft[] => {
      const thread = group[0]?.entry.thread ?? null;
      if (thread === null || !group.some(hasChanged)) return [];
      // Of what is gone nothing but a hash may be left: the message as it stands says more.
      if (group.some(({ entry: { fingerprint, name } }) => name === null && isHash(fingerprint))) return [];
      const items = group.map((piece): AlertItem => itemOf(piece, policy));
      const address = { kind: "edit", ts: thread.ts } as const;
      return [{ kind: "problems", severity: "error", channel: thread.channel, address, items, mentions: [] }];
    },
  );
}

/** Whether its message is one about errors: a warning's is the board. */
function isOfError(told: Piece["entry"]["told"], severity: "error" | "warn"): boolean {
  return told === "error" || (told !== "warn" && told !== null && severity === "error");
}

function hasChanged({ news, entry: { isMuted, state, told, severity } }: Piece): boolean {
  if (news === "recovered" || news === "removed" || news === "better") return true;
  // Nothing is said of a muted one, but its message does not go on to say what is no longer so.
  return (
    isMuted &&
    ((state !== "open" && (told === "error" || told === "warn")) || (told === "error" && severity === "warn"))
  );
}

const KINDS = { recovered: "recovered", removed: "removed", better: "downgraded" } as const;

function answers(pieces: readonly Piece[], ledger: Ledger, policy: AlertPolicy): readonly Draft[] {
  const changed = pieces.flatMap((piece) => {
    const { news } = piece;
    const under = threadFor(piece, ledger, policy);
    if (under === null || (news !== "recovered" && news !== "removed" && news !== "better")) return [];
    return [
      { piece, under, kind: piece.entry.isFlapping && news === "recovered" ? ("flapping" as const) : KINDS[news] },
    ];
  });
  const groups = groupBy(changed, ({ kind, under }) => `${kind} ${under.channel} ${under.ts}`);
  return [...groups.values()].flatMap((group): readonly Draft[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { kind, under } = first;
    const common = {
      channel: under.channel,
      address: inThread(under.ts),
      items: group.map(({ piece }) => itemOf(piece, policy)),
      mentions: [],
    };
    return [kind === "flapping" ? { ...common, kind, phase: "end" } : { ...common, kind }];
  });
}

/** The message under which a change is told: the one that told the error; of a warning the board of today. */
function threadFor(piece: Piece, ledger: Ledger, policy: AlertPolicy): MessageRef | null {
  const { told, thread } = piece.entry;
  return told === "warn" ? (boardOf(ledger, warnChannelOf(piece, policy)) ?? thread) : thread;
}

/** New warnings, and those that come and go, where a board stands: a new board lists them itself. */
function newWarnings(
  pieces: readonly Piece[],
  ledger: Ledger,
  policy: AlertPolicy,
  mentions: Mentions,
  now: number,
): readonly Draft[] {
  const isNew = (news: News | null) => news === "opened" || news === "flapping";
  const fresh = pieces.filter(({ entry, news }) => entry.severity === "warn" && isNew(news));
  return [...groupBy(fresh, (piece) => warnChannelOf(piece, policy))].flatMap(([channel, group]): readonly Draft[] => {
    const board = currentBoard(ledger, channel, policy, now);
    if (board === null) return [];
    const common = {
      channel,
      address: inThread(board.ts),
      items: group.map((piece) => itemOf(piece, policy)),
      mentions: mentions.onceADay(group),
    };
    return group.every(({ news }) => news === "flapping")
      ? [{ ...common, kind: "flapping", phase: "start" }]
      : [{ ...common, kind: "problems", severity: "warn" }];
  });
}
