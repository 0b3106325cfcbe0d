import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";
import type { DecisionPolicy, Me, QueueDecision } from "./decide.ts";
import type { QueueEvent } from "./events.ts";
import { describeEvent, describeWayOut } from "./log-lines.ts";
import { createProgress, type Untimed } from "./progress.ts";
import type { Outlook } from "./queue-position.ts";
import { type QueueResult, skipQueue } from "./result.ts";
import type { RunSource } from "./source.ts";
import { spread } from "./spread.ts";
import type { SeenRun } from "./ticket.ts";
import { createView } from "./view.ts";

export interface WaitPolicy extends DecisionPolicy {
  /** null: for as long as it takes. 0: one look decides. */
  readonly timeoutSeconds: number | null;
  readonly onTimeout: "fail" | "proceed" | "cancel";
  /** The first pause between two reads, and the longest; both ±20 %. */
  readonly pollSeconds: number;
  readonly maxPollSeconds: number;
}

export interface WaitOptions {
  readonly source: RunSource;
  readonly me: Me;
  /** The key of the group, for the result. */
  readonly group: string;
  /** The branch or tag, for people. */
  readonly ref: string;
  readonly policy: WaitPolicy;
  readonly clock: Clock;
  /** In [0, 1): spreads the reads of runs that started together. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly report: (event: QueueEvent) => void;
  /** When this process began, by the clock's monotonic time: the deadline runs from here. Left out: from now. */
  readonly startedAt?: number;
}

type Ending =
  | { readonly kind: "entered"; readonly ignored: readonly SeenRun[] }
  | { readonly kind: "left"; readonly by: SeenRun }
  | { readonly kind: "timed-out" };

const BACK_OFF = 1.5;
/** Runs are not equally long: a turn may come so much before or after the foreseen moment. */
const EARLY_SECONDS = 20;
const LATE_SECONDS = 30;
/** Around that moment the pause is a little shorter than the first one, and far from it longer than the longest. */
const NEAR = 0.6;
const FAR = 4;
const FAR_SECONDS = 120;
/** People lose patience after a minute; a CI ends a job that has said nothing for ten. */
const HEARTBEAT_MS = 60_000;
/** A timer takes no longer delay. https://nodejs.org/api/timers.html */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * Waits until this run may enter, leaves for a newer one, or runs out of time; the result says which.
 * A failure of the source that may pass (kind "service") is retried until the deadline and lets nobody in; others
 * are thrown at once. An abort rejects with the signal's reason. No timer outlives the call.
 */
export async function waitForTurn(options: WaitOptions): Promise<QueueResult> {
  const { source, me, policy, clock } = options;
  options.signal.throwIfAborted();

  const startedAt = options.startedAt ?? clock.monotonic();
  const timeoutMs = policy.timeoutSeconds === null ? Number.POSITIVE_INFINITY : policy.timeoutSeconds * 1000;
  const remainingMs = () => startedAt + timeoutMs - clock.monotonic();
  const decidesAtOnce = timeoutMs === 0;

  let toldAt = clock.monotonic();
  const tell = (event: Untimed<QueueEvent>): QueueEvent => {
    toldAt = clock.monotonic();
    const timed = { ...event, ref: options.ref, waitedSeconds: Math.round((toldAt - startedAt) / 1000) };
    options.report(timed);
    return timed;
  };
  const view = createView({ source, me, policy, clock, startedAt });
  const progress = createProgress(tell);

  const scope = new AbortController();
  const { signal } = scope;
  const onAbort = () => scope.abort(options.signal.reason);
  options.signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await finish(await Promise.race([queueUp(), tellEveryMinute(), expire()]));
  } finally {
    options.signal.removeEventListener("abort", onAbort);
    scope.abort();
  }

  async function queueUp(): Promise<Ending> {
    const pause = createPause(policy, options.random);
    for (let looks = 0; remainingMs() > 0 || (decidesAtOnce && looks === 0); looks++) {
      const decision = await look();
      signal.throwIfAborted();
      if (remainingMs() <= 0 && !decidesAtOnce) break;
      if (decision === "again") continue;

      if (decision?.kind === "enter") return { kind: "entered", ignored: decision.ignored };
      if (decision?.kind === "leave") return { kind: "left", by: decision.by };
      if (decision?.kind === "stop") throw ownPlaceUnknown(decision.own);
      const outlook = view.outlook();
      if (decision !== null && outlook !== null) progress.note(decision, outlook, view.time());
      const pauseMs =
        decision?.why === "settling"
          ? Math.ceil(decision.seconds * 1000)
          : pause(decision?.why === "blockers" ? outlook : null, clock.monotonic()) * 1000;
      if (remainingMs() > 0) await clock.sleep(Math.min(pauseMs, remainingMs(), LONGEST_SLEEP_MS), signal);
    }
    return { kind: "timed-out" };
  }

  /** null: the source failed, and may not fail the next time. */
  async function look(): Promise<QueueDecision | "again" | null> {
    try {
      const decision = await view.look(signal);
      progress.update(view.runs());
      return decision ?? "again";
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SignalboxError) || error.kind !== "service") throw error;
      progress.noteFailure(error.message);
      return null;
    }
  }

  /** Beside the reads, so that a read that hangs is not silent. */
  async function tellEveryMinute(): Promise<never> {
    for (;;) {
      await clock.sleep(toldAt + HEARTBEAT_MS - clock.monotonic(), signal);
      if (clock.monotonic() - toldAt >= HEARTBEAT_MS) progress.repeat(view.outlook());
    }
  }

  /** Beside the reads, so that a read that hangs does not outlive the deadline. */
  async function expire(): Promise<Ending> {
    for (;;) {
      await clock.sleep(decidesAtOnce ? LONGEST_SLEEP_MS : Math.min(remainingMs(), LONGEST_SLEEP_MS), signal);
      if (!decidesAtOnce && remainingMs() <= 0) return { kind: "timed-out" };
    }
  }

  async function finish(ending: Ending): Promise<QueueResult> {
    scope.abort();
    const atOnce = !progress.hasWaited();
    const event: QueueEvent =
      ending.kind === "entered"
        ? tell({ ...ending, atOnce, waitedFor: progress.waitedFor() })
        : ending.kind === "left"
          ? tell({ ...ending, atOnce })
          : tell({
              ...ending,
              onTimeout: policy.onTimeout,
              outlook: view.outlook(),
              wait: progress.lastWait(),
              unanswered: progress.failure(),
              cancelFailed: policy.onTimeout === "cancel" ? await cancel() : null,
            });
    const own = view.own();
    return {
      schema: 1,
      decision: ending.kind === "timed-out" && policy.onTimeout === "proceed" ? "entered" : ending.kind,
      reason: describeEvent(event),
      hint: event.kind === "timed-out" ? describeWayOut(event) : null,
      me: { id: me.id, attempt: own?.attempt ?? me.attempt, ticket: own?.ticket ?? me.ticket },
      group: options.group,
      waitedSeconds: event.waitedSeconds,
      position: view.outlook()?.place ?? 0,
      blockers: progress.blockers(),
      calls: source.calls(),
      leftFor: ending.kind === "left" ? ending.by.id : null,
    };
  }

  /** What kept this run from being cancelled; null: nothing. It has timed out in either case. */
  async function cancel(): Promise<string | null> {
    try {
      await source.cancel(me.id);
      return null;
    } catch (error) {
      if (error instanceof SignalboxError) return error.message;
      throw error;
    }
  }
}

