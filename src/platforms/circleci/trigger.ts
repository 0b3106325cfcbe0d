import type { Trigger } from "../../run/run.ts";

/**
 * What the words of CircleCI for "what started this pipeline" mean: the one place for them. The list is open. The API's
 * file has the first four; projects of the GitHub App and of GitLab tell the integration or the kind of trigger instead,
 * and the pipeline values have more (`pipeline.trigger.type`).
 * https://circleci.com/docs/api/v2/#operation/getPipelineById · https://circleci.com/docs/reference/variables/#pipeline-values
 * https://circleci.com/docs/reference/outbound-webhooks-reference/#workflow-completed-gitlab
 */
const TRIGGERS: ReadonlyMap<string, Trigger> = new Map([
  ["webhook", "push"],
  ["api", "manual"],
  ["explicit", "manual"],
  ["scheduled_pipeline", "schedule"],

  ["schedule", "schedule"],
  ["scheduled", "schedule"],
  ["manual", "manual"],

  ["github", "push"],
  ["github_app", "push"],
  ["github_oauth", "push"],
  ["github_server", "push"],
  ["gitlab", "push"],
  ["bitbucket", "push"],
  ["bitbucket_cloud", "push"],
  ["bitbucket_dc", "push"],
]);

/** What started a pipeline: our word, and CircleCI's own for people. */
export interface CircleTrigger {
  readonly trigger: Trigger;
  /** From outside. */
  readonly word: string;
}

/** A word that is not known is `unknown`: it is shown, such a run is never superseded, and its bundle is not trusted. */
export function readTrigger(word: string | null): Trigger {
  return TRIGGERS.get((word ?? "").toLowerCase()) ?? "unknown";
}

export function isKnownTrigger(word: string | null): boolean {
  return readTrigger(word) !== "unknown";
}
