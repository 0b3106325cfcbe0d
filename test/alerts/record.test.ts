import { describe, expect, it } from "vitest";
import type { Alert, Delivery } from "../../src/alerts/alert.ts";
import { emptyLedger } from "../../src/alerts/ledger.ts";
import { recordDeliveries } from "../../src/alerts/record.ts";
import { aRunFinding, aVerdict } from "../severity/build.ts";
import { aLedger, anEntry, aPolicy, ERRORS, failed, failing, NOW, WARNINGS } from "./build.ts";
import { arrive, createPlay } from "./play.ts";

const AT = new Date(NOW).toISOString();
const passes = (...names: string[]) => aVerdict([], { passed: names.map((name) => `test.shop.${name}`) });
const withoutBoards = (lines: readonly string[]) => lines.filter((line) => !line.includes(": board "));

describe("the ledger after a run", () => {
  it("knows what was delivered, with the message that told it: of an error its own, of a warning the board", () => {
    const { ledger } = createPlay()(0, aVerdict([failing("a"), failing("b", { severity: "warn" })]));

    const told = {
      name: "a · not_null test",
      secondKey: "model.shop.orders|id|not_null",
      since: AT,
      firstSeen: AT,
      lastSeen: AT,
      notifiedAt: AT,
      runs: 1,
      changes: [AT],
    };
    const second = `${NOW / 1000}`;
    expect(ledger.entries).toEqual([
      anEntry("a", { ...told, severity: "error", thread: { channel: ERRORS, ts: `${second}.000001` } }),
      anEntry("b", {
        ...told,
        name: "b · not_null test",
        severity: "warn",
        clockFrom: AT,
        thread: { channel: WARNINGS, ts: `${second}.000002` },
      }),
    ]);
    expect(ledger).toMatchObject({
      lastRun: AT,
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

    expect(next.posts[0]).toBe(`${ERRORS}: problems opened a`);
    expect(next.alerts[0]?.items).toMatchObject([{ firstSeen: AT, runs: 2 }]);
  });

  it("takes each message on its own: one that failed does not hold up the other", () => {
    const play = createPlay();
    const deliver = (alert: Alert, ts: string) => (alert.channel === ERRORS ? failed(alert) : arrive(alert, ts));

    const { ledger } = play(0, aVerdict([failing("a"), failing("b", { severity: "warn" })]), { deliver });

    expect(ledger.entries.map(({ told }) => told)).toEqual([null, "warn"]);
  });

  it("counts runs and remembers when a problem was seen first, whether or not it is told", () => {
    const play = createPlay();
    for (const hours of [0, 0.5, 1]) play(hours, aVerdict([failing("a")]));

    expect(play.ledger().entries).toMatchObject([{ firstSeen: AT, lastSeen: "2026-11-25T08:00:00.000Z", runs: 3 }]);
  });

  it("keeps an escalation for the next run where its message fails, and says it once", () => {
    const play = createPlay();
    play(0, aVerdict([failing("a", { severity: "warn" })]));
    const error = aVerdict([failing("a")]);

    expect(play(1, error, { deliver: failed }).posts[0]).toBe(`${ERRORS}: problems worse a`);
    expect(play(1.5, error).posts[0]).toBe(`${ERRORS}: problems worse a`);
    expect(withoutBoards(play(1.6, error).posts)).toEqual([]);
    expect(play.ledger().entries).toMatchObject([{ severity: "error", told: "error", firstSeen: AT, runs: 4 }]);
  });

  it("knows that an error is only a warning now, so that the next escalation is told", () => {
    const play = createPlay();
    const [error, warning] = [aVerdict([failing("a")]), aVerdict([failing("a", { severity: "warn" })])];
    play(0, error);

    expect(play(0.5, warning).posts).toContain(`thread ${ERRORS}: downgraded better a`);
    expect(play(1, error).posts[0]).toBe(`${ERRORS}: problems worse a`);
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
    expect(play(1, passes("a"), { deliver: failed }).posts).toContain(answer);
    expect(play(1.5, passes("a")).posts).toContain(answer);
    expect(play(2, passes("a")).posts).toEqual([]);
    expect(play(24, passes("a")).ledger.entries).toHaveLength(1);
    expect(play(26, passes("a")).ledger.entries).toEqual([]);
  });

  it("says that a test is gone once, and remembers it for a week", () => {
    const play = createPlay();
    play(0, aVerdict([failing("a")]));
    const gone = aVerdict([], { passed: ["test.shop.b"], known: ["test.shop.b"] });

    expect(play(1, gone).posts).toContain(`thread ${ERRORS}: removed a`);
    expect(play(2, gone).posts).toEqual([]);
    expect(play(24 * 6, gone).ledger.entries).toMatchObject([{ state: "removed" }]);
    expect(play(24 * 7 + 2, gone).ledger.entries).toEqual([]);
  });

  it("keeps what is over while its message tells of others that are open, so that it can be written again", () => {
    const play = createPlay({ repeat: "off" });
    play(0, aVerdict([failing("a"), failing("b")]));
    play(1, aVerdict([failing("b")], { passed: ["test.shop.a"] }));
    for (let day = 1; day <= 5; day += 1) play(day * 24, aVerdict([failing("b")], { passed: ["test.shop.a"] }));

    const last = play(130, passes("a", "b"));

    expect(last.edits).toContain(`edit ${ERRORS}: problems a, recovered b`);
  });

  it("tells a problem of the run that comes back after a good run, however soon", () => {
    const play = createPlay();
    const broken = aVerdict([aRunFinding("dbt-failed")]);
    const opened = `${ERRORS}: problems opened run:dbt-failed:unknown`;

    for (const hours of [0, 0.2, 0.4, 0.6]) {
      expect(play(hours, broken).posts[0]).toBe(opened);
      play(hours + 0.1, passes("x"));
    }
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
