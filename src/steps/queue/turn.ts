import type { Runner } from "../../platforms/ports.ts";
import { OutOfTimeError } from "../../platforms/requests.ts";
import type { QueueEvent } from "../../queue/events.ts";
import { describeEvent } from "../../queue/log-lines.ts";
import type { ReliefOptions } from "../../queue/relief.ts";
import { type QueueResult, skipQueue } from "../../queue/result.ts";
import { endWithoutAnswer, type WaitPolicy, waitForTurn } from "../../queue/wait.ts";
import type { Mode } from "../../run/mode.ts";
import type { Run } from "../../run/run.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import type { Children } from "../../support/claims.ts";
import { type ExitCode, SignalboxError } from "../../support/errors.ts";
import { type EndStatus, groupOf, joinQueue, type QueueParts } from "./queue.ts";

/** The line as a run inside it looks at it. */
export type Lookout = Pick<ReliefOptions, "source" | "me" | "everySeconds">;

/** A turn: how the wait ended, and what to do when the run has ended. */
export interface Turn {
  readonly result: QueueResult;
  readonly outlivesProcess: boolean;
  /** For a command that runs in this turn. */
  readonly env: Readonly<Record<string, string>>;
  /** Lets the next run in. */
  readonly end: (status: EndStatus) => Promise<void>;
  /** The line that it stands in, and its place there; null: there is none. */
  readonly lookout: Lookout | null;
}

/** What is waited for: a run, what it is for (null: not known), and for which newer runs it leaves. */
export interface TurnRequest {
  readonly run: Run;
  readonly mode: Mode | null;
  readonly supersede: WaitPolicy["supersede"];
}

export interface TurnParts extends QueueParts {
  readonly settings: QueueParts["settings"] & SettingsPart<"settle" | "ignoreRun">;
  readonly children: Children;
  readonly runner: Pick<Runner, "annotate">;
}

/** A look takes one or two requests, and a token has 1,000 in an hour for all jobs of its repository. */
const LOOK_SECONDS = 60;
const LOOK_IN_FOLDER_SECONDS = 2;
const WITHOUT_QUEUE = { outlivesProcess: true, env: {}, end: async () => {}, lookout: null } as const;

/** Waits until earlier runs have ended. Where there is no queue, says why and goes on. */
export async function takeTurn(parts: TurnParts, { run: thisRun, mode, supersede }: TurnRequest): Promise<Turn> {
  const { clock, log, signal, startedAt } = parts;
  const { given, config } = parts.settings;
  const report = (event: QueueEvent) => tellEvent(parts, event);
  const queue = await joinQueue(parts, thisRun, mode).catch((error: unknown) => {
    if (error instanceof OutOfTimeError) return error;
    throw error;
  });
  if (queue instanceof OutOfTimeError) {
    const result = endWithoutAnswer({
      me: thisRun,
      group: groupOf(thisRun, config.queue.workflows),
      ref: thisRun.ref.name,
      onTimeout: config.queue.onTimeout,
      waitedSeconds: Math.round((clock.monotonic() - startedAt) / 1000),
      message: queue.message,
      report,
    });
    return { result, ...WITHOUT_QUEUE };
  }
  if ("why" in queue) {
    if (queue.kind === "inside") log.step("queue", `does not wait: ${queue.why}`);
    else log.warn("queue", queue.why);
    const result = skipQueue({ id: thisRun.id, attempt: thisRun.attempt }, queue.group, queue.why);
    return { result, ...WITHOUT_QUEUE };
  }
  try {
    const result = await waitForTurn({
      source: queue.source,
      me: queue.me,
      group: queue.group,
      ref: thisRun.ref.name,
      policy: {
        ...queue.pace,
        settleSeconds: given.settle,
        supersede,
        ignoredRuns: given.ignoreRun,
        timeoutSeconds: config.queue.timeout,
        onTimeout: config.queue.onTimeout,
      },
      clock,
      random: Math.random,
      signal,
      startedAt,
      report,
    });
    const { outlivesProcess, env, end, source } = queue;
    const me = { ...result.me, ticket: result.me.ticket ?? queue.me.ticket };
    const everySeconds = outlivesProcess ? LOOK_SECONDS : LOOK_IN_FOLDER_SECONDS;
    return { result, outlivesProcess, env, end, lookout: { source, me, everySeconds } };
  } catch (error) {
    await queue.end("left");
    throw error;
  }
}

function tellEvent({ log, runner }: Pick<TurnParts, "log" | "runner">, event: QueueEvent): void {
  const words = describeEvent(event);
  if (event.kind !== "quiet") {
    log.step("queue", words);
    return;
  }
  log.warn("queue", words);
  runner.annotate([{ level: "warning", title: "A run ahead may be dead", message: words, file: null, line: null }]);
}

/** The policy for waiting runs of a mode, unless a flag says otherwise. */
export function supersedeOf(
  { given, config }: SettingsPart<"supersede", "queue">,
  mode: Mode,
): WaitPolicy["supersede"] {
  return given.supersede ?? config.queue.supersede[mode];
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
