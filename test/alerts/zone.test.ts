import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boardWeekOf, lastTimeOfDay, minutesOf, openZone, weekOf } from "../../src/alerts/zone.ts";
import { HOUR_MS } from "./build.ts";

const at = (time: string) => Date.parse(time);
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16);

describe("the last time of day", () => {
  it.each([
    ["UTC", "09:00", "2026-11-25T09:00Z", "2026-11-25T09:00"],
    ["UTC", "09:00", "2026-11-25T08:59Z", "2026-11-24T09:00"],
    ["America/New_York", "09:00", "2026-11-25T02:00Z", "2026-11-24T14:00"],
    ["Asia/Kolkata", "09:00", "2026-11-25T03:31Z", "2026-11-25T03:30"],
    ["Pacific/Kiritimati", "00:30", "2026-11-25T10:31Z", "2026-11-25T10:30"],
    // Summer time begins: 09:00 is an hour earlier from then on.
    ["Europe/London", "09:00", "2026-03-29T09:00Z", "2026-03-29T08:00"],
    ["Europe/London", "09:00", "2026-03-28T10:00Z", "2026-03-28T09:00"],
    // 01:30 does not exist on that day; it comes twice on the other.
    ["Europe/London", "01:30", "2026-03-29T12:00Z", "2026-03-29T01:30"],
    ["Europe/London", "01:30", "2026-10-25T12:00Z", "2026-10-25T00:30"],
    ["Europe/London", "09:00", "2026-10-25T12:00Z", "2026-10-25T09:00"],
  ])("in %s, %s, seen from %s", (zone, time, now, expected) => {
    expect(iso(lastTimeOfDay(openZone(zone), minutesOf(time), at(now)))).toBe(expected);
  });

  it("comes once a day, in every zone, over a year with both changes of summer time", () => {
    const zones = [
      "UTC",
      "Europe/London",
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "America/Sao_Paulo",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: at("2025-12-31T00:00Z"), max: at("2027-01-02T00:00Z") }),
        (name, minutes, now) => {
          const zone = openZone(name);
          const moment = lastTimeOfDay(zone, minutes, now);

          expect(moment).toBeLessThanOrEqual(now);
          expect(now - moment).toBeLessThan(26 * HOUR_MS);
          // From one to the next is a day, more or less the change.
          const before = lastTimeOfDay(zone, minutes, moment - 1);
          expect(Math.abs(moment - before - 24 * HOUR_MS)).toBeLessThanOrEqual(HOUR_MS);
          // Its clock shows that time, but for the hour that summer time skips.
          const shown = zone.wall(moment).minutes;
          expect([minutes, minutes + 30, minutes + 60, minutes - 30, minutes - 60]).toContain(shown);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a week", () => {
  it.each([
    ["2026-11-25", "2026-W48"],
    ["2026-11-29", "2026-W48"],
    ["2026-11-30", "2026-W49"],
    ["2026-12-31", "2026-W53"],
    ["2027-01-03", "2026-W53"],
    ["2027-01-04", "2027-W01"],
    ["2024-12-30", "2025-W01"],
    ["2023-01-01", "2022-W52"],
  ])("of %s is %s", (day, week) => {
    expect(weekOf(day)).toBe(week);
  });

  it("of a board begins on Monday at its hour", () => {
    const zone = openZone("Europe/Berlin");

    expect(boardWeekOf(zone, 540, at("2026-11-30T07:59Z"))).toBe("2026-W48");
    expect(boardWeekOf(zone, 540, at("2026-11-30T08:00Z"))).toBe("2026-W49");
    expect(boardWeekOf(zone, 0, at("2026-11-29T23:00Z"))).toBe("2026-W49");
    expect(boardWeekOf(zone, 540, at("2026-12-03T00:00Z"))).toBe("2026-W49");
  });
});
