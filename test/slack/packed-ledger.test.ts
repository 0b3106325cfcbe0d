import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyLedger, type Ledger, type LedgerEntry } from "../../src/alerts/ledger.ts";
import { boardPayloads } from "../../src/slack/board-payload.ts";
import { createReader, createWriter, joinColumns } from "../../src/slack/bytes.ts";
import { type Candidates, packLedger, THIS_MESSAGE, unpackLedger } from "../../src/slack/packed-ledger.ts";
import { anEntry, ERRORS, NOW, WARNINGS } from "../alerts/build.ts";

const SELF = { channel: WARNINGS, ts: "1795590000.000100" };
const MINUTE_MS = 60_000;
const NOTHING: Candidates = { fingerprints: new Map(), secondKeys: [], mentions: [], expired: [] };

const minutesAgo = fc
  .integer({ min: 0, max: 600_000 })
  .map((minutes) => new Date(NOW - minutes * MINUTE_MS).toISOString());
const orNone = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const message = fc.constantFrom(
  SELF,
  { channel: ERRORS, ts: "1795580000.000001" },
  { channel: "C0FINANCE1", ts: "1795580001.999999" },
);
const entry: fc.Arbitrary<LedgerEntry> = fc
  .record({
    name: fc.constant(null),
    secondKey: orNone(fc.constantFrom("model.shop.a|id|unique", "model.shop.b||not_null")),
    state: fc.constantFrom("open", "recovered", "removed"),
    since: minutesAgo,
    severity: fc.constantFrom("error", "warn"),
    firstSeen: minutesAgo,
    lastSeen: minutesAgo,
    runs: fc.integer({ min: 1, max: 20_000 }),
    told: fc.constantFrom(null, "error", "warn", "recovered", "removed"),
    notifiedAt: orNone(minutesAgo),
    thread: orNone(message),
    changes: fc.array(minutesAgo, { maxLength: 4 }),
    isFlapping: fc.boolean(),
    isMuted: fc.boolean(),
    clock: minutesAgo,
    remindedAt: orNone(minutesAgo),
    overdueToldAt: orNone(minutesAgo),
  } as const)
  .map(({ clock, ...rest }) => ({
    ...rest,
    fingerprint: "",
    clockFrom: rest.severity === "warn" ? clock : null,
  })) as unknown as fc.Arbitrary<LedgerEntry>;

const ledgers: fc.Arbitrary<Ledger> = fc.record({
  scope: fc.constant("s"),
  lastRun: fc.constant(new Date(NOW).toISOString()),
  recentRuns: fc.array(minutesAgo, { maxLength: 10 }),
  pauses: fc.array(fc.record({ from: minutesAgo, to: minutesAgo }), { maxLength: 4 }),
  entries: fc
    .array(entry, { maxLength: 20 })
    .map((all) =>
      all.map((each, index) => ({ ...each, fingerprint: `v1:${index % 3 === 0 ? "key:" : "test.shop."}${index}` })),
    ),
  boards: fc
    .array(
      fc.record({
        message,
        week: fc.constantFrom("2026-W48", "2027-W01"),
        opened: fc.integer({ min: 0, max: 300 }),
        fixed: fc.integer({ min: 0, max: 300 }),
        isClosed: fc.boolean(),
      }),
      { maxLength: 3 },
    )
    .map((all) => all.map(({ message: ref, ...board }) => ({ ...ref, ...board }))),
  dailyAt: orNone(minutesAgo),
  secondStarts: orNone(fc.record({ day: fc.constant("2026-11-30"), days: fc.integer({ min: 1, max: 400 }) })),
  mentioned: orNone(fc.constant({ day: "2026-11-25", ids: ["S0AAAAAAA"] })),
  expiredTold: fc.constantFrom([], ["m1"]),
  unsettled: fc.constant([]),
});

