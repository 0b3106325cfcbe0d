import { z } from "zod";
import { upgradeFingerprint } from "../alerts/fingerprint.ts";
import type { LedgerEntry } from "../alerts/ledger.ts";

/** A ledger's file as it is stored, and as earlier versions stored it. */

export const SCHEMA = 1;

const severity = z.enum(["error", "warn"]);
const message = z.object({ channel: z.string(), ts: z.string() });
/** The fields that version 0.1 did not have follow from those that it had. */
const ledgerEntry = z
  .object({
    fingerprint: z.string().transform(upgradeFingerprint),
    name: z.string().nullable().default(null),
    secondKey: z.string().nullable().default(null),
    state: z.enum(["open", "recovered", "removed"]).default("open"),
    since: z.string().optional(),
    severity,
    firstSeen: z.string(),
    lastSeen: z.string(),
    runs: z.number(),
    told: z.enum(["error", "warn", "recovered", "removed"]).nullable().optional(),
    notifiedAt: z.string().nullable(),
    thread: message.nullable(),
    changes: z.array(z.string()).default([]),
    isFlapping: z.boolean().default(false),
    isMuted: z.boolean().default(false),
    clockFrom: z.string().nullable().optional(),
    remindedAt: z.string().nullable().default(null),
    overdueToldAt: z.string().nullable().default(null),
  })
  .transform(
    ({ since, told, clockFrom, ...entry }): LedgerEntry => ({
      ...entry,
      since: since ?? entry.firstSeen,
      told: told === undefined ? entry.severity : told,
      clockFrom: clockFrom === undefined ? (entry.severity === "warn" ? entry.firstSeen : null) : clockFrom,
    }),
  );
const unsettledPost = z.object({
  key: z.string(),
  channel: z.string(),
  thread: z.string().nullable().default(null),
  since: z.string(),
  at: z.string(),
  isKeyless: z.literal(true).optional(),
  week: z.string().nullable().default(null),
  told: z.array(z.object({ fingerprint: z.string(), severity: z.enum(["error", "warn", "overdue"]).nullable() })),
});
export const ledgerShape = z.object({
  scope: z.string(),
  lastRun: z.string().nullable(),
  recentRuns: z.array(z.string()).default([]),
  pauses: z.array(z.object({ from: z.string(), to: z.string() })).default([]),
  entries: z.array(ledgerEntry),
  boards: z
    .array(message.extend({ week: z.string(), opened: z.number(), fixed: z.number(), isClosed: z.boolean() }))
    .default([]),
  dailyAt: z.string().nullable().default(null),
  secondStarts: z
    .object({ day: z.string(), days: z.int().min(1).max(10_000) })
    .nullable()
    .default(null)
    .catch(null),
  mentioned: z
    .object({ day: z.string(), ids: z.array(z.string()) })
    .nullable()
    .default(null),
  expiredTold: z.array(z.string()).default([]),
  unsettled: z.array(unsettledPost).default([]),
});
/** The whole file: the ledgers are read one by one, as one of another scope may be of a newer version. */
export const envelope = z.object({ schema: z.literal(SCHEMA), ledgers: z.array(z.unknown()) });

/** Where a ledger is not one: words that follow the file's path. */
export function whereDamaged({ issues: [issue] }: z.ZodError): string {
  return `is damaged at ${issue?.path.join(".") || "its top"}`;
}
