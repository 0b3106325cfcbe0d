import { describe, expect, it } from "vitest";
import { emptyLedger, type Ledger } from "../../src/alerts/ledger.ts";
import { findGap, rememberRun, usualPause } from "../../src/alerts/pace.ts";
import { aVerdict } from "../severity/build.ts";
import { ERRORS, HOUR_MS } from "./build.ts";
import { createPlay } from "./play.ts";

/** Monday. */
const START = Date.parse("2026-11-02T00:00:00Z");

/** The hours at which a gap is told, of runs at these hours since Monday 00:00. */
function gaps(hours: readonly number[]): string[] {
  let ledger: Ledger = emptyLedger("s");
  return hours.flatMap((hour) => {
    const now = START + hour * HOUR_MS;
    const gap = findGap(ledger, now);
    ledger = rememberRun(ledger, now);
    return gap === null ? [] : [`${hour}: ${gap.pauseSeconds / 3600} h, ${gap.missed} missed`];
  });
}

const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);
const days = (count: number, skip: (weekday: number) => boolean = () => false) =>
  range(0, count).filter((day) => !skip(day % 7));
const isWeekend = (weekday: number) => weekday > 4;

describe("a gap", () => {
  it.each<[what: string, hours: number[], expected: string[]]>([
    ["none in an hourly schedule", range(0, 200), []],
    ["none for two runs that are missing", [...range(0, 20), ...range(22, 40)], []],
    ["three missed intervals", [...range(0, 20), ...range(23, 40)], ["23: 4 h, 3 missed"]],
    ["a whole night", [...range(0, 20), ...range(32, 60)], ["32: 13 h, 12 missed"]],
    ["a daily run that is a day late", [...range(0, 240, 24), 264], ["264: 48 h, 1 missed"]],
    ["none for a daily run some hours late", [...range(0, 240, 24), 250], []],
    ["none before anybody knows what is usual", [0, 1, 9, 10], []],
    ["none after a burst of runs by hand", [...range(0, 20), 20.1, 20.2, 20.3, ...range(21, 40)], []],
  ])("is %s", (_, hours, expected) => {
    expect(gaps(hours)).toEqual(expected);
  });

  it("of a schedule that rests at night and over the weekend is told once each, as nobody knows it before", () => {
    const hours = days(28, isWeekend).flatMap((day) => range(day * 24 + 8, day * 24 + 18));

    expect(gaps(hours)).toEqual(["32: 15 h, 14 missed", "176: 63 h, 62 missed"]);
  });

  it("of a daily schedule that rests over the weekend is told once", () => {
    expect(gaps(days(28, isWeekend).map((day) => day * 24 + 3))).toEqual(["171: 72 h, 2 missed"]);
  });

  it("in the middle of such a schedule is told all the same", () => {
    const hours = days(21, isWeekend).flatMap((day) => range(day * 24 + 8, day * 24 + 18));
    const without = hours.filter((hour) => hour < 15 * 24 + 10 || hour >= 15 * 24 + 15);

    expect(gaps(without).slice(2)).toEqual([`${15 * 24 + 15}: 6 h, 5 missed`]);
  });

  it("says nothing of clocks that ran backwards", () => {
    expect(gaps([...range(0, 20), 5, 20, 21])).toEqual([]);
    expect(usualPause({ recentRuns: ["x", "y", "z"] })).toBeNull();
  });

  it("is told at the top of the error channel by a run of the schedule, not by a push", () => {
    const play = createPlay();
    for (const hour of range(0, 10)) play(hour, aVerdict());

    expect(play(15, aVerdict(), { run: { trigger: "push" } }).posts).toEqual([]);
    const { posts, alerts } = play(16, aVerdict());
    expect(posts).toEqual([`${ERRORS}: gap`]);
    expect(alerts).toMatchObject([{ pauseSeconds: 7 * 3600, usualSeconds: 3600, missed: 6 }]);
  });
});
