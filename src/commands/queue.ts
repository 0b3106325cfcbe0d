import { constants } from "node:os";
import { basename } from "node:path";
import { runProcess } from "../dbt/process.ts";
import type { QueueResult } from "../queue/result.ts";
import { renderQueueSummary } from "../render/queue-table.ts";
import type { Context } from "../setup/context.ts";
import { learnRun } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { type Turn, takeTurn } from "../steps/queue/turn.ts";
import { SignalboxError } from "../support/errors.ts";
import { withoutSecrets } from "../support/secrets.ts";

const TIMED_OUT = 75;
const LEFT = 76;

export async function run(context: Context): Promise<number> {
  const { run: thisRun } = await learnRun(context, { baseBranch: false, trigger: false, trust: false });
  const command = context.settings.rest;
  const { mode, supersede } = context.settings.given;
  const turn = await takeTurn(context, {
    run: thisRun,
    mode: mode === "auto" ? null : mode,
    supersede: supersede ?? "none",
  });
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

/**
 * queue.json, the job's page and the outputs: the same facts as in the log. The work folder may be another run's, and the
 * command may need it: it is locked for this moment only.
 */
async function tellQueue(context: Context, result: QueueResult): Promise<void> {
  await withWork(context, () => context.work.writeJson("queue.json", result)).catch((error: unknown) => {
    if (!(error instanceof SignalboxError)) throw error;
    context.log.step("queue", `queue.json is not written: ${error.message}`);
  });
  await context.runner.summary(renderQueueSummary(result));
  await context.runner.outputs({
    decision: result.decision,
    "waited-seconds": String(result.waitedSeconds),
    position: String(result.position),
    "blocker-url": result.blockers[0]?.url ?? "",
  });
}

/** The command's exit code, or as a shell tells of a signal. Input and output are its own; with --json its output is on stderr. */
async function runCommand(context: Context, command: readonly string[], turn: Turn): Promise<number> {
  const end = await runProcess({
    argv: command,
    cwd: context.cwd,
    env: { ...withoutSecrets(context.env), ...turn.env },
    stdout: context.settings.given.json ? "own-error" : "own",
    children: context.children,
    name: basename(command[0] ?? ""),
    signal: context.signal,
    onLine: () => {},
  }).catch(async (error: unknown) => {
    await turn.end("failed");
    throw error;
  });
  await turn.end(end.stopped ? "cancelled" : end.exitCode === 0 ? "success" : "failed");
  context.signal.throwIfAborted();
  return end.exitCode ?? 128 + constants.signals[end.signal ?? "SIGKILL"];
}
