import { type Run, whyDistrusted } from "../run/run.ts";
import type { Context } from "../setup/context.ts";
import { assertOwnCode } from "../setup/own-code.ts";
import { learnRun } from "../setup/run-settings.ts";

/** Whose code is checked out: its signalbox.yml says what is started as dbt, which store is written, and who is told. */
export interface Trust {
  readonly run: Run;
  /** null: nothing tells it, or nobody has to know. */
  readonly baseBranch: string | null;
  /** Why nothing is written or sent for it; null: it is this repository's own. */
  readonly distrust: string | null;
}

/** Throws a configuration error for code that dbt may not run with this job's credentials, as the other commands do. */
export async function lookAtTrust(context: Context, dir: string): Promise<Trust> {
  const isInCi = context.env.GITHUB_ACTIONS === "true" || context.env.CIRCLECI === "true";
  const { run, baseBranch } = await learnRun(context, { baseBranch: isInCi, trigger: false, trust: true });
  if (isInCi) await assertOwnCode(context, { run, baseBranch, mode: "check" }, dir);
  return { run, baseBranch, distrust: whyDistrusted(run) };
}
