import { exitCodeOf } from "../doctor/check.ts";
import { checksOf, type DoctorResult } from "../doctor/checks.ts";
import { lookAround } from "../doctor/look-around.ts";
import { renderChecks } from "../doctor/render.ts";
import { triggerOfEvent } from "../platforms/github/run.ts";
import type { Context } from "../setup/context.ts";

/** Looks at everything that a run needs, starts no build, and says what to fix. 1 where something would fail. */
export async function run(context: Context): Promise<number> {
  context.log.step("doctor", "looks at dbt, git, the store, the CI and Slack: at most 30 s");
  // CircleCI's words for push and schedule are GitHub's.
  const checks = checksOf(await lookAround(context), triggerOfEvent);
  const result: DoctorResult = { schema: 1, checks };
  context.result(renderChecks(checks, context.paint), result);
  return exitCodeOf(checks);
}
