import type { ToldFinding } from "../alerts/decide.ts";
import { groupBy } from "../support/group-by.ts";
import { describeFinding } from "./finding-words.ts";
import { count, listed } from "./words.ts";

const MOST_NAMES = 4;

/**
 * What a run finds and sends no message about, one line for each moment at which it was told:
 * `2 errors already told at 06:07 UTC: stg_orders.customer_id, fct_orders`. As all times in the log they are in UTC, with
 * the day where it is not that of `now` (milliseconds since the epoch).
 */
export function describeTold(told: readonly ToldFinding[], now: number): readonly string[] {
  const groups = groupBy(told, ({ finding, at }) => `${finding.severity} ${at === null ? "" : momentOf(at, now)}`);
  return [...groups].map(([key, group]) => {
    const names = group.map(({ finding }) => describeFinding(finding).where);
    const space = key.indexOf(" ");
    const [severity, moment] = [key.slice(0, space), key.slice(space + 1)];
    const what = count(names.length, severity === "error" ? "error" : "warning");
    return `${what} ${moment === "" ? "muted" : `already told ${moment}`}: ${listed(names, MOST_NAMES)}`;
  });
}

function momentOf(at: string, now: number): string {
  const [day = "", time = ""] = at.slice(0, 16).split("T");
  return day === new Date(now).toISOString().slice(0, 10) ? `at ${time} UTC` : `on ${day} at ${time} UTC`;
}
