import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alert, Delivery } from "../../src/alerts/alert.ts";
import { weekFor } from "../../src/alerts/boards.ts";
import { decideAlerts } from "../../src/alerts/decide.ts";
import type { Ledger, LedgerEntry } from "../../src/alerts/ledger.ts";
import { mergeLedgers } from "../../src/alerts/merge.ts";
import { recordDeliveries } from "../../src/alerts/record.ts";
import { mayRepeat, settle, stillUnsettled, unsettledOf, withoutPassed } from "../../src/alerts/unsettled.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { aRun } from "../run/build.ts";
import { aVerdict } from "../severity/build.ts";
import { ago, aLedger, anEntry, aPolicy, ERRORS, failed, failing, HOUR_MS, NOW, sent, WARNINGS } from "./build.ts";

const BOARD = { channel: WARNINGS, ts: "1764000000.000002", week: "", opened: 0, fixed: 0, isClosed: false };
const AT = new Date(NOW).toISOString();
/** Without boards and edits. */
function decide(verdict: Verdict, ledger: Ledger, now = NOW, id = "777"): readonly Alert[] {
  return decideAll(verdict, ledger, now, id).alerts;
}

function decideAll(verdict: Verdict, ledger: Ledger, now = NOW, id = "777") {
  const decision = decideAlerts(verdict, ledger, aRun({ id }), aPolicy(), now);
  const alerts = decision.alerts.filter(({ kind, address }) => kind !== "board" && address.kind !== "edit");
  return { alerts, seen: decision.ledger ?? ledger };
}

/** The ledger after a run, whose deliveries are these. */
function record(
  ledger: Ledger,
  verdict: Verdict,
  deliver: (alert: Alert) => Delivery,
  { now = NOW, id = "777" } = {},
): Ledger {
  const { alerts, seen } = decideAll(verdict, ledger, now, id);
  return recordDeliveries(seen, alerts, alerts.map(deliver), aPolicy(), new Date(now).toISOString());
}

/** The answer was lost: it may be in its channel. */
function lost(alert: Alert, at = AT): Delivery {
  return {
    key: alert.key,
    result: "failed",
    code: "timeout",
    hint: "",
    mayBeIn: { channel: alert.channel, since: at },
  };
}

function ledgerAfterLoss(verdict: Verdict, before = aLedger()): { ledger: Ledger; alerts: readonly Alert[] } {
  return { ledger: record(before, verdict, (alert) => lost(alert)), alerts: decide(verdict, before) };
}

