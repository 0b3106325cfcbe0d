import { describe, expect, it } from "vitest";
import type { AlertPolicy } from "../../src/alerts/policy.ts";
import { openZone } from "../../src/alerts/zone.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { aVerdict } from "../severity/build.ts";
import { ERRORS, failed, failing, HOUR_MS, NOW } from "./build.ts";
import { arrive, createPlay } from "./play.ts";

/** NOW is Wednesday 2026-11-25, 07:00 UTC. */
const a = aVerdict([failing("a")]);
const passes = (...names: string[]) => aVerdict([], { passed: names.map((name) => `test.shop.${name}`) });
const hourOf = (hours: number) => new Date(NOW + hours * HOUR_MS).toISOString().slice(5, 16);

/** At which of the hours something is posted at the top of the error channel. */
function pings(verdict: Verdict, hours: readonly number[], policy: Partial<AlertPolicy> = {}): string[] {
  const play = createPlay(policy);
  return hours.flatMap((hour) => {
    const posts = play(hour, verdict).posts.filter((line) => line.startsWith(ERRORS));
    return posts.map((line) => `${hourOf(hour)} ${line.slice(ERRORS.length + 2)}`);
  });
}

const hourly = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("an error that goes on", () => {
  it("is told again once a day at 09:00, not before 20 hours have passed", () => {
    expect(pings(a, hourly(0, 24 * 4))).toEqual([
      "11-25T07:00 problems opened a",
      "11-26T09:00 daily again a",
      "11-27T09:00 daily again a",
      "11-28T09:00 daily again a",
    ]);
  });

  it("is left out of the next day's message where it was told the evening before", () => {
    expect(pings(a, hourly(10, 24 * 3))).toEqual(["11-25T17:00 problems opened a", "11-27T09:00 daily again a"]);
  });

  it("is told by the first run after the hour, where none comes at the hour", () => {
    expect(pings(a, [0, 3, 25.9, 29, 35])).toEqual(["11-25T07:00 problems opened a", "11-26T12:00 daily again a"]);
    expect(pings(a, [0, 24, 48, 72])).toEqual([
      "11-25T07:00 problems opened a",
      "11-26T07:00 daily again a",
      "11-27T07:00 daily again a",
      "11-28T07:00 daily again a",
    ]);
  });

  it("is told by the clock of the time zone", () => {
    const zone = openZone("America/New_York");

    expect(pings(a, hourly(0, 24 * 2), { zone })).toEqual([
      "11-25T07:00 problems opened a",
      "11-26T14:00 daily again a",
    ]);
  });

  it("has its age and its runs in the message, whose findings may not have run", () => {
    const play = createPlay();
    for (const hour of hourly(0, 3)) play(hour, aVerdict([failing("a"), failing("b")]));

    const { alerts } = play(26, a);

    expect(alerts[0]?.items).toMatchObject([
      { name: "a · not_null test", firstSeen: "2026-11-25T07:00:00.000Z", runs: 4, finding: failing("a") },
      { name: "b · not_null test", lastSeen: "2026-11-25T09:00:00.000Z", runs: 3, finding: null },
    ]);
  });

  it("joins a new one in one message of the run", () => {
    const play = createPlay();
    play(0, a);

    expect(play(26, aVerdict([failing("a"), failing("b")])).posts).toContain(`${ERRORS}: problems opened b, again a`);
  });

  it("is told by the next run where the message did not arrive, and once", () => {
    const play = createPlay();
    play(0, a);
    const daily = `${ERRORS}: daily again a`;

    expect(play(26, a, { deliver: failed }).posts).toContain(daily);
    expect(play(27, a).posts).toContain(daily);
    expect(play(28, a).posts).toEqual([]);
  });

  it.each<[AlertPolicy["repeat"], string[]]>([
    ["channel", [`${ERRORS}: daily again a, again b`]],
    ["thread", [`thread ${ERRORS}: daily again a`, `thread ${ERRORS}: daily again b`]],
    ["off", []],
  ])("stands where slack.repeat: %s says", (repeat, expected) => {
    const play = createPlay({ repeat });
    play(0, a);
    play(1, aVerdict([failing("a"), failing("b")]));

    expect(play(26, aVerdict([failing("a"), failing("b")])).posts).toEqual(expected);
  });

  it("is left out where it is muted or disabled", () => {
    const muted = { until: "2026-12-15", reason: "DATA-12" };
    const play = createPlay();
    play(0, aVerdict([failing("a"), failing("b"), failing("c")]));
    const verdict = aVerdict([failing("a", { muted }), failing("c")], {
      known: ["test.shop.a", "test.shop.c"],
      disabled: ["test.shop.b"],
    });

    expect(play(26, verdict).posts).toEqual([`${ERRORS}: daily again c`]);
  });
});

