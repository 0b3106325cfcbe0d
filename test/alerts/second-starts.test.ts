import { describe, expect, it } from "vitest";
import { emptyLedger, type Ledger } from "../../src/alerts/ledger.ts";
import { mergeLedgers } from "../../src/alerts/merge.ts";
import type { AlertPolicy } from "../../src/alerts/policy.ts";
import { countSecondStarts, isToldAlone } from "../../src/alerts/second-starts.ts";
import { openZone } from "../../src/alerts/zone.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { aVerdict } from "../severity/build.ts";
import { failing, HOUR_MS, NOW } from "./build.ts";
import { createPlay } from "./play.ts";

type Days = readonly [day: string, days: number] | null;

const RETRIED: Pick<Verdict, "retried"> = { retried: { starts: [], nodes: {} } };
const good = aVerdict([], { passed: ["test.shop.b"] });
const restarted = aVerdict([], { passed: ["test.shop.b"], ...RETRIED });
const red = aVerdict([failing("a")], RETRIED);

/** The days that are counted after runs at these hours from NOW, a Wednesday at 07:00: `R` needed a second start. */
function countOf(runs: readonly (readonly [hours: number, kind: "R" | "-"])[], zone = openZone("UTC")) {
  let known: ReturnType<typeof countSecondStarts> = null;
  let lastRun: string | null = null;
  for (const [hours, kind] of runs) {
    const now = NOW + hours * HOUR_MS;
    known = countSecondStarts({ secondStarts: known, lastRun }, kind === "R", zone, now);
    lastRun = new Date(now).toISOString();
  }
  return known?.days ?? null;
}

describe("days in a row with second starts", () => {
  it.each<[what: string, runs: Parameters<typeof countOf>[0], days: number | null]>([
    [
      "none",
      [
        [0, "-"],
        [1, "-"],
      ],
      null,
    ],
    [
      "one, however many runs it has",
      [
        [0, "R"],
        [1, "R"],
        [2, "-"],
      ],
      1,
    ],
    [
      "three",
      [
        [0, "R"],
        [24, "R"],
        [48, "R"],
      ],
      3,
    ],
    [
      "three, each of them with good runs before and behind",
      [
        [0, "R"],
        [1, "-"],
        [24, "-"],
        [25, "R"],
        [26, "-"],
        [48, "-"],
        [49, "R"],
      ],
      3,
    ],
    [
      "still two on a morning that needed none so far",
      [
        [0, "R"],
        [24, "R"],
        [48, "-"],
      ],
      2,
    ],
    [
      "none after a day without",
      [
        [0, "R"],
        [24, "-"],
        [48, "-"],
      ],
      null,
    ],
    [
      "one after a day without",
      [
        [0, "R"],
        [24, "-"],
        [48, "R"],
      ],
      1,
    ],
    [
      "three over a weekend without runs",
      [
        [24, "R"],
        [48, "R"],
        [120, "R"],
      ],
      3,
    ],
    [
      "one after more than a week without runs",
      [
        [0, "R"],
        [24 * 9, "R"],
      ],
      1,
    ],
    [
      "two where a clock went back",
      [
        [0, "R"],
        [24, "R"],
        [1, "R"],
      ],
      2,
    ],
  ])("%s", (_, runs, days) => {
    expect(countOf(runs)).toBe(days);
  });

  it("are those of the time zone", () => {
    // 07:00 and 16:00 UTC: another day in Auckland.
    expect(
      countOf(
        [
          [0, "R"],
          [9, "R"],
        ],
        openZone("Pacific/Auckland"),
      ),
    ).toBe(2);
  });

  it.each<[what: string, day: string, days: number | null, afterGood: number | null]>([
    // NOW is 2026-11-25T07:00Z.
    ["a clock that went back a little", "2026-11-26", 9, 9],
    ["a clock that was wrong by years", "2036-11-25", 1, null],
    ["a day that no calendar ends", "9999-12-31", 1, null],
  ])("forgets a day that is yet to come: %s", (_, day, days, afterGood) => {
    const known = { secondStarts: { day, days: 9 }, lastRun: new Date(NOW - HOUR_MS).toISOString() };

    expect(countSecondStarts(known, true, openZone("UTC"), NOW)?.days ?? null).toBe(days);
    expect(countSecondStarts(known, false, openZone("UTC"), NOW)?.days ?? null).toBe(afterGood);
  });

  it.each<[what: string, base: Days, stored: Days, ours: Days, merged: Days]>([
    ["only we have counted", ["24", 2], ["24", 2], ["25", 3], ["25", 3]],
    ["only the other has", ["24", 2], ["25", 3], ["24", 2], ["25", 3]],
    ["they are over for us, and the other has begun anew", ["20", 4], ["25", 1], null, ["25", 1]],
    ["they are over for the other, and we have begun anew", ["20", 4], null, ["25", 1], ["25", 1]],
    ["they are over", ["20", 4], ["20", 4], null, null],
    ["they are over for both", ["20", 4], null, null, null],
    ["both have counted: the later day", ["23", 2], ["25", 3], ["24", 3], ["25", 3]],
    ["both have counted one day: the more days", ["23", 2], ["25", 3], ["25", 1], ["25", 3]],
  ])("of two runs at once: %s", (_, base, stored, ours, merged) => {
    const ledger = (days: Days): Ledger => ({
      ...emptyLedger("shop"),
      secondStarts: days === null ? null : { day: `2026-11-${days[0]}`, days: days[1] },
    });

    expect(mergeLedgers(ledger(base), ledger(stored), ledger(ours))).toEqual(ledger(merged));
  });

  it("forgets a day that is none", () => {
    const damaged = { secondStarts: { day: "soon", days: 9 }, lastRun: "x" };

    expect(countSecondStarts(damaged, true, openZone("UTC"), NOW)?.days).toBe(1);
    expect(countSecondStarts(damaged, false, openZone("UTC"), NOW)).toBeNull();
  });
});

