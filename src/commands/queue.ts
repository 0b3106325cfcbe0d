import { constants } from "node:os";
import { basename } from "node:path";
import { runProcess } from "../dbt/process.ts";
import type { Runner } from "../platforms/ports.ts";
import type { QueueResult } from "../queue/result.ts";
import { renderQueueSummary } from "../render/queue-table.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import type { Context } from "../setup/context.ts";
import { openPassEnv } from "../setup/pass-env.ts";
import { learnRun } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { type Turn, takeTurn } from "../steps/queue/turn.ts";
import type { ChildWatch } from "../support/claims.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import type { Outputs } from "../support/outputs.ts";
import { assertProgram } from "../support/program-file.ts";
import { type Redact, redactAll } from "../support/redact.ts";
import { type Environment, isWithheld, withoutSecrets } from "../support/secrets.ts";

const TIMED_OUT = 75;
const LEFT = 76;

export async function run(context: Context): Promise<number> {
  const command = context.settings.rest;
  const [program] = command;
  // Before the wait: after it, an hour would have been lost.
  if (program !== undefined) await assertProgram({ program, cwd: context.cwd, env: context.env });
  const passes = command.length > 0 && context.settings.config.dbt.passEnv.length > 0;
  const { run: thisRun, baseBranch } = await learnRun(context, { baseBranch: passes, trigger: false, trust: passes });
  const passed = await openPassEnv(context, { run: thisRun, baseBranch });
  const { mode, supersede } = context.settings.given;
  const turn = await takeTurn(context, {
    run: thisRun,
    mode: mode === "auto" ? null : mode,
    supersede: supersede ?? "none",
  });
  // The work folder may be another run's, and the command may need it: it is locked for this moment only.
  const writeResult = () => withWork(context, () => context.work.writeJson("queue.json", turn.result));
  await tellQueue(context, turn.result, writeResult);
  const { decision } = turn.result;
  if (decision === "left" || decision === "timed-out") {
    await turn.end("left");
    context.result([], turn.result);
    return decision === "timed-out" ? TIMED_OUT : command.length > 0 ? 0 : LEFT;
  }
  if (command.length > 0) {
    const withheld = Object.keys(context.env).filter((name) => isForCommands(name) && !passed.includes(name));
    if (withheld.length > 0)
      context.log.step("queue", `${withheld.join(", ")}: not handed to the command; dbt.pass_env names exceptions`);
    const exitCode = await runCommand(context, command, passed, turn);
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

interface TellParts {
  readonly outputs: Outputs;
  readonly runner: Pick<Runner, "summary" | "outputs">;
  readonly redact: Redact;
  readonly log: Pick<Log, "step">;
}

/** queue.json, the job's page and the outputs: the same facts as in the log. */
async function tellQueue(
  { outputs, runner, redact, log }: TellParts,
  result: QueueResult,
  writeResult: () => Promise<void>,
): Promise<void> {
  await writeResult().catch((error: unknown) => {
    if (!(error instanceof SignalboxError)) throw error;
    log.step("queue", `queue.json is not written: ${error.message}`);
  });
  const markdown = renderQueueSummary(redactAll(result, redact));
  await outputs.write("the job's summary page", () => runner.summary(markdown));
  const values = {
    decision: result.decision,
    "waited-seconds": String(result.waitedSeconds),
    position: String(result.position),
    "blocker-url": result.blockers[0]?.url ?? "",
  };
  await outputs.write("the outputs for later steps", () => runner.outputs(values));
}

/** Secrets that signalbox itself has no use for: the job has them for what it runs, which may miss them. */
function isForCommands(name: string): boolean {
  return isWithheld(name) && /^(?:GH_|CIRCLE_OIDC_|ACTIONS_ID_)/.test(name);
}

interface CommandParts {
  readonly env: Environment;
  readonly cwd: string;
  readonly settings: SettingsPart<"json">;
  readonly children: ChildWatch;
  readonly signal: AbortSignal;
}

/** The command's exit code, or as a shell tells of a signal. Input and output are its own; with --json its output is on stderr. */
async function runCommand(
  { env, cwd, settings, children, signal }: CommandParts,
  command: readonly string[],
  passed: readonly string[],
  turn: Turn,
): Promise<number> {
  const end = await runProcess({
    argv: command,
    cwd,
    env: { ...withoutSecrets(env, passed), ...turn.env },
    stdout: settings.given.json ? "own-error" : "own",
    children,
    name: basename(command[0] ?? ""),
    signal,
    onLine: () => {},
  }).catch(async (error: unknown) => {
    await turn.end("failed");
    throw error;
  });
  await turn.end(end.stopped ? "cancelled" : end.exitCode === 0 ? "success" : "failed");
  signal.throwIfAborted();
  return end.exitCode ?? 128 + constants.signals[end.signal ?? "SIGKILL"];
}
