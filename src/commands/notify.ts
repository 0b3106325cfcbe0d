import { resolve } from "node:path";
import { z } from "zod";
import type { NotifyResult } from "../alerts/alert.ts";
import { whyNotAlerted } from "../alerts/audience.ts";
import { projectNameOf } from "../dbt/folders.ts";
import { MODES } from "../run/mode.ts";
import type { Context } from "../setup/context.ts";
import { dbtFoldersOf } from "../setup/dbt-project.ts";
import { learnRun, type RunSettingsParts, resolveRunSettings } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { countVerdict } from "../severity/outcome.ts";
import type { Verdict } from "../severity/verdict.ts";
import { type AlertContext, assertChannels, notifyStep } from "../steps/notify/notify.ts";
import type { WorkFolder } from "../work/folder.ts";
import { readVerdictFile } from "../work/verdict-file.ts";

export async function run(context: Context): Promise<number> {
  const { given } = context.settings;
  assertChannels(context);
  const notify = async (): Promise<number> => {
    const verdict = await readVerdictFile(resolve(context.cwd, given.verdict ?? context.work.path("verdict.json")));
    const about = await readAlertContext(context);
    const silence = whyNotAlerted(about.run, about.mode, given.mode !== "auto");
    if (silence !== null) {
      context.log.step("notify", silence);
      context.result([], nothingSent(verdict));
      return 0;
    }
    const { result, exitCode } = await notifyStep(context, about, verdict);
    context.result([], result);
    return exitCode;
  };
  return given.dryRun ? notify() : withWork(context, notify);
}

interface AlertContextParts extends RunSettingsParts {
  readonly work: Pick<WorkFolder, "readJson">;
}

/** The run as `ci` left it in the work folder; else as the environment tells it. On a laptop a person asks: as if deployed. */
async function readAlertContext(parts: AlertContextParts): Promise<AlertContext> {
  const { given, config } = parts.settings;
  const asked = given.mode;
  const known = runFile.safeParse(await parts.work.readJson("run.json"));
  const { run: thisRun } = await learnRun(parts, { baseBranch: false, trigger: false, trust: true });
  if (known.success) return { ...known.data, run: thisRun, mode: asked === "auto" ? known.data.mode : asked };
  const project = projectNameOf(await dbtFoldersOf(parts));
  if (thisRun.platform !== "local") return { ...(await resolveRunSettings(parts)), project };
  const mode = asked === "auto" ? "deploy" : asked;
  return { run: thisRun, mode, target: given.target ?? config.modes[mode].target, project };
}

const runFile = z.object({
  mode: z.enum(MODES),
  target: z.string().nullable(),
  project: z.string(),
});

function nothingSent(verdict: Verdict): NotifyResult {
  return {
    schema: 1,
    alerts: [],
    deliveries: [],
    ledger: { from: "none", open: 0 },
    muted: countVerdict(verdict).muted,
  };
}
