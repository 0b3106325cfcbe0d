import { parseInstant } from "../../queue/iso-time.ts";
import { isAtWork } from "../../queue/status.ts";
import type { Clock } from "../../support/clock.ts";
import { type CircleWorkflow, jobAnswer } from "./answers.ts";
import type { CircleClient } from "./client.ts";
import { findPages, pathOf } from "./pages.ts";

/** A job that is neither of these is at work, or waits for a machine or a person. `blocked` waits for another job. */
const LIFELESS: readonly string[] = [
  "success",
  "failed",
  "canceled",
  "not_run",
  "unauthorized",
  "retried",
  "timedout",
  "infrastructure_fail",
  "terminated-unknown",
  "blocked",
];
const SILENCE_MS = 90 * 60_000;
const LOOK_AGAIN_MS = 10 * 60_000;

/** The last sign of life of a running workflow none of whose jobs is at work; null: it lives, or was not looked at. */
export interface JobActivity {
  quietSince(workflow: CircleWorkflow, signal: AbortSignal): Promise<string | null>;
}

export function createLifeSigns(client: CircleClient, clock: Clock): JobActivity {
  const looks = new Map<string, { readonly at: number; readonly quietSince: string | null }>();
  return {
    async quietSince(workflow, signal) {
      const created = parseInstant(workflow.createdAt);
      if (!isAtWork(workflow.status) || created === null) return null;
      if (client.serverTime.now() - created < SILENCE_MS) return null;
      const look = looks.get(workflow.id);
      if (look !== undefined && clock.monotonic() - look.at < LOOK_AGAIN_MS) return look.quietSince;

      const list = { path: pathOf("workflow", workflow.id, "job"), item: jobAnswer };
      const jobs = (await findPages(client, list, signal)) ?? [];
      const lives = jobs.some((job) => !LIFELESS.includes(job.status ?? ""));
      const signs = [created, ...jobs.flatMap((job) => parseInstant(job.stopped_at) ?? [])];
      const quietSince = lives ? null : new Date(Math.max(...signs)).toISOString();
      looks.set(workflow.id, { at: clock.monotonic(), quietSince });
      return quietSince;
    },
  };
}
