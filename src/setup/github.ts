import type { GitHubClient } from "../platforms/github/client.ts";
import type { Run } from "../run/run.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Context } from "./context.ts";

/** The runner sets it: on GitHub Enterprise Server it is another. */
export function gitHubApiUrl({ env }: Pick<Context, "env">): string {
  return env.GITHUB_API_URL || "https://api.github.com";
}

/** GitHub's API for the repository of this run. Throws a configuration error where the job has no token for it. */
export async function connectGitHub(context: Context, { repository }: Run): Promise<GitHubClient> {
  const token = context.env.GITHUB_TOKEN || null;
  if (token === null) {
    throw new SignalboxError("configuration", "GITHUB_TOKEN is not set: GitHub's API cannot be asked", {
      hint: 'env: { GITHUB_TOKEN: "${{ github.token }}" } at this step (the Action hands it over)',
    });
  }
  return openGitHub(context, repository, token);
}

/** The client's code is loaded where it is used. */
export async function openGitHub(
  context: Pick<Context, "env" | "clock" | "openFetch">,
  repository: string,
  token: string,
): Promise<GitHubClient> {
  const { createGitHubClient } = await import("../platforms/github/client.ts");
  return createGitHubClient({
    apiUrl: gitHubApiUrl(context),
    repository,
    token,
    clock: context.clock,
    fetch: await context.openFetch(),
  });
}
