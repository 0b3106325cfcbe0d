import { z } from "zod";
import type { GitHubClient } from "./client.ts";
import { readAnswer } from "./workflow-run.ts";

/** https://docs.github.com/en/rest/branches/branches#get-a-branch */
const branchAnswer = z.object({ commit: z.object({ sha: z.string() }) });
/** https://docs.github.com/en/rest/commits/commits#compare-two-commits */
const compareAnswer = z.object({ status: z.string() });
/** https://docs.github.com/en/rest/commits/commits#list-branches-for-head-commit */
const branchesAnswer = z.array(z.object({ name: z.string() }));

/**
 * The branches of a repository, as GitHub tells of them; one call each. GitHub keeps the commits of all forks in one
 * place and answers for a fork's commit too: only that a branch of this very repository holds it says that it is its own.
 */
export function createGitHubBranches(client: GitHubClient, signal?: AbortSignal) {
  const options = { signal };
  return {
    /** The newest commit of a branch; null: there is no such branch. */
    async head(branch: string): Promise<string | null> {
      const answer = await client.request("GET /repos/{owner}/{repo}/branches/{branch}", { branch }, options);
      return answer.status === 200 ? readAnswer(branchAnswer, answer.body).commit.sha : null;
    },
    /** Whether the history of `of` holds the commit; false also for a commit that GitHub does not know. */
    async isAncestor(commit: string, of: string): Promise<boolean> {
      const answer = await client.request(
        "GET /repos/{owner}/{repo}/compare/{basehead}",
        { basehead: `${of}...${commit}`, per_page: 1 },
        options,
      );
      return answer.status === 200 && ["behind", "identical"].includes(readAnswer(compareAnswer, answer.body).status);
    },
    /** Names of the branches whose newest commit this is. */
    async namesAt(commit: string): Promise<readonly string[]> {
      const answer = await client.request(
        "GET /repos/{owner}/{repo}/commits/{commit_sha}/branches-where-head",
        { commit_sha: commit },
        options,
      );
      return answer.status === 200 ? readAnswer(branchesAnswer, answer.body).map(({ name }) => name) : [];
    },
  };
}
