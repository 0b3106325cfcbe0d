import { runProcess } from "../dbt/process.ts";
import { describeEvent } from "../queue/log-lines.ts";
import { type QueueResult, skipQueue } from "../queue/result.ts";
import { type WaitPolicy, waitForTurn } from "../queue/wait.ts";
import { renderQueueSummary } from "../render/line.ts";
import type { Mode } from "../run/mode.ts";
import type { Run } from "../run/run.ts";
import { type ExitCode, SignalboxError } from "../support/errors.ts";
import { withoutSecrets } from "../support/secrets.ts";
import type { Context } from "./context.ts";
import { type EndStatus, joinLine } from "./line.ts";
import { learnRun } from "./occasion.ts";

/** A turn: how the wait ended, and what to do when the run has ended. */
export interface Turn {
  readonly result: QueueResult;
  readonly outlivesProcess: boolean;
  /** Lets the next run in. */
  readonly end: (status: EndStatus) => Promise<void>;
}

const TIMED_OUT = 75;
const LEFT = 76;
const SETTLE_SECONDS = 30;

export async function run(context: Context): Promise<number> {
  const { run: thisRun } = await learnRun(context, { baseBranch: false, trigger: false });
  const command = context.settings.rest;
  const turn = await takeTurn(context, thisRun, context.settings.given.supersede ?? "none");
  await context.work.open();
  await tellQueue(context, turn.result);
  const { decision } = turn.result;
  if (decision === "left" || decision === "timed-out") {
    await turn.end("left");
    context.result([], turn.result);
    return decision === "timed-out" ? TIMED_OUT : command.length > 0 ? 0 : LEFT;
  }
  if (command.length > 0) {
    const exitCode = await runCommand(context, command, turn);
    context.result([], turn.result);
    return exitCode;
  }
  if (decision === "entered" && !turn.outlivesProcess) {
    context.log.warn(
      "queue",
      "a ticket in a folder ends with this process, so nothing keeps later steps apart: signalbox queue -- command does",
    );
  }
  await turn.end("success");
  context.result([], turn.result);
  return 0;
}

/** Waits until earlier runs have ended. Where there is no line to stand in, says why and goes on. */
export async function takeTurn(context: Context, thisRun: Run, supersede: WaitPolicy["supersede"]): Promise<Turn> {
  const { given, config } = context.settings;
  const line = await joinLine(context, thisRun);
  if ("why" in line) {
    context.log.warn("queue", line.why);
    const result = skipQueue({ id: thisRun.id, attempt: thisRun.attempt }, line.group, line.why);
    return { result, outlivesProcess: true, end: async () => {} };
  }
  try {
    const result = await waitForTurn({
      source: line.source,
      me: line.me,
      group: line.group,
      ref: thisRun.ref.name,
      policy: {
        ...line.pace,
        settleSeconds: given.settle ?? SETTLE_SECONDS,
        supersede,
        ignoredRuns: given.ignoreRun ?? [],
        timeoutSeconds: config.queue.timeout,
        onTimeout: config.queue.onTimeout,
      },
      clock: context.clock,
      random: Math.random,
      signal: context.signal,
      startedAt: context.startedAt,
      report: (event) => {
        const words = describeEvent(event);
        if (event.kind !== "quiet") return context.log.step("queue", words);
        context.log.warn("queue", words);
        context.runner.annotate([
          { level: "warning", title: "A run ahead may be dead", message: words, file: null, line: null },
        ]);
      },
    });
    return { result, outlivesProcess: line.outlivesProcess, end: line.end };
  } catch (error) {
    await line.end("left");
    throw error;
  }
}

/** The policy for waiting runs of a mode, unless a flag says otherwise. */
export function supersedeOf(context: Context, mode: Mode): WaitPolicy["supersede"] {
  return context.settings.given.supersede ?? context.settings.config.queue.supersede[mode];
}

/** queue.json, the job's page and the outputs: the same facts as in the log. */
async function tellQueue(context: Context, result: QueueResult): Promise<void> {
  await context.work.writeJson("queue.json", result);
  await context.runner.summary(renderQueueSummary(result));
  await context.runner.outputs({
    decision: result.decision,
    "waited-seconds": String(result.waitedSeconds),
    position: String(result.position),
    "blocker-url": result.blockers[0]?.url ?? "",
  });
}

async function runCommand(context: Context, command: readonly string[], turn: Turn): Promise<number> {
  const end = await runProcess({
    argv: command,
    cwd: context.cwd,
    env: withoutSecrets(context.env),
    capture: false,
    signal: context.signal,
    onLine: context.log.pass,
  }).catch(async (error: unknown) => {
    await turn.end("failed");
    throw error;
  });
  await turn.end(end.stopped ? "cancelled" : end.exitCode === 0 ? "success" : "failed");
  context.signal.throwIfAborted();
  if (end.exitCode === null) throw new SignalboxError("dbt", `${command[0]} was ended by a signal`);
  return end.exitCode;
}

/** Runs the rest and lets the next run in, whatever happens. */
export async function endingTurn(turn: Turn | null, rest: () => Promise<ExitCode>): Promise<ExitCode> {
  if (turn === null) return rest();
  const hasEntered = turn.result.decision === "entered" || turn.result.decision === "skipped";
  try {
    const exitCode = await rest();
    await turn.end(!hasEntered ? "left" : exitCode === 0 ? "success" : "failed");
    return exitCode;
  } catch (error) {
    await turn.end(error instanceof SignalboxError && error.kind === "interrupted" ? "cancelled" : "failed");
    throw error;
  }
}
