import type { GitHubClient } from "../platforms/github/client.ts";
import type { Run } from "../run/run.ts";
import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Fetch } from "../support/proxied-fetch.ts";
import type { Environment } from "../support/secrets.ts";

/** What GitHub's API is asked with. */
export interface GitHubParts {
  readonly env: Environment;
  readonly clock: Clock;
  readonly openFetch: () => Promise<Fetch | null>;
}

/** The runner sets it: on GitHub Enterprise Server it is another. */
export function gitHubApiUrl({ env }: Pick<GitHubParts, "env">): string {
  return env.GITHUB_API_URL || "https://api.github.com";
}

/** GitHub's API for the repository of this run. Throws a configuration error where the job has no token for it. */
export async function connectGitHub(parts: GitHubParts, { repository }: Run): Promise<GitHubClient> {
  const token = parts.env.GITHUB_TOKEN || null;
  if (token === null) {
    throw new SignalboxError("configuration", "GITHUB_TOKEN is not set: GitHub's API cannot be asked", {
      hint: 'env: { GITHUB_TOKEN: "${{ github.token }}" } at this step (the Action hands it over)',
    });
  }
  return openGitHub(parts, repository, token);
}

/** The client's code is loaded where it is used. */
export async function openGitHub(parts: GitHubParts, repository: string, token: string): Promise<GitHubClient> {
  const { createGitHubClient } = await import("../platforms/github/client.ts");
  return createGitHubClient({
    apiUrl: gitHubApiUrl(parts),
    repository,
    token,
    clock: parts.clock,
    fetch: await parts.openFetch(),
  });
}
