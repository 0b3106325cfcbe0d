import { type Run, whyDistrusted } from "../run/run.ts";
import { assertOwnCode, type OwnCodeParts } from "../setup/own-code.ts";
import { learnRun, type RunParts } from "../setup/run-settings.ts";

/** Whose code is checked out: its signalbox.yml says what is started as dbt, which store is written, and who is told. */
export interface Trust {
  readonly run: Run;
  /** null: nothing tells it, or nobody has to know. */
  readonly baseBranch: string | null;
  /** Why nothing is written or sent for it; null: it is this repository's own. */
  readonly distrust: string | null;
}

/** Throws a configuration error for code that dbt may not run with this job's credentials, as the other commands do. */
export async function lookAtTrust(parts: RunParts & OwnCodeParts, dir: string): Promise<Trust> {
  const isInCi = parts.env.GITHUB_ACTIONS === "true" || parts.env.CIRCLECI === "true";
  const { run, baseBranch } = await learnRun(parts, { baseBranch: isInCi, trigger: false, trust: true });
  if (isInCi) await assertOwnCode(parts, { run, baseBranch, mode: "check" }, dir);
  return { run, baseBranch, distrust: whyDistrusted(run) };
}
