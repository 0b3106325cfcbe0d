import { z } from "zod";
import { parseInstant } from "../../queue/iso-time.ts";
import type { SeenRun, Ticket } from "../../queue/ticket.ts";
import { readAnswerOf } from "../unexpected.ts";
import { triggerOfEvent } from "./run.ts";

const word = z.string().nullish().catch(null);
const actor = z.object({ login: z.string() }).nullish().catch(null);
const id = z.union([z.int().nonnegative(), z.string().regex(/^\d+$/)]).transform(String);

/**
 * A run as GitHub's API tells it; what is missing or odd is null and counts against entering.
 * https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run
 */
export const runAnswer = z
  .object({
    id,
    run_attempt: z.int().positive().nullish().catch(null),
    status: word,
    conclusion: word,
    created_at: word,
    run_started_at: word,
    updated_at: word,
    path: word,
    head_branch: word,
    head_repository: z.object({ full_name: z.string() }).nullish().catch(null),
    event: word,
    html_url: word,
    display_title: word,
    triggering_actor: actor,
    actor,
  })
  .transform((run) => ({
    id: run.id,
    attempt: run.run_attempt ?? null,
    status: run.status ?? null,
    conclusion: run.conclusion ?? null,
    createdAt: run.created_at ?? null,
    startedAt: run.run_started_at ?? null,
    updatedAt: run.updated_at ?? null,
    // The path is followed by the ref that it was read at: .github/workflows/dbt.yml@refs/heads/main
    path: run.path?.replace(/^(.*?\.ya?ml)@.*$/, "$1") ?? null,
    branch: run.head_branch ?? null,
    headRepository: run.head_repository?.full_name ?? null,
    event: run.event ?? null,
    url: run.html_url ?? null,
    title: run.display_title ?? null,
    author: run.triggering_actor?.login ?? run.actor?.login ?? null,
  }));
export type RunRecord = Readonly<z.output<typeof runAnswer>>;

export const runPage = z.object({ total_count: z.int().nonnegative(), workflow_runs: z.array(runAnswer) });

export const jobsAnswer = z.object({ jobs: z.array(z.object({ status: word, completed_at: word })) });

export const workflowPage = z.object({
  total_count: z.int().nonnegative(),
  workflows: z.array(z.object({ name: z.string(), path: z.string() })),
});

/** Reads an answer. Throws a service error that says in plain words what it lacks. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  return readAnswerOf("GitHub", schema, answer);
}

/** The runs that must not overlap, as the API's record of this run tells them. */
export interface WorkflowGroup {
  readonly paths: ReadonlySet<string>;
  readonly branch: string | null;
  /** null: GitHub does not say, so every head repository is this one. */
  readonly headRepository: string | null;
}

/** What a record does not tell counts as alike. A tag and a branch of one name are alike as well: no field differs. */
export function isMember(run: RunRecord, { paths, branch, headRepository }: WorkflowGroup): boolean {
  const isAlike = (a: string | null, b: string | null) =>
    a === null || b === null || a.toLowerCase() === b.toLowerCase();
  return (
    (run.path === null || paths.has(run.path)) &&
    (run.branch === null || branch === null || run.branch === branch) &&
    isAlike(run.headRepository, headRepository)
  );
}

/** `completed` ends an attempt; every other word, also one that is not known, is an active run. */
export function isEnded(run: RunRecord): boolean {
  return run.status === "completed";
}

/**
 * The place in the queue; null: it cannot be told. GitHub can queue a run anew with the attempt it has, which
 * `run_started_at` shows and `created_at` does not; a re-run has to go to the tail.
 */
export function ticketOf(run: RunRecord): Ticket | null {
  const [created, started] = [parseInstant(run.createdAt), parseInstant(run.startedAt)];
  if (created === null || started === null || run.attempt === null) return null;
  const time = Math.max(created, started);
  return {
    second: Math.floor(time / 1000),
    pipeline: 0,
    createdAt: new Date(time).toISOString(),
    id: run.id,
    attempt: run.attempt,
  };
}

/** Of two reads of one scan the later one; which of them was asked for first says nothing, since each may be stale. */
export function laterRead(a: RunRecord, b: RunRecord): RunRecord {
  const order = compareReads(a, b);
  if (order !== 0) return order > 0 ? a : b;
  return isEnded(a) ? b : a;
}

/** What is remembered, unless a new read is as late: a run that ends in the second of its last update has to end here too. */
export function updateRead(known: RunRecord | null, read: RunRecord): RunRecord {
  return known !== null && compareReads(known, read) > 0 ? known : read;
}

function compareReads(a: RunRecord, b: RunRecord): number {
  return (a.attempt ?? 0) - (b.attempt ?? 0) || (parseInstant(a.updatedAt) ?? 0) - (parseInstant(b.updatedAt) ?? 0);
}

export function describeRun(run: RunRecord, quietSince: string | null): SeenRun {
  const ended = isEnded(run);
  const [started, updated] = [parseInstant(run.startedAt), parseInstant(run.updatedAt)];
  return {
    id: run.id,
    attempt: run.attempt ?? 1,
    ticket: ticketOf(run),
    ended,
    status: (ended ? (run.conclusion ?? run.status) : run.status) ?? "unknown",
    trigger: triggerOfEvent(run.event ?? ""),
    url: run.url,
    since: ended ? run.updatedAt : run.startedAt,
    tookSeconds: ended && started !== null && updated !== null ? (updated - started) / 1000 : null,
    quietSince,
    title: run.title,
    author: run.author,
  };
}
