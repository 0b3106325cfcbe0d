import { whyNotAlerted } from "../alerts/audience.ts";
import { lastManifest } from "../artifacts/dbt-run.ts";
import { projectNameOf } from "../dbt/folders.ts";
import { whyDistrusted } from "../run/run.ts";
import { type Bundles, openBundles } from "../setup/bundle-store.ts";
import type { Context } from "../setup/context.ts";
import { type DbtAhead, openDbtAhead } from "../setup/dbt-ahead.ts";
import { type DbtProject, openDbtProject } from "../setup/dbt-project.ts";
import { createDbtRunner } from "../setup/dbt-runner.ts";
import { type RunSettings, resolveRunSettings } from "../setup/run-settings.ts";
import { withWork, withWorkOrAside } from "../setup/work-lock.ts";
import { saysMoreThanTools } from "../severity/outcome.ts";
import { aboutRun } from "../severity/run-verdict.ts";
import type { ToolRun } from "../severity/tool-findings.ts";
import { touchedBy } from "../severity/touched.ts";
import type { Outcome, Verdict, VerdictResult } from "../severity/verdict.ts";
import { type Built, buildStep, describeBuild } from "../steps/build.ts";
import { openComment } from "../steps/comment.ts";
import { runTools } from "../steps/findings/run-tools.ts";
import { isLookJudged } from "../steps/freshness.ts";
import { newestResults } from "../steps/newest-results.ts";
import { type AlertContext, assertChannels, notifyStep } from "../steps/notify/notify.ts";
import { describePlan, type Planned } from "../steps/plan/decide-plan.ts";
import { planStep } from "../steps/plan/plan.ts";
import { publishIfDue } from "../steps/publish/publish.ts";
import { lookoutOf, makingWay } from "../steps/queue/make-way.ts";
import { hasEntered, supersedeOf, type Turn, takeTurn, withTurn } from "../steps/queue/turn.ts";
import { readEvidence } from "../steps/report/page.ts";
import { reportStep } from "../steps/report/report.ts";
import { openMemory } from "../steps/run-memory.ts";
import { describeKnown, type ExitCode, SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import { knownOf } from "../support/system-errors.ts";
import type { WorkFolder } from "../work/folder.ts";
import { readVerdictIfAny } from "../work/verdict-file.ts";
import { dryRun } from "./ci-dry-run.ts";
import { type CiProgress, conclude, endWithoutBuild, finish, startProgress, summaryOf } from "./ci-ending.ts";

export async function run(context: Context): Promise<number> {
  const startedAt = context.clock.monotonic();
  const { settings, log } = context;
  const { noQueue, noNotify } = settings.given;
  const runSettings = await resolveRunSettings(context);
  const dbtProject = await openDbtProject(context, runSettings);
  const about: AlertContext = { ...runSettings, project: projectNameOf(dbtProject.folders) };
  const isSilent =
    noNotify || runSettings.mode === "check" || whyNotAlerted(runSettings.run, runSettings.mode, true) !== null;
  if (!isSilent) assertChannels(context);
  log.step("mode", `${runSettings.mode}: ${runSettings.modeReason}`);
  const distrust = whyDistrusted(runSettings.run);
  if (distrust !== null) log.step("trust", `${distrust}: nothing is published, and no alert is sent`);
  if (settings.given.dryRun) return dryRun(context, runSettings, dbtProject);

  const progress = startProgress(about.project, openComment(context, runSettings.run, about.project));
  let hasFolder = false;
  const inFolder = async (work: WorkFolder, rest: () => Promise<ExitCode>) => {
    hasFolder = true;
    try {
      await work.writeJson("run.json", { schema: 1, ...about });
      await work.writeJson("queue.json", progress.queue);
      return await rest();
    } catch (thrown) {
      const error = knownOf(thrown);
      if (error instanceof SignalboxError)
        await conclude(
          { ...context, work },
          { runSettings, progress, outcome: "failed", exitCode: error.exitCode, words: describeKnown(error), error },
        ).catch((next: unknown) => {
          // The folder cannot be written either: the first error is the one to show.
          if (!(knownOf(next) instanceof SignalboxError)) throw next;
        });
      throw error;
    }
  };
  const go = (work: WorkFolder, turn: Turn | null) =>
    inFolder(work, () =>
      passQueue({ ...context, work }, { runSettings, dbtProject, ahead, about, isSilent, turn, progress, startedAt }),
    );
  const { targetPath } = dbtProject.folders;
  const ahead = openDbtAhead(context, dbtProject);
  ahead.prepare();
  try {
    // While it waits, the folder may be the work folder of the run that it waits for.
    if (noQueue) return await withWork(context, () => go(context.work, null), { empty: true, targetPath });
    const turn = await takeTurn(context, {
      run: runSettings.run,
      mode: runSettings.mode,
      supersede: supersedeOf(settings, runSettings.mode),
    });
    progress.queue = turn.result;
    return await withTurn(turn, () =>
      hasEntered(turn)
        ? withWork(context, () => go(context.work, turn), { empty: true, targetPath, waits: true })
        : withWorkOrAside(context, (work) => go(work, turn)),
    );
  } catch (error) {
    if (hasFolder || !(error instanceof SignalboxError)) throw error;
    return await withWorkOrAside(context, (work) => inFolder(work, () => Promise.reject(error)));
  } finally {
    ahead.end();
  }
}

const NO_BASE = { base: null, baseBuild: null } as const;

interface PastQueue {
  readonly runSettings: RunSettings;
  readonly dbtProject: DbtProject;
  readonly ahead: DbtAhead;
  readonly about: AlertContext;
  /** No alert is sent. */
  readonly isSilent: boolean;
  /** null: it did not queue. */
  readonly turn: Turn | null;
  readonly progress: CiProgress;
  /** By the clock that only goes on, in milliseconds. */
  readonly startedAt: number;
}

/** The run past the queue: plan, build, report, notify, publish. The answer is the exit code. */
async function passQueue(
  context: Context,
  { runSettings, dbtProject, ahead, about, isSilent, turn, progress, startedAt }: PastQueue,
): Promise<ExitCode> {
  const { settings } = context;
  const bundles = openBundles(context, runSettings.run, runSettings.baseBranch);
  const memory = openMemory(context, runSettings, bundles);
  const end = (outcome: Outcome, words: string | null = null) =>
    finish(context, {
      ...{ runSettings, progress, outcome, words },
      notify: isSilent ? null : (verdict) => notifyStep(context, about, verdict),
      publish: () => publishIfDue(context, runSettings, bundles, progress),
      remember: (verdict, said) => memory.leave(verdict, progress.built?.runs ?? [], said),
      total: () => (context.clock.monotonic() - startedAt) / 1000,
    });
  const judge = async (results: Omit<Parameters<typeof reportStep>[1], "folders">) => {
    const recall = (verdict: Verdict) => memory.recall(verdict, results);
    const inputs = { ...results, folders: dbtProject.folders, recall };
    progress.verdict = await reportStep(context, inputs);
    const usualSeconds = progress.built?.usualSeconds ?? new Map();
    progress.evidence = readEvidence(context, progress.verdict, { ...inputs, usualSeconds });
    return progress.verdict;
  };
  if (turn?.result.decision === "left") return end({ kind: "superseded" }, `Superseded: ${turn.result.reason}.`);
  if (turn?.result.decision === "timed-out")
    return end({ kind: "failed", finding: aboutRun("queue-timeout", "infrastructure", turn.result.reason) });

  const lookout = lookoutOf(settings, runSettings.mode, turn);
  const worked = await makingWay(context, lookout, (signal) =>
    planAndBuild({ ...context, signal }, { runSettings, dbtProject, ahead, progress, bundles }),
  );
  if (worked.kind === "superseded") return end({ kind: "superseded" }, `Superseded: ${worked.words}.`);
  const { planned, built, tools } = worked.value;
  if (planned.kind === "failed")
    return end({ kind: "verdict", verdict: await judge({ runs: [planned.run], manifest: null, ...NO_BASE }) });
  if (built === null) {
    const found = tools.some(({ state, remarks }) => state === "failed" || remarks.length > 0);
    const ending = endWithoutBuild(runSettings, planned.result, found);
    if (ending.kind === "failed") return end({ kind: "failed", finding: aboutRun("artifacts", "unknown", ending.why) });
    if (ending.kind === "nothing" && !ending.isHeard) return end({ kind: "nothing" }, ending.words);
    const onNothing = await judge({ runs: [], manifest: planned.manifest, ...NO_BASE, tools });
    return end(ending.kind === "tools" ? { kind: "verdict", verdict: onNothing } : { kind: "nothing" }, ending.words);
  }
  const manifest = lastManifest(built.runs) ?? planned.manifest;
  const base = await readVerdictOfBase(context);
  const { runs, baseBuild } = built;
  const verdict = await judge({ runs, manifest, base, baseBuild, tools });
  if (saysMoreThanTools(verdict)) return end({ kind: "verdict", verdict });
  const why = "dbt built nothing where something was planned";
  return end({ kind: "failed", finding: aboutRun("artifacts", "unknown", why) });
}

/** Both steps of dbt, and the other tools. `built` null: there is nothing to build, or no plan. */
async function planAndBuild(
  context: Context,
  {
    runSettings,
    dbtProject,
    ahead,
    progress,
    bundles,
  }: Pick<PastQueue, "runSettings" | "dbtProject" | "ahead" | "progress"> & { readonly bundles: Bundles },
): Promise<{ readonly planned: Planned; readonly built: Built | null; readonly tools: readonly ToolRun[] }> {
  const dbt = createDbtRunner(context, runSettings, dbtProject, ahead);
  progress.ended = dbt.ended;
  const planned = await planStep(context, runSettings, dbtProject, dbt, bundles);
  if (planned.kind === "failed") return { planned, built: null, tools: [] };
  progress.plan = planned.result;
  const { lines, total } = describePlan(context.paint, planned);
  progress.nodesInProject = total;
  progress.touched = touchedBy(planned.result, planned.manifest);
  context.log.step("plan", lines.join("\n"));
  // That nothing has newer data may be because it is late: then the look at the sources is what is judged.
  if (planned.result.kind === "nothing" && !isLookJudged(context.settings.config, runSettings.mode, planned.look))
    return { planned, built: null, tools: await runTools(context, runSettings, dbtProject) };

  await progress.comment.put(
    summaryOf(runSettings, progress, "The plan is made, and dbt is building it."),
    context.work,
  );
  const built = await buildStep(context, runSettings, dbt, planned.result, planned.manifest, {
    look: planned.look,
    readNewest: newestResults(context, runSettings),
  });
  progress.built = built;
  context.log.step("dbt", describeBuild(built.starts));
  return { planned, built, tools: await runTools(context, runSettings, dbtProject) };
}

/** What the base said already; without it no finding is told to be new. */
async function readVerdictOfBase({
  work,
  log,
}: {
  readonly work: Pick<WorkFolder, "path">;
  readonly log: Pick<Log, "warn">;
}): Promise<VerdictResult | null> {
  return readVerdictIfAny(work.path("baselines", "selection", "verdict.json")).catch((error: unknown) => {
    if (!(error instanceof SignalboxError)) throw error;
    log.warn("report", `nothing can be told to be new: ${error.message}`);
    return null;
  });
}
