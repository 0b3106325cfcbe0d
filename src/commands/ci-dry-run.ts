import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { showCommandLine } from "../dbt/arguments.ts";
import { sortQueue, whyUnsure } from "../queue/queue-position.ts";
import type { Config } from "../settings/file.ts";
import { openBundles } from "../setup/bundle-store.ts";
import type { Context } from "../setup/context.ts";
import type { DbtProject } from "../setup/dbt-project.ts";
import { createDbtRunner } from "../setup/dbt-runner.ts";
import type { RunSettings } from "../setup/run-settings.ts";
import { openAside } from "../setup/work-lock.ts";
import { buildArguments } from "../steps/build.ts";
import { describePlan } from "../steps/plan/decide-plan.ts";
import { planStep } from "../steps/plan/plan.ts";
import { describeFailure } from "../steps/plan/select-nodes.ts";
import { type NoQueue, type QueueView, viewQueue } from "../steps/queue/queue.ts";
import { SignalboxError } from "../support/errors.ts";
import { makeFolder } from "../support/files.ts";

/**
 * What `ci` would do here: one look at the queue, the plan, dbt's command line, the channels. Nothing is built, sent or
 * published; where a selection has to be made, dbt parses the project to make it. The work folder and dbt's target folder
 * may be in use by a run, so that it has both to itself, for as long as it takes; it shows the paths that `ci` would use.
 */
export async function dryRun(context: Context, runSettings: RunSettings, dbtProject: DbtProject): Promise<number> {
  const { settings, log } = context;
  const { config } = settings;
  const work = await openAside(context.redact);
  const asInCi = (text: string) => text.replaceAll(work.dir, context.work.dir);
  const targetPath = work.path("target");
  const aside = { ...dbtProject, folders: { ...dbtProject.folders, targetPath } };
  try {
    await copyPartialParse(dbtProject.folders.targetPath, targetPath);
    if (!settings.given.noQueue)
      log.step("queue", describeQueue(await viewQueue(context, runSettings.run), runSettings));

    const parts = { ...context, work };
    const dbt = createDbtRunner(parts, runSettings, aside);
    const bundles = openBundles(parts, runSettings.run, runSettings.baseBranch);
    const planned = await planStep(parts, runSettings, aside, dbt, bundles);
    if (planned.kind === "failed") {
      const { message, hint } = describeFailure(planned.run);
      throw new SignalboxError("dbt", asInCi(message), { hint });
    }
    const { result } = planned;
    log.step("plan", asInCi(describePlan(context.paint, planned).lines.join("\n")));
    const target = runSettings.target === null ? [] : ["--target", runSettings.target];
    const command = [...config.dbt.command, "build", ...target, ...buildArguments(result)];
    const isNothing = result.kind === "nothing";
    log.step("dbt", isNothing ? "would not be started" : `would run: ${asInCi(showCommandLine(command))}`);
    log.step("notify", describeAlerts(runSettings, config.slack));
    context.result([], {
      schema: 1,
      mode: runSettings.mode,
      modeReason: runSettings.modeReason,
      outcome: isNothing ? "nothing" : "skipped",
      queue: null,
      plan: JSON.parse(asInCi(JSON.stringify(result))),
      verdict: null,
      notify: null,
      published: null,
      exitCode: 0,
    });
    return 0;
  } finally {
    await rm(work.dir, { recursive: true, force: true });
  }
}

/** What dbt knows of the project from before, so that it does not parse every file anew. */
async function copyPartialParse(from: string, to: string): Promise<void> {
  await makeFolder(to);
  await copyFile(join(from, "partial_parse.msgpack"), join(to, "partial_parse.msgpack")).catch(() => undefined);
}

function describeAlerts({ mode }: RunSettings, { error, warn }: Config["slack"]): string {
  if (mode === "check") return "check mode: no alert would be sent";
  return `errors would go to ${error ?? "no channel"}, warnings to ${warn ?? "no channel"}`;
}

function describeQueue(queue: QueueView | NoQueue, { run }: RunSettings): string {
  if ("why" in queue) return `would not wait: ${queue.why}`;
  const ahead = sortQueue(queue.scan).filter(({ id }) => id !== run.id);
  const unsure = whyUnsure(queue.scan, queue.me);
  if (ahead.length === 0 && unsure !== null) return `would wait: ${unsure}`;
  if (ahead.length === 0) return `would enter at once: nobody is on ${run.ref.name}`;
  return `would wait for ${ahead.map(({ id, status }) => `run ${id} (${status})`).join(", ")}`;
}
