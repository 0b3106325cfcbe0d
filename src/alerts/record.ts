import type { Alert, AlertItem, Delivery } from "./alert.ts";
import type { BoardState, Ledger, LedgerEntry, MessageRef } from "./ledger.ts";
import type { AlertPolicy } from "./policy.ts";
import { stillUnsettled } from "./unsettled.ts";

type Arrived = Exclude<Delivery, { result: "failed" }>;

/**
 * The ledger after a run: what it has seen (`decideAlerts`' ledger) and what people have been told of it. Only deliveries
 * say what is told: what did not arrive is news again next time, so that a crash or an outage loses nothing. `at` is an ISO
 * time.
 */
export function recordDeliveries(
  seen: Ledger,
  alerts: readonly Alert[],
  deliveries: readonly Delivery[],
  { zone }: Pick<AlertPolicy, "zone">,
  at: string,
): Ledger {
  const arrived = new Map(
    deliveries.flatMap((delivery): [string, Arrived][] =>
      delivery.result === "failed" ? [] : [[delivery.key, delivery]],
    ),
  );
  const told = alerts.flatMap((alert) => {
    const delivery = arrived.get(alert.key);
    return delivery === undefined ? [] : [{ alert, message: { channel: delivery.channel, ts: delivery.ts } }];
  });
  const recorded = told.reduce((ledger, { alert, message }) => withTold(ledger, alert, message, at), seen);
  const again = alerts.filter(({ kind, items }) => kind === "daily" || items.some(({ news }) => news === "again"));
  const isDailyTold = again.length > 0 && again.every(({ key }) => arrived.has(key));
  const day = zone.wall(Date.parse(at)).day;
  const mentions = told.flatMap(({ alert }) => alert.mentions);
  const before = seen.mentioned?.day === day ? seen.mentioned.ids : [];
  return {
    ...recorded,
    dailyAt: isDailyTold ? at : recorded.dailyAt,
    mentioned: mentions.length === 0 ? recorded.mentioned : { day, ids: [...new Set([...before, ...mentions])] },
    unsettled: stillUnsettled(seen.unsettled, alerts, deliveries, at),
  };
}

/** The ledger when people have read this alert as that message. */
export function withTold(ledger: Ledger, alert: Alert, message: MessageRef, at: string): Ledger {
  const { address } = alert;
  const parent = address.kind === "channel" ? message : { channel: message.channel, ts: address.ts };
  const items = new Map(alert.items.map((item) => [item.fingerprint, item]));
  const remade = address.kind === "edit" && message.ts !== address.ts ? address.ts : null;
  const entries = ledger.entries.map((entry) => {
    const moved = remade !== null && entry.thread?.ts === remade ? { ...entry, thread: message } : entry;
    const item = items.get(entry.fingerprint);
    return item === undefined ? moved : entryTold(moved, item, alert, parent, at);
  });
  const boards = boardsTold(ledger.boards, alert, message);
  const expired =
    alert.kind === "expired" || (alert.kind === "board" && address.kind === "channel") ? alert.expired : [];
  return {
    ...ledger,
    entries,
    boards,
    expiredTold: [...new Set([...ledger.expiredTold, ...expired.map(({ id }) => id)])],
  };
}

function entryTold(entry: LedgerEntry, item: AlertItem, alert: Alert, parent: MessageRef, at: string): LedgerEntry {
  const onBoard = alert.kind === "board" && item.severity === "warn";
  const onNewBoard = onBoard && alert.address.kind === "channel";
  // A new board that lists a warning, and the first one that does, is where its changes are answered from now on.
  const isPlaced = entry.told === "warn" && (onNewBoard || (onBoard && entry.thread === null));
  const placed = isPlaced ? { ...entry, thread: parent } : entry;
  if (alert.address.kind === "edit") return placed;
  if (alert.kind === "reminder") return { ...placed, remindedAt: at };
  switch (item.news) {
    case "opened":
    case "worse":
      return { ...placed, told: item.severity, notifiedAt: at, thread: parent };
    case "flapping":
      return { ...placed, told: item.severity, notifiedAt: at, thread: parent, isFlapping: true };
    case "better":
      // From now on the board is where it is told, not the message that told the error.
      return { ...placed, told: "warn", notifiedAt: at, thread: onNewBoard ? parent : null };
    case "again":
      return { ...placed, notifiedAt: at };
    case "recovered":
      return { ...placed, told: "recovered", notifiedAt: at, isFlapping: false };
    case "removed":
      return { ...placed, told: "removed", notifiedAt: at, isFlapping: false };
    case "overdue":
      return { ...placed, overdueToldAt: at };
    case null:
      return placed;
  }
}

function boardsTold(boards: readonly BoardState[], alert: Alert, message: MessageRef): readonly BoardState[] {
  if (alert.kind !== "board") return boards;
  const { week, score, state, channel, address } = alert;
  const board = { ...message, week, opened: score.opened, fixed: score.fixed, isClosed: state === "closed" };
  const isOther = (each: BoardState) => (address.kind === "edit" ? each.ts !== address.ts : each.channel !== channel);
  return [...boards.filter(isOther), board];
}
