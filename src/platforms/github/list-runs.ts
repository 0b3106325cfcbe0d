import { parseInstant } from "../../queue/iso-time.ts";
import type { GitHubClient, GitHubRoute } from "./client.ts";
import { type RunRecord, readAnswer, runPage } from "./workflow-run.ts";

/** All lists of the runs of one branch, read in the order in which runs move through them. */
export interface ListedRuns {
  /** Every read of every run: one run may stand in several lists. */
  readonly reads: readonly RunRecord[];
  /**
   * Whether both kinds of lists show an active run. In a known incident lists are empty while single runs answer: a list
   * that does not even show the reader's own run hides others too.
   */
  shows(id: string): boolean;
  /** false: a list had a hole, or was longer than GitHub tells. */
  readonly complete: boolean;
  /** The server's time at the first request, in milliseconds since the epoch. */
  readonly serverTime: number | null;
}

export interface ListOptions {
  readonly branch: string | null;
  readonly maxAgeSeconds: number;
  readonly notice: (text: string) => void;
}

const ROUTE: GitHubRoute = "GET /repos/{owner}/{repo}/actions/runs";
/** A run that moves on between two reads is in the later list; one that moves back (an approval) in the last two. */
const STATUSES = ["requested", "waiting", "pending", "queued", "in_progress", "waiting", "queued"];
const PAGE_SIZE = 100;
/** "up to 1,000 results for each search". https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository */
const LONGEST_LIST = 1000;
const MOST_TRIES = 3;

/** The newest runs of a branch that are in progress: one request, and no word on what it does not show. */
export async function readRunning(
  client: GitHubClient,
  branch: string | null,
  signal: AbortSignal,
): Promise<readonly RunRecord[]> {
  const query = { status: "in_progress", ...(branch === null ? {} : { branch }), per_page: PAGE_SIZE };
  const answer = await client.request(ROUTE, query, { signal });
  if (answer.status !== 200) throw client.refuse(ROUTE, answer);
  return readAnswer(runPage, answer.body).workflow_runs;
}

export async function readLists(client: GitHubClient, options: ListOptions, signal: AbortSignal): Promise<ListedRuns> {
  const { branch, maxAgeSeconds, notice } = options;
  const reads: RunRecord[] = [];
  const active = new Set<string>();
  const recent = new Set<string>();
  let oldest = Number.NEGATIVE_INFINITY;
  let serverTime: number | null | undefined;
  let complete = true;

  for (const status of STATUSES) complete = (await readActive(status)) && complete;
  complete = (await readRecent()) && complete;
  return { reads, complete, serverTime: serverTime ?? null, shows };

  /** A re-run keeps its created_at: one from before the look-back stands in the lists by status alone. */
  function shows(id: string): boolean {
    const createdAt = reads.find((run) => run.id === id)?.createdAt ?? null;
    const isBeyondRecent = (parseInstant(createdAt) ?? oldest) < oldest;
    return active.has(id) && (recent.has(id) || isBeyondRecent);
  }

  /** A list of more than one page shifts when a run leaves it while it is read: two readings have to agree. */
  async function readActive(status: string): Promise<boolean> {
    let before: string | null = null;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const list = await readPages({ status }, () => false, active);
      if (list.isWhole && (list.pages === 1 || list.ids === before)) return true;
      if (list.pages === 1) return false;
      if (list.isCut) {
        notice(`GitHub lists no more than ${LONGEST_LIST} ${status} runs of ${branch ?? "this repository"}`);
        return false;
      }
      before = list.ids;
    }
    return false;
  }

  /**
   * Newest first, whatever their status: it shows the ended ones, and those that moved between the other lists. Where a
   * search ends before the look-back does, the next one begins at its oldest second.
   */
  async function readRecent(): Promise<boolean> {
    oldest = client.serverTime.now() - maxAgeSeconds * 1000;
    const isPast = (run: RunRecord) => (parseInstant(run.createdAt) ?? oldest) < oldest;
    for (let until: string | null = null; ; ) {
      const list = await readPages(until === null ? {} : { created: `<=${until}` }, isPast, recent);
      if (!list.isCut) return list.isWhole;
      notice(
        `GitHub has more than ${LONGEST_LIST} runs of ${branch ?? "this repository"} within --max-age: a lower one takes fewer requests`,
      );
      // A whole search of one second says nothing about the one before it.
      if (list.oldest === null || list.oldest === until) return false;
      until = list.oldest;
    }
  }

  async function readPages(
    filter: { readonly status?: string; readonly created?: string },
    isPast: (run: RunRecord) => boolean,
    shown: Set<string>,
  ) {
    const ids: string[] = [];
    let [total, oldestAt] = [0, Number.POSITIVE_INFINITY];
    for (let page = 1; ; page++) {
      const answer = await client.request(
        ROUTE,
        { ...filter, ...(branch === null ? {} : { branch }), per_page: PAGE_SIZE, page },
        { signal },
      );
      if (answer.status !== 200) throw client.refuse(ROUTE, answer);
      if (serverTime === undefined) serverTime = answer.date;
      const { total_count, workflow_runs: rows } = readAnswer(runPage, answer.body);
      // A later page that knows of fewer runs than the one before it may be blind.
      total = Math.max(total, total_count);
      reads.push(...rows);
      ids.push(...rows.map((run) => run.id));
      for (const { id, createdAt } of rows) {
        shown.add(id);
        oldestAt = Math.min(oldestAt, parseInstant(createdAt) ?? oldestAt);
      }

      const isPastAll = rows.some(isPast);
      const isCut = !isPastAll && ids.length >= LONGEST_LIST;
      if (!isPastAll && !isCut && rows.length > 0 && (answer.hasNext || ids.length < total)) continue;
      const different = [...new Set(ids)].sort();
      return {
        /** There is more, and no page shows it. */
        isCut,
        isWhole: !isCut && (isPastAll || different.length >= total),
        pages: page,
        ids: different.join(),
        oldest: Number.isFinite(oldestAt) ? `${new Date(oldestAt).toISOString().slice(0, 19)}Z` : null,
      };
    }
  }
}
