import { relative } from "node:path";
import type { NotifyResult } from "../alerts/alert.ts";
import { spanSeconds } from "../artifacts/run-results.ts";
import type { WrittenRecord } from "../bundles/store.ts";
import { redactStarts } from "../dbt/kept-files.ts";
import type { Runner } from "../platforms/ports.ts";
import type { QueueResult } from "../queue/result.ts";
import type { Paint } from "../render/colors.ts";
import type { Summary } from "../render/markdown.ts";
import { type Evidence, NO_EVIDENCE } from "../render/page/page-facts.ts";
import { renderVerdict } from "../render/terminal.ts";
import { describeTimes, hasBuilt } from "../render/times.ts";
import type { Mode } from "../run/mode.ts";
import type { PlanResult } from "../selection/plan.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import type { DbtRunner } from "../setup/dbt-runner.ts";
import type { RunSettings } from "../setup/run-settings.ts";
import { exitCodeOf, outcomeName, worstExitCode } from "../severity/outcome.ts";
import { verdictOfRun } from "../severity/run-verdict.ts";
import type { Touched } from "../severity/touched.ts";
import type { Finding, Outcome, Verdict, VerdictResult } from "../severity/verdict.ts";
import type { Built } from "../steps/build.ts";
import type { PullRequestComment } from "../steps/comment.ts";
import type { Notified } from "../steps/notify/notify.ts";
import { readResultsOf } from "../steps/plan/baseline-facts.ts";
import type { PublishEnding } from "../steps/publish/publish.ts";
import { type PageParts, writePage } from "../steps/report/page.ts";
import { artifactsUrlOf, pageFileOf } from "../steps/report/page-file.ts";
import { type JunitParts, junitFileOf, type SummaryParts, writeSummary } from "../steps/report/report.ts";
import { type ErrorJson, type ExitCode, errorFields, type SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import type { Environment } from "../support/secrets.ts";
import type { WorkFolder } from "../work/folder.ts";

/** ci.json and `ci --json`. */
export interface CiResult {
  readonly schema: 1;
  readonly mode: Mode;
  readonly modeReason: string;
  /** `skipped`: a dry run. */
  readonly outcome: "pass" | "warn" | "error" | "nothing" | "superseded" | "skipped" | "failed";
  readonly queue: QueueResult | null;
  readonly plan: PlanResult | null;
  readonly verdict: VerdictResult | null;
  readonly notify: NotifyResult | null;
  readonly published: { readonly commit: string; readonly where: string } | null;
  readonly exitCode: number;
  /** What ended it, where it was no verdict. */
  readonly error?: ErrorJson;
}

/** What has come about so far; each step adds its value. */
export interface CiProgress {
  /** dbt's. */
  readonly project: string;
  readonly comment: PullRequestComment;
  queue: QueueResult | null;
  plan: PlanResult | null;
  nodesInProject: number | null;
  /** null: everything is built, or nothing is planned yet. */
  touched: Touched | null;
  /** Of dbt's starts so far, with their seconds. */
  ended: DbtRunner["ended"];
  built: Built | null;
  verdict: VerdictResult | null;
  evidence: Evidence;
  notify: NotifyResult | null;
  /** When the ledger's open problems were found first. */
  firstSeen: Notified["firstSeen"];
  published: CiResult["published"];
  /** The name for the upload of what was published. */
  artifact: string | null;
  /** The record of this run, where a later step has to upload it. */
  record: WrittenRecord["upload"] | null;
}

/** Nothing yet. */
export function startProgress(project: string, comment: PullRequestComment): CiProgress {
  return {
    project,
    comment,
    queue: null,
    plan: null,
    nodesInProject: null,
    touched: null,
    ended: [],
    built: null,
    verdict: null,
    evidence: NO_EVIDENCE,
    notify: null,
    firstSeen: {},
    published: null,
    artifact: null,
    record: null,
  };
}

export interface EndingParts extends SummaryParts, JunitParts, PageParts {
  readonly settings: SettingsPart<"quiet" | "json" | "summary" | "html", "report">;
  readonly work: Pick<WorkFolder, "path" | "writeJson">;
  readonly env: Environment;
  readonly runner: Pick<Runner, "summary" | "outputs">;
  readonly log: Pick<Log, "step" | "result">;
  readonly paint: Paint;
  readonly result: (lines: readonly string[], json: unknown) => void;
}

interface CiEnding {
  readonly runSettings: RunSettings;
  readonly progress: CiProgress;
  readonly outcome: Outcome;
  /** One sentence for a run without a verdict. */
  readonly words: string | null;
  /** Sends the alerts; null: none is sent. */
  readonly notify: ((verdict: VerdictResult) => Promise<Notified>) | null;
  readonly publish: () => Promise<PublishEnding>;
  /** Leaves a record of the run for later ones. `said`: why there is no bundle. */
  readonly remember: (verdict: Verdict, said: string | null) => Promise<WrittenRecord | null>;
  /** Seconds since the run began. */
  readonly total: () => number;
}

/** Shows the verdict, sends alerts, publishes, writes what is left to write. */
export async function finish(
  parts: EndingParts,
  { runSettings, progress, outcome, words, notify, publish, remember, total }: CiEnding,
): Promise<ExitCode> {
  if (outcome.kind === "failed") {
    const ofRun = verdictOfRun(outcome.finding, progress.verdict);
    progress.verdict = ofRun;
    await parts.outputs.write("verdict.json", () => parts.work.writeJson("verdict.json", ofRun));
  }
  const { verdict } = progress;
  const exitCodes: ExitCode[] = [
    exitCodeOf(outcome, { failOn: runSettings.failOn, nothing: "fails", undelivered: false }),
  ];
  const isJudged = verdict !== null && outcome.kind !== "nothing";
  const lines = isJudged ? renderVerdict(verdict, parts.paint) : words === null ? [] : [words];
  if (parts.settings.given.quiet) lines.forEach(parts.log.result);
  else parts.log.step("verdict", lines.join("\n"));

  if (notify !== null && verdict !== null) {
    const notified = await notify(verdict);
    progress.notify = notified.result;
    progress.firstSeen = notified.firstSeen;
    exitCodes.push(notified.exitCode);
  }
  let said: string | null = null;
  if (outcome.kind === "verdict") {
    const { published, exitCode, why } = await publish();
    said = why;
    if (published !== null) progress.published = { commit: published.commit, where: published.where };
    progress.artifact = published?.artifact ?? null;
    exitCodes.push(exitCode);
  }
  // Outside of the queue another run may leave its own.
  const isOutside = outcome.kind === "failed" && isQueueTimeout(outcome.finding);
  // What tells nothing of any node takes no place among the runs that do.
  const isOnNothing = outcome.kind === "nothing";
  if (verdict !== null && runSettings.mode !== "check" && !isOutside && !isOnNothing)
    progress.record = (await remember(verdict, said))?.upload ?? null;
  const times = describeTimes({
    total: total(),
    waited: progress.queue?.waitedSeconds ?? null,
    starts: progress.ended,
    baseline: hasBuilt(progress.ended) ? await readBaselineSeconds(parts) : null,
    nodes: Object.entries(verdict?.nodes ?? {}).map(([id, { seconds }]) => ({ id, seconds })),
  });
  if (times !== null) parts.log.step("time", times);
  const exitCode = worstExitCode(exitCodes);
  await conclude(parts, { runSettings, progress, outcome: outcomeName(outcome), exitCode, words, error: null });
  return exitCode;
}

function isQueueTimeout({ subject }: Finding): boolean {
  return subject.kind === "run" && subject.what === "queue-timeout";
}

export type WithoutBuild =
  /** `isHeard`: whoever is told of runs is told that one came, with a verdict on nothing. */
  | { readonly kind: "nothing"; readonly words: string; readonly isHeard: boolean }
  | { readonly kind: "tools"; readonly words: string }
  | { readonly kind: "failed"; readonly why: string };

/** How a run ends whose plan holds nothing. `hasToolNews`: other tools found something, or failed. */
export function endWithoutBuild(
  { mode, select }: Pick<RunSettings, "mode" | "select">,
  { newer }: Pick<PlanResult, "newer">,
  hasToolNews: boolean,
): WithoutBuild {
  if (mode === "check") {
    const words = "Nothing changed: dbt was not started.";
    return hasToolNews ? { kind: "tools", words } : { kind: "nothing", words, isHeard: false };
  }
  if (newer === undefined) return { kind: "failed", why: `${mode} mode selected nothing: ${select}` };
  const words = "No source has newer data, and nothing else is selected: nothing was built.";
  // Without it this run would be missed, and the day's message, the board and deadlines would wait for newer data.
  return { kind: "nothing", words, isHeard: true };
}

/** How long the build took that a check was compared with; null: no bundle tells. */
async function readBaselineSeconds({ work }: Pick<EndingParts, "work">): Promise<number | null> {
  const results = await readResultsOf({ warn: () => {} }, { dir: work.path("baselines", "selection") });
  return results === null ? null : spanSeconds(results);
}

interface Conclusion {
  readonly runSettings: RunSettings;
  readonly progress: CiProgress;
  readonly outcome: CiResult["outcome"];
  readonly exitCode: ExitCode;
  readonly words: string | null;
  /** What ended it, where it was no verdict. */
  readonly error: SignalboxError | null;
}

/** Writes summary.md and ci.json, sets the outputs and prints the result. */
export async function conclude(
  parts: EndingParts,
  { runSettings, progress, outcome, exitCode, words, error }: Conclusion,
): Promise<void> {
  const { work, outputs } = parts;
  const { mode, modeReason } = runSettings;
  const { queue, plan, verdict, notify, published } = progress;
  // A CI keeps the work folder, and nothing behind this reads dbt's files again.
  await redactStarts(work.path("dbt"), parts.redact);
  const artifactsUrl = artifactsUrlOf(parts, runSettings.run);
  const summary = { ...summaryOf(runSettings, progress, words), artifactsUrl };
  await writeSummary(parts, summary);
  const { project, evidence, firstSeen } = progress;
  await writePage(parts, { ...summary, verdict, project, run: runSettings.run, evidence, firstSeen });
  // The newer run's comment must not be overwritten.
  if (outcome !== "superseded") await progress.comment.put(summary, work);

  const fromCwd = (path: string) => relative(parts.cwd, path) || ".";
  const counts = verdict?.counts ?? { error: 0, warn: 0, skipped: 0, passed: 0 };
  const page = pageFileOf(parts);
  const values = {
    outcome,
    errors: String(counts.error),
    warnings: String(counts.warn),
    skipped: String(counts.skipped),
    passed: String(counts.passed),
    mode,
    "junit-path": verdict === null ? "" : fromCwd(junitFileOf(parts)),
    "summary-path": fromCwd(work.path("summary.md")),
    "report-path": page === null ? "" : fromCwd(page),
    "bundle-path": published === null ? "" : fromCwd(work.path("bundle")),
    "bundle-name": progress.artifact ?? "",
    "record-path": progress.record == null ? "" : fromCwd(progress.record.path),
    "record-name": progress.record?.artifact ?? "",
  };
  await outputs.write("the outputs for later steps", () => parts.runner.outputs(values));

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
    exitCode: outputs.exitCodeOf(exitCode),
    ...(error === null ? {} : { error: errorFields(error) }),
  };
  await outputs.write("ci.json", () => work.writeJson("ci.json", result));
  if (parts.settings.given.json) parts.result([], result);
}

export function summaryOf(
  { mode, modeReason, target, baseBranch }: RunSettings,
  progress: CiProgress,
  ended: string | null,
): Summary {
  const { queue, plan, verdict, nodesInProject, touched } = progress;
  return { mode, modeReason, target, baseBranch, verdict, plan, nodesInProject, touched, queue, ended };
}
