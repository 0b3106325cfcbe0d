import { showCommandLine } from "../dbt/arguments.ts";
import { lineUp } from "../queue/outlook.ts";
import type { Context } from "../setup/context.ts";
import { createStarter } from "../setup/dbt.ts";
import type { Occasion } from "../setup/occasion.ts";
import type { Workshop } from "../setup/workshop.ts";
import { buildArguments } from "../steps/build.ts";
import { describeFailure, describePlan } from "../steps/decide-plan.ts";
import { lookAtLine } from "../steps/line.ts";
import { planStep } from "../steps/plan.ts";

/**
 * What `ci` would do here: one look at the queue, the plan, dbt's command line, the channels. Nothing is built, sent or
 * published; where a selection has to be made, dbt parses the project to make it.
 */
export async function dryRun(context: Context, occasion: Occasion, workshop: Workshop): Promise<number> {
  const { config } = context.settings;
  await context.work.empty();
  if (!context.settings.given.noQueue) context.log.step("queue", await lookAtQueue(context, occasion));

  const planned = await planStep(context, occasion, workshop, createStarter(context, occasion, workshop));
  if (planned.kind === "failed") {
    const { message, hint } = describeFailure(planned.run);
    context.log.step("plan", `dbt refuses it: ${message}\n→ ${hint}`);
    return 1;
  }
  context.log.step("plan", describePlan(context, planned).lines.join("\n"));
  const target = occasion.target === null ? [] : ["--target", occasion.target];
  const command = [...config.dbt.command, "build", ...target, ...buildArguments(occasion, planned.result)];
  context.log.step(
    "dbt",
    planned.result.kind === "nothing" ? "would not be started" : `would run: ${showCommandLine(command)}`,
  );
  context.log.step(
    "notify",
    occasion.mode === "check"
      ? "check mode: nobody would be alerted"
      : `errors would go to ${config.slack.error ?? "no channel"}, warnings to ${config.slack.warn ?? "no channel"}`,
  );
  context.result([], {
    schema: 1,
    mode: occasion.mode,
    modeReason: occasion.modeReason,
    outcome: planned.result.kind === "nothing" ? "nothing" : "skipped",
    queue: null,
    plan: planned.result,
    verdict: null,
    notify: null,
    published: null,
    exitCode: 0,
  });
  return 0;
}

async function lookAtQueue(context: Context, { run }: Occasion): Promise<string> {
  const line = await lookAtLine(context, run);
  if ("why" in line) return `would not wait: ${line.why}`;
  const scan = await line.source.scan(context.signal);
  const ahead = lineUp(scan).filter(({ id }) => id !== run.id);
  if (ahead.length === 0) return `would enter at once: nobody is on ${run.ref.name}`;
  return `would wait for ${ahead.map(({ id, status }) => `run ${id} (${status})`).join(", ")}`;
}
