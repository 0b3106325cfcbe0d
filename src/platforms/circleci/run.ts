import { z } from "zod";
import type { Run } from "../../run/run.ts";
import { SignalboxError } from "../../support/errors.ts";
import { repositoryIn } from "../../support/repository-address.ts";
import type { Environment } from "../../support/secrets.ts";
import { readAnswer } from "./answers.ts";
import type { CircleClient } from "./client.ts";
import { type CircleTrigger, readTrigger } from "./trigger.ts";

const workflowAnswer = z.object({ pipeline_id: z.string() });
const address = z.string().min(1).nullish().catch(null);
const pipelineAnswer = z.object({
  id: z.string(),
  trigger: z
    .object({ type: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
  vcs: z.object({ origin_repository_url: address, target_repository_url: address }).nullish().catch(null),
});

/** What CircleCI's API tells of a pipeline, and no variable does. */
export interface OwnPipeline {
  /** null: it does not say. */
  readonly started: CircleTrigger | null;
  /** Whose commit it runs, `owner/name`, where that is another repository than the project's; null: the project's own. */
  readonly fork: string | null;
  /** False: it does not say whose commit it runs, as of some projects of the GitHub App and of GitLab. */
  readonly tellsOrigin: boolean;
}

/** What CircleCI's variables do not tell. */
export interface BesideVariables {
  /** The commit that is checked out; null: none. */
  readonly head: string | null;
  /** The address of the checkout's remote; null: none. */
  readonly remote: string | null;
  /** null: it was not asked for, or CircleCI does not say. */
  readonly started: CircleTrigger | null;
}

/**
 * The run from CircleCI's variables, and what was learned beside them.
 * https://circleci.com/docs/reference/variables/#built-in-environment-variables
 */
export function readCircleRun(env: Environment, { head, remote, started }: BesideVariables): Run {
  const need = (name: string): string => {
    const value = env[name];
    if (value !== undefined && value !== "") return value;
    throw new SignalboxError("configuration", `${name} is not set, although CIRCLECI is true`, {
      hint: "hand CircleCI's CIRCLE_* variables on to the container",
    });
  };
  const repository =
    repositoryOf(env, remote) ?? `${need("CIRCLE_PROJECT_USERNAME")}/${need("CIRCLE_PROJECT_REPONAME")}`;
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
    trigger: started?.trigger ?? "unknown",
    triggerWord: started?.word ?? null,
    trust: isFork ? "fork" : "full",
  };
}

/**
 * Projects of GitLab and of the GitHub App have no owner and name in their variables, some not even an address: the
 * checkout's remote has it. Without a checkout the project's own id has to do, which all projects have.
 */
function repositoryOf(env: Environment, remote: string | null): string | null {
  const { CIRCLE_PROJECT_USERNAME: owner, CIRCLE_PROJECT_REPONAME: name } = env;
  if (owner && name) return `${owner}/${name}`;
  const told = [env.CIRCLE_REPOSITORY_URL, remote].map((address) => (address ? repositoryIn(address) : null));
  const { CIRCLE_ORGANIZATION_ID: organization, CIRCLE_PROJECT_ID: project } = env;
  const id = organization && project ? `${organization}/${project}` : null;
  return told.find((each) => each !== null) ?? id;
}

/**
 * The pipeline of this run: one call where CIRCLE_PIPELINE_ID is set, else two. Of a young run a 404 is a stale answer: a
 * service error.
 */
export async function fetchCirclePipeline(
  client: CircleClient,
  env: Environment,
  { isYoung, signal }: { readonly isYoung: boolean; readonly signal?: AbortSignal },
): Promise<OwnPipeline> {
  const ask = async (path: string) => {
    const answer = isYoung ? await client.find(path, signal) : await client.get(path, signal);
    if (answer === null) throw new SignalboxError("service", `CircleCI does not know ${path.slice(1)} yet`);
    return answer.body;
  };
  const pipelineId =
    env.CIRCLE_PIPELINE_ID ||
    readAnswer(workflowAnswer, await ask(`/workflow/${encodeURIComponent(env.CIRCLE_WORKFLOW_ID ?? "")}`)).pipeline_id;
  const { trigger, vcs } = readAnswer(pipelineAnswer, await ask(`/pipeline/${encodeURIComponent(pipelineId)}`));
  const { origin_repository_url: origin, target_repository_url: target } = vcs ?? {};
  const isFork = origin && target && nameOf(origin) !== nameOf(target);
  const word = trigger?.type ?? null;
  return {
    started: word === null ? null : { trigger: readTrigger(word), word },
    fork: isFork ? (repositoryIn(origin) ?? origin) : null,
    tellsOrigin: Boolean(origin && target),
  };
}

function nameOf(address: string): string {
  return (repositoryIn(address) ?? address).toLowerCase();
}
