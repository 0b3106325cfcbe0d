import { createCircleClient } from "../platforms/circleci/client.ts";
import { readRefsOfPipelines } from "../platforms/circleci/past-refs.ts";
import { type PullRequestRefs, readPullRequestRefs, readRefsOfRuns } from "../platforms/github/past-refs.ts";
import { type NamedRef, ownRef } from "../run/clean.ts";
import type { Run } from "../run/run.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import { connectGitHub, type GitHubParts } from "../setup/github.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Git } from "../support/git.ts";
import type { Log } from "../support/log.ts";

/** Branches and tags that existed at some time, and those of open pull requests, which git may not be able to list. */
export interface KnownRefs {
  readonly known: readonly NamedRef[];
  readonly living: readonly NamedRef[];
}

interface RemoteParts extends GitHubParts {
  readonly settings: SettingsPart<"circleUrl">;
  readonly signal: AbortSignal;
  readonly log: Pick<Log, "step" | "warn">;
}

/**
 * What the CI, GitHub and this clone remember of branches. An answer that does not come makes less known, and never more:
 * it is said, and the rest goes on.
 */
export async function readKnownRefs(parts: RemoteParts & { readonly git: Git }, run: Run): Promise<KnownRefs> {
  const circle = run.platform === "circleci" ? await readCircle(parts) : [];
  const github = await readGitHub(parts, run);
  return {
    known: [...(await readTracked(parts.git)), ...circle, ...github.known],
    living: github.living,
  };
}

/** What was fetched from origin at some time; which of them are gone is another list's to say. */
async function readTracked(git: Git): Promise<readonly NamedRef[]> {
  const names = await git.run("for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin");
  return names
    .split("\n")
    .filter((name) => name !== "" && name !== "HEAD")
    .map(ownRef);
}

async function readGitHub(parts: RemoteParts, run: Run): Promise<KnownRefs> {
  const { env, signal, log } = parts;
  const repository = gitHubRepositoryOf(run, env.CIRCLE_REPOSITORY_URL ?? "");
  if (repository === null) return { known: [], living: [] };
  if (!env.GITHUB_TOKEN) {
    log.step("clean", "GITHUB_TOKEN is not set: closed pull requests are not known, which prove most");
    return { known: [], living: [] };
  }
  const client = await connectGitHub(parts, { ...run, repository });
  const pulls = await trying<PullRequestRefs>(
    parts,
    "pull requests",
    () => readPullRequestRefs(client, repository, signal),
    { closed: [], open: null },
  );
  const runs = await trying(parts, "workflow runs", () => readRefsOfRuns(client, repository, signal), []);
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

async function readCircle(parts: RemoteParts): Promise<readonly NamedRef[]> {
  const { env, settings, signal, log } = parts;
  const token = env.CIRCLE_TOKEN;
  if (!token) {
    log.step("clean", "CIRCLE_TOKEN is not set: the branches of earlier pipelines are not known");
    return [];
  }
  const client = await createCircleClient(settings.given.circleUrl, token, {
    clock: parts.clock,
    fetch: await parts.openFetch(),
  });
  return trying(
    parts,
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

async function trying<T>(
  { signal, log }: Pick<RemoteParts, "signal" | "log">,
  what: string,
  read: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SignalboxError)) throw error;
    log.warn("clean", `the ${what} cannot be read, so less is known to be gone: ${error.message}`);
    return otherwise;
  }
}
