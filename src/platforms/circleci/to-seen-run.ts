import { parseInstant } from "../../queue/iso-time.ts";
import type { SeenRun, Ticket } from "../../queue/ticket.ts";
import type { CircleWorkflow, Pipeline } from "./answers.ts";
import { pathOf } from "./pages.ts";
import { readTrigger } from "./trigger.ts";

/** Every other word is an active workflow: `queued` is in the documentation and not in the API's list. */
const ENDED: readonly string[] = ["success", "failed", "error", "canceled", "unauthorized", "not_run"];

export function isEnded(workflow: CircleWorkflow): boolean {
  return ENDED.includes(workflow.status);
}

export function describeWorkflow(
  workflow: CircleWorkflow,
  pipeline: Pipeline,
  ticket: Ticket | null,
  links: Links,
  quietSince: string | null,
): SeenRun {
  const ended = isEnded(workflow);
  const [created, stopped] = [parseInstant(workflow.createdAt), parseInstant(workflow.stoppedAt)];
  return {
    id: workflow.id,
    attempt: 1,
    ticket,
    ended,
    status: workflow.status,
    trigger: triggerOf(pipeline),
    url: links.workflow(pipeline, workflow.id),
    since: ended ? workflow.stoppedAt : workflow.createdAt,
    tookSeconds: ended && created !== null && stopped !== null ? (stopped - created) / 1000 : null,
    quietSince,
    title: pipeline.title,
    author: pipeline.author,
  };
}

export function triggerOf(pipeline: Pipeline): SeenRun["trigger"] {
  return readTrigger(pipeline.triggerType);
}

export interface Links {
  pipeline(pipeline: Pipeline): string | null;
  workflow(pipeline: Pipeline, id: string): string | null;
}

/** The pages for people: on a host of their own in the cloud, on the same host on a Server. */
export function createLinks(baseUrl: string): Links {
  const app = baseUrl.replace(/\/+$/, "").replace(/^https:\/\/circleci\.com$/, "https://app.circleci.com");
  const link = ({ slug, number }: Pipeline, ...rest: readonly string[]) =>
    slug === null || number === null ? null : `${app}${pathOf("pipelines", slug, String(number), ...rest)}`;
  return {
    pipeline: (pipeline) => link(pipeline),
    workflow: (pipeline, id) => link(pipeline, "workflows", id),
  };
}
