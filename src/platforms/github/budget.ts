import type { Clock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";

/**
 * A repository's GITHUB_TOKEN has 1,000 requests an hour for all its jobs together: this run takes a fifth of what it
 * finds. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export interface Budget {
  /** Throws a service error where one request more would be too much. */
  check(): void;
  /** `x-ratelimit-*` of an answer. A 304 costs nothing. */
  note(limits: RateLimits | null, isFree: boolean): void;
}

export interface RateLimits {
  readonly remaining: number;
  /** When the window ends, in seconds since the epoch. */
  readonly reset: number;
}

const SHARE = 0.2;
/** Where clocks disagree, a window is never taken to be longer than it can be. */
export const LONGEST_WINDOW_SECONDS = 3600;
/** Servers of one window tell its end a little differently. */
const SAME_WINDOW_SECONDS = 60;

export function createBudget(clock: Clock, serverNow: () => number): Budget {
  let window: (RateLimits & { readonly spent: number; readonly endsAt: number }) | null = null;
  return {
    check() {
      if (window === null || clock.monotonic() >= window.endsAt) return;
      const { spent, remaining, reset } = window;
      if (spent + 1 <= SHARE * (remaining + spent)) return;
      const time = new Date(reset * 1000).toISOString().slice(11, 19);
      throw new SignalboxError(
        "service",
        `this run has taken its fifth of the token's GitHub requests (${spent}; ${remaining} are left for others): asked again at ${time} UTC`,
      );
    },
    note(limits, isFree) {
      if (limits === null) return;
      const isSame =
        window !== null && clock.monotonic() < window.endsAt && limits.reset - window.reset <= SAME_WINDOW_SECONDS;
      const spent = (isSame && window !== null ? window.spent : 0) + (isFree ? 0 : 1);
      const leftMs = Math.min(Math.max(0, limits.reset * 1000 - serverNow()), LONGEST_WINDOW_SECONDS * 1000);
      window = { ...limits, spent, endsAt: clock.monotonic() + leftMs };
    },
  };
}
