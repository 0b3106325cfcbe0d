/** What clocks on the wall of a time zone show, and the moments at which they do. Node's own zone data; no clock is read. */
export interface Zone {
  /** The day (`2026-11-25`), and the minutes since its midnight. `ms` is in milliseconds since the epoch. */
  wall(ms: number): { readonly day: string; readonly minutes: number };
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A zone such as `Europe/London`; settings have checked that Node knows it. */
export function openZone(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  return {
    wall: (ms) => {
      const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
      const get = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
      const day = `${get("year").padStart(4, "0")}-${get("month")}-${get("day")}`;
      return { day, minutes: Number(get("hour")) * 60 + Number(get("minute")) };
    },
  };
}

/** `09:00` in minutes since midnight. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

/**
 * The last moment, not after `now`, at which clocks showed this time of day. Where summer time skips it, the moment at
 * which they would have shown it; where it comes twice, the first.
 */
export function lastTimeOfDay(zone: Zone, minutes: number, now: number): number {
  const today = Date.parse(zone.wall(now).day);
  for (const day of [today, today - DAY_MS]) {
    const moment = momentOf(zone, day + minutes * MINUTE_MS);
    if (moment <= now) return moment;
  }
  return momentOf(zone, today - 2 * DAY_MS + minutes * MINUTE_MS);
}

/** The moment at which clocks show what they show at `wallMs` in UTC. */
function momentOf(zone: Zone, wallMs: number): number {
  const offsetAt = (ms: number) => {
    const { day, minutes } = zone.wall(ms);
    return Date.parse(day) + minutes * MINUTE_MS - Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  };
  // Half a day before and after: on both sides of a change. https://tc39.es/ecma262/#sec-utc-t takes the one before, too.
  const before = wallMs - offsetAt(wallMs - DAY_MS / 2);
  const after = wallMs - offsetAt(wallMs + DAY_MS / 2);
  const shows = (ms: number) => ms + offsetAt(ms) === wallMs;
  return shows(before) || !shows(after) ? before : after;
}

/** The ISO week of a day: `2026-W48`. */
export function weekOf(day: string): string {
  const ms = Date.parse(day);
  // The Thursday of the week says which year it belongs to.
  const thursday = new Date(ms + (4 - weekdayOf(day)) * DAY_MS);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - first) / (7 * DAY_MS)) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}

/** The week whose board is shown: it changes on Monday at `minutes`. */
export function boardWeekOf(zone: Zone, minutes: number, now: number): string {
  const { day, minutes: time } = zone.wall(now);
  const isBefore = weekdayOf(day) === 1 && time < minutes;
  return weekOf(isBefore ? new Date(Date.parse(day) - DAY_MS).toISOString().slice(0, 10) : day);
}

/** Monday is 1, Sunday 7. */
function weekdayOf(day: string): number {
  return ((new Date(day).getUTCDay() + 6) % 7) + 1;
}
