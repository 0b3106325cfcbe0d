import type { Ledger, SecondStartDays } from "./ledger.ts";
import type { Zone } from "./zone.ts";

/** On how many days in a row a build needed second starts: a warehouse that refuses a part of its work each day. */

const DAY_MS = 86_400_000;
/** What is told once may be bad luck of a day. */
const FIRST_TOLD = 3;
/** A message of its own comes this many days apart. */
const EVERY = 7;
/** With no run for longer nothing goes on. */
const LONGEST_PAUSE_DAYS = 7;

type Known = Pick<Ledger, "secondStarts" | "lastRun">;

/**
 * The days with this run, by the clocks of the zone; null: they are over. A day on which no run came interrupts nothing, one
 * on which no run needed a second start does. `now` is in milliseconds since the epoch.
 */
export function countSecondStarts(
  { secondStarts: known, lastRun }: Known,
  hadSecondStart: boolean,
  zone: Zone,
  now: number,
): SecondStartDays | null {
  const day = zone.wall(now).day;
  const goesOn = known !== null && isOn(known, lastRun, zone, day);
  if (!hadSecondStart) return goesOn ? known : null;
  if (!goesOn) return { day, days: 1 };
  // A clock that went back counts no day twice.
  return day > known.day ? { day, days: known.days + 1 } : known;
}

function isOn(known: SecondStartDays, lastRun: string | null, zone: Zone, day: string): boolean {
  const last = Date.parse(lastRun ?? "");
  const lastDay = Number.isNaN(last) ? known.day : zone.wall(last).day;
  const pause = (Date.parse(day) - Date.parse(known.day)) / DAY_MS;
  // A day that is yet to come was counted by a clock that was wrong, and would never end; zones differ by one.
  const isPast = pause >= -1 && pause <= LONGEST_PAUSE_DAYS;
  // What the earlier runs of this day have found stands in `known`.
  return isPast && (lastDay <= known.day || lastDay >= day);
}

/** How many days the day's message tells of; null: too few. */
export function daysToTell(counted: SecondStartDays | null): number | null {
  return counted === null || counted.days < FIRST_TOLD ? null : counted.days;
}

/** Whether a message of its own is due, where no other one of the day tells it. */
export function isToldAlone(days: number): boolean {
  return (days - FIRST_TOLD) % EVERY === 0;
}
