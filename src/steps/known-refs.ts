import { createCircleClient } from "../platforms/circleci/client.ts";
import { readRefsOfPipelines } from "../platforms/circleci/past-refs.ts";
import { type PullRequestRefs, readPullRequestRefs, readRefsOfRuns } from "../platforms/github/past-refs.ts";
import { type NamedRef, ownRef } from "../run/clean.ts";
import type { Run } from "../run/run.ts";
import type { Context } from "../setup/context.ts";
import { connectGitHub } from "../setup/github.ts";
import { SignalboxError } from "../support/errors.ts";

/** Branches and tags that existed at some time, and those of open pull requests, which git may not be able to list. */
export interface KnownRefs {
  readonly known: readonly NamedRef[];
  readonly living: readonly NamedRef[];
}

/**
 * What the CI, GitHub and this clone remember of branches. An answer that does not come makes less known, and never more:
 * it is said, and the rest goes on.
 */
export async function readKnownRefs(context: Context, run: Run): Promise<KnownRefs> {
  const circle = run.platform === "circleci" ? await readCircle(context) : [];
  const github = await readGitHub(context, run);
  return {
    known: [...(await readTracked(context)), ...circle, ...github.known],
    living: github.living,
  };
}

/** What was fetched from origin at some time; which of them are gone is another list's to say. */
async function readTracked({ git }: Context): Promise<readonly NamedRef[]> {
  const names = await git.run("for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin");
  return names
    .split("\n")
    .filter((name) => name !== "" && name !== "HEAD")
    .map(ownRef);
}

async function readGitHub(context: Context, run: Run): Promise<KnownRefs> {
  const repository = gitHubRepositoryOf(run, context.env.CIRCLE_REPOSITORY_URL ?? "");
  if (repository === null) return { known: [], living: [] };
  if (!context.env.GITHUB_TOKEN) {
    context.log.step("clean", "GITHUB_TOKEN is not set: closed pull requests are not known, which prove most");
    return { known: [], living: [] };
  }
  const client = await connectGitHub(context, { ...run, repository });
  const pulls = await trying<PullRequestRefs>(
    context,
    "pull requests",
    () => readPullRequestRefs(client, repository, context.signal),
    { closed: [], open: null },
  );
  const runs = await trying(context, "workflow runs", () => readRefsOfRuns(client, repository, context.signal), []);
  const { closed, open } = pulls;
  // A fork's branch lives where a pull request of it is open: without all of those none of its branches is known as gone.
  const known = open === null ? closed.filter(({ fork }) => fork === null) : closed;
  return { known: [...known, ...runs], living: open ?? [] };
}

/** `owner/name`; null: it is not on GitHub, as far as anybody says. */
function gitHubRepositoryOf({ platform, repository }: Run, circleUrl: string): string | null {
  if (platform === "github") return repository;
  if (platform === "circleci") return /[@/]github\b/.test(circleUrl) ? repository : null;
  return /^github\.com\/([^/]+\/[^/]+)$/.exec(repository)?.[1] ?? null;
}

async function readCircle(context: Context): Promise<readonly NamedRef[]> {
  const { env, settings, signal } = context;
  const token = env.CIRCLE_TOKEN;
  if (!token) {
    context.log.step("clean", "CIRCLE_TOKEN is not set: the branches of earlier pipelines are not known");
    return [];
  }
  const client = await createCircleClient(settings.given.circleUrl, token);
  return trying(
    context,
    "pipelines",
    async () => {
      const workflow = await client.get(`/workflow/${encodeURIComponent(env.CIRCLE_WORKFLOW_ID ?? "")}`, signal);
      return readRefsOfPipelines(client, slugOf(workflow.body), signal);
    },
    [],
  );
}

function slugOf(workflow: unknown): string {
  if (typeof workflow === "object" && workflow !== null && "project_slug" in workflow)
    return `${workflow.project_slug}`;
  throw new SignalboxError("service", "CircleCI does not say which project the workflow is of");
}

async function trying<T>(context: Context, what: string, read: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof SignalboxError)) throw error;
    context.log.warn("clean", `the ${what} cannot be read, so less is known to be gone: ${error.message}`);
    return otherwise;
  }
}
