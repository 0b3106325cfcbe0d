import { describeNewer } from "../../queue/log-lines.ts";
import { waitForRelief } from "../../queue/relief.ts";
import type { SeenRun } from "../../queue/ticket.ts";
import type { Mode } from "../../run/mode.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import type { Clock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import type { Log } from "../../support/log.ts";
import { cleanLine } from "../../text/clean.ts";
import { hasEntered, type Lookout, type Turn } from "./turn.ts";

/** What a run looks at while it works; null: it makes way for nobody. A deploy or a schedule never does. */
export function lookoutOf({ config }: SettingsPart<never, "queue">, mode: Mode, turn: Turn | null): Lookout | null {
  if (turn === null || !config.queue.supersedeRunning || mode !== "check" || !hasEntered(turn)) return null;
  return turn.lookout;
}

export type Worked<T> =
  | { readonly kind: "done"; readonly value: T }
  /** The work was stopped, and has ended. */
  | { readonly kind: "superseded"; readonly words: string };

interface MakeWayParts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Pick<Log, "step" | "warn">;
}

/** Does the work, and stops it where a newer run of the branch does it anew. What is done by then stays done. */
export async function makingWay<T>(
  { clock, signal, log }: MakeWayParts,
  lookout: Lookout | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Worked<T>> {
  if (lookout === null) return { kind: "done", value: await work(signal) };
  const [looks, stop] = [new AbortController(), new AbortController()];
  let words: string | null = null;
  const makeWay = (newer: SeenRun) => {
    words = describeNewer(newer);
    const page = newer.url === null ? "" : ` (${cleanLine(newer.url, 300)})`;
    log.step("queue", `makes way, dbt is stopped: ${words}${page}`);
    stop.abort(new SignalboxError("interrupted", `stopped: ${words}`));
  };
  const note = (text: string) => log.warn("queue", `whether a newer run works is not known: ${text}`);
  const looking = waitForRelief({ ...lookout, clock, random: Math.random, signal: looks.signal, note }).then(
    (relief) => relief !== null && makeWay(relief),
  );
  // An end of the looks is none of the work; what is our own bug is told behind it.
  const looked = looking.catch((error: unknown) => {
    if (!looks.signal.aborted) throw error;
  });
  looked.catch(() => {});
  try {
    return { kind: "done", value: await work(AbortSignal.any([signal, stop.signal])) };
  } catch (error) {
    if (words === null || signal.aborted || !(error instanceof SignalboxError)) throw error;
    return { kind: "superseded", words };
  } finally {
    looks.abort();
    await looked;
  }
}
