import type { Piece } from "./item.ts";
import type { Ledger } from "./ledger.ts";
import type { AlertPolicy } from "./policy.ts";
import { lastTimeOfDay } from "./zone.ts";

const HOUR_MS = 3600_000;
/** What people have read within this time is left out of the daily message. */
const FRESH_MS = 20 * HOUR_MS;

/**
 * The errors that still fail, once a day: by the first run after the time of day. `isDecided`: the day's message is due and
 * there is nothing for it to tell, so that it is not asked for again.
 */
export function dailyPieces(
  pieces: readonly Piece[],
  ledger: Ledger,
  { zone, dailyAtMinutes, repeat }: Pick<AlertPolicy, "zone" | "dailyAtMinutes" | "repeat">,
  now: number,
): { readonly pieces: readonly Piece[]; readonly isDecided: boolean } {
  if (!isDailyDue(ledger, zone, dailyAtMinutes, now)) return { pieces: [], isDecided: false };
  const due =
    repeat === "off" || ledger.dailyAt === null
      ? []
      : pieces.filter(
          ({ entry: { state, told, severity, isMuted, notifiedAt, thread }, news, isDisabled }) =>
            state === "open" &&
            severity === "error" &&
            told === "error" &&
            news === null &&
            !isMuted &&
            !isDisabled &&
            (repeat === "channel" || thread !== null) &&
            // Neither a time that cannot be read nor one that a wrong clock left in the future silences a problem.
            !(Math.abs(now - Date.parse(notifiedAt ?? "")) < FRESH_MS),
        );
  return { pieces: due, isDecided: due.length === 0 };
}

export function isDailyDue(
  { dailyAt }: Pick<Ledger, "dailyAt">,
  zone: AlertPolicy["zone"],
  minutes: number,
  now: number,
): boolean {
  const last = Date.parse(dailyAt ?? "");
  return !(last >= lastTimeOfDay(zone, minutes, now) && last <= now);
}
