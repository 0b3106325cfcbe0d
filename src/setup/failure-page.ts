import { platformOf } from "../platforms/detect.ts";
import { createGitHubRunner } from "../platforms/github/runner.ts";
import { renderSummary } from "../render/markdown.ts";
import type { Environment } from "../support/secrets.ts";

/**
 * Writes what ended a command on the job's page, for one that has written nothing there: who looks at a failed run sees that
 * page first, and not the log. Throws nothing: a page that cannot be written is not what went wrong. `text` has passed the
 * redactor.
 */
export async function writeFailurePage(env: Environment, text: string): Promise<void> {
  if (platformOf(env) !== "github") return;
  const page = renderSummary({
    ...{ mode: null, modeReason: "", target: null, verdict: null, plan: null, nodesInProject: null, queue: null },
    ended: text,
  });
  await createGitHubRunner(env, () => {})
    .summary(page)
    .catch(() => {});
}
