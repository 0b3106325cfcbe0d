import { z } from "zod";
import { type NamedRef, ownRef } from "../../run/clean.ts";
import type { GitHubClient, GitHubRoute } from "./client.ts";
import { readAnswer } from "./workflow-run.ts";

/** What pull requests tell of branches, also of forks, which git cannot list. */
export interface PullRequestRefs {
  /** Heads of closed pull requests, newest first. */
  readonly closed: readonly NamedRef[];
  /** Heads of open ones: their checks may run at any time. null: they are too many to know them all. */
  readonly open: readonly NamedRef[] | null;
}

/** https://docs.github.com/en/rest/pulls/pulls#list-pull-requests */
const pullAnswer = z.object({
  number: z.int().positive(),
  head: z.object({
    ref: z.string(),
    repo: z.object({ full_name: z.string() }).nullish(),
  }),
});
/** https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository */
const runsAnswer = z.object({
  workflow_runs: z.array(
    z.object({
      head_branch: z.string().nullish(),
      head_repository: z.object({ full_name: z.string() }).nullish(),
    }),
  ),
});

const PULLS: GitHubRoute = "GET /repos/{owner}/{repo}/pulls";
const RUNS: GitHubRoute = "GET /repos/{owner}/{repo}/actions/runs";
const PAGE_SIZE = 100;
/** The last thousand of each: what is older was cleaned up before, or is named by --branch. */
const MOST_PAGES = 10;

interface ListedItems<T> {
  readonly items: readonly T[];
  readonly isWhole: boolean;
}

export async function readPullRequestRefs(
  client: GitHubClient,
  repository: string,
  signal: AbortSignal,
): Promise<PullRequestRefs> {
  const list = (state: "open" | "closed") =>
    readPages(client, PULLS, { state, sort: "updated", direction: "desc" }, z.array(pullAnswer), signal);
  // First the open ones: one that is closed in between is then in both, and lives.
  const open = await list("open");
  const closed = await list("closed");
  const refs = ({ items }: ListedItems<z.output<typeof pullAnswer>>) =>
    items.flatMap(({ head, number }) =>
      head.repo ? [{ ...refOf(head.ref, head.repo.full_name, repository), pullRequest: number }] : [],
    );
  return { closed: refs(closed), open: open.isWhole ? refs(open) : null };
}

/** Branches and tags of the repository itself that its workflows ran for: merge queues and branches without a pull request too. */
export async function readRefsOfRuns(
  client: GitHubClient,
  repository: string,
  signal: AbortSignal,
): Promise<readonly NamedRef[]> {
  const { items } = await readPages(
    client,
    RUNS,
    {},
    runsAnswer.transform(({ workflow_runs }) => workflow_runs),
    signal,
  );
  return items
    .flatMap((run) =>
      run.head_branch && run.head_repository ? [refOf(run.head_branch, run.head_repository.full_name, repository)] : [],
    )
    .filter(({ fork }) => fork === null);
}

async function readPages<T>(
  client: GitHubClient,
  route: GitHubRoute,
  parameters: Readonly<Record<string, string>>,
  page: z.ZodType<readonly T[]>,
  signal: AbortSignal,
): Promise<ListedItems<T>> {
  const items: T[] = [];
  for (let number = 1; number <= MOST_PAGES; number++) {
    const answer = await client.request(route, { ...parameters, per_page: PAGE_SIZE, page: number }, { signal });
    if (answer.status !== 200) throw client.refuse(route, answer);
    items.push(...readAnswer(page, answer.body));
    if (!answer.hasNext) return { items, isWhole: true };
  }
  return { items, isWhole: false };
}

function refOf(name: string, from: string, repository: string): NamedRef {
  return { ...ownRef(name), fork: from.toLowerCase() === repository.toLowerCase() ? null : from };
}
