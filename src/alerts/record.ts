import type { Verdict } from "../severity/verdict.ts";
import type { Alert, AlertItem, Delivery } from "./alert.ts";
import { fingerprintOf, isReplaced } from "./fingerprint.ts";
import type { Ledger, LedgerEntry, MessageRef } from "./ledger.ts";
import { stillUnsettled } from "./unsettled.ts";

/**
 * The ledger after a run. Only deliveries write to it: what did not arrive is new again next time, so that a crash or an
 * outage loses nothing. What needs no message is recorded all the same: that an error is only a warning now (else the next
 * escalation would be silent), and that one problem of the run has made way for another. `at` is an ISO time.
 */
export function recordDeliveries(
  ledger: Ledger,
  verdict: Verdict,
  alerts: readonly Alert[],
  deliveries: readonly Delivery[],
  at: string,
): Ledger {
  const delivered = new Map(
    deliveries.flatMap((delivery) => (delivery.result === "failed" ? [] : [[delivery.key, delivery]])),
  );
  const entries = new Map(
    ledger.entries
      .filter(({ fingerprint }) => !isReplaced(fingerprint, verdict.findings))
      .map((entry) => [entry.fingerprint, entry]),
  );

  for (const finding of verdict.findings) {
    const entry = entries.get(fingerprintOf(finding));
    if (entry === undefined) continue;
    const severity = finding.severity === "warn" ? "warn" : entry.severity;
    entries.set(entry.fingerprint, { ...entry, severity, lastSeen: at, runs: entry.runs + 1 });
  }
  for (const alert of alerts) {
    const delivery = delivered.get(alert.key);
    if (delivery === undefined) continue;
    if (alert.kind === "recovered") for (const { fingerprint } of alert.items) entries.delete(fingerprint);
    if (alert.kind !== "problems") continue;
    const thread = { channel: delivery.channel, ts: delivery.ts };
    for (const item of alert.items) {
      entries.set(item.fingerprint, toldEntry(item, entries.get(item.fingerprint), thread, at));
    }
  }
  const unsettled = stillUnsettled(ledger.unsettled, alerts, deliveries, at);
  return { ...ledger, lastRun: at, entries: [...entries.values()], unsettled };
}

function toldEntry(
  { fingerprint, name, severity }: AlertItem,
  known: LedgerEntry | undefined,
  thread: MessageRef,
  at: string,
): LedgerEntry {
  const fresh: LedgerEntry = {
    fingerprint,
    name,
    secondKey: null,
    state: "open",
    since: at,
    severity,
    firstSeen: at,
    lastSeen: at,
    runs: 1,
    told: severity,
    notifiedAt: at,
    thread,
    changes: [],
    isFlapping: false,
    isMuted: false,
    clockFrom: null,
    remindedAt: null,
    overdueToldAt: null,
  };
  return { ...fresh, ...known, name, severity, told: severity, lastSeen: at, notifiedAt: at, thread };
}
