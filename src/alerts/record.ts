import type { Finding, Verdict } from "../severity/verdict.ts";
import type { Alert, Delivery, Ledger, LedgerEntry } from "./alert.ts";
import { fingerprintOf, isReplaced } from "./fingerprint.ts";
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
    if (alert.kind === "recovered") entries.delete(alert.entry.fingerprint);
    if (alert.kind !== "problems") continue;
    const thread = { channel: delivery.channel, ts: delivery.ts };
    for (const finding of [...alert.opened, ...alert.worse, ...alert.again]) {
      entries.set(fingerprintOf(finding), toldEntry(finding, entries.get(fingerprintOf(finding)), thread, at));
    }
  }
  const unsettled = stillUnsettled(ledger.unsettled, alerts, deliveries, at);
  return { ...ledger, lastRun: at, entries: [...entries.values()], unsettled };
}

function toldEntry(
  finding: Finding,
  known: LedgerEntry | undefined,
  thread: { channel: string; ts: string },
  at: string,
): LedgerEntry {
  return {
    fingerprint: fingerprintOf(finding),
    severity: finding.severity,
    firstSeen: known?.firstSeen ?? at,
    lastSeen: at,
    runs: known?.runs ?? 1,
    notifiedAt: at,
    thread,
  };
}