describe("a message whose answer was lost", () => {
  it("is in the ledger by its key, with what it told, and none of it counts as told", () => {
    const { ledger, alerts } = ledgerAfterLoss(aVerdict([failing("a"), failing("b")]));

    expect(ledger.entries.map(({ told }) => told)).toEqual([null, null]);
    expect(ledger.unsettled).toEqual([
      {
        key: alerts[0]?.key,
        channel: ERRORS,
        thread: null,
        since: AT,
        at: AT,
        week: null,
        told: [
          { fingerprint: "v1:test.shop.a", severity: "error" },
          { fingerprint: "v1:test.shop.b", severity: "error" },
        ],
      },
    ]);
  });

  it("that has arrived counts as told then, so that the next run says nothing of it", () => {
    const { ledger } = ledgerAfterLoss(aVerdict([failing("a")]));
    const [post] = ledger.unsettled;
    if (post === undefined) throw new Error("no post");

    const settled = settle(ledger, post, "1764000000.000009");

    const thread = { channel: ERRORS, ts: "1764000000.000009" };
    expect(settled.entries).toMatchObject([{ fingerprint: "v1:test.shop.a", notifiedAt: AT, thread }]);
    expect(settled.unsettled).toEqual([]);
    expect(decide(aVerdict([failing("a")]), settled, NOW + HOUR_MS)).toEqual([]);
  });

  it("that has not arrived is told again as new", () => {
    const { ledger } = ledgerAfterLoss(aVerdict([failing("a")]));
    const [post] = ledger.unsettled;
    if (post === undefined) throw new Error("no post");

    const settled = settle(ledger, post, null);

    expect(settled).toMatchObject({ entries: [{ told: null }], unsettled: [] });
    expect(decide(aVerdict([failing("a")]), settled)).toMatchObject([
      { items: [{ news: "opened", finding: failing("a") }] },
    ]);
  });

  it("of an escalation raises what is known, but for what a later message told or a downgrade took back", () => {
    const before = aLedger([anEntry("a", { severity: "warn", notifiedAt: ago(3) })]);
    const { ledger } = ledgerAfterLoss(aVerdict([failing("a")]), before);
    const [post] = ledger.unsettled;
    if (post === undefined) throw new Error("no post");

    expect(settle(ledger, post, "1.2").entries).toMatchObject([{ told: "error", runs: 2, notifiedAt: AT }]);
    const later = { ...ledger, entries: [anEntry("a", { notifiedAt: ago(-1) })] };
    expect(settle(later, post, "1.2").entries).toEqual(later.entries);
    const warned = record(ledger, aVerdict([failing("a", { severity: "warn" })]), failed, { now: NOW + HOUR_MS });
    expect(settle(warned, post, "1.2").entries).toMatchObject([{ severity: "warn", told: "error" }]);
  });

  it("of a recovery ends the problem where it has arrived", () => {
    const { ledger } = ledgerAfterLoss(aVerdict([], { passed: ["test.shop.a"] }), aLedger([anEntry("a")]));
    const [post] = ledger.unsettled;
    if (post === undefined) throw new Error("no post");

    expect(post.told).toEqual([{ fingerprint: "v1:test.shop.a", severity: null }]);
    expect(settle(ledger, post, "1.2")).toMatchObject({ entries: [{ told: "recovered" }], unsettled: [] });
    expect(settle(ledger, post, null)).toMatchObject({ entries: [{ state: "recovered", told: "error" }] });
  });

  it("of a recovery that nobody can look up: people may think that it is over, so a new failure is told, once", () => {
    const { ledger } = ledgerAfterLoss(aVerdict([], { passed: ["test.shop.a"] }), aLedger([anEntry("a")]));
    const fails = aVerdict([failing("a")]);

    const next = { now: NOW + HOUR_MS, id: "778" };
    expect(decide(fails, ledger, next.now, next.id)).toMatchObject([
      { kind: "problems", items: [{ news: "opened", finding: failing("a") }] },
    ]);
    const told = record(ledger, fails, (alert) => sent(alert), next);

    expect(told).toMatchObject({ unsettled: [], entries: [{ told: "error", notifiedAt: ago(-1) }] });
    expect(decide(fails, told, NOW + 1.5 * HOUR_MS, "779")).toEqual([]);
    const missed = record(ledger, fails, failed, next);
    expect(decide(fails, missed, NOW + 1.5 * HOUR_MS, "779")).toHaveLength(1);
  });

  it("of a recovery that was told before the last failure silences nothing and opens nothing", () => {
    const { ledger } = ledgerAfterLoss(aVerdict([], { passed: ["test.shop.a"] }), aLedger([anEntry("a")]));
    const later = { ...ledger, entries: [anEntry("a", { notifiedAt: ago(-1) })] };

    expect(decide(aVerdict([failing("a")]), later, NOW + 1.5 * HOUR_MS, "778")).toEqual([]);
  });

  it("that nobody can look up makes its next telling a possible repeat, once that is delivered no more", () => {
    const verdict = aVerdict([failing("a")]);
    const { ledger } = ledgerAfterLoss(verdict);
    const [alert] = decide(verdict, ledger, NOW + HOUR_MS, "778");
    if (alert === undefined) throw new Error("no alert");

    expect(mayRepeat(alert, ledger.unsettled)).toBe(true);
    expect(mayRepeat(alert, [])).toBe(false);
    const other = decide(aVerdict([failing("c")]), { ...ledger, entries: [] }, NOW + HOUR_MS, "778");
    expect(other.map((each) => mayRepeat(each, ledger.unsettled))).toEqual([false]);
    const at = ago(-1);
    expect(stillUnsettled(ledger.unsettled, [alert], [sent(alert)], at)).toEqual([]);
    expect(stillUnsettled(ledger.unsettled, [alert], [failed(alert)], at)).toEqual(ledger.unsettled);
    expect(stillUnsettled(ledger.unsettled, [], [], at)).toEqual(ledger.unsettled);
    expect(stillUnsettled(ledger.unsettled, [], [], ago(-24 * 8))).toEqual([]);
    const [post] = ledger.unsettled;
    expect(post && withoutPassed(post, ["test.shop.a"]).told).toEqual([]);
  });

  it("is recorded for the channel that it went to, and dropped once its fate is known", () => {
    const verdict = aVerdict([failing("a")]);
    const alerts = decide(verdict, aLedger());
    const ahead = { ...aLedger(), unsettled: unsettledOf(alerts, AT, AT) };
    const [alert] = alerts;
    if (alert === undefined) throw new Error("no alert");
    const inFallback = { ...lost(alert), mayBeIn: { channel: "C0FALLBACK", since: AT } } as Delivery;

    const kept = (delivery: Delivery) => recordDeliveries(ahead, alerts, [delivery], aPolicy(), AT).unsettled;
    expect(kept(inFallback)).toMatchObject([{ key: alert.key, channel: "C0FALLBACK" }]);
    expect(kept(sent(alert))).toEqual([]);
    expect(kept(failed(alert))).toEqual([]);
  });
});