/** As `waitForTurn` ends, where the platform did not answer in time what a wait needs to begin. */
export function endWithoutAnswer({
  me,
  group,
  ref,
  onTimeout,
  waitedSeconds,
  message,
  report,
}: Pick<WaitOptions, "group" | "ref" | "report"> & {
  readonly me: Pick<Me, "id" | "attempt">;
  readonly onTimeout: WaitPolicy["onTimeout"];
  readonly waitedSeconds: number;
  /** What it said instead. */
  readonly message: string;
}): QueueResult {
  const cancelFailed = onTimeout === "cancel" ? "the CI does not answer" : null;
  const nothing = { outlook: null, wait: null };
  const event = {
    kind: "timed-out",
    ref,
    waitedSeconds,
    onTimeout,
    unanswered: message,
    cancelFailed,
    ...nothing,
  } as const;
  report(event);
  return {
    ...skipQueue(me, group, describeEvent(event)),
    decision: onTimeout === "proceed" ? "entered" : "timed-out",
    hint: describeWayOut(event),
    waitedSeconds,
  };
}

/**
 * The next pause in seconds. Where this run's turn can be foreseen: a part of the time until shortly before it, and
 * short around it. Else, and where it is not another run that it waits for (null), longer each time.
 */
function createPause(policy: WaitPolicy, random: () => number): (outlook: Outlook | null, now: number) => number {
  const { pollSeconds, maxPollSeconds } = policy;
  let seconds = pollSeconds;
  let turnAt = Number.NEGATIVE_INFINITY;
  return (outlook, now) => {
    const etaSeconds = outlook?.etaSeconds ?? null;
    if (etaSeconds !== null) turnAt = now + etaSeconds * 1000;
    const leftSeconds = (turnAt - now) / 1000;
    const isForeseen = outlook !== null && leftSeconds > -LATE_SECONDS;
    const share = Math.min((leftSeconds - EARLY_SECONDS) / 3, FAR_SECONDS, FAR * maxPollSeconds);
    if (isForeseen) seconds = Math.max(NEAR * pollSeconds, share);
    const pause = spread(seconds, random);
    if (!isForeseen) seconds = Math.min(Math.max(seconds * BACK_OFF, pollSeconds), maxPollSeconds);
    return pause;
  };
}

function ownPlaceUnknown(own: SeenRun): SignalboxError {
  return new SignalboxError("service", `the CI's answer about this run (${own.id}) holds no time to place it by`, {
    hint: "start the job again; two runs without a place would wait for each other",
  });
}
