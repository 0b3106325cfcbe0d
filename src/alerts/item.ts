import { isPassing } from "../severity/failure.ts";
import type { Finding } from "../severity/verdict.ts";
import type { AlertItem, News } from "./alert.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { LedgerEntry } from "./ledger.ts";
import { comesAndGoes, hasStoppedFlapping, type Observed } from "./observe.ts";
import type { AlertPolicy } from "./policy.ts";

/** A problem in the ledger, with what is new about it in this run. */
export interface Piece {
  readonly entry: LedgerEntry;
  readonly finding: Finding | null;
  /** What a message of its own tells; null: nothing. */
  readonly news: News | null;
  readonly isDisabled: boolean;
}

/** Each entry with its news: the difference between what is and what people have been told. */
export function piecesOf(
  { ledger, findings, passed, disabled }: Observed,
  policy: Pick<AlertPolicy, "alertAfter">,
  now: number,
): readonly Piece[] {
  return ledger.entries.map((entry) => {
    const finding = findings.get(entry.fingerprint) ?? null;
    return {
      entry,
      finding,
      news: newsOf(entry, finding, {
        alertAfter: policy.alertAfter,
        hasStopped: passed.has(entry.fingerprint) && hasStoppedFlapping(entry, now),
      }),
      isDisabled: entry.state === "open" && disabled.has(entry.fingerprint),
    };
  });
}

function newsOf(
  entry: LedgerEntry,
  finding: Finding | null,
  { alertAfter, hasStopped }: { readonly alertAfter: number; readonly hasStopped: boolean },
): News | null {
  const { state, told, severity, isMuted, isFlapping } = entry;
  if (isMuted) return null;
  if (told === "warn" && severity === "error" && state === "open") return "worse";
  if (isFlapping) return hasStopped ? "recovered" : null;
  // A warning's line stands on the board, which lists what is open.
  if (told !== null && comesAndGoes(entry) && (state === "open" || (state === "recovered" && severity === "error")))
    return "flapping";
  if (state !== "open") return told === "error" || told === "warn" ? state : null;
  if (told === "error") return severity === "warn" ? "better" : null;
  if (told === "warn") return null;
  return isDelayed(entry, finding, alertAfter) ? null : "opened";
}

/** One run may be bad luck; an error in data or code never is. */
function isDelayed({ severity, runs }: LedgerEntry, finding: Finding | null, alertAfter: number): boolean {
  return runs < alertAfter && (severity === "warn" || (finding !== null && isPassing(finding.failureClass)));
}

/** Of a warning: when it is overdue. `null` for an error. */
export function dueAtOf({ severity, clockFrom }: LedgerEntry, slaSeconds: number): number | null {
  const from = Date.parse(clockFrom ?? "");
  return severity === "error" || Number.isNaN(from) ? null : from + slaSeconds * 1000;
}

/** As a message tells it; `news` where it differs from the piece's own. */
export function itemOf(
  { entry, finding, isDisabled, news: own }: Piece,
  { warnSlaSeconds }: Pick<AlertPolicy, "warnSlaSeconds">,
  news: News | null = own,
): AlertItem {
  const due = dueAtOf(entry, warnSlaSeconds);
  return {
    fingerprint: entry.fingerprint,
    name: entry.name,
    severity: entry.severity,
    state: isDisabled ? "disabled" : entry.state,
    news,
    finding,
    firstSeen: entry.firstSeen,
    lastSeen: entry.lastSeen,
    runs: entry.runs,
    endedAt: entry.state === "open" ? null : entry.since,
    owner: finding != null && finding.subject.kind !== "run" ? finding.subject.owner : null,
    parent: entry.thread,
    isMuted: entry.isMuted,
    isFlapping: entry.isFlapping || news === "flapping",
    dueAt: due === null || entry.state !== "open" ? null : new Date(due).toISOString(),
  };
}

/** Where nobody knows of earlier runs. */
export function itemWithoutLedger(finding: Finding, { nameOf }: Pick<AlertPolicy, "nameOf">): AlertItem {
  return {
    fingerprint: fingerprintOf(finding),
    name: nameOf(finding),
    severity: finding.severity,
    state: "open",
    news: "opened",
    finding,
    firstSeen: null,
    lastSeen: null,
    runs: null,
    endedAt: null,
    owner: finding.subject.kind !== "run" ? finding.subject.owner : null,
    parent: null,
    isMuted: false,
    isFlapping: false,
    dueAt: null,
  };
}

/** Whether it is over, for good or for now: what is disabled is not. */
export function isOver({ state }: Pick<AlertItem, "state">): boolean {
  return state === "recovered" || state === "removed";
}