describe("runs whose messages arrive, do not, or lose their answers", () => {
  type Fate = "sent" | "refused" | "lost, arrived" | "lost, gone" | "killed, arrived" | "killed, gone";
  const FATES: Fate[] = ["sent", "refused", "lost, arrived", "lost, gone", "killed, arrived", "killed, gone"];
  const story = fc.array(
    fc.record({ seen: fc.constantFrom("error", "warn", "passed", "not run"), fate: fc.constantFrom(...FATES) }),
    { minLength: 1, maxLength: 12 },
  );

  it("tell each piece of news once where the channel's history can be read", () => {
    fc.assert(
      fc.property(story, (runs) => {
        const channel = new Set<string>();
        let stored: Ledger = aLedger();
        let believed: "error" | "warn" | "passed" = "passed";
        // What the ledger has of the last run that saw it.
        let known: "error" | "warn" | "passed" = "passed";
        for (const [index, { seen, fate }] of runs.entries()) {
          // Far enough apart that nothing comes and goes within a day, and before the daily message.
          const now = NOW + index * 30 * HOUR_MS;
          const at = new Date(now).toISOString();
          for (const post of stored.unsettled) stored = settle(stored, post, channel.has(post.key) ? "1.2" : null);
          const findings = seen === "error" || seen === "warn" ? [failing("a", { severity: seen })] : [];
          const verdict = aVerdict(findings, { passed: seen === "passed" ? ["test.shop.a"] : [] });
          const decision = decideAlerts(
            verdict,
            { ...stored, dailyAt: at, boards: [{ ...BOARD, week: weekFor(stored, aPolicy(), now) }] },
            aRun({ id: String(index) }),
            aPolicy({ warnSlaSeconds: 366 * 86_400 }),
            now,
          );
          const alerts = decision.alerts.filter(({ kind, address }) => kind !== "board" && address.kind !== "edit");

          const actual: "error" | "warn" | "passed" = seen === "not run" ? known : seen;
          expect(alerts.length, `run ${index}`).toBe(actual === believed ? 0 : 1);

          stored = { ...stored, unsettled: [...stored.unsettled, ...unsettledOf(alerts, at, at)] };
          if (alerts.length > 0 && (fate === "sent" || fate.endsWith("arrived"))) {
            for (const { key } of alerts) channel.add(key);
            believed = actual;
            known = actual;
          }
          if (fate.startsWith("killed") && alerts.length > 0) continue;
          known = actual;
          const deliver = { sent: (alert: Alert) => sent(alert), refused: failed } as Record<
            string,
            (alert: Alert) => Delivery
          >;
          const deliveries = alerts.map(deliver[fate] ?? ((alert) => lost(alert, at)));
          const after = { ...(decision.ledger ?? stored), unsettled: stored.unsettled };
          stored = recordDeliveries(after, alerts, deliveries, aPolicy(), at);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("two ledgers of one scope", () => {
  const base = aLedger([anEntry("a"), anEntry("b"), anEntry("c")]);
  const names = ({ entries }: Ledger) => entries.map(({ fingerprint }) => fingerprint.at(-1)).join("");

  it("are ours where nobody else has written", () => {
    const ours = aLedger([anEntry("a", { runs: 9 })]);

    expect(mergeLedgers(base, base, ours)).toEqual(ours);
  });

  it("keep what each has added, and what one alone has ended stays ended", () => {
    const theirs = aLedger([anEntry("a"), anEntry("b"), anEntry("d")]);
    const ours = aLedger([anEntry("b"), anEntry("c"), anEntry("e")]);

    expect(
      names(mergeLedgers(base, theirs, ours))
        .split("")
        .sort()
        .join(""),
    ).toBe("bde");
  });

  it("keep a problem that one has ended and the other has told again", () => {
    const told = anEntry("a", { notifiedAt: AT });

    expect(mergeLedgers(base, aLedger([]), aLedger([told])).entries).toContainEqual(told);
    expect(mergeLedgers(base, aLedger([told]), aLedger([])).entries).toContainEqual(told);
  });

  it("remember that the other has told a warning's deadline, unless the problem has begun anew", () => {
    const told = anEntry("a", { overdueToldAt: AT, remindedAt: AT });
    const both = (our: Partial<LedgerEntry>) =>
      mergeLedgers(base, aLedger([told]), aLedger([anEntry("a", { runs: 9, ...our })])).entries[0];

    expect(both({})).toMatchObject({ runs: 9, overdueToldAt: AT, remindedAt: AT });
    expect(both({ firstSeen: "2099-01-01T00:00:00.000Z" })).toMatchObject({ overdueToldAt: null, remindedAt: null });
  });
});
