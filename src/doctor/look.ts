import { sendWithin } from "../platforms/requests.ts";
import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";
import { knownOf } from "../support/system-errors.ts";
import type { Seen } from "./facts.ts";

export interface LookLimits {
  readonly clock: Clock;
  /** Of the whole command. */
  readonly signal: AbortSignal;
}

/**
 * What a look brings back within `ms`, or why it has nothing: each look ends by itself, whatever the others do. Rethrows
 * what ended the command, and bugs of ours. `what`: the beginning of a sentence.
 */
export async function look<T>(
  { clock, signal }: LookLimits,
  { what, ms }: { readonly what: string; readonly ms: number },
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<Seen<T>> {
  try {
    const value = await sendWithin({ clock, ms, signal }, ask);
    if (value !== "too late") return { kind: "seen", value };
    return { kind: "failed", why: `${what} did not answer within ${ms / 1000} s`, fix: null, isPassing: true };
  } catch (thrown) {
    signal.throwIfAborted();
    const error = knownOf(thrown);
    if (!(error instanceof SignalboxError)) throw error;
    const isPassing = error.kind === "service" || error.kind === "timeout";
    return { kind: "failed", why: error.message, fix: error.hint, isPassing };
  }
}
