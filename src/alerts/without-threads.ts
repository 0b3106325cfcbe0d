import type { Alert, Delivery } from "./alert.ts";

/**
 * The alerts where messages can neither be edited nor answered: an answer stands in the channel, a closed board is a
 * message of its own, and what other edits would say is left out (`unsaid`).
 */
export function withoutThreads(alerts: readonly Alert[]): {
  readonly said: readonly Alert[];
  readonly unsaid: readonly Alert[];
} {
  const isUnsaid = (alert: Alert) =>
    alert.address.kind === "edit" && !(alert.kind === "board" && alert.state === "closed");
  return {
    said: alerts.filter((alert) => !isUnsaid(alert)).map((alert) => ({ ...alert, address: { kind: "channel" } })),
    unsaid: alerts.filter(isUnsaid),
  };
}

/** As the ledger takes what was left out: a board goes on counting. */
export function asEdited({ key, channel, address }: Alert): readonly Delivery[] {
  return address.kind === "edit" ? [{ key, result: "updated", channel, ts: address.ts }] : [];
}
