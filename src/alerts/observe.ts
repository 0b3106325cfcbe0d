import type { Finding, Verdict } from "../severity/verdict.ts";
import { fingerprintOf, fingerprintOfNode, isReplaced, nameOfFingerprint, runTroubleOf } from "./fingerprint.ts";
import { freshEntry, type Ledger, type LedgerEntry } from "./ledger.ts";
import { withRenamed } from "./renamed.ts";
import { secondKeyOf } from "./second-key.ts";
import { maybeRecovered } from "./unsettled.ts";

/** What has become of every problem, as far as this run can tell; whom to tell is `decide.ts`'s. */

const HOUR_MS = 3600_000;
/** Changes within this time are flapping, and after it they no longer are. */
const FLAPPING_MS = 24 * HOUR_MS;
const CHANGES_OF_FLAPPING = 3;
const RECOVERED_KEPT_MS = 24 * HOUR_MS;
const REMOVED_KEPT_MS = 7 * 24 * HOUR_MS;

export interface Observed {
  readonly ledger: Ledger;
  /** This run's findings, by fingerprint. */
  readonly findings: ReadonlyMap<string, Finding>;
  /** Fingerprints of what ran and passed. */
  readonly passed: ReadonlySet<string>;
  /** Fingerprints of what the project has and switches off. */
  readonly disabled: ReadonlySet<string>;
}

/**
 * The ledger with what this run has seen. Recovered only where the same node ran and passed; gone from the manifest is
 * removed; skipped, disabled and not selected change nothing. What people have been told stays as it was.
 */
export function observe(ledger: Ledger, verdict: Verdict, nameOf: (finding: Finding) => string, now: number): Observed {
  const at = new Date(now).toISOString();
  const findings = new Map<string, Finding>();
  // Two tests of one alert_key are one problem: the worse one tells it.
  for (const finding of verdict.findings)
    if (!findings.has(fingerprintOf(finding))) findings.set(fingerprintOf(finding), finding);
  const facts = factsOf(verdict, findings);
  const maybeOver = new Set(maybeRecovered(ledger).map(({ fingerprint }) => fingerprint));
  const pausedMs = ledger.lastRun === null ? 0 : Math.max(0, now - Date.parse(ledger.lastRun)) || 0;

  const entries = new Map<string, LedgerEntry>();
  for (const entry of withRenamed(ledger.entries, verdict, findings)) {
    if (isReplaced(entry.fingerprint, verdict.findings)) continue;
    const finding = findings.get(entry.fingerprint);
    const known =
      maybeOver.has(entry.fingerprint) && entry.told !== null ? { ...entry, told: "recovered" as const } : entry;
    const next =
      finding === undefined
        ? withoutFinding(entry, facts, at, pausedMs)
        : withFinding(known, finding, nameOf(finding), at, pausedMs);
    if (next !== null) entries.set(next.fingerprint, next);
  }
  for (const [fingerprint, finding] of findings)
    if (!entries.has(fingerprint)) entries.set(fingerprint, newEntry(fingerprint, finding, nameOf(finding), at));
  return {
    ledger: { ...ledger, lastRun: at, entries: withoutForgotten([...entries.values()], now) },
    findings,
    passed: facts.passed,
    disabled: new Set(verdict.disabled.map((id) => fingerprintOfNode(id, null))),
  };
}

function newEntry(fingerprint: string, finding: Finding, name: string, at: string): LedgerEntry {
  const { severity, subject, muted } = finding;
  return {
    ...freshEntry(fingerprint, severity, at),
    name,
    secondKey: secondKeyOf(subject),
    changes: subject.kind === "node" ? [at] : [],
    isMuted: muted !== null,
  };
}

function withFinding(entry: LedgerEntry, finding: Finding, name: string, at: string, pausedMs: number): LedgerEntry {
  const { severity, subject } = finding;
  const begins = entry.state !== "open";
  const isMuted = finding.muted !== null;
  const isClockNew = severity === "warn" && (begins || entry.severity === "error" || entry.clockFrom === null);
  const clockFrom =
    severity === "error" ? null : isClockNew ? at : isMuted ? later(entry.clockFrom, pausedMs) : entry.clockFrom;
  const changes = changesOf(entry, at, begins && subject.kind === "node");
  return {
    ...entry,
    name,
    secondKey: secondKeyOf(subject),
    state: "open",
    since: begins ? at : entry.since,
    severity,
    firstSeen: begins ? at : entry.firstSeen,
    lastSeen: at,
    runs: begins ? 1 : entry.runs + 1,
    changes,
    // A day of nothing but failures is a plain failure.
    isFlapping: entry.isFlapping && changes.length > 0,
    isMuted,
    clockFrom,
    remindedAt: isClockNew || severity === "error" ? null : entry.remindedAt,
    overdueToldAt: isClockNew || severity === "error" ? null : entry.overdueToldAt,
  };
}

