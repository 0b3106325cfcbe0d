import { join, resolve } from "node:path";
import { type DbtRun, lastManifest } from "../artifacts/dbt-run.ts";
import { readManifestIfAny } from "../bundles/manifest-file.ts";
import { describeDifference, type Purpose } from "../run/purpose.ts";
import type { PlanResult } from "../selection/plan.ts";
import { openBundles } from "../setup/bundle-store.ts";
import type { Context } from "../setup/context.ts";
import { openDbtProject } from "../setup/dbt-project.ts";
import { createDbtRunner } from "../setup/dbt-runner.ts";
import { purposeOf, resolveRunSettings } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { mergeAttempts } from "../severity/attempts.ts";
import { buildStep, describeBuild } from "../steps/build.ts";
import { recordStarts } from "../steps/build-record.ts";
import { runTools } from "../steps/findings/run-tools.ts";
import { newestResults } from "../steps/newest-results.ts";
import { placePlan } from "../steps/plan/place-plan.ts";
import { SignalboxError } from "../support/errors.ts";
import { readPlanFile } from "../work/plan-file.ts";

export async function run(context: Context): Promise<number> {
  const runSettings = await resolveRunSettings(context);
  const dbtProject = await openDbtProject(context, runSettings);
  const { targetPath } = dbtProject.folders;

  const build = async (): Promise<number> => {
    const planFile = resolve(context.cwd, context.settings.given.plan ?? context.work.path("plan.json"));
    const plan = await readPlan(planFile, purposeOf(runSettings));
    // A plan that was named becomes the work folder's own: report tells of it.
    await context.work.writeJson("plan.json", plan);
    if (plan.kind === "nothing") {
      const result = await recordStarts(context, runSettings, [], null);
      await runTools(context, runSettings, dbtProject);
      context.result(["nothing changed: dbt is not started"], result);
      return 0;
    }
    const dbt = createDbtRunner(context, runSettings, dbtProject);
    const bundles = openBundles(context, runSettings.run, runSettings.baseBranch);
    const placed =
      runSettings.mode === "check" ? await placePlan(context, runSettings, dbtProject, dbt, bundles, plan) : null;
    if (placed?.kind === "failed") {
      context.result([describeBuild([placed.start])], await recordStarts(context, runSettings, [placed.start], null));
      return 1;
    }
    const manifest = placed?.manifest ?? (await readManifestIfAny(join(targetPath, "manifest.json")));
    const { result, starts, runs } = await buildStep(context, runSettings, dbt, plan, manifest, {
      readNewest: newestResults(context, runSettings),
    });
    await runTools(context, runSettings, dbtProject);
    context.result([describeBuild(starts)], result);
    return exitCodeOfRuns(mergeAttempts(runs, lastManifest(runs)).runs);
  };
  return withWork(context, build, { targetPath });
}

/** 0 where each start ended well, or what it left undone was built by a later one. */
function exitCodeOfRuns(runs: readonly DbtRun[]): 0 | 1 | 3 {
  const failed = runs.find(({ exitCode, trouble }) => exitCode !== 0 || trouble !== "none");
  if (failed === undefined) return 0;
  const { trouble, exitCode } = failed;
  return trouble === "unreadable" || (trouble === "missing" && exitCode === 0) ? 3 : 1;
}

async function readPlan(file: string, purpose: Purpose): Promise<PlanResult> {
  const plan = await readPlanFile(file);
  if (plan?.kind === "selected" && plan.dbt === null)
    throw new SignalboxError("artifacts", `${file} lists what dbt ls would, which is no plan to build`, {
      hint: "run signalbox plan without --as ls",
    });
  if (plan !== null) {
    assertPurpose(file, plan, purpose);
    return plan;
  }
  throw new SignalboxError("artifacts", `${file} does not exist: there is no plan to build`, {
    hint: "run signalbox plan first, or signalbox ci, which does both",
  });
}

/** What was chosen and deferred for a check is not what a deploy is to build, and the other way round. */
function assertPurpose(file: string, plan: PlanResult, { mode, target, commit }: Purpose): void {
  const difference = describeDifference(plan, { mode, target, commit });
  if (difference === null) return;
  const words = `--mode ${mode}${target === null ? "" : ` --target ${target}`}`;
  throw new SignalboxError("configuration", `${file} is no plan for this build: it was ${difference}`, {
    hint: `run signalbox plan ${words} on this commit first, or build what was planned: --mode ${plan.mode}${plan.target === null ? "" : ` --target ${plan.target}`}`,
  });
}
