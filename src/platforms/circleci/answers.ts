import { z } from "zod";
import { repositoryIn } from "../../support/repository-address.ts";
import { readAnswerOf } from "../unexpected.ts";

/** What is missing or odd in an answer is null and counts against entering. */
const word = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

/** https://circleci.com/docs/api/v2/#operation/getWorkflowById */
export const workflowAnswer = z
  .object({
    id: z.string(),
    name: word,
    pipeline_id: word,
    project_slug: word,
    status: word,
    tag: word,
    created_at: word,
    stopped_at: word,
  })
  .transform((workflow) => ({
    id: workflow.id,
    name: workflow.name,
    pipelineId: workflow.pipeline_id,
    slug: workflow.project_slug,
    status: workflow.status ?? "unknown",
    isSetup: workflow.tag === "setup",
    createdAt: workflow.created_at,
    stoppedAt: workflow.stopped_at,
  }));
export type CircleWorkflow = Readonly<z.output<typeof workflowAnswer>>;

const host = z.object({ repo_url: word, commit_title: word }).nullish().catch(null);

/** As the GitHub App and GitLab tell it: https://circleci.com/docs/reference/outbound-webhooks-reference/#workflow-completed-gitlab */
export const triggerParameters = z
  .object({
    git: z
      .object({ branch: word, tag: word, checkout_sha: word, checkout_url: word, repo_url: word })
      .nullish()
      .catch(null),
    gitlab: host,
    github_app: host,
  })
  .nullish()
  .catch(null);

/**
 * `owner/name` of the repository that the commit is in: a fork's own. An address is written in several ways, and two
 * pipelines of one project need not tell it alike. null: it is not told.
 */
export function originOf(pipeline: {
  readonly vcs?: { readonly origin_repository_url: string | null } | null | undefined;
  readonly trigger_parameters?: z.output<typeof triggerParameters>;
}): string | null {
  const { git, gitlab, github_app } = pipeline.trigger_parameters ?? {};
  const told = [
    pipeline.vcs?.origin_repository_url,
    git?.checkout_url,
    git?.repo_url,
    gitlab?.repo_url,
    github_app?.repo_url,
  ].find((each) => typeof each === "string" && each !== "");
  return told == null ? null : repositoryIn(told);
}

/**
 * https://circleci.com/docs/api/v2/#operation/getPipelineById
 * Pipelines of the GitHub App and of GitLab tell their ref in `trigger_parameters` and may have no `vcs`.
 */
export const pipelineAnswer = z
  .object({
    id: z.string(),
    number: z.int().nonnegative().nullish().catch(null),
    project_slug: word,
    state: word,
    created_at: word,
    trigger: z
      .object({ type: word, actor: z.object({ login: word }).nullish().catch(null) })
      .nullish()
      .catch(null),
    vcs: z
      .object({
        branch: word,
        tag: word,
        origin_repository_url: word,
        commit: z.object({ subject: word }).nullish().catch(null),
      })
      .nullish()
      .catch(null),
    trigger_parameters: triggerParameters,
  })
  .transform((pipeline) => {
    const parameters = pipeline.trigger_parameters;
    const git = parameters?.git;
    return {
      id: pipeline.id,
      number: pipeline.number ?? null,
      slug: pipeline.project_slug,
      state: pipeline.state ?? "unknown",
      createdAt: pipeline.created_at,
      branch: (pipeline.vcs?.branch ?? git?.branch) || null,
      tag: (pipeline.vcs?.tag ?? git?.tag) || null,
      origin: originOf(pipeline),
      triggerType: pipeline.trigger?.type ?? null,
      title:
        pipeline.vcs?.commit?.subject ??
        parameters?.gitlab?.commit_title ??
        parameters?.github_app?.commit_title ??
        null,
      author: pipeline.trigger?.actor?.login ?? null,
    };
  });
export type Pipeline = Readonly<z.output<typeof pipelineAnswer>>;

export const jobAnswer = z.object({ status: word, stopped_at: word });
export const nameAnswer = z.object({ name: z.string() });

export function pageOf<T>(item: z.ZodType<T>) {
  return z.object({ items: z.array(item), next_page_token: word });
}

/** Reads an answer. Throws a service error that says in plain words what it lacks. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  return readAnswerOf("CircleCI", schema, answer);
}
