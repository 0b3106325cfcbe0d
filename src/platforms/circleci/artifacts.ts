import { z } from "zod";
import { originOf, pageOf, readAnswer, triggerParameters } from "./answers.ts";
import type { CircleClient } from "./client.ts";
import { pathOf, readPages } from "./pages.ts";
import { isKnownTrigger } from "./trigger.ts";

const word = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => value || null);

/**
 * https://circleci.com/docs/api/v2/#operation/listPipelinesForProject
 * Pipelines of the GitHub App and of GitLab tell their ref in `trigger_parameters` and may have no `vcs`.
 */
const pipelineAnswer = z.object({
  id: z.string(),
  number: z.int().nullish().catch(null),
  trigger: z.object({ type: word }).nullish().catch(null),
  vcs: z.object({ branch: word, tag: word, revision: word, origin_repository_url: word }).nullish().catch(null),
  trigger_parameters: triggerParameters,
});
const workflowAnswer = z.object({ id: z.string(), status: z.string() });
const jobAnswer = z.object({ job_number: z.int().nullish(), status: z.string(), type: z.string() });
const artifactAnswer = z.object({ path: z.string(), node_index: z.int(), url: z.string() });
const ownWorkflow = z.object({ project_slug: z.string() });

/**
 * Artifacts and what the API tells of the pipelines that made them. One call for each page, which `mayAsk` allows, and one
 * for the project's slug. A list that it cut short is not told from a whole one: what is not allowed once is never again.
 */
export function createCircleArtifacts(
  client: CircleClient,
  { workflowId, baseUrl, token, signal }: { workflowId: string; baseUrl: string; token: string; signal?: AbortSignal },
) {
  let slug: Promise<string> | null = null;
  const project = () =>
    (slug ??= client
      .get(pathOf("workflow", workflowId), signal)
      .then(({ body }) => readAnswer(ownWorkflow, body).project_slug));
  const list = <T>(item: z.ZodType<T>, path: string, mayAsk: () => boolean) =>
    readPages(client, { item, path, mayAsk }, signal);
  return {
    async pipelines(branch: string, page: string | null) {
      const token = page === null ? "" : `&page-token=${encodeURIComponent(page)}`;
      const path = `${pathOf("project", await project(), "pipeline")}?branch=${encodeURIComponent(branch)}${token}`;
      const { body } = await client.get(path, signal);
      const { items, next_page_token } = readAnswer(pageOf(pipelineAnswer), body);
      return { pipelines: items.map(tellPipeline), next: next_page_token || null };
    },
    workflows: (pipelineId: string, mayAsk: () => boolean) =>
      list(workflowAnswer, pathOf("pipeline", pipelineId, "workflow"), mayAsk),
    async jobs(workflowId: string, statuses: readonly string[], mayAsk: () => boolean) {
      const jobs = await list(jobAnswer, pathOf("workflow", workflowId, "job"), mayAsk);
      return jobs.flatMap(({ job_number: number, status, type }) =>
        statuses.includes(status) && type === "build" && typeof number === "number" ? [number] : [],
      );
    },
    async artifacts(jobNumber: number, mayAsk: () => boolean) {
      const path = pathOf("project", await project(), String(jobNumber), "artifacts");
      const files = await list(artifactAnswer, path, mayAsk);
      return new Map(files.filter(({ node_index }) => node_index === 0).map(({ path, url }) => [path, url]));
    },
    headersFor: (url: string) => (isOwnHost(url, baseUrl) ? { "Circle-Token": token } : null),
  };
}

/** Artifacts lie on a host of their own: https://circleci.com/docs/artifacts/#downloading-all-artifacts-for-a-build-on-circleci */
function isOwnHost(address: string, baseUrl: string): boolean {
  if (!URL.canParse(address)) return false;
  const [url, base] = [new URL(address), new URL(baseUrl)];
  if (url.username !== "" || url.password !== "") return false;
  return url.origin === base.origin || (url.protocol === "https:" && url.host.endsWith(".circle-artifacts.com"));
}

function tellPipeline(pipeline: z.output<typeof pipelineAnswer>) {
  const { id, number, trigger, vcs } = pipeline;
  const git = pipeline.trigger_parameters?.git;
  return {
    id,
    number: number ?? null,
    branch: (vcs?.branch ?? git?.branch) || null,
    // Empty where there is none.
    tag: (vcs?.tag ?? git?.tag) || null,
    commit: (vcs?.revision ?? git?.checkout_sha) || null,
    origin: originOf(pipeline),
    trigger: trigger?.type ?? null,
    isKnownTrigger: isKnownTrigger(trigger?.type ?? null),
  };
}