function candidatesFor({ entries }: Ledger): Candidates {
  return {
    fingerprints: new Map(entries.map(({ fingerprint, name }) => [fingerprint, name])),
    secondKeys: ["model.shop.a|id|unique", "model.shop.b||not_null"],
    mentions: ["S0AAAAAAA", "U0BBBBBBB"],
    expired: ["m1", "m2"],
  };
}

describe("a ledger in a text", () => {
  it("is what it was, to the minute", () => {
    fc.assert(
      fc.property(ledgers, (ledger) => {
        expect(unpackLedger(packLedger(ledger), "s", SELF, candidatesFor(ledger))).toEqual(ledger);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps hashes that nothing is known of, from one text to the next", () => {
    fc.assert(
      fc.property(ledgers, (ledger) => {
        const once = unpackLedger(packLedger(ledger), "s", SELF, NOTHING);
        const twice = once === null ? null : unpackLedger(packLedger(once), "s", SELF, candidatesFor(ledger));

        expect(twice?.entries).toEqual(ledger.entries);
      }),
      { numRuns: 100 },
    );
  });

  it("holds 200 warnings in what a message's metadata takes", () => {
    const entries = Array.from({ length: 200 }, (_, index) =>
      anEntry(`warning_${index}`, {
        severity: "warn",
        firstSeen: new Date(NOW - index * 77 * MINUTE_MS).toISOString(),
        since: new Date(NOW - index * 77 * MINUTE_MS).toISOString(),
        clockFrom: new Date(NOW - index * 77 * MINUTE_MS).toISOString(),
        lastSeen: new Date(NOW).toISOString(),
        secondKey: `model.shop.m${index}|id|not_null`,
        runs: 100 + index,
        thread: SELF,
      }),
    );

    const [payload, ...others] =
      boardPayloads({ ...emptyLedger("s"), lastRun: new Date(NOW).toISOString(), entries }, "scope1") ?? [];

    expect(others).toEqual([]);
    expect(JSON.stringify(payload).length).toBeLessThanOrEqual(3_000);
  });

  it("names the message that it stands in by a word of its own", () => {
    const board = { channel: WARNINGS, ts: THIS_MESSAGE, week: "2026-W48", opened: 1, fixed: 0, isClosed: false };
    const ledger = { ...emptyLedger("s"), boards: [board], entries: [anEntry("a", { thread: board })] };

    const read = unpackLedger(packLedger(ledger), "s", SELF, NOTHING);

    expect(read?.boards).toEqual([{ ...board, ...SELF }]);
    expect(read?.entries[0]?.thread).toEqual(SELF);
  });

  it("is none where it is damaged, cut off, or of a later version; nothing makes it hang or throw", () => {
    const whole = packLedger({ ...emptyLedger("s"), entries: [anEntry("a")], lastRun: new Date(NOW).toISOString() });

    const later = joinColumns([Uint8Array.of(2), ...Array<Uint8Array>(9).fill(Uint8Array.of())]);
    for (const text of ["", "x", whole.slice(0, -3), later, "_".repeat(4000)])
      expect(unpackLedger(text, "s", SELF, NOTHING)).toBeNull();
    fc.assert(
      fc.property(fc.base64String({ maxLength: 400 }), (text) => {
        unpackLedger(text, "s", SELF, NOTHING);
        unpackLedger(
          joinColumns([Uint8Array.of(1), Buffer.from(text), ...Array(8).fill(Buffer.from(text))]),
          "s",
          SELF,
          NOTHING,
        );
      }),
    );
  });
});

describe("bytes", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.maxSafeNat(), fc.nat(300))), fc.string(), (numbers, text) => {
        const out = createWriter();
        for (const number of numbers) out.number(number);
        out.text(text);
        const read = createReader(out.done());

        expect(numbers.map(() => read.number())).toEqual(numbers);
        expect(read.text()).toBe(Buffer.from(text, "utf8").toString("utf8"));
      }),
    );
  });
});
