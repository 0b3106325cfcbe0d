import { createHash } from "node:crypto";
import type { Alert, AlertItem, Delivery, ProblemsAlert } from "../../src/alerts/alert.ts";
import { fingerprintOf } from "../../src/alerts/fingerprint.ts";
import { emptyLedger, type Ledger, type LedgerEntry } from "../../src/alerts/ledger.ts";
import type { AlertPolicy } from "../../src/alerts/policy.ts";
import { openZone } from "../../src/alerts/zone.ts";
import type { Finding } from "../../src/severity/verdict.ts";
import { aFinding, aSubject } from "../severity/build.ts";

export const HOUR_MS = 3600_000;
export const NOW = Date.parse("2026-11-25T07:00:00Z");
export const ERRORS = "C0ERRORS01";
export const WARNINGS = "C0WARNINGS";

export const ago = (hours: number): string => new Date(NOW - hours * HOUR_MS).toISOString();

/** A failing test `test.shop.<name>`. */
export function failing(name: string, overrides: Partial<Finding> = {}): Finding {
  return aFinding({ subject: aSubject({ id: `test.shop.${name}`, name }), ...overrides });
}

/** `a` is the test `test.shop.a`; a name with a colon is a fingerprint without its version. */
export function anEntry(name: string, overrides: Partial<LedgerEntry> = {}): LedgerEntry {
  const severity = overrides.severity ?? "error";
  return {
    fingerprint: `v1:${name.includes(":") ? name : `test.shop.${name}`}`,
    name: `${name} · not_null test`,
    secondKey: null,
    state: "open",
    since: ago(1),
    severity,
    firstSeen: ago(1),
    lastSeen: ago(1),
    runs: 1,
    told: severity,
    notifiedAt: ago(1),
    thread: { channel: ERRORS, ts: "1764000000.000001" },
    changes: [],
    isFlapping: false,
    isMuted: false,
    clockFrom: severity === "warn" ? ago(1) : null,
    remindedAt: null,
    overdueToldAt: null,
    ...overrides,
  };
}

export function aLedger(entries: readonly LedgerEntry[] = [], overrides: Partial<Ledger> = {}): Ledger {
  return { ...emptyLedger("acme/shop shop prod"), lastRun: ago(1), entries, ...overrides };
}

const UTC = openZone("UTC");

/** Two channels, nobody mentioned, the daily message at 09:00 UTC. */
export function aPolicy(overrides: Partial<AlertPolicy> = {}): AlertPolicy {
  return {
    channelOf: ({ severity }) => (severity === "error" ? ERRORS : WARNINGS),
    mentionsOf: () => [],
    nameOf: ({ subject }) =>
      subject.kind === "node"
        ? `${subject.name} · ${subject.test} test`
        : subject.kind === "run"
          ? subject.what
          : subject.tool,
    digest: (text) => createHash("sha256").update(text).digest("hex").slice(0, 12),
    errorChannel: ERRORS,
    warnChannel: WARNINGS,
    zone: UTC,
    dailyAtMinutes: 9 * 60,
    repeat: "channel",
    warnSlaSeconds: 7 * 86_400,
    alertAfter: 1,
    expired: [],
    isLedgerOnBoard: false,
    ...overrides,
  };
}

export function sent({ key, channel }: Alert, ts = "1764000100.000001"): Delivery {
  return { key, result: "sent", channel, ts };
}

export function failed({ key }: Alert): Delivery {
  return { key, result: "failed", code: "channel_not_found", hint: "invite the bot" };
}

/** A problem as a message tells it. */
export function anItem(finding: Finding, overrides: Partial<AlertItem> = {}): AlertItem {
  return {
    fingerprint: fingerprintOf(finding),
    name: null,
    severity: finding.severity,
    state: "open",
    news: "opened",
    finding,
    firstSeen: null,
    lastSeen: null,
    runs: null,
    endedAt: null,
    owner: null,
    parent: null,
    isMuted: false,
    isFlapping: false,
    dueAt: null,
    ...overrides,
  };
}

/** New problems at the top of a channel. */
export function problemsAlert(findings: readonly Finding[], overrides: Partial<ProblemsAlert> = {}): ProblemsAlert {
  const severity = overrides.severity ?? "error";
  return {
    kind: "problems",
    key: `777/1/${severity}`,
    severity,
    channel: severity === "error" ? ERRORS : WARNINGS,
    address: { kind: "channel" },
    items: findings.map((finding) => anItem(finding)),
    mentions: [],
    ...overrides,
  };
}
