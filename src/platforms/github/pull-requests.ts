import { z } from "zod";
import type { GitHubClient, GitHubRoute } from "./client.ts";
import { readAnswer } from "./workflow-run.ts";

/** https://docs.github.com/en/rest/pulls/pulls#list-pull-requests */
const pullsAnswer = z.array(
  z.object({
    number: z.int().positive(),
    head: z.object({
      ref: z.string(),
      sha: z.string(),
      repo: z.object({ full_name: z.string() }).nullish(),
    }),
  }),
);

const PULLS: GitHubRoute = "GET /repos/{owner}/{repo}/pulls";

/** The head of a pull request. */
interface PullRequestHead {
  /** `owner/name`, which the branch is in. */
  readonly repository: string;
  readonly branch: string;
  readonly commit: string;
}

/**
 * The open pull request of this repository whose newest commit this is, as GitHub says, in one call; null: there is none.
 * Of several `hint` is the one, if it is among them, else the newest: a variable of the CI may name any.
 */
export async function findPullRequest(
  client: GitHubClient,
  { repository, branch, commit }: PullRequestHead,
  hint: number | null,
): Promise<number | null> {
  const [owner = ""] = repository.split("/");
  const answer = await client.request(PULLS, { state: "open", head: `${owner}:${branch}`, per_page: 100 });
  if (answer.status !== 200) throw client.refuse(PULLS, answer);
  const own = readAnswer(pullsAnswer, answer.body)
    .filter(
      // An unknown branch's filter is left out by GitHub; a repository that is only called alike has other commits.
      ({ head }) =>
        head.sha === commit && head.ref === branch && head.repo?.full_name.toLowerCase() === repository.toLowerCase(),
    )
    .map(({ number }) => number);
  return own.find((number) => number === hint) ?? own[0] ?? null;
}
