import { parseInstant } from "../queue/iso-time.ts";
import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";

/** No request takes longer, whatever its transport does. */
export const REQUEST_TIMEOUT_MS = 20_000;

/**
 * Sends something that ends after `ms` at the latest, also where it does not heed its signal. Rejects with the
 * caller's reason when the caller aborts; leaves no timer.
 */
export async function sendWithin<T>(
  { clock, ms, signal }: { clock: Clock; ms: number; signal: AbortSignal | undefined },
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T | "too late"> {
  signal?.throwIfAborted();
  const scope = new AbortController();
  const onAbort = () => scope.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const expire = clock.sleep(ms, scope.signal).then(() => "too late" as const);
    return await Promise.race([send(scope.signal), expire]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    scope.abort();
  }
}

/** The reading of a `Date` header, in milliseconds since the epoch; null: none that is usable. */
export function readDate(header: unknown): number | null {
  const time = typeof header === "string" ? Date.parse(header) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

/**
 * The seconds that a service asks to be left alone: a number, or the time at which it may be asked again.
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function readRetryAfter(header: unknown, now: number): number | null {
  if (typeof header !== "string" || header.trim() === "") return null;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const time = readDate(header);
  return time === null ? null : Math.max(0, (time - now) / 1000);
}

/** The server's time, carried on by the monotonic clock: a machine's own wall clock may be hours off. */
export interface ServerTime {
  note(date: number | null): void;
  /** What is known at least: by the last answer, else by the age of a thing of known birth, else this machine's belief. */
  now(): number;
  /** Something that the server created before this process began: the server's time cannot be earlier. */
  noteBirth(time: string | null, startedAt: number): void;
}

export function createServerTime(clock: Clock): ServerTime {
  let heard: { readonly time: number; readonly at: number } | null = null;
  let born: { readonly time: number; readonly at: number } | null = null;
  return {
    note(date) {
      if (date !== null) heard = { time: date, at: clock.monotonic() };
    },
    noteBirth(time, startedAt) {
      const instant = parseInstant(time);
      if (instant !== null) born = { time: instant, at: startedAt };
    },
    now() {
      const known = heard ?? born;
      return known === null ? clock.now() : known.time + clock.monotonic() - known.at;
    },
  };
}

/** Keeps a service that wants to be left alone from being asked; what waits asks again by its own rhythm. */
export interface RequestGate {
  /** Throws a service error until the time is over. */
  check(): void;
  hold(seconds: number, why: string): void;
}

export function createRequestGate(clock: Clock, serverNow: () => number): RequestGate {
  let held: { readonly until: number; readonly message: string } | null = null;
  return {
    check() {
      if (held === null || clock.monotonic() >= held.until) return;
      throw new SignalboxError("service", held.message);
    },
    hold(seconds, why) {
      const until = clock.monotonic() + seconds * 1000;
      if (held !== null && until < held.until) return;
      const time = new Date(Math.min(serverNow() + seconds * 1000, 8.64e15)).toISOString().slice(11, 19);
      held = { until, message: `${why}: asked again at ${time} UTC` };
    },
  };
}

export interface RetryLimits {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** null: for as long as it takes. 0: one try. */
  readonly timeoutSeconds: number | null;
  readonly notice: (text: string) => void;
}

const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 30;
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** The time was over before it was known what a wait needs to begin. */
export class OutOfTimeError extends SignalboxError {
  constructor(message: string, hint: string | null = null) {
    super("service", message, hint === null ? {} : { hint });
  }
}

/**
 * Does what has to be known before a wait can begin, again after service errors, until the deadline: then it throws an
 * `OutOfTimeError`.
 */
export async function tryUntilDeadline<T>(
  patience: RetryLimits,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal, timeoutSeconds } = patience;
  const deadline = timeoutSeconds === null ? Number.POSITIVE_INFINITY : patience.startedAt + timeoutSeconds * 1000;
  for (let pauseSeconds = FIRST_PAUSE_SECONDS; ; pauseSeconds = Math.min(pauseSeconds * 1.5, LONGEST_PAUSE_SECONDS)) {
    const leftMs = timeoutSeconds === 0 ? LONGEST_WAIT_MS : Math.min(deadline - clock.monotonic(), LONGEST_WAIT_MS);
    if (leftMs <= 0) throw new OutOfTimeError("the time-out was over before the CI could be asked");
    try {
      const answer = await sendWithin({ clock, ms: leftMs, signal }, read);
      if (answer !== "too late") return answer;
      throw new OutOfTimeError("the CI did not answer before the time-out");
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof SignalboxError) || error.kind !== "service") throw error;
      if (clock.monotonic() + pauseSeconds * 1000 >= deadline) throw new OutOfTimeError(error.message, error.hint);
      patience.notice(`no answer yet: ${error.message}`);
    }
    await clock.sleep(pauseSeconds * 1000, signal);
  }
}

/** Says each thing once, however often it is found. */
export function oncePerText(notice: ((text: string) => void) | undefined): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (!told.has(text)) notice?.(text);
    told.add(text);
  };
}
