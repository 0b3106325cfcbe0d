import { describe, expect, it } from "vitest";
import type { Alert, Delivery } from "../../src/alerts/alert.ts";
import { decideAlerts } from "../../src/alerts/decide.ts";
import { emptyLedger } from "../../src/alerts/ledger.ts";
import { recordDeliveries } from "../../src/alerts/record.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { aRun } from "../run/build.ts";
import { aRunFinding, aVerdict } from "../severity/build.ts";
import { ago, aLedger, anEntry, aPolicy, ERRORS, failed, failing, NOW, sent, WARNINGS } from "./build.ts";
import { arrive, createPlay } from "./play.ts";

const AT = new Date(NOW).toISOString();
const passes = (...names: string[]) => aVerdict([], { passed: names.map((name) => `test.shop.${name}`) });
const SECOND_KEY = "model.shop.orders|id|not_null";

function decide(verdict: Verdict) {
  const { alerts, ledger } = decideAlerts(verdict, emptyLedger("acme/shop shop prod"), aRun(), aPolicy(), NOW);
  if (ledger === null) throw new Error("no ledger");
  return { alerts, ledger };
}

describe("the ledger after a run", () => {
  it("knows what was delivered, with the message that told it: of an error its own, of a warning the board", () => {
    const { ledger } = createPlay()(0, aVerdict([failing("a"), failing("b", { severity: "warn" })]));

    const told = {
      name: "a · not_null test",
      secondKey: SECOND_KEY,
      since: AT,
      firstSeen: AT,
      lastSeen: AT,
      notifiedAt: AT,
      runs: 1,
      changes: [AT],
    };
    const second = NOW / 1000;
    expect(ledger).toEqual({
      ...emptyLedger("acme/shop shop prod"),
      lastRun: AT,
      recentRuns: [AT],
      dailyAt: AT,
      entries: [
        anEntry("a", { ...told, severity: "error", thread: { channel: ERRORS, ts: `${second}.000001` } }),
        anEntry("b", {
          ...told,
          name: "b · not_null test",
          severity: "warn",
          clockFrom: AT,
          thread: { channel: WARNINGS, ts: `${second}.000002` },
        }),
      ],
      boards: [{ channel: WARNINGS, ts: `${second}.000002`, week: "2026-W48", opened: 1, fixed: 0, isClosed: false }],
    });
  });

  it.each<[what: string, deliver: (alert: Alert) => Delivery | null]>([
    ["failed", failed],
    ["has no delivery, since signalbox was killed", () => null],
  ])("knows that nobody has read a problem whose message %s: it is told next time, with its age", (_, deliver) => {
    const play = createPlay();
    play(0, aVerdict([failing("a")]), { deliver });

    const next = play(1, aVerdict([failing("a")]));

    expect(next.posts).toEqual([`${ERRORS}: problems opened a`, `${WARNINGS}: board open (0/0/0) a`]);
    expect(next.alerts[0]?.items).toMatchObject([{ firstSeen: AT, runs: 2 }]);
  });

  it("takes each message on its own: one that failed does not hold up the other", () => {
    const play = createPlay();
    const deliver = (alert: Alert, ts: string) => (alert.channel === ERRORS ? failed(alert) : arrive(alert, ts));

    const { ledger } = play(0, aVerdict([failing("a"), failing("b", { severity: "warn" })]), { deliver });

    expect(ledger.entries.map(({ fingerprint, told, notifiedAt }) => [fingerprint, told, notifiedAt])).toEqual([
      ["v1:test.shop.a", null, null],
      ["v1:test.shop.b", "warn", AT],
    ]);
  });

  it("counts runs and remembers when a problem was seen first, whether or not it is told", () => {
    const play = createPlay();
    const [first] = play(0, aVerdict([failing("a")])).ledger.entries;
    for (const hours of [0.5, 1]) play(hours, aVerdict([failing("a")]));

    expect(play.ledger().entries).toEqual([{ ...first, firstSeen: AT, lastSeen: ago(-1), runs: 3 }]);
  });

  it("leaves what was not run as it was", () => {
    const resting = anEntry("not-run", { runs: 2 });

    expect(createPlay({}, aLedger([resting]))(0, aVerdict([failing("a")])).ledger.entries[0]).toEqual(resting);
  });

  it.each<Delivery["result"]>(["sent", "updated", "already-there"])("counts a message that was %s", (result) => {
    const { alerts, ledger } = decide(aVerdict([failing("a")]));
    const deliveries = alerts.map((alert) => ({ ...sent(alert), result }) as Delivery);

    expect(recordDeliveries(ledger, alerts, deliveries, aPolicy(), AT).entries).toMatchObject([
      { told: "error", notifiedAt: AT, thread: { channel: ERRORS, ts: "1764000100.000001" } },
    ]);
  });

  it("believes no delivery of another key", () => {
    const { alerts, ledger } = decide(aVerdict([failing("a")]));
    const deliveries = alerts.map((alert) => ({ ...sent(alert), key: "776/1/error/x" }));

    expect(recordDeliveries(ledger, alerts, deliveries, aPolicy(), AT)).toEqual(ledger);
  });

  it("counts the runs of a muted problem, and says nothing of it", () => {
    const known = anEntry("a", { runs: 3, firstSeen: ago(99), notifiedAt: ago(99), secondKey: SECOND_KEY });
    const muted = aVerdict([failing("a", { muted: { until: "2026-12-15", reason: "DATA-12" } })]);
    const { ledger, alerts } = createPlay({}, aLedger([known]))(0, muted);

    expect(ledger.entries).toEqual([{ ...known, runs: 4, lastSeen: AT, isMuted: true }]);
    expect(alerts.filter(({ kind }) => kind !== "board")).toEqual([]);
    expect(createPlay()(0, muted).alerts).toEqual([]);
  });

  it("keeps an escalation for the next run where its message fails, and says it once", () => {
    const play = createPlay();
    play(0, aVerdict([failing("a", { severity: "warn" })]));
    const error = aVerdict([failing("a")]);

    const missed = play(1, error, { deliver: failed });
    expect(missed.posts).toEqual([`${ERRORS}: problems worse a`]);
    expect(missed.ledger.entries).toMatchObject([{ severity: "error", told: "warn", notifiedAt: AT }]);
    expect(play(1.5, error).posts).toEqual([`${ERRORS}: problems worse a`]);
    expect(play(1.6, error).posts).toEqual([]);
    expect(play.ledger().entries).toMatchObject([
      { severity: "error", told: "error", firstSeen: AT, runs: 4, notifiedAt: ago(-1.5) },
    ]);
  });

  it("knows that an error is only a warning now, so that the next escalation is told", () => {
    const play = createPlay();
    const [error, warning] = [aVerdict([failing("a")]), aVerdict([failing("a", { severity: "warn" })])];
    play(0, error);

    expect(play(0.5, warning).posts).toEqual([`thread ${ERRORS}: downgraded better a`]);
    expect(play.ledger().entries).toMatchObject([{ severity: "warn", told: "warn", notifiedAt: ago(-0.5), runs: 2 }]);
    expect(play(1, error).posts).toEqual([`${ERRORS}: problems worse a`]);
  });

  it("takes one problem of the run for another of its kind, told or not, and leaves other kinds", () => {
    const code = aVerdict([aRunFinding("dbt-failed", { failureClass: "code" })]);
    const before = aLedger([anEntry("run:dbt-failed:infrastructure"), anEntry("run:platform:unknown"), anEntry("a")]);
    const told = (deliver: typeof failed | undefined) =>
      createPlay({}, before)(0, code, deliver === undefined ? {} : { deliver }).ledger.entries.map(
        (entry) => `${entry.fingerprint} ${entry.told}`,
      );

    const others = ["v1:run:platform:unknown error", "v1:test.shop.a error"];
    expect(told(undefined)).toEqual([...others, "v1:run:dbt-failed:code error"]);
    expect(told(failed)).toEqual([...others, "v1:run:dbt-failed:code null"]);
  });

  it("tells a recovery until it is delivered, and forgets it a day later", () => {
    const play = createPlay();
    play(0, aVerdict([failing("a")]));

    const answer = `thread ${ERRORS}: recovered a`;
    expect(play(1, passes("a"), { deliver: failed }).posts).toEqual([answer]);
    expect(play(1.5, passes("a")).posts).toEqual([answer]);
    expect(play(2, passes("a")).posts).toEqual([]);
    expect(play(24.9, passes("a")).ledger.entries).toMatchObject([
      { fingerprint: "v1:test.shop.a", state: "recovered", told: "recovered", since: ago(-1), notifiedAt: ago(-1.5) },
    ]);
    expect(play(25, passes("a")).ledger.entries).toEqual([]);
  });

  it("says that a test is gone once, and remembers it for a week", () => {
    const play = createPlay();
    play(0, aVerdict([failing("a")]));
    const gone = aVerdict([], { passed: ["test.shop.b"], known: ["test.shop.b"] });

    expect(play(1, gone).posts).toEqual([`thread ${ERRORS}: removed a`]);
    expect(play(2, gone).posts).toEqual([]);
    expect(play(24 * 7 + 0.9, gone).ledger.entries).toMatchObject([
      { fingerprint: "v1:test.shop.a", state: "removed", told: "removed", since: ago(-1) },
    ]);
    expect(play(24 * 7 + 1, gone).ledger.entries).toEqual([]);
  });

  it("keeps what is over while its message tells of others that are open, so that it can be written again", () => {
    const play = createPlay({ repeat: "off" });
    play(0, aVerdict([failing("a"), failing("b")]));
    play(1, aVerdict([failing("b")], { passed: ["test.shop.a"] }));
    for (let day = 1; day <= 5; day += 1) play(day * 24, aVerdict([failing("b")], { passed: ["test.shop.a"] }));

    const last = play(130, passes("a", "b"));

    expect(last.edits).toEqual([`edit ${ERRORS}: problems a, recovered b`, `edit ${WARNINGS}: board quiet (0/0/0)`]);
  });

  it("tells a problem of the run that comes back after a good run, however soon", () => {
    const play = createPlay();
    const broken = aVerdict([aRunFinding("dbt-failed")]);
    const opened = `${ERRORS}: problems opened run:dbt-failed:unknown`;

    for (const hours of [0, 0.2, 0.4, 0.6]) {
      expect(play(hours, broken).posts.filter((line) => !line.includes(": board "))).toEqual([opened]);
      play(hours + 0.1, passes("x"));
    }
  });

  it("keeps its scope, and the boards of other channels", () => {
    const board = {
      week: "2026-W48",
      channel: "C0OTHERS01",
      ts: "1764000000.000002",
      opened: 2,
      fixed: 1,
      isClosed: true,
    };
    const { ledger } = createPlay({}, aLedger([], { boards: [board] }))(0, aVerdict([failing("a")]));

    expect(ledger.scope).toBe("acme/shop shop prod");
    expect(ledger.boards).toContainEqual(board);
  });

  it("leaves the ledger that it was given as it was", () => {
    const before = aLedger([anEntry("a"), anEntry("b")]);
    const copy = structuredClone(before);

    createPlay({}, before)(0, aVerdict([failing("a")], { passed: ["test.shop.b"] }));

    expect(before).toEqual(copy);
  });

  it("remembers who was mentioned today, and forgets it tomorrow", () => {
    const policy = { mentionsOf: () => ["S0AAAAAAA"] };
    const play = createPlay(policy);
    play(0, aVerdict([failing("a")]));
    expect(play.ledger().mentioned).toEqual({ day: "2026-11-25", ids: ["S0AAAAAAA"] });

    play(24, aVerdict([failing("a"), failing("b")]));
    expect(play.ledger().mentioned).toEqual({ day: "2026-11-26", ids: ["S0AAAAAAA"] });
  });

  it("of nothing is nothing but the time", () => {
    const empty = emptyLedger("s");
    expect(recordDeliveries(empty, [], [], aPolicy(), AT)).toEqual(empty);
  });
});
