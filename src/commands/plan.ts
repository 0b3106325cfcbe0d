import { openBundles } from "../setup/bundle-store.ts";
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
  const planHere = async (): Promise<Planned> => {
    const runSettings = await resolveRunSettings(context);
    const dbtProject = await openDbtProject(context, runSettings);
    context.log.step("mode", `${runSettings.mode}: ${runSettings.modeReason}`);
    const bundles = openBundles(context, runSettings.run, runSettings.baseBranch);
    return withTarget(context, dbtProject.folders.targetPath, () =>
      planStep(context, runSettings, dbtProject, createDbtRunner(context, runSettings, dbtProject), bundles),
    );
  };
  return withWork(context, async () => {
    const isOffline = context.settings.given.manifest !== undefined;
    const planned = isOffline ? await planOffline(context) : await planHere();
    if (planned.kind === "failed") {
      const { message, hint } = describeFailure(planned.run);
      throw new SignalboxError("dbt", message, { hint });
    }
    context.result(describePlan(context.paint, planned).lines, planned.result);
    return 0;
  });
}
