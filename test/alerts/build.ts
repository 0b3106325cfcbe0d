import { createHash } from "node:crypto";
import type { Alert, Delivery, Ledger, LedgerEntry } from "../../src/alerts/alert.ts";
import type { AlertPolicy } from "../../src/alerts/decide.ts";
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
  return {
    fingerprint: `v1:${name.includes(":") ? name : `test.shop.${name}`}`,
    severity: "error",
    firstSeen: ago(1),
    lastSeen: ago(1),
    runs: 1,
    notifiedAt: ago(1),
    thread: { channel: ERRORS, ts: "1764000000.000001" },
    ...overrides,
  };
}

export function aLedger(entries: readonly LedgerEntry[] = [], overrides: Partial<Ledger> = {}): Ledger {
  return { scope: "acme/shop shop prod", lastRun: ago(1), entries, board: null, unsettled: [], ...overrides };
}

/** Two channels, nobody mentioned, told again after a day. */
export function aPolicy(overrides: Partial<AlertPolicy> = {}): AlertPolicy {
  return {
    channelOf: ({ severity }) => (severity === "error" ? ERRORS : WARNINGS),
    mentionsOf: () => [],
    digest: (text) => createHash("sha256").update(text).digest("hex").slice(0, 12),
    repeatSeconds: 86_400,
    ...overrides,
  };
}

export function sent({ key, channel }: Alert, ts = "1764000100.000001"): Delivery {
  return { key, result: "sent", channel, ts };
}

export function failed({ key }: Alert): Delivery {
  return { key, result: "failed", code: "channel_not_found", hint: "invite the bot" };
}
