import { parseInstant } from "../../queue/iso-time.ts";
import type { SeenRun } from "../../queue/ticket.ts";
import type { CircleWorkflow, Pipeline } from "./answers.ts";
import { LATE_SECONDS } from "./ticket.ts";

/** When and how the workflows of a pipeline were read. */
export interface PipelineClock {
  /** By the server, at the latest, in milliseconds since the epoch. */
  readonly now: number;
  /** How long before the reading the pipeline was first seen as `created`; null: it was not. */
  readonly createdSeenSeconds: number | null;
  readonly lagSeconds: number;
}

/** The workflows of a pipeline are created one after another, within moments. */
const SPREAD_SECONDS = 5;

/**
 * Whether a pipeline may still get a workflow that is not listed and belongs in front of later pipelines.
 * A state that is not known is one of those that come before `created`.
 */
export function mayStillCreate(
  { state, createdAt }: Pipeline,
  workflows: readonly CircleWorkflow[],
  { now, createdSeenSeconds, lagSeconds }: PipelineClock,
): boolean {
  const ageSeconds = (time: string | null) => (now - (parseInstant(time) ?? now)) / 1000;
  if (state === "errored" || ageSeconds(createdAt) > LATE_SECONDS + lagSeconds + 1) return false;
  if (state !== "created") return true;
  if (createdSeenSeconds !== null && createdSeenSeconds >= lagSeconds + SPREAD_SECONDS) return false;
  return !workflows.some(
    (workflow) => !workflow.isSetup && ageSeconds(workflow.createdAt) >= lagSeconds + SPREAD_SECONDS,
  );
}

/** The pipeline in the place of the workflow that it may create; its id stands for the run's. */
export function describeUnborn(pipeline: Pipeline, seen: Pick<SeenRun, "trigger" | "url">): SeenRun {
  const { id, number, state, createdAt, title, author } = pipeline;
  const created = parseInstant(createdAt);
  return {
    id,
    attempt: 1,
    ticket:
      created === null || createdAt === null || number === null
        ? null
        : { second: Math.floor(created / 1000), pipeline: number, createdAt, id, attempt: 1 },
    ended: false,
    status: `pipeline ${state}, may still start a workflow`,
    ...seen,
    since: createdAt,
    tookSeconds: null,
    quietSince: null,
    title,
    author,
  };
}
