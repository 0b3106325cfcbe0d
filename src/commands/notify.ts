import { resolve } from "node:path";
import { z } from "zod";
import type { NotifyResult } from "../alerts/alert.ts";
import { whyNotAlerted } from "../alerts/audience.ts";
import { projectNameOf } from "../dbt/folders.ts";
import type { Context } from "../setup/context.ts";
import { dbtFoldersOf } from "../setup/dbt-project.ts";
import { learnRun, resolveRunSettings } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import type { Verdict } from "../severity/verdict.ts";
import { type AlertContext, assertChannels, mutedIn, notifyStep } from "../steps/notify/notify.ts";
import { readVerdictFile } from "../work/verdict-file.ts";

export async function run(context: Context): Promise<number> {
  assertChannels(context);
  return context.settings.given.dryRun ? notify(context) : withWork(context, () => notify(context));
}

async function notify(context: Context): Promise<number> {
  const verdict = await readVerdictFile(
    resolve(context.cwd, context.settings.given.verdict ?? context.work.path("verdict.json")),
  );
  const told = await readAlertContext(context);
  const silence = whyNotAlerted(told.run, told.mode, context.settings.given.mode !== "auto");
  if (silence !== null) {
    context.log.step("notify", silence);
    context.result([], nothingSent(verdict));
    return 0;
  }
  const { result, exitCode } = await notifyStep(context, told, verdict);
  context.result([], result);
  return exitCode;
}

/** The run as `ci` left it in the work folder; else as the environment tells it. On a laptop a person asks: as if deployed. */
async function readAlertContext(context: Context): Promise<AlertContext> {
  const { mode: asked, target } = context.settings.given;
  const known = runFile.safeParse(await context.work.readJson("run.json"));
  const { run: thisRun } = await learnRun(context, { baseBranch: false, trigger: false, trust: true });
  if (known.success) return { ...known.data, run: thisRun, mode: asked === "auto" ? known.data.mode : asked };
  const project = projectNameOf(await dbtFoldersOf(context));
  if (thisRun.platform !== "local") return { ...(await resolveRunSettings(context)), project };
  const mode = asked === "auto" ? "deploy" : asked;
  return { run: thisRun, mode, target: target ?? context.settings.config.modes[mode].target, project };
}

const runFile = z.object({
  mode: z.enum(["check", "deploy", "schedule"]),
  target: z.string().nullable(),
  project: z.string(),
});

function nothingSent(verdict: Verdict): NotifyResult {
  return { schema: 1, alerts: [], deliveries: [], ledger: { from: "none", open: 0 }, muted: mutedIn(verdict) };
}
