import { OutOfTimeError } from "../../platforms/requests.ts";
import type { QueueEvent } from "../../queue/events.ts";
import { describeEvent } from "../../queue/log-lines.ts";
import { type QueueResult, skipQueue } from "../../queue/result.ts";
import { endWithoutAnswer, type WaitPolicy, waitForTurn } from "../../queue/wait.ts";
import type { Mode } from "../../run/mode.ts";
import type { Run } from "../../run/run.ts";
import type { Context } from "../../setup/context.ts";
import { type ExitCode, SignalboxError } from "../../support/errors.ts";
import { type EndStatus, groupOf, joinQueue } from "./queue.ts";

/** A turn: how the wait ended, and what to do when the run has ended. */
export interface Turn {
  readonly result: QueueResult;
  readonly outlivesProcess: boolean;
  /** For a command that runs in this turn. */
  readonly env: Readonly<Record<string, string>>;
  /** Lets the next run in. */
  readonly end: (status: EndStatus) => Promise<void>;
}

/** What is waited for: a run, what it is for (null: not known), and for which newer runs it leaves. */
export interface TurnRequest {
  readonly run: Run;
  readonly mode: Mode | null;
  readonly supersede: WaitPolicy["supersede"];
}

/** Waits until earlier runs have ended. Where there is no line to stand in, says why and goes on. */
export async function takeTurn(context: Context, { run: thisRun, mode, supersede }: TurnRequest): Promise<Turn> {
  const { given, config } = context.settings;
  const report = (event: QueueEvent) => tellEvent(context, event);
  const line = await joinQueue(context, thisRun, mode).catch((error: unknown) => {
    if (error instanceof OutOfTimeError) return error;
    throw error;
  });
  if (line instanceof OutOfTimeError) {
    const result = endWithoutAnswer({
      me: thisRun,
      group: groupOf(thisRun, config.queue.workflows),
      ref: thisRun.ref.name,
      onTimeout: config.queue.onTimeout,
      waitedSeconds: Math.round((context.clock.monotonic() - context.startedAt) / 1000),
      message: line.message,
      report,
    });
    return { result, outlivesProcess: true, env: {}, end: async () => {} };
  }
  if ("why" in line) {
    if (line.kind === "inside") context.log.step("queue", `does not wait: ${line.why}`);
    else context.log.warn("queue", line.why);
    const result = skipQueue({ id: thisRun.id, attempt: thisRun.attempt }, line.group, line.why);
    return { result, outlivesProcess: true, env: {}, end: async () => {} };
  }
  try {
    const result = await waitForTurn({
      source: line.source,
      me: line.me,
      group: line.group,
      ref: thisRun.ref.name,
      policy: {
        ...line.pace,
        settleSeconds: given.settle,
        supersede,
        ignoredRuns: given.ignoreRun,
        timeoutSeconds: config.queue.timeout,
        onTimeout: config.queue.onTimeout,
      },
      clock: context.clock,
      random: Math.random,
      signal: context.signal,
      startedAt: context.startedAt,
      report,
    });
    return { result, outlivesProcess: line.outlivesProcess, env: line.env, end: line.end };
  } catch (error) {
    await line.end("left");
    throw error;
  }
}

function tellEvent({ log, runner }: Context, event: QueueEvent): void {
  const words = describeEvent(event);
  if (event.kind !== "quiet") {
    log.step("queue", words);
    return;
  }
  log.warn("queue", words);
  runner.annotate([{ level: "warning", title: "A run ahead may be dead", message: words, file: null, line: null }]);
}

/** The policy for waiting runs of a mode, unless a flag says otherwise. */
export function supersedeOf(context: Context, mode: Mode): WaitPolicy["supersede"] {
  return context.settings.given.supersede ?? context.settings.config.queue.supersede[mode];
}

/** Whether the run goes on past the queue. */
export function hasEntered({ result: { decision } }: Turn): boolean {
  return decision === "entered" || decision === "skipped";
}

/** Runs the rest and lets the next run in, whatever happens. */
export async function withTurn(turn: Turn | null, rest: () => Promise<ExitCode>): Promise<ExitCode> {
  if (turn === null) return rest();
  try {
    const exitCode = await rest();
    await turn.end(!hasEntered(turn) ? "left" : exitCode === 0 ? "success" : "failed");
    return exitCode;
  } catch (error) {
    await turn.end(error instanceof SignalboxError && error.kind === "interrupted" ? "cancelled" : "failed");
    throw error;
  }
}
