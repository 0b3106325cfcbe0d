import { whyNotAlerted } from "../alerts/audience.ts";
import { projectNameOf } from "../dbt/folders.ts";
import { whyDistrusted } from "../run/run.ts";
import type { Context } from "../setup/context.ts";
import { type DbtProject, openDbtProject } from "../setup/dbt-project.ts";
import { createDbtRunner } from "../setup/dbt-runner.ts";
import { type RunSettings, resolveRunSettings } from "../setup/run-settings.ts";
import { withWork, withWorkOrAside } from "../setup/work-lock.ts";
import { aboutRun } from "../severity/run-verdict.ts";
import type { Outcome, VerdictResult } from "../severity/verdict.ts";
import { buildStep, describeBuild } from "../steps/build.ts";
import { openComment } from "../steps/comment.ts";
import { type AlertContext, assertChannels } from "../steps/notify/notify.ts";
import { describePlan } from "../steps/plan/decide-plan.ts";
import { planStep } from "../steps/plan/plan.ts";
import { hasEntered, supersedeOf, type Turn, takeTurn, withTurn } from "../steps/queue/turn.ts";
import { reportStep } from "../steps/report/report.ts";
import { lastManifest } from "../steps/report/report-inputs.ts";
import { describeKnown, type ExitCode, SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import { knownOf } from "../support/system-errors.ts";
import { readVerdictFile } from "../work/verdict-file.ts";
import { dryRun } from "./ci-dry-run.ts";
import { conclude, finish, type Progress, startProgress, summaryOf } from "./ci-ending.ts";

export async function run(context: Context): Promise<number> {
  const runSettings = await resolveRunSettings(context);
  const dbtProject = await openDbtProject(context, runSettings);
  const told: AlertContext = { ...runSettings, project: projectNameOf(dbtProject.folders) };
  const isSilent =
    context.settings.given.noNotify ||
    runSettings.mode === "check" ||
    whyNotAlerted(runSettings.run, runSettings.mode, true) !== null;
  if (!isSilent) assertChannels(context);
  context.log.step("mode", `${runSettings.mode}: ${runSettings.modeReason}`);
  const distrust = whyDistrusted(runSettings.run);
  if (distrust !== null) context.log.step("trust", `${distrust}: nothing is published and nobody is alerted`);
  if (context.settings.given.dryRun) return dryRun(context, runSettings, dbtProject);

  const progress = startProgress(openComment(context, runSettings.run, told.project));
  let hasFolder = false;
  const inFolder = async (own: Context, rest: () => Promise<ExitCode>) => {
    hasFolder = true;
    try {
      await own.work.writeJson("run.json", { schema: 1, ...told });
      await own.work.writeJson("queue.json", progress.queue);
      return await rest();
    } catch (thrown) {
      const error = knownOf(thrown);
      if (error instanceof SignalboxError)
        await conclude(own, runSettings, progress, "failed", error.exitCode, describeKnown(error), error).catch(
          (next: unknown) => {
            // Of a folder that cannot be written: what went wrong first is what is told.
            if (!(knownOf(next) instanceof SignalboxError)) throw next;
          },
        );
      throw error;
    }
  };
  const go = (own: Context, turn: Turn | null) =>
    inFolder(own, () => pass(own, { runSettings, dbtProject, told: isSilent ? null : told, turn, progress }));
  try {
    // While it waits, the folder may be the work folder of the run that it waits for.
    if (context.settings.given.noQueue)
      return await withWork(context, () => go(context, null), { empty: true, targetPath: dbtProject.targetPath });
    const turn = await takeTurn(context, {
      run: runSettings.run,
      mode: runSettings.mode,
      supersede: supersedeOf(context, runSettings.mode),
    });
    progress.queue = turn.result;
    return await withTurn(turn, () =>
      hasEntered(turn)
        ? withWork(context, () => go(context, turn), { empty: true, targetPath: dbtProject.targetPath, waits: true })
        : withWorkOrAside(context, (own) => go(own, turn)),
    );
  } catch (error) {
    if (hasFolder || !(error instanceof SignalboxError)) throw error;
    return withWorkOrAside(context, (own) => inFolder(own, () => Promise.reject(error)));
  }
}

interface Pass {
  readonly runSettings: RunSettings;
  readonly dbtProject: DbtProject;
  /** null: nobody is alerted. */
  readonly told: AlertContext | null;
  readonly turn: Turn | null;
  readonly progress: Progress;
}

/** The run past the queue: plan, build, report, notify, publish. The answer is the exit code. */
async function pass(context: Context, { runSettings, dbtProject, told, turn, progress }: Pass): Promise<ExitCode> {
  const end = (outcome: Outcome, words: string | null = null) =>
    finish(context, { runSettings, told, progress, outcome, words });
  if (turn?.result.decision === "left")
    return end({ kind: "superseded", by: turn.result.leftFor ?? "" }, `Superseded: ${turn.result.reason}.`);
  if (turn?.result.decision === "timed-out")
    return end({ kind: "failed", finding: aboutRun("queue-timeout", "infrastructure", turn.result.reason) });

  const dbt = createDbtRunner(context, runSettings, dbtProject);
  const planned = await planStep(context, runSettings, dbtProject, dbt);
  if (planned.kind === "failed") {
    progress.verdict = await reportStep(context, {
      runs: [planned.run],
      manifest: null,
      folders: dbtProject.folders,
      base: null,
    });
    return end({ kind: "verdict", verdict: progress.verdict });
  }
  progress.plan = planned.result;
  const { lines, total } = describePlan(context, planned);
  progress.nodesInProject = total;
  context.log.step("plan", lines.join("\n"));
  if (planned.result.kind === "nothing") {
    if (runSettings.mode === "check")
      return end({ kind: "skipped", why: "nothing-changed" }, "Nothing changed: dbt was not started.");
    return end({
      kind: "failed",
      finding: aboutRun("artifacts", "unknown", `${runSettings.mode} mode selected nothing: ${runSettings.select}`),
    });
  }

  await progress.comment.put(summaryOf(runSettings, progress, "The plan is made, and dbt is building it."));
  const built = await buildStep(context, runSettings, dbt, planned.result, planned.manifest);
  progress.built = built;
  context.log.step("dbt", describeBuild(built.starts));
  const manifest = lastManifest(built.runs) ?? planned.manifest;
  const base = await readVerdictOfBase(context);
  progress.verdict = await reportStep(context, {
    runs: built.runs,
    manifest,
    folders: dbtProject.folders,
    base,
  });
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
