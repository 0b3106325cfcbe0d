import type { Context } from "../setup/context.ts";
import { openDbtProject } from "../setup/dbt-project.ts";
import { createDbtRunner } from "../setup/dbt-runner.ts";
import { refuseTarget } from "../setup/own-code.ts";
import { resolveRunSettings } from "../setup/run-settings.ts";
import { withTarget, withWork } from "../setup/work-lock.ts";
import { describePlan, type Planned } from "../steps/plan/decide-plan.ts";
import { planStep } from "../steps/plan/plan.ts";
import { planOffline } from "../steps/plan/plan-offline.ts";
import { describeFailure } from "../steps/plan/select-nodes.ts";
import { SignalboxError } from "../support/errors.ts";

export async function run(context: Context): Promise<number> {
  refuseTarget(context);
  return withWork(context, () => plan(context));
}

async function plan(context: Context): Promise<number> {
  const planned = context.settings.given.manifest === undefined ? await planHere(context) : await planOffline(context);
  if (planned.kind === "failed") {
    const { message, hint } = describeFailure(planned.run);
    throw new SignalboxError("dbt", message, { hint });
  }
  context.result(describePlan(context, planned).lines, planned.result);
  return 0;
}

async function planHere(context: Context): Promise<Planned> {
  const runSettings = await resolveRunSettings(context);
  const dbtProject = await openDbtProject(context, runSettings);
  context.log.step("mode", `${runSettings.mode}: ${runSettings.modeReason}`);
  return withTarget(context, dbtProject.targetPath, () =>
    planStep(context, runSettings, dbtProject, createDbtRunner(context, runSettings, dbtProject)),
  );
}
