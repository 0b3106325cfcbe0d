import { z } from "zod";
import { type Run, type Trigger, UNKNOWN_REPOSITORY } from "../../run/run.ts";
import { SignalboxError } from "../../support/errors.ts";
import type { Environment } from "../../support/secrets.ts";

/** The fields of the event's payload that are used. https://docs.github.com/en/webhooks/webhook-events-and-payloads */
const repository = z.object({ full_name: z.string() }).nullish();
const eventPayload = z.object({
  repository: z.object({ full_name: z.string(), default_branch: z.string().nullish() }).nullish(),
  pull_request: z
    .object({
      number: z.number().nullish(),
      title: z.string().nullish(),
      user: z.object({ login: z.string() }).nullish(),
      base: z.object({ ref: z.string(), sha: z.string().nullish() }),
      head: z.object({ ref: z.string(), sha: z.string(), repo: repository }),
    })
    .nullish(),
  workflow_run: z.object({ head_repository: repository, head_sha: z.string().nullish() }).nullish(),
  head_commit: z
    .object({ message: z.string().nullish(), author: z.object({ name: z.string().nullish() }).nullish() })
    .nullish(),
});
export type GitHubEvent = z.output<typeof eventPayload>;

/** `GITHUB_EVENT_NAME`, and `event` of a run in the API. */
const GITHUB_TRIGGERS: Readonly<Record<string, Trigger>> = {
  push: "push",
  pull_request: "pull-request",
  pull_request_target: "pull-request",
  merge_group: "merge-group",
  schedule: "schedule",
  workflow_dispatch: "manual",
  repository_dispatch: "manual",
};

/** What an event of GitHub means; `unknown` for a word that is none of these. */
export function triggerOfEvent(eventName: string): Trigger {
  return (Object.hasOwn(GITHUB_TRIGGERS, eventName) ? GITHUB_TRIGGERS[eventName] : undefined) ?? "unknown";
}

/**
 * Reads the event's payload; null where the runner gave none, and where it cannot be read and had to tell whose code it
 * is: no more is needed to distrust it. Throws a configuration error for any other one that cannot be read.
 */
export function parseGitHubEvent(text: string | null, eventName: string): GitHubEvent | null {
  if (text === null) return null;
  try {
    return readPayload(text);
  } catch (error) {
    if (namesHead(eventName)) return null;
    throw error;
  }
}

/** The events whose payload alone tells from which repository the code comes. */
function namesHead(eventName: string): boolean {
  return eventName.startsWith("pull_request") || eventName === "workflow_run";
}

function readPayload(text: string): GitHubEvent {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SignalboxError("configuration", "the file that GITHUB_EVENT_PATH names is not JSON", {
      hint: "the runner writes it; does an earlier step change it?",
      cause: error,
    });
  }
  const parsed = eventPayload.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SignalboxError("configuration", `GitHub's event is not as documented: ${z.prettifyError(parsed.error)}`);
}

/**
 * The run from the runner's variables and the event.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 */
export function readGitHubRun(env: Environment, event: GitHubEvent | null, head: string | null): Run {
  const need = (name: string): string => {
    const value = env[name];
    if (value !== undefined && value !== "") return value;
    throw new SignalboxError("configuration", `${name} is not set, although GITHUB_ACTIONS is true`, {
      hint: "hand the runner's GITHUB_* variables on to the container",
    });
  };
  const repositoryName = need("GITHUB_REPOSITORY");
  const eventName = need("GITHUB_EVENT_NAME");
  const sha = need("GITHUB_SHA");
  const pullRequest = event?.pull_request ?? null;
  const headRepository = headRepositoryOf(eventName, event, repositoryName);
  const workflowRef = env.GITHUB_WORKFLOW_REF ?? "";
  const id = need("GITHUB_RUN_ID");
  return {
    platform: "github",
    id,
    attempt: Number(env.GITHUB_RUN_ATTEMPT ?? "1"),
    url: gitHubRunUrl(env),
    repository: repositoryName,
    headRepository,
    // acme/shop/.github/workflows/dbt.yml@refs/heads/main
    workflow: workflowRef.replace(`${repositoryName}/`, "").replace(/@.*$/, "") || (env.GITHUB_WORKFLOW ?? ""),
    ref: {
      kind: env.GITHUB_REF_TYPE === "tag" ? "tag" : "branch",
      name: pullRequest?.head.ref ?? (env.GITHUB_HEAD_REF || need("GITHUB_REF_NAME")),
    },
    commit: {
      sha: pullRequest?.head.sha ?? sha,
      checkedOut: head ?? sha,
      title: pullRequest?.title ?? event?.head_commit?.message?.split("\n")[0] ?? null,
      author: pullRequest?.user?.login ?? event?.head_commit?.author?.name ?? env.GITHUB_ACTOR ?? null,
    },
    pullRequest: pullRequest === null ? null : { number: pullRequest.number ?? null, base: pullRequest.base.ref },
    trigger: triggerOfEvent(eventName),
    triggerWord: eventName,
    trust: headRepository.toLowerCase() === repositoryName.toLowerCase() ? "full" : "fork",
  };
}

/** The page of this run, from the runner's variables; null where they do not tell. */
export function gitHubRunUrl({
  GITHUB_SERVER_URL: server = "https://github.com",
  GITHUB_REPOSITORY: repository,
  GITHUB_RUN_ID: id,
}: Environment): string | null {
  return repository && id ? `${server}/${repository}/actions/runs/${id}` : null;
}

/** A deleted fork has no repository any more: not ours, then. A payload that says nothing gives no trust either. */
function headRepositoryOf(eventName: string, event: GitHubEvent | null, repositoryName: string): string {
  if (event?.pull_request) return event.pull_request.head.repo?.full_name ?? "(deleted fork)";
  if (event?.workflow_run) return event.workflow_run.head_repository?.full_name ?? "(deleted fork)";
  return namesHead(eventName) ? UNKNOWN_REPOSITORY : repositoryName;
}
