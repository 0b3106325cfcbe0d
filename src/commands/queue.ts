import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { runProcess } from "../dbt/process.ts";
import { takeTicket } from "../platforms/local/tickets.ts";
import { describeEvent } from "../queue/log-lines.ts";
import { type QueueResult, skipQueue } from "../queue/result.ts";
import { type WaitPolicy, waitForTurn } from "../queue/wait.ts";
import type { Mode } from "../run/mode.ts";
import type { Run } from "../run/run.ts";
import { SignalboxError } from "../support/errors.ts";
import { withoutSecrets } from "../support/secrets.ts";
import type { Context } from "./context.ts";
import { learnRun } from "./occasion.ts";

/** A turn: how the wait ended, and what to do when the run has ended. */
export interface Turn {
  readonly result: QueueResult;
  /** Lets the next run in. `status` is what later runs read: success, failed, cancelled. */
  readonly end: (status: "success" | "failed" | "cancelled" | "left") => Promise<void>;
}

const TIMED_OUT = 75;
const LEFT = 76;

export async function run(context: Context): Promise<number> {
  const { run: thisRun } = await learnRun(context, { baseBranch: false, trigger: false });
  const command = context.settings.rest;
  const turn = await takeTurn(context, thisRun, context.settings.given.supersede ?? "none");
  await context.work.open();
  await context.work.writeJson("queue.json", turn.result);
  const mayEnter = turn.result.decision === "entered" || turn.result.decision === "skipped";
  if (!mayEnter) {
    await turn.end("left");
    context.result([], turn.result);
    return turn.result.decision === "timed-out" ? TIMED_OUT : command.length > 0 ? 0 : LEFT;
  }
  if (command.length === 0) {
    if (turn.result.decision === "entered") {
      context.log.warn(
        "queue",
        "a ticket in a folder ends with this process, so nothing keeps later steps apart: signalbox queue -- command does",
      );
    }
    await turn.end("success");
    context.result([], turn.result);
    return 0;
  }
  const exitCode = await runCommand(context, command, turn);
  context.result([], turn.result);
  return exitCode;
}

/** Waits until earlier runs have ended; where the platform has no queue yet, says so and goes on. */
export async function takeTurn(context: Context, thisRun: Run, supersede: WaitPolicy["supersede"]): Promise<Turn> {
  const { given, config } = context.settings;
  const group = groupOf(thisRun, config.queue.workflows);
  const me = { id: thisRun.id, attempt: thisRun.attempt };
  const dir = ticketDirOf(context, thisRun);
  if (dir === null) {
    const why = `${PLATFORM_NAMES[thisRun.platform]} has no queue in this version: nothing keeps two runs of ${thisRun.ref.name} apart; --ticket-dir DIR queues in a folder that all runs share`;
    context.log.warn("queue", why);
    return { result: skipQueue(me, group, why), end: async () => {} };
  }

  const ticket = await takeTicket({ dir, group, run: thisRun });
  try {
    const result = await waitForTurn({
      source: ticket.source,
      me: ticket.me,
      group,
      ref: thisRun.ref.name,
      policy: {
        lagSeconds: given.apiLag ?? 0,
        settleSeconds: given.settle ?? 30,
        supersede,
        ignoredRuns: given.ignoreRun ?? [],
        timeoutSeconds: config.queue.timeout,
        onTimeout: config.queue.onTimeout,
        pollSeconds: given.poll ?? LOCAL_POLL_SECONDS,
        maxPollSeconds: Math.max(given.poll ?? 0, LOCAL_LONGEST_POLL_SECONDS),
      },
      clock: context.clock,
      random: Math.random,
      signal: context.signal,
      report: (event) => context.log.step("queue", describeEvent(event)),
    });
    return { result, end: ticket.release };
  } catch (error) {
    await ticket.release("left");
    throw error;
  }
}

/** A folder is asked for nothing: it can be looked at often. */
const LOCAL_POLL_SECONDS = 0.5;
const LOCAL_LONGEST_POLL_SECONDS = 2;

const PLATFORM_NAMES: Readonly<Record<Run["platform"], string>> = {
  github: "GitHub Actions",
  circleci: "CircleCI",
  local: "this machine",
  unknown: "this CI",
};

/** The policy for waiting runs of a mode, unless a flag says otherwise. */
export function supersedeOf(context: Context, mode: Mode): WaitPolicy["supersede"] {
  return context.settings.given.supersede ?? context.settings.config.queue.supersede[mode];
}

/** The runs that must not overlap: one repository, one ref, one head repository, one list of workflows. */
export function groupOf(thisRun: Run, workflows: readonly string[]): string {
  const names = workflows.map((name) => (name === "self" ? thisRun.workflow : name));
  return [thisRun.repository, thisRun.headRepository, thisRun.ref.name, [...new Set(names)].sort().join(",")].join(" ");
}

/** The folder of tickets that the run takes its own in; null: a CI whose runs share no folder that we know. */
export function ticketDirOf({ settings: { given }, cwd, env }: Context, thisRun: Run): string | null {
  if (given.ticketDir !== undefined) return resolve(cwd, given.ticketDir);
  return thisRun.platform === "local"
    ? join(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state"), "signalbox", "tickets")
    : null;
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
