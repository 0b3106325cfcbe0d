import { describe, expect, it } from "vitest";
import { followBoard } from "../../src/alerts/boards.ts";
import { openZone } from "../../src/alerts/zone.ts";
import type { Finding } from "../../src/severity/verdict.ts";
import { aSubject, aVerdict } from "../severity/build.ts";
import { aPolicy, ERRORS, failed, failing, HOUR_MS, NOW, WARNINGS } from "./build.ts";
import { arrive, createPlay } from "./play.ts";

/** NOW is Wednesday 2026-11-25, 07:00 UTC: the week 2026-W48. Monday 09:00 is in 122 hours. */
const MONDAY_9 = 122;
const warn = (name: string, overrides: Partial<Finding> = {}) => failing(name, { severity: "warn", ...overrides });
const warned = (...names: string[]) =>
  aVerdict(
    names.map((name) => warn(name)),
    { passed: ["a", "b", "c"].filter((name) => !names.includes(name)).map((name) => `test.shop.${name}`) },
  );
const MUTED = { until: "2026-12-15", reason: "DATA-12" };

describe("the board of a week", () => {
  it("is posted with the first warning, which it lists, and edited from then on", () => {
    const play = createPlay();

    expect(play(0, warned("a"))).toMatchObject({ posts: [`${WARNINGS}: board open (1/0/1) opened a`], edits: [] });
    expect(play(1, warned("a"))).toMatchObject({ posts: [], edits: [`edit ${WARNINGS}: board open (1/0/1) a`] });
    expect(play(2, warned("a", "b"))).toMatchObject({
      posts: [`thread ${WARNINGS}: problems opened b`],
      edits: [`edit ${WARNINGS}: board open (2/0/2) a, b`],
    });
    expect(play(3, warned("b"))).toMatchObject({
      posts: [`thread ${WARNINGS}: recovered a`],
      edits: [`edit ${WARNINGS}: board open (2/1/1) b`],
    });
    expect(play(4, warned())).toMatchObject({
      posts: [`thread ${WARNINGS}: recovered b`],
      edits: [`edit ${WARNINGS}: board quiet (2/2/0)`],
    });
    expect(play(5, warned())).toMatchObject({ posts: [], edits: [] });
  });

  it("is followed to the channel that took it where its own refuses it, for the week", () => {
    const FALLBACK = "C0FALLBACK";
    const play = createPlay();
    const inFallback: typeof arrive = (alert, ts) => arrive({ ...alert, channel: FALLBACK }, ts);
    const { ledger } = play(0, warned("a"), { deliver: inFallback });
    const policyAt = (hour: number, fallback: string | null = FALLBACK) =>
      followBoard(aPolicy(), ledger, fallback, NOW + hour * HOUR_MS);

    expect(play(1, warned("a", "b"), { policy: policyAt(1) })).toMatchObject({
      posts: [`thread ${FALLBACK}: problems opened b`],
      edits: [`edit ${FALLBACK}: board open (2/0/2) a, b`],
    });
    expect(policyAt(1).errorChannel).toBe(ERRORS);
    expect(
      [policyAt(1, null), policyAt(1, "C0ANOTHER1"), policyAt(MONDAY_9 + 1)].map((each) => each.warnChannel),
    ).toEqual([WARNINGS, WARNINGS, WARNINGS]);
  });

  it("lists nothing that comes and goes and passes just now", () => {
    const play = createPlay();
    const edits = ["error", "pass", "error", "pass", "pass"].map(
      (seen, hour) => play(hour / 4, seen === "error" ? aVerdict([failing("a")]) : warned()).edits,
    );

    expect(play.ledger().entries).toMatchObject([{ isFlapping: true }]);
    expect(edits.map((each) => each.filter((edit) => edit.includes("board")))).toEqual([
      [],
      [`edit ${WARNINGS}: board quiet (0/0/0)`],
      [`edit ${WARNINGS}: board open (0/0/0) a`],
      [`edit ${WARNINGS}: board quiet (0/0/0)`],
      [],
    ]);
  });

  it("is where an error that is only a warning again is answered, in a routed channel too", () => {
    const ROUTED = "C0FINANCE1";
    const play = createPlay({ channelOf: () => ROUTED });
    play(0, warned("a"));
    play(1, aVerdict([failing("a")]));
    play(2, warned("a"));

    const { posts, edits } = play(2.5, warned());

    expect(posts).toEqual([`thread ${ROUTED}: recovered a`]);
    expect(edits).toContain(`edit ${ROUTED}: board quiet (2/1/0)`);
  });

  it("is there for an error alone, as the index of all that is open", () => {
    const play = createPlay();

    expect(play(0, aVerdict([failing("e")])).posts).toEqual([
      `${ERRORS}: problems opened e`,
      `${WARNINGS}: board open (0/0/0) e`,
    ]);
  });

  it("is closed with its score by the first run after Monday 09:00, and a new one lists what is carried", () => {
    const play = createPlay();
    for (let hour = 0; hour < MONDAY_9; hour += 1) play(hour, warned("a", "b"));
    play(MONDAY_9 - 0.5, warned("b"));

    const { posts, edits } = play(MONDAY_9, warned("b", "c"));

    expect(edits).toEqual([`edit ${WARNINGS}: board closed (2/1/1) b, c`]);
    expect(posts).toEqual([`${WARNINGS}: board open (2/0/2) b, opened c`]);
    expect(play(MONDAY_9 + 1, warned("c")).posts).toEqual([`thread ${WARNINGS}: recovered b`]);
    expect(play.ledger().boards).toMatchObject([{ week: "2026-W49", opened: 2, fixed: 1 }]);
  });

  it("is closed and followed by none where nothing is open", () => {
    const play = createPlay();
    play(0, warned("a"));
    play(1, warned());

    expect(play(MONDAY_9 + 1, warned())).toMatchObject({
      posts: [],
      edits: [`edit ${WARNINGS}: board closed (1/1/0)`],
    });
    expect(play(MONDAY_9 + 2, warned()).edits).toEqual([]);
    expect(play(MONDAY_9 + 3, warned("a")).posts).toEqual([`${WARNINGS}: board open (1/0/1) opened a`]);
  });

  it("comes with Monday itself where runs are more than six hours apart", () => {
    const play = createPlay();
    // Each day at 03:00.
    for (let day = -4; day < 5; day += 1) play(day * 24 + 20, warned("a"));

    // Day 4 is Monday, 2026-11-30, at 03:00.
    expect(play.ledger().boards).toMatchObject([{ week: "2026-W49" }]);
  });

  it("is told what is over in the week's thread, and a new warning by a reply, each with its owner once a day", () => {
    const play = createPlay({ mentionsOf: () => ["S0AAAAAAA"] });
    const mentions = (hour: number, ...names: string[]) =>
      play(hour, warned(...names)).alerts.flatMap((alert) => alert.mentions);

    expect(mentions(0, "a")).toEqual(["S0AAAAAAA"]);
    expect(mentions(1, "a", "b")).toEqual([]);
    expect(mentions(24, "a", "b", "c")).toEqual(["S0AAAAAAA"]);
  });

  it("has what was an error, in its own channel, also in a run that does not look at it", () => {
    const play = createPlay({ repeat: "off" });
    play(0, aVerdict([failing("a")]));
    play(1, aVerdict([warn("a")]));

    const elsewhere = play(2, aVerdict([], { passed: ["test.shop.b"] }));
    const over = play(3, warned());

    expect(elsewhere).toMatchObject({ posts: [], edits: [`edit ${WARNINGS}: board open (1/0/1) a`] });
    expect(over).toMatchObject({
      posts: [`thread ${WARNINGS}: recovered a`],
      edits: [`edit ${WARNINGS}: board quiet (1/1/0)`],
    });
    expect(play(4, warned()).ledger.entries).toMatchObject([{ told: "recovered" }]);
  });

  it("is another one for each channel of warnings; the main one lists the errors", () => {
    const subject = aSubject({ id: "test.shop.f", name: "f", tags: ["finance"] });
    const channelOf = ({ severity, subject: of }: Finding) =>
      severity === "error" ? ERRORS : of.kind === "node" && of.tags.includes("finance") ? "C0FINANCE1" : WARNINGS;
    const play = createPlay({ channelOf });
    const verdict = aVerdict([failing("e"), warn("a"), warn("f", { subject })]);

    expect(play(0, verdict).posts.slice(1)).toEqual([
      `${WARNINGS}: board open (1/0/1) e, opened a`,
      "C0FINANCE1: board open (1/0/1) opened f",
    ]);
    // A board without news is edited once a day.
    expect(play(1, verdict).edits).toEqual([`edit ${WARNINGS}: board open (1/0/1) e, a`]);
    expect(play(26, verdict).edits).toHaveLength(2);
  });

  it("that Slack does not let be edited is posted anew, and followed from there", () => {
    const play = createPlay();
    play(0, warned("a"));
    const { ledger } = play(1, warned("a"), {
      deliver: (alert, ts) => ({ key: alert.key, result: "sent", channel: alert.channel, ts }),
    });

    const [board] = ledger.boards;
    expect(ledger.boards).toHaveLength(1);
    expect(ledger.entries).toMatchObject([{ thread: { ts: board?.ts } }]);
    expect(play(2, warned("a")).alerts).toMatchObject([{ address: { kind: "edit", ts: board?.ts } }]);
  });

  it("that did not arrive is posted by the next run", () => {
    const play = createPlay();

    expect(play(0, warned("a"), { deliver: failed }).posts).toHaveLength(1);
    expect(play(1, warned("a")).posts).toEqual([`${WARNINGS}: board open (1/0/1) opened a`]);
  });

  it("begins on Monday 09:00 by the clock of the zone, on both sides of a change of summer time", () => {
    // 2026-10-25 is the Sunday on which London leaves summer time; 2026-03-29 the one on which it begins.
    const zone = openZone("Europe/London");
    for (const [sunday, expected] of [
      ["2026-10-25", "2026-10-26T09:00"],
      ["2026-03-29", "2026-03-30T08:00"],
    ]) {
      const from = (Date.parse(`${sunday}T00:00:00Z`) - NOW) / HOUR_MS;
      const play = createPlay({ zone });
      const posted = Array.from({ length: 48 }, (_, index) => from + index).filter((hour) =>
        play(hour, warned("a")).posts.some((line) => line.includes("board")),
      );

      expect(posted.map((hour) => new Date(NOW + hour * HOUR_MS).toISOString().slice(0, 16))).toEqual([
        `${sunday}T00:00`,
        expected,
      ]);
    }
  });
});

