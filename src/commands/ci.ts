import { join, relative } from "node:path";
import type { NotifyResult } from "../alerts/alert.ts";
import type { QueueResult } from "../queue/result.ts";
import { renderSummary, type Summary } from "../render/markdown.ts";
import { renderVerdict } from "../render/terminal.ts";
import type { Mode } from "../run/mode.ts";
import type { PlanResult } from "../selection/plan.ts";
import { countVerdict, exitCodeOf, outcomeName, worstExitCode } from "../severity/outcome.ts";
import type { Finding, Outcome, VerdictResult } from "../severity/verdict.ts";
import { type ExitCode, SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import { type Built, buildStep, describeBuild } from "./build.ts";
import { openComment, type PullRequestComment } from "./comment.ts";
import type { Context } from "./context.ts";
import { createStarter } from "./dbt.ts";
import { dryRun } from "./dry-run.ts";
import { assertChannels, notifyStep, silenceOf, type Told } from "./notify.ts";
import { learnOccasion, type Occasion, openWorkshop, type Workshop } from "./occasion.ts";
import { describePlan, planStep } from "./plan.ts";
import { publishIfDue } from "./publish.ts";
import { supersedeOf, type Turn, takeTurn } from "./queue.ts";
import { junitDirOf, reportStep, writeSummary } from "./report.ts";
import { lastManifest } from "./report-inputs.ts";
import { readVerdictFile } from "./verdict-file.ts";

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
}

/** What has come about so far; each step adds its value. */
interface Progress {
  readonly comment: PullRequestComment;
  queue: QueueResult | null;
  plan: PlanResult | null;
  nodesInProject: number | null;
  built: Built | null;
  verdict: VerdictResult | null;
  notify: NotifyResult | null;
  published: CiResult["published"];
}

export async function run(context: Context): Promise<number> {
  const occasion = await learnOccasion(context);
  const workshop = await openWorkshop(context, occasion);
  const told: Told = { ...occasion, project: workshop.project.name ?? "dbt" };
  const isSilent =
    context.settings.given.noNotify === true || occasion.mode === "check" || silenceOf(told, true) !== null;
  if (!isSilent) assertChannels(context);
  context.log.step("mode", `${occasion.mode}: ${occasion.modeReason}`);
  if (occasion.run.trust === "fork")
    context.log.step("trust", "the run comes from a fork: nothing is published and nobody is alerted");
  if (context.settings.given.dryRun) return dryRun(context, occasion, workshop);

  await context.work.empty();
  await context.work.writeJson("run.json", { schema: 1, ...told });
  const progress: Progress = {
    comment: openComment(context, occasion.run, told.project),
    queue: null,
    plan: null,
    nodesInProject: null,
    built: null,
    verdict: null,
    notify: null,
    published: null,
  };
  try {
    const turn = context.settings.given.noQueue
      ? null
      : await takeTurn(context, occasion.run, supersedeOf(context, occasion.mode));
    progress.queue = turn?.result ?? null;
    await context.work.writeJson("queue.json", progress.queue);
    const exitCode = await endingTurn(turn, () =>
      pass(context, { occasion, workshop, told: isSilent ? null : told, turn, progress }),
    );
    return exitCode;
  } catch (error) {
    if (error instanceof SignalboxError)
      await conclude(context, occasion, progress, "failed", error.exitCode, error.message);
    throw error;
  }
}

interface Pass {
  readonly occasion: Occasion;
  readonly workshop: Workshop;
  /** null: nobody is alerted. */
  readonly told: Told | null;
  readonly turn: Turn | null;
  readonly progress: Progress;
}

/** The run past the queue: plan, build, report, notify, publish. The answer is the exit code. */
async function pass(context: Context, { occasion, workshop, told, turn, progress }: Pass): Promise<ExitCode> {
  const end = (outcome: Outcome, words: string | null = null) =>
    finish(context, { occasion, told, progress, outcome, words });
  if (turn?.result.decision === "left")
    return end({ kind: "superseded", by: turn.result.leftFor ?? "" }, `Superseded: ${turn.result.reason}.`);
  if (turn?.result.decision === "timed-out")
    return end({ kind: "failed", finding: aboutRun("queue-timeout", "infrastructure", turn.result.reason) });

  const dbt = createStarter(context, occasion, workshop);
  const planned = await planStep(context, occasion, workshop, dbt);
  if (planned.kind === "failed") {
    progress.verdict = await reportStep(context, {
      runs: [planned.run],
      manifest: null,
      projectDir: workshop.project.dir,
      base: null,
    });
    return end({ kind: "verdict", verdict: progress.verdict });
  }
  progress.plan = planned.result;
  const { lines, total } = describePlan(context, planned.result, planned.manifest);
  progress.nodesInProject = total;
  context.log.step("plan", lines.join("\n"));
  if (planned.result.kind === "nothing") {
    if (occasion.mode === "check")
      return end({ kind: "skipped", why: "nothing-changed" }, "Nothing changed: dbt was not started.");
    return end({
      kind: "failed",
      finding: aboutRun("artifacts", "unknown", `${occasion.mode} mode selected nothing: ${occasion.select}`),
    });
  }

  await progress.comment.put(summaryOf(occasion, progress, "The plan is made, and dbt is building it."));
  const built = await buildStep(context, occasion, dbt, planned.result, planned.manifest);
  progress.built = built;
  context.log.step("dbt", describeBuild(built.starts));
  const manifest = lastManifest(built.runs) ?? planned.manifest;
  const base = await readVerdictOfBase(context);
  progress.verdict = await reportStep(context, { runs: built.runs, manifest, projectDir: workshop.project.dir, base });
  if (progress.verdict.level === "nothing") {
    return end({
      kind: "failed",
      finding: aboutRun("artifacts", "unknown", "dbt built nothing where something was planned"),
    });
  }
  return end({ kind: "verdict", verdict: progress.verdict });
}

