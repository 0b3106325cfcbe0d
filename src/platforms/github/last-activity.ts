import { parseInstant } from "../../queue/iso-time.ts";
import type { Clock } from "../../support/clock.ts";
import type { GitHubClient, GitHubRoute } from "./client.ts";
import { isEnded, jobsAnswer, type RunRecord, readAnswer } from "./workflow-run.ts";

const ROUTE: GitHubRoute = "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs";
/** GitHub does not update a run while a job of it works, so that only a long silence is a reason to look. */
const SILENCE_MS = 90 * 60_000;
const LOOK_AGAIN_MS = 10 * 60_000;

/** The last sign of life of an active run none of whose jobs is at work; null: it lives, or was not looked at. */
export interface RunActivity {
  quietSince(run: RunRecord, signal: AbortSignal): Promise<string | null>;
}

export function createLifeSigns(client: GitHubClient, clock: Clock): RunActivity {
  const looks = new Map<string, { readonly at: number; readonly quietSince: string | null }>();
  return {
    async quietSince(run, signal) {
      const updated = parseInstant(run.updatedAt);
      if (isEnded(run) || updated === null || client.serverTime.now() - updated < SILENCE_MS) return null;
      const look = looks.get(run.id);
      if (look !== undefined && clock.monotonic() - look.at < LOOK_AGAIN_MS) return look.quietSince;

      const answer = await client.request(ROUTE, { run_id: run.id, per_page: 100 }, { signal });
      const jobs = answer.status === 200 ? readAnswer(jobsAnswer, answer.body).jobs : [];
      const lives = jobs.some((job) => job.status !== "completed");
      const signs = [updated, ...jobs.flatMap((job) => parseInstant(job.completed_at ?? null) ?? [])];
      const quietSince = lives ? null : new Date(Math.max(...signs)).toISOString();
      looks.set(run.id, { at: clock.monotonic(), quietSince });
      return quietSince;
    },
  };
}