describe("a warning's deadline", () => {
  const SLA = 7 * 24;

  it("reminds the owner a day before, once, in the board's thread", () => {
    const play = createPlay({ mentionsOf: () => ["S0AAAAAAA"] });
    play(0, warned("a"));

    const lines = Array.from({ length: SLA - 1 }, (_, index) => index + 1).flatMap((hour) =>
      play(hour, warned("a"))
        .alerts.filter(({ kind }) => kind === "reminder")
        .map(({ address, mentions, items }) => [hour, address.kind, mentions, items[0]?.dueAt]),
    );

    expect(lines).toEqual([[SLA - 24, "thread", ["S0AAAAAAA"], "2026-12-02T07:00:00.000Z"]]);
  });

  it("tells the error channel when it is over, and every three days, in one message", () => {
    const play = createPlay();
    play(0, warned("a"));
    const lines = Array.from({ length: SLA + 24 * 7 }, (_, index) => index + 1).flatMap((hour) =>
      play(hour, warned("a", ...(hour >= 10 ? ["b"] : [])))
        .posts.filter((line) => line.startsWith(ERRORS))
        .map((line) => `${hour - SLA} ${line}`),
    );

    expect(lines).toEqual([`0 ${ERRORS}: overdue a`, `72 ${ERRORS}: overdue a, b`, `144 ${ERRORS}: overdue a, b`]);
  });

  it("does not count the time for which it is muted or kept from running", () => {
    const play = createPlay();
    play(0, warned("a"));
    const upstream = aVerdict([failing("x", { skipped: ["test.shop.a"] })]);
    for (let hour = 1; hour <= 48; hour += 1) play(hour, upstream);
    for (let hour = 49; hour <= 72; hour += 1) play(hour, aVerdict([warn("a", { muted: MUTED })]));
    const overdue = Array.from({ length: SLA + 100 }, (_, index) => 73 + index).find((hour) =>
      play(hour, warned("a")).posts.some((line) => line.includes("overdue")),
    );

    expect(overdue).toBe(SLA + 72);
  });

  it("begins anew with a downgrade, and not with a run that did not select it", () => {
    const play = createPlay();
    play(0, aVerdict([failing("a")]));
    play(100, warned("a"));
    play(150, aVerdict([], { passed: ["test.shop.b"] }));

    expect(play(100 + SLA - 1, warned("a")).posts.join()).not.toContain("overdue");
    expect(play(100 + SLA, warned("a")).posts.join()).toContain("overdue");
  });

  it("of a day or less has no reminder", () => {
    const play = createPlay({ warnSlaSeconds: 86_400 });

    const kinds = [0, 1, 2].flatMap((hour) => play(hour, warned("a")).alerts.map(({ kind }) => kind));

    expect(kinds).not.toContain("reminder");
  });
});