/** What the base said already; without it no finding is told to be new. */
async function readVerdictOfBase(context: Context): Promise<VerdictResult | null> {
  const file = context.work.path("baselines", "selection", "verdict.json");
  if ((await readFileIfAny(file)) === null) return null;
  return readVerdictFile(file).catch((error: unknown) => {
    if (!(error instanceof SignalboxError)) throw error;
    context.log.warn("report", `nothing can be told to be new: ${error.message}`);
    return null;
  });
}

interface Ending {
  readonly occasion: Occasion;
  readonly told: Told | null;
  readonly progress: Progress;
  readonly outcome: Outcome;
  /** One sentence for a run without a verdict. */
  readonly words: string | null;
}

/** Tells people, publishes, writes what is left to write. */
async function finish(context: Context, { occasion, told, progress, outcome, words }: Ending): Promise<ExitCode> {
  if (outcome.kind === "failed") {
    progress.verdict = verdictOf(outcome.finding, progress.verdict);
    await context.work.writeJson("verdict.json", progress.verdict);
  }
  const { verdict } = progress;
  const exitCodes: ExitCode[] = [
    exitCodeOf(outcome, { failOn: occasion.failOn, nothing: "fails", undelivered: false }),
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
    const ended = await publishIfDue(context, occasion, progress);
    if (ended.published !== null) progress.published = { commit: ended.published.commit, where: ended.published.where };
    exitCodes.push(ended.exitCode);
  }
  const exitCode = worstExitCode(exitCodes);
  await conclude(context, occasion, progress, outcomeName(outcome), exitCode, words);
  return exitCode;
}

/** Writes summary.md and ci.json, sets the outputs and prints the result. */
async function conclude(
  context: Context,
  occasion: Occasion,
  progress: Progress,
  outcome: CiResult["outcome"],
  exitCode: ExitCode,
  words: string | null,
): Promise<void> {
  const { mode, modeReason } = occasion;
  const { queue, plan, verdict, notify, published } = progress;
  const summary = summaryOf(occasion, progress, words);
  await writeSummary(context, renderSummary(summary));
  // The newer run's comment must not be overwritten.
  if (outcome !== "superseded") await progress.comment.put(summary);

  const result: CiResult = { schema: 1, mode, modeReason, outcome, queue, plan, verdict, notify, published, exitCode };
  await context.work.writeJson("ci.json", result);
  const fromCwd = (path: string) => relative(context.cwd, path) || ".";
  const counts = verdict?.counts ?? { error: 0, warn: 0, skipped: 0, passed: 0 };
  await context.runner.outputs({
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
  });
  if (context.settings.given.json) context.result([], result);
}

function summaryOf({ mode, modeReason, target }: Occasion, progress: Progress, ended: string | null): Summary {
  const { queue, plan, verdict, nodesInProject } = progress;
  return { mode, modeReason, target, verdict, plan, nodesInProject, queue, ended };
}

/** Runs the rest and lets the next run in, whatever happens. */
async function endingTurn(turn: Turn | null, rest: () => Promise<ExitCode>): Promise<ExitCode> {
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

function aboutRun(
  what: "queue-timeout" | "artifacts",
  failureClass: Finding["failureClass"],
  message: string,
): Finding {
  return {
    subject: { kind: "run", what },
    severity: "error",
    failureClass,
    said: what,
    message,
    failures: null,
    threshold: null,
    skipped: [],
    muted: null,
    isNew: null,
  };
}

/** A verdict that says what went wrong with the run, beside what dbt had to say before. */
function verdictOf(finding: Finding, before: VerdictResult | null): VerdictResult {
  const nothing = {
    passed: [],
    neutral: [],
    nodes: {},
    known: [],
    dbt: { version: null, commands: [], exitCodes: [] },
    reproduce: null,
    sources: [],
    findings: [],
  };
  const verdict = { ...nothing, ...before, level: "error" as const, findings: [finding, ...(before?.findings ?? [])] };
  return { schema: 1, ...verdict, counts: countVerdict(verdict) };
}
