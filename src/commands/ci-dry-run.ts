import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { showCommandLine } from "../dbt/arguments.ts";
import { sortQueue, whyUnsure } from "../queue/queue-position.ts";
import type { Context } from "../setup/context.ts";
import type { DbtProject } from "../setup/dbt-project.ts";
import { createDbtRunner } from "../setup/dbt-runner.ts";
import type { RunSettings } from "../setup/run-settings.ts";
import { openAside } from "../setup/work-lock.ts";
import { buildArguments } from "../steps/build.ts";
import { describePlan } from "../steps/plan/decide-plan.ts";
import { planStep } from "../steps/plan/plan.ts";
import { describeFailure } from "../steps/plan/select-nodes.ts";
import { viewQueue } from "../steps/queue/queue.ts";
import { SignalboxError } from "../support/errors.ts";
import { makeFolder } from "../support/files.ts";

/**
 * What `ci` would do here: one look at the queue, the plan, dbt's command line, the channels. Nothing is built, sent or
 * published; where a selection has to be made, dbt parses the project to make it. The work folder and dbt's target folder
 * may be in use by a run, so that it has both to itself, for as long as it takes; it shows the paths that `ci` would use.
 */
export async function dryRun(context: Context, runSettings: RunSettings, dbtProject: DbtProject): Promise<number> {
  const aside = await openAside(context);
  try {
    const targetPath = aside.work.path("target");
    await copyPartialParse(dbtProject.targetPath, targetPath);
    return await show(aside, runSettings, { ...dbtProject, targetPath }, (text) =>
      text.replaceAll(aside.work.dir, context.work.dir),
    );
  } finally {
    await rm(aside.work.dir, { recursive: true, force: true });
  }
}

/** What dbt knows of the project from before, so that it does not parse every file anew. */
async function copyPartialParse(from: string, to: string): Promise<void> {
  await makeFolder(to);
  await copyFile(join(from, "partial_parse.msgpack"), join(to, "partial_parse.msgpack")).catch(() => undefined);
}

async function show(
  context: Context,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  asInCi: (text: string) => string,
): Promise<number> {
  const { config } = context.settings;
  if (!context.settings.given.noQueue) context.log.step("queue", await lookAtQueue(context, runSettings));

  const dbt = createDbtRunner(context, runSettings, dbtProject);
  const planned = await planStep(context, runSettings, dbtProject, dbt);
  if (planned.kind === "failed") {
    const { message, hint } = describeFailure(planned.run);
    throw new SignalboxError("dbt", asInCi(message), { hint });
  }
  context.log.step("plan", asInCi(describePlan(context, planned).lines.join("\n")));
  const target = runSettings.target === null ? [] : ["--target", runSettings.target];
  const command = [...config.dbt.command, "build", ...target, ...buildArguments(planned.result)];
  context.log.step(
    "dbt",
    planned.result.kind === "nothing" ? "would not be started" : `would run: ${asInCi(showCommandLine(command))}`,
  );
  context.log.step(
    "notify",
    runSettings.mode === "check"
      ? "check mode: nobody would be alerted"
      : `errors would go to ${config.slack.error ?? "no channel"}, warnings to ${config.slack.warn ?? "no channel"}`,
  );
  context.result([], {
    schema: 1,
    mode: runSettings.mode,
    modeReason: runSettings.modeReason,
    outcome: planned.result.kind === "nothing" ? "nothing" : "skipped",
    queue: null,
    plan: JSON.parse(asInCi(JSON.stringify(planned.result))),
    verdict: null,
    notify: null,
    published: null,
    exitCode: 0,
  });
  return 0;
}

async function lookAtQueue(context: Context, { run }: RunSettings): Promise<string> {
  const queue = await viewQueue(context, run);
  if ("why" in queue) return `would not wait: ${queue.why}`;
  const ahead = sortQueue(queue.scan).filter(({ id }) => id !== run.id);
  const unsure = whyUnsure(queue.scan, queue.me);
  if (ahead.length === 0 && unsure !== null) return `would wait: ${unsure}`;
  if (ahead.length === 0) return `would enter at once: nobody is on ${run.ref.name}`;
  return `would wait for ${ahead.map(({ id, status }) => `run ${id} (${status})`).join(", ")}`;
}