describe("a muted problem", () => {
  const muted = aVerdict([failing("a", { muted: MUTED })]);

  it("that is over edits its message and says nothing else", () => {
    const play = createPlay();
    play(0, aVerdict([failing("a"), failing("b")]));
    play(1, aVerdict([failing("a", { muted: MUTED }), failing("b")]));

    const over = play(2, aVerdict([failing("b")], { passed: ["test.shop.a"] }));

    expect(over.posts).toEqual([]);
    expect(over.edits).toContain(`edit ${ERRORS}: problems a, b`);
    expect(over.alerts[0]?.items[0]).toMatchObject({ state: "recovered", isMuted: true });
    expect(play(3, aVerdict([failing("b")], { passed: ["test.shop.a"] })).edits.join()).not.toContain("problems");
  });

  it("from the beginning is told as new when the mute ends", () => {
    const play = createPlay();
    expect(play(0, muted).posts).toEqual([]);

    expect(play(1, aVerdict([failing("a")])).posts[0]).toBe(`${ERRORS}: problems opened a`);
  });

  it("whose mute ends is announced once, under the board or on a new one", () => {
    const expired = [{ id: "m1", match: "name: a", until: "2026-11-24", reason: "DATA-12" }];
    const play = createPlay();
    play(0, warned("a"));

    expect(play(1, warned("a"), { policy: { expired } }).posts).toEqual([`thread ${WARNINGS}: expired`]);
    expect(play(2, warned("a"), { policy: { expired } }).posts).toEqual([]);
    expect(createPlay({ expired })(0, warned("a")).posts).toEqual([`${WARNINGS}: board open (1/0/1) opened a`]);
    const quiet = createPlay({ expired });
    expect(quiet(0, warned()).posts).toEqual([`${WARNINGS}: expired`]);
    expect(quiet(1, warned(), { deliver: arrive }).posts).toEqual([]);
  });
});