describe("second starts that go on for days", () => {
  /** What is told of them on the days from the first on, at 09:00. */
  function told(days: readonly Verdict[], policy: Partial<AlertPolicy> = {}) {
    const play = createPlay(policy);
    return days.map((verdict, index) => {
      const { alerts } = play(index * 24 + 2, verdict);
      return alerts
        .filter((alert) => "secondStartDays" in alert)
        .map((alert) => `${alert.kind} ${alert.channel} ${(alert as { secondStartDays?: number }).secondStartDays}`)
        .join();
    });
  }
  const days = (verdict: Verdict, number: number) => Array.from({ length: number }, () => verdict);

  it("stand in the daily message from the third day on", () => {
    expect(told(days(red, 5))).toEqual(["", "", "daily C0ERRORS01 3", "daily C0ERRORS01 4", "daily C0ERRORS01 5"]);
  });

  it("are a message of their own on the third day and once a week, for warnings, where nothing fails", () => {
    const days11 = told(days(restarted, 11));

    expect(days11.flatMap((text, index) => (text === "" ? [] : [`${index + 1}: ${text}`]))).toEqual([
      "3: daily C0WARNINGS 3",
      "10: daily C0WARNINGS 10",
    ]);
    expect([3, 4, 9, 10, 17].filter(isToldAlone)).toEqual([3, 10, 17]);
  });

  it("are told once a day, and in the next run where the message did not arrive", () => {
    const play = createPlay();
    for (const hour of [2, 26]) play(hour, restarted);
    const count = (hour: number, deliver?: () => null) =>
      play(hour, restarted, deliver === undefined ? {} : { deliver }).posts.filter((post) => post.includes("daily"))
        .length;

    expect([count(50, () => null), count(51), count(52)]).toEqual([1, 1, 0]);
  });

  it("are nobody's where they ended, or where nothing is to be repeated", () => {
    expect(told([restarted, restarted, good, restarted, restarted]).join("")).toBe("");
    expect(told(days(red, 4), { repeat: "off" }).join("")).toBe("");
  });
});
