import { describe, expect, it } from "vitest";
import type { Alert, Delivery } from "../../src/alerts/alert.ts";
import { decideAlerts } from "../../src/alerts/decide.ts";
import { recordDeliveries } from "../../src/alerts/record.ts";
import { aRun } from "../run/build.ts";
import { aRunFinding, aVerdict } from "../severity/build.ts";
import { ago, aLedger, anEntry, aPolicy, ERRORS, failed, failing, NOW, sent, WARNINGS } from "./build.ts";

const AT = new Date(NOW).toISOString();

/** A run from its verdict to its ledger; `deliver` is what became of the alerts. */
function play(
  verdict: Parameters<typeof recordDeliveries>[1],
  ledger: Parameters<typeof recordDeliveries>[0],
  deliver: (alert: Alert) => Delivery | null = (alert) => sent(alert),
) {
  const alerts = decideAlerts(verdict, ledger, aRun(), aPolicy(), NOW);
  const deliveries = alerts.map(deliver).filter((delivery) => delivery !== null);
  return recordDeliveries(ledger, verdict, alerts, deliveries, AT);
}

describe("the ledger after a run", () => {
  it("knows what was delivered, with the message that told it", () => {
    const ledger = play(aVerdict([failing("a"), failing("b", { severity: "warn" })]), aLedger());

    const told = { since: AT, firstSeen: AT, lastSeen: AT, notifiedAt: AT, runs: 1 };
    const ts = "1764000100.000001";
    expect(ledger).toEqual(
      aLedger(
        [
          anEntry("a", { ...told, severity: "error", thread: { channel: ERRORS, ts } }),
          anEntry("b", { ...told, severity: "warn", thread: { channel: WARNINGS, ts } }),
        ],
        { lastRun: AT },
      ),
    );
  });

  it.each<[what: string, deliver: (alert: Alert) => Delivery | null]>([
    ["failed", failed],
    ["has no delivery, since signalbox was killed", () => null],
  ])("does not know a problem whose message %s: it is new next time", (_, deliver) => {
    const verdict = aVerdict([failing("a")]);

    const ledger = play(verdict, aLedger(), deliver);

    expect(ledger.entries).toEqual([]);
    expect(decideAlerts(verdict, ledger, aRun(), aPolicy(), NOW)).toMatchObject([
      { items: [{ news: "opened", finding: failing("a") }] },
    ]);
  });

  it("takes each message on its own: one that failed does not hold up the other", () => {
    const verdict = aVerdict([failing("a"), failing("b", { severity: "warn" })]);

    const ledger = play(verdict, aLedger(), (alert) => (alert.channel === ERRORS ? failed(alert) : sent(alert)));

    expect(ledger.entries.map(({ fingerprint }) => fingerprint)).toEqual(["v1:test.shop.b"]);
  });

  it.each<Delivery["result"]>(["sent", "updated", "already-there"])("counts a message that was %s", (result) => {
    const ledger = play(aVerdict([failing("a")]), aLedger(), (alert) => ({ ...sent(alert), result }) as Delivery);

    expect(ledger.entries).toHaveLength(1);
  });

  it("believes no delivery of another key", () => {
    const ledger = play(aVerdict([failing("a")]), aLedger(), (alert) => ({ ...sent(alert), key: "776/1/error/x" }));

    expect(ledger.entries).toEqual([]);
  });

  it("counts the runs in which a problem was there, told or not, and leaves the rest as it was", () => {
    const known = anEntry("a", { firstSeen: ago(5), runs: 3, notifiedAt: ago(2) });
    const resting = anEntry("not-run", { runs: 2 });

    const ledger = play(aVerdict([failing("a")]), aLedger([known, resting]));

    expect(ledger.entries).toEqual([{ ...known, runs: 4, lastSeen: AT }, resting]);
    expect(ledger.lastRun).toBe(AT);
  });

  it("counts the runs of a muted problem too, without calling it told", () => {
    const known = anEntry("a", { runs: 3, notifiedAt: ago(99) });
    const muted = failing("a", { muted: { until: "2026-12-15", reason: "DATA-12" } });

    expect(play(aVerdict([muted]), aLedger([known])).entries).toEqual([{ ...known, runs: 4, lastSeen: AT }]);
  });

  it("does not open a muted problem", () => {
    const muted = failing("a", { muted: { until: "2026-12-15", reason: "DATA-12" } });

    expect(play(aVerdict([muted]), aLedger()).entries).toEqual([]);
  });

  it("keeps since when a problem is there when it is told again", () => {
    const known = anEntry("a", { firstSeen: ago(50), runs: 9, notifiedAt: ago(25) });

    const [entry] = play(aVerdict([failing("a")]), aLedger([known])).entries;

    expect(entry).toMatchObject({ firstSeen: ago(50), runs: 10, notifiedAt: AT, lastSeen: AT });
    expect(entry?.thread?.ts).toBe("1764000100.000001");
  });

  it("keeps it when a warning becomes an error, and is an error from then on", () => {
    const known = anEntry("a", { severity: "warn", firstSeen: ago(50), runs: 9 });

    const [entry] = play(aVerdict([failing("a")]), aLedger([known])).entries;

    expect(entry).toMatchObject({ severity: "error", firstSeen: ago(50), runs: 10, notifiedAt: AT });
  });

  it("stays a warning where the message of the error did not arrive, so that it is told as worse again", () => {
    const known = anEntry("a", { severity: "warn", notifiedAt: ago(2) });

    const ledger = play(aVerdict([failing("a")]), aLedger([known]), failed);

    expect(ledger.entries).toMatchObject([{ severity: "warn", notifiedAt: ago(2) }]);
    expect(decideAlerts(aVerdict([failing("a")]), ledger, aRun(), aPolicy(), NOW)).toMatchObject([
      { items: [{ news: "worse", finding: failing("a") }] },
    ]);
  });

  it("knows that an error is only a warning now, so that its way back to an error is told", () => {
    const warning = aVerdict([failing("a", { severity: "warn" })]);
    const error = aVerdict([failing("a")]);
    const first = play(error, aLedger());

    const second = play(warning, first);

    expect(second.entries).toMatchObject([{ severity: "warn", notifiedAt: AT, runs: 2 }]);
    expect(decideAlerts(error, second, aRun(), aPolicy(), NOW)).toMatchObject([
      { items: [{ news: "worse", finding: failing("a") }] },
    ]);
    const third = play(error, second, failed);
    expect(decideAlerts(error, third, aRun(), aPolicy(), NOW)).toMatchObject([
      { items: [{ news: "worse", finding: failing("a") }] },
    ]);
    expect(decideAlerts(error, play(error, third), aRun(), aPolicy(), NOW)).toEqual([]);
  });

  it("takes one problem of the run for another of its kind, told or not, and leaves other kinds", () => {
    const code = aVerdict([aRunFinding("dbt-failed", { failureClass: "code" })]);
    const before = aLedger([anEntry("run:dbt-failed:infrastructure"), anEntry("run:platform:unknown"), anEntry("a")]);

    const fingerprints = (ledger: typeof before) => ledger.entries.map(({ fingerprint }) => fingerprint);
    const others = ["v1:run:platform:unknown", "v1:test.shop.a"];
    expect(fingerprints(play(code, before))).toEqual([...others, "v1:run:dbt-failed:code"]);
    expect(fingerprints(play(code, before, failed))).toEqual(others);
  });

  it("forgets what has recovered once that is told, and not before", () => {
    const verdict = aVerdict([], { passed: ["test.shop.a"] });

    expect(play(verdict, aLedger([anEntry("a")])).entries).toEqual([]);
    expect(play(verdict, aLedger([anEntry("a")]), failed).entries).toEqual([anEntry("a")]);
  });

  it("tells a problem of the run that comes back after a good run, however soon", () => {
    const broken = aVerdict([aRunFinding("dbt-failed")]);
    const once = play(broken, aLedger());
    const good = play(aVerdict([], { passed: ["model.shop.a"] }), once);

    expect(decideAlerts(broken, good, aRun(), aPolicy(), NOW)).toMatchObject([
      { kind: "problems", items: [{ news: "opened", finding: aRunFinding("dbt-failed") }] },
    ]);
  });

  it("keeps its scope and its board", () => {
    const boards = [{ week: "2026-W48", channel: WARNINGS, ts: "1764000000.000002", opened: 2, fixed: 1 }];

    expect(play(aVerdict([failing("a")]), aLedger([], { boards }))).toMatchObject({
      scope: "acme/shop shop prod",
      boards,
    });
  });

  it("leaves the ledger that it was given as it was", () => {
    const before = aLedger([anEntry("a"), anEntry("b")]);
    const copy = structuredClone(before);

    play(aVerdict([failing("a")], { passed: ["test.shop.b"] }), before);

    expect(before).toEqual(copy);
  });
});
