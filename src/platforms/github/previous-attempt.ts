import { parseInstant } from "../../queue/iso-time.ts";
import type { SeenRun } from "../../queue/ticket.ts";
import type { GitHubClient, GitHubRoute } from "./client.ts";
import { describeRun, type RunRecord, readAnswer, runAnswer } from "./workflow-run.ts";

const ROUTE: GitHubRoute = "GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}";
/** No settle time is longer. */
const RECENT_MS = 60 * 60_000;

/** The attempt before a re-run that was queued lately: GitHub lists the latest only, and queries may outlive a cancelled one. */
export interface EarlierAttempts {
  before(run: RunRecord, signal: AbortSignal): Promise<SeenRun | null>;
}

export function createEarlierAttempts(client: GitHubClient): EarlierAttempts {
  const known = new Map<string, SeenRun>();
  return {
    async before(run, signal) {
      const queued = parseInstant(run.startedAt);
      if (run.attempt === null || run.attempt < 2 || queued === null) return null;
      if (client.serverTime.now() - queued > RECENT_MS) return null;

      const attempt = run.attempt - 1;
      const key = `${run.id}/${attempt}`;
      const parameters = { run_id: run.id, attempt_number: attempt };
      const seen = known.get(key) ?? describeEarlier(run, attempt, await client.request(ROUTE, parameters, { signal }));
      known.set(key, seen);
      return seen;
    },
  };
}

/** It ended before the next one was queued, also where the answer is too old to say so: then it counts as cut short. */
function describeEarlier(
  run: RunRecord,
  attempt: number,
  { status, body }: { status: number; body: unknown },
): SeenRun {
  const read = status === 200 ? readAnswer(runAnswer, body) : run;
  const isTold = read.attempt === attempt && read.status === "completed" && read.conclusion !== null;
  return {
    ...describeRun(read, null),
    attempt,
    // This endpoint tells another created_at than the run's own; an ended run needs no place.
    ticket: null,
    ended: true,
    status: (isTold ? read.conclusion : null) ?? "cancelled",
    since: isTold ? read.updatedAt : run.startedAt,
    tookSeconds: null,
  };
}