describe("a problem that comes and goes", () => {
  const flaps = (play: ReturnType<typeof createPlay>, from: number, count: number) =>
    hourly(0, count).flatMap((index) => play(from + index, index % 2 === 0 ? a : passes("a")).posts);

  it("is one line that says so at its third change in a day, one a day, and one when a day has passed without a failure", () => {
    const play = createPlay();

    const lines = flaps(play, 0, 48);
    const after = hourly(48, 90).flatMap((hour) =>
      play(hour, passes("a")).posts.map((line) => `${hourOf(hour)} ${line}`),
    );

    expect(lines.filter((line) => !line.includes("board"))).toEqual([
      `${ERRORS}: problems opened a`,
      `thread ${ERRORS}: recovered a`,
      `${ERRORS}: flapping start a`,
      `${ERRORS}: daily again a`,
    ]);
    expect(after).toEqual([`11-28T05:00 thread ${ERRORS}: flapping end recovered a`]);
    expect(play(91, a).posts[0]).toBe(`${ERRORS}: problems opened a`);
  });

  it("has stopped in a run that passes it, not in one that does not look at it", () => {
    const play = createPlay();
    flaps(play, 0, 6);
    const elsewhere = aVerdict([], { passed: ["test.shop.b"] });

    expect(hourly(6, 40).flatMap((hour) => play(hour, elsewhere).posts)).toEqual([]);
    expect(play(40, passes("a")).posts).toEqual([`thread ${ERRORS}: flapping end recovered a`]);
  });

  it("is told when it grows from warning to error all the same", () => {
    const warned = aVerdict([failing("a", { severity: "warn" })]);
    const play = createPlay();
    for (const index of hourly(0, 6)) play(index, index % 2 === 0 ? warned : passes("a"));
    expect(play.ledger().entries).toMatchObject([{ isFlapping: true, told: "warn" }]);

    expect(play(6, a).posts[0]).toBe(`${ERRORS}: problems worse a`);
    expect(play(7, a).posts).toEqual([]);
  });

  it("is over where it is a warning now that passes, and no board has arrived to say that it comes and goes", () => {
    const play = createPlay();
    const warned = aVerdict([failing("a", { severity: "warn" })]);
    play(0, a, { deliver: (alert, ts) => (alert.kind === "board" ? failed(alert) : arrive(alert, ts)) });
    play(1, passes("a"), { deliver: failed });
    play(2, warned, { deliver: failed });

    expect(play(3, passes("a")).posts).toEqual([`thread ${ERRORS}: recovered a`]);
    expect(play(4, warned).posts).toEqual(["C0WARNINGS: board open (1/0/1) flapping a"]);
  });

  it("is a plain failure again after a day of nothing else, and recovers as one", () => {
    const play = createPlay({ repeat: "off" });
    flaps(play, 0, 7);
    for (const hour of hourly(7, 40)) play(hour, a);

    expect(play.ledger().entries).toMatchObject([{ isFlapping: false, told: "error" }]);
    expect(play(40, passes("a")).posts).toEqual([`thread ${ERRORS}: recovered a`]);
  });

  it("is not one where the changes are more than a day apart", () => {
    const play = createPlay({ repeat: "off" });
    play(0, a);
    play(20, passes("a"));

    expect(play(24, a).posts[0]).toBe(`${ERRORS}: problems opened a`);
  });

  it("never is a problem of the run itself", () => {
    const play = createPlay();
    const down = aVerdict([
      { ...failing("x"), subject: { kind: "run", what: "dbt-failed" }, failureClass: "infrastructure" },
    ]);

    const kinds = hourly(0, 8).flatMap((index) =>
      play(index, index % 2 === 0 ? down : passes("a")).alerts.map(({ kind }) => kind),
    );

    expect(kinds).not.toContain("flapping");
  });
});

describe("alert_after", () => {
  const policy = { alertAfter: 3 };

  it("holds back a warning and a passing fault until so many runs in a row have found it", () => {
    const warned = aVerdict([failing("w", { severity: "warn" }), failing("t", { failureClass: "transient" })]);
    const play = createPlay(policy);

    expect(play(0, warned).posts).toEqual([]);
    expect(play(1, warned).posts).toEqual([]);
    expect(play(2, warned).posts).toEqual([
      `${ERRORS}: problems opened t`,
      "C0WARNINGS: board open (1/0/1) opened w, t",
    ]);
    const again = createPlay(policy);
    for (const hour of [0, 1, 3, 4]) {
      expect(again(hour, warned).posts).toEqual([]);
      again(hour + 0.5, passes("w", "t"));
    }
  });

  it("holds back no error in data or code", () => {
    const play = createPlay(policy);

    expect(play(0, aVerdict([failing("a"), failing("c", { failureClass: "code" })])).posts[0]).toBe(
      `${ERRORS}: problems opened a, opened c`,
    );
  });

  it("tells a warning at once that has grown to an error", () => {
    const play = createPlay(policy);
    play(0, aVerdict([failing("a", { severity: "warn" })]));

    expect(play(1, a).posts[0]).toBe(`${ERRORS}: problems opened a`);
  });
});
