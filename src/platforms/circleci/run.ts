import { z } from "zod";
import type { Run, Trigger } from "../../run/run.ts";
import { SignalboxError } from "../../support/errors.ts";
import type { Environment } from "../../support/secrets.ts";
import { readAnswer } from "./answers.ts";
import type { CircleClient } from "./client.ts";

/** `trigger.type` of a pipeline. https://circleci.com/docs/api/v2/#operation/getPipelineById */
export const CIRCLE_TRIGGERS: Readonly<Record<string, Trigger>> = {
  webhook: "push",
  api: "manual",
  explicit: "manual",
  scheduled_pipeline: "schedule",
};

const workflowAnswer = z.object({ pipeline_id: z.string() });
const pipelineAnswer = z.object({ trigger: z.object({ type: z.string() }) });

/**
 * The run from CircleCI's variables. They do not tell what started the pipeline: `trigger` is handed in.
 * https://circleci.com/docs/reference/variables/#built-in-environment-variables
 */
export function readCircleRun(env: Environment, head: string | null, trigger: Trigger): Run {
  const need = (name: string): string => {
    const value = env[name];
    if (value !== undefined && value !== "") return value;
    throw new SignalboxError("configuration", `${name} is not set, although CIRCLECI is true`, {
      hint: "hand CircleCI's CIRCLE_* variables on to the container",
    });
  };
  const owner = need("CIRCLE_PROJECT_USERNAME");
  const repository = `${owner}/${need("CIRCLE_PROJECT_REPONAME")}`;
  // Only set for a pull request from a fork.
  const isFork = Boolean(env.CIRCLE_PR_REPONAME || env.CIRCLE_PR_NUMBER);
  const number = /\/(\d+)$/.exec(env.CIRCLE_PULL_REQUEST ?? "")?.[1];
  const sha = need("CIRCLE_SHA1");
  const tag = env.CIRCLE_TAG || null;
  return {
    platform: "circleci",
    id: need("CIRCLE_WORKFLOW_ID"),
    attempt: 1,
    url: env.CIRCLE_BUILD_URL ?? null,
    repository,
    headRepository: isFork ? `${env.CIRCLE_PR_USERNAME || "(fork)"}/${env.CIRCLE_PR_REPONAME || "(fork)"}` : repository,
    workflow: env.CIRCLE_WORKFLOW_NAME ?? "self",
    ref: tag === null ? { kind: "branch", name: need("CIRCLE_BRANCH") } : { kind: "tag", name: tag },
    commit: { sha, checkedOut: head ?? sha, title: null, author: env.CIRCLE_USERNAME || null },
    pullRequest: number === undefined ? null : { number: Number(number), base: null },
    trigger,
    trust: isFork ? "fork" : "full",
  };
}

/** What started the pipeline: one call where CIRCLE_PIPELINE_ID is set, else two. A type that is not known is "unknown". */
export async function fetchCircleTrigger(client: CircleClient, env: Environment): Promise<Trigger> {
  const ask = async (path: string) => (await client.get(path)).body;
  const pipelineId =
    env.CIRCLE_PIPELINE_ID ||
    readAnswer(workflowAnswer, await ask(`/workflow/${encodeURIComponent(env.CIRCLE_WORKFLOW_ID ?? "")}`)).pipeline_id;
  const pipeline = readAnswer(pipelineAnswer, await ask(`/pipeline/${encodeURIComponent(pipelineId)}`));
  return CIRCLE_TRIGGERS[pipeline.trigger.type] ?? "unknown";
}