/** What a run tells of the nodes that it has no finding of. */
interface NodeFate {
  readonly passed: ReadonlySet<string>;
  readonly known: ReadonlySet<string>;
  /** Kept from running. */
  readonly held: ReadonlySet<string>;
  readonly ranSomething: boolean;
}

function factsOf(verdict: Verdict, findings: ReadonlyMap<string, Finding>): NodeFate {
  const keyOf = (id: string) => fingerprintOfNode(id, verdict.nodes[id]?.alertKey ?? null);
  const passed = new Set(verdict.passed.map(keyOf));
  const isHeldBack = verdict.findings.some(
    ({ subject, skipped }) => subject.kind === "node" && subject.type === "source" && skipped.length > 0,
  );
  const skipped = verdict.findings.flatMap((finding) => finding.skipped.map(keyOf));
  // Of several nodes with one alert_key the one that failed may be the one that was kept from running.
  const unknown = [...skipped, ...(verdict.unknownKeys ?? []).map((key) => fingerprintOfNode("", key))];
  for (const fingerprint of [...findings.keys(), ...unknown]) passed.delete(fingerprint);
  return {
    passed,
    known: new Set([...verdict.known, ...verdict.disabled].map((id) => fingerprintOfNode(id, null))),
    held: new Set([...verdict.neutral.map(keyOf), ...unknown]),
    // Of a build that was held back a look at the sources tells nothing.
    ranSomething: verdict.passed.some((id) => !isHeldBack || verdict.nodes[id]?.type !== "source"),
  };
}

function withoutFinding(entry: LedgerEntry, fate: NodeFate, at: string, pausedMs: number): LedgerEntry | null {
  const { fingerprint, state } = entry;
  const isOfRun = runTroubleOf(fingerprint) !== null;
  // What went wrong with the run itself is over with the first run that gets something done without it.
  const hasPassed = isOfRun ? fate.ranSomething : fate.passed.has(fingerprint);
  if (hasPassed && state !== "recovered") {
    const changes = changesOf(entry, at, state === "open" && !isOfRun);
    return { ...entry, state: "recovered", since: at, changes };
  }
  // A manifest without nodes is none: the project did not compile. Nobody knows the ids behind an alert_key.
  const isGone =
    !isOfRun &&
    !nameOfFingerprint(fingerprint).startsWith("key:") &&
    fate.known.size > 0 &&
    !fate.known.has(fingerprint);
  if (isGone && state === "open") return { ...entry, state: "removed", since: at, isFlapping: false };
  const isPaused = state === "open" && (entry.isMuted || fate.held.has(fingerprint));
  return {
    ...entry,
    changes: changesOf(entry, at, false),
    clockFrom: isPaused ? later(entry.clockFrom, pausedMs) : entry.clockFrom,
  };
}

/** Whether it comes and goes: not yet told as flapping, or told. */
export function comesAndGoes({ changes, isFlapping }: LedgerEntry): boolean {
  return isFlapping || changes.length >= CHANGES_OF_FLAPPING;
}

/** A flapping problem that has failed for the last time a day ago, in a run that it passes. */
export function hasStoppedFlapping({ isFlapping, state, lastSeen }: LedgerEntry, now: number): boolean {
  return isFlapping && state === "recovered" && !(now - Date.parse(lastSeen) < FLAPPING_MS);
}

function changesOf({ changes }: LedgerEntry, at: string, isChange: boolean): readonly string[] {
  const kept = changes.filter((change) => Math.abs(Date.parse(at) - Date.parse(change)) < FLAPPING_MS);
  return isChange ? [...kept, at] : kept;
}

function later(iso: string | null, byMs: number): string | null {
  const ms = Date.parse(iso ?? "") + byMs;
  return Number.isNaN(ms) ? iso : new Date(ms).toISOString();
}

/** What is over and told stays for a while, as it may come back, and while its message tells of others that are open. */
function withoutForgotten(entries: readonly LedgerEntry[], now: number): readonly LedgerEntry[] {
  const threads = new Set(entries.flatMap(({ told, thread }) => (told === "error" ? (thread?.ts ?? []) : [])));
  return entries.filter(({ state, told, since, thread, severity, isFlapping }) => {
    if (state === "open") return true;
    if (told === null) return false;
    if (told === "error" || told === "warn" || isFlapping) return true;
    if (severity === "error" && thread !== null && threads.has(thread.ts)) return true;
    return now - Date.parse(since) < (state === "removed" ? REMOVED_KEPT_MS : RECOVERED_KEPT_MS);
  });
}
