import { join, relative } from "node:path";
import type { NotifyResult } from "../alerts/alert.ts";
import { redactStarts } from "../dbt/kept-files.ts";
import type { QueueResult } from "../queue/result.ts";
import type { Summary } from "../render/markdown.ts";
import { renderVerdict } from "../render/terminal.ts";
import type { Mode } from "../run/mode.ts";
import type { PlanResult } from "../selection/plan.ts";
import type { Context } from "../setup/context.ts";
import type { RunSettings } from "../setup/run-settings.ts";
import { exitCodeOf, outcomeName, worstExitCode } from "../severity/outcome.ts";
import { verdictOfRun } from "../severity/run-verdict.ts";
import type { Outcome, VerdictResult } from "../severity/verdict.ts";
import type { Built } from "../steps/build.ts";
import type { PullRequestComment } from "../steps/comment.ts";
import { type AlertContext, notifyStep } from "../steps/notify/notify.ts";
import { publishIfDue } from "../steps/publish/publish.ts";
import { junitDirOf, writeSummary } from "../steps/report/report.ts";
import { type ErrorFields, type ExitCode, errorFields, type SignalboxError } from "../support/errors.ts";

/** ci.json and `ci --json`. */
export interface CiResult {
  readonly schema: 1;
  readonly mode: Mode;
  readonly modeReason: string;
  readonly outcome: "pass" | "warn" | "error" | "nothing" | "superseded" | "skipped" | "failed";
  readonly queue: QueueResult | null;
  readonly plan: PlanResult | null;
  readonly verdict: VerdictResult | null;
  readonly notify: NotifyResult | null;
  readonly published: { readonly commit: string; readonly where: string } | null;
  readonly exitCode: number;
  /** What ended it, where it was no verdict. */
  readonly error?: ErrorFields;
}

/** What has come about so far; each step adds its value. */
export interface Progress {
  readonly comment: PullRequestComment;
  queue: QueueResult | null;
  plan: PlanResult | null;
  nodesInProject: number | null;
  built: Built | null;
  verdict: VerdictResult | null;
  notify: NotifyResult | null;
  published: CiResult["published"];
}

/** Nothing yet. */
export function startProgress(comment: PullRequestComment): Progress {
  return {
    comment,
    queue: null,
    plan: null,
    nodesInProject: null,
    built: null,
    verdict: null,
    notify: null,
    published: null,
  };
}

interface Ending {
  readonly runSettings: RunSettings;
  readonly told: AlertContext | null;
  readonly progress: Progress;
  readonly outcome: Outcome;
  /** One sentence for a run without a verdict. */
  readonly words: string | null;
}

/** Tells people, publishes, writes what is left to write. */
export async function finish(
  context: Context,
  { runSettings, told, progress, outcome, words }: Ending,
): Promise<ExitCode> {
  if (outcome.kind === "failed") {
    progress.verdict = verdictOfRun(outcome.finding, progress.verdict);
    const { verdict: ofRun } = progress;
    await context.outputs.write("verdict.json", () => context.work.writeJson("verdict.json", ofRun));
  }
  const { verdict } = progress;
  const exitCodes: ExitCode[] = [
    exitCodeOf(outcome, { failOn: runSettings.failOn, nothing: "fails", undelivered: false }),
  ];
  const lines = verdict !== null ? renderVerdict(verdict, context.paint) : words === null ? [] : [words];
  if (context.settings.given.quiet) lines.forEach(context.log.result);
  else context.log.step("verdict", lines.join("\n"));

  if (told !== null && verdict !== null) {
    const notified = await notifyStep(context, told, verdict);
    progress.notify = notified.result;
    exitCodes.push(notified.exitCode);
  }
  if (outcome.kind === "verdict") {
    const ended = await publishIfDue(context, runSettings, progress);
    if (ended.published !== null) progress.published = { commit: ended.published.commit, where: ended.published.where };
    exitCodes.push(ended.exitCode);
  }
  const exitCode = worstExitCode(exitCodes);
  await conclude(context, runSettings, progress, outcomeName(outcome), exitCode, words);
  return exitCode;
}

/** Writes summary.md and ci.json, sets the outputs and prints the result. */
export async function conclude(
  context: Context,
  runSettings: RunSettings,
  progress: Progress,
  outcome: CiResult["outcome"],
  exitCode: ExitCode,
  words: string | null,
  error: SignalboxError | null = null,
): Promise<void> {
  const { mode, modeReason } = runSettings;
  const { queue, plan, verdict, notify, published } = progress;
  // A CI keeps the work folder, and nothing behind this reads dbt's files again.
  await redactStarts(context.work.path("dbt"), context.redact);
  const summary = summaryOf(runSettings, progress, words);
  await writeSummary(context, summary);
  // The newer run's comment must not be overwritten.
  if (outcome !== "superseded") await progress.comment.put(summary);

  const fromCwd = (path: string) => relative(context.cwd, path) || ".";
  const counts = verdict?.counts ?? { error: 0, warn: 0, skipped: 0, passed: 0 };
  const values = {
    outcome,
    errors: String(counts.error),
    warnings: String(counts.warn),
    skipped: String(counts.skipped),
    passed: String(counts.passed),
    mode,
    "junit-path": verdict === null ? "" : fromCwd(join(junitDirOf(context), "dbt.xml")),
    "summary-path": fromCwd(context.work.path("summary.md")),
    "report-path": "",
    "bundle-path": published === null ? "" : fromCwd(context.work.path("bundle")),
  };
  await context.outputs.write("the outputs for later steps", () => context.runner.outputs(values));

  const result: CiResult = {
    schema: 1,
    mode,
    modeReason,
    outcome,
    queue,
    plan,
    verdict,
    notify,
    published,
    exitCode: context.outputs.exitCodeOf(exitCode),
    ...(error === null ? {} : { error: errorFields(error) }),
  };
  await context.outputs.write("ci.json", () => context.work.writeJson("ci.json", result));
  if (context.settings.given.json) context.result([], result);
}

export function summaryOf(
  { mode, modeReason, target }: RunSettings,
  progress: Progress,
  ended: string | null,
): Summary {
  const { queue, plan, verdict, nodesInProject } = progress;
  return { mode, modeReason, target, verdict, plan, nodesInProject, queue, ended };
}
