import { configurationError } from "../../support/errors.ts";
import { quoteAll } from "../quote.ts";
import type { GitHubClient, GitHubRoute } from "./client.ts";
import { readAnswer, workflowPage } from "./workflow-run.ts";

const ROUTE: GitHubRoute = "GET /repos/{owner}/{repo}/actions/workflows";
const PAGE_SIZE = 100;

/**
 * The paths of the workflows that `queue.workflows` names: by path, else by file name, else by name. GitHub is asked
 * only where there are others than this run's own. Throws a configuration error for what it does not know.
 */
export async function resolveWorkflows(
  client: GitHubClient,
  entries: readonly string[],
  ownPath: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const isOwn = (entry: string) => ["self", ownPath, fileName(ownPath)].includes(entry);
  if (entries.every(isOwn)) return new Set(entries.map(() => ownPath));

  const known = await listWorkflows(client, signal);
  const found = entries.map((entry) => {
    if (isOwn(entry)) return [ownPath];
    const byPath = known.filter(({ path }) => path === entry);
    const byFile = known.filter(({ path }) => fileName(path) === entry);
    const byName = known.filter(({ name }) => name === entry);
    return [byPath, byFile, byName].find((some) => some.length > 0)?.map(({ path }) => path) ?? [];
  });
  const unknown = entries.filter((_, index) => found[index]?.length === 0);
  if (unknown.length > 0) {
    const wanted = `no such workflow; GitHub knows ${quoteAll(known.map(({ path }) => path))}`;
    throw configurationError(
      unknown.map((entry) => ({ where: "queue.workflows", got: JSON.stringify(entry), wanted })),
      "GitHub knows a new workflow once it is on the default branch or has run",
    );
  }
  return new Set(found.flat());
}

async function listWorkflows(client: GitHubClient, signal: AbortSignal) {
  const known: { name: string; path: string }[] = [];
  for (let page = 1; ; page++) {
    const answer = await client.request(ROUTE, { per_page: PAGE_SIZE, page }, { signal });
    if (answer.status !== 200) throw client.refuse(ROUTE, answer);
    const { total_count, workflows } = readAnswer(workflowPage, answer.body);
    known.push(...workflows);
    if (workflows.length === 0 || known.length >= total_count) return known;
  }
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
