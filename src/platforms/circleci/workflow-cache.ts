import { parseInstant } from "../../queue/iso-time.ts";
import { GONE, NOT_FOUND } from "../../queue/status.ts";
import type { SeenRun, Ticket } from "../../queue/ticket.ts";
import type { Clock } from "../../support/clock.ts";
import { type CircleWorkflow, type Pipeline, readAnswer, workflowAnswer } from "./answers.ts";
import type { CircleClient } from "./client.ts";
import { createLifeSigns } from "./last-activity.ts";
import { findPages, findPipeline, pathOf } from "./pages.ts";
import { describeUnborn, mayStillCreate, type PipelineClock } from "./pending-pipeline.ts";
import { LATE_SECONDS, type TicketOf, ticketsOf } from "./ticket.ts";
import { createLinks, describeWorkflow, isEnded, triggerOf } from "./to-seen-run.ts";

/** What was read of each pipeline and workflow of the group, so that little has to be read again. */
export interface Book {
  /**
   * The runs of the group in a pipeline, with the pipeline itself while it may still create one. `now`: the server's
   * time at the latest before this call.
   */
  readPipeline(pipeline: Pipeline, now: number, signal: AbortSignal): Promise<readonly SeenRun[]>;
  /** The present state of a run or of a pipeline in its place; null: it has to be looked for in a whole scan. */
  reread(id: string, signal: AbortSignal): Promise<SeenRun | null>;
  /** Runs that were active when last read and that a scan did not list: its answers may be blind for them. */
  readUnlisted(listed: ReadonlySet<string>, signal: AbortSignal): Promise<readonly SeenRun[]>;
}

export interface BookOptions {
  readonly client: CircleClient;
  readonly clock: Clock;
  readonly baseUrl: string;
  readonly lagSeconds: number;
  readonly names: ReadonlySet<string>;
  readonly own: { readonly workflowId: string; readonly pipelineId: string; readonly createdAt: string };
}

interface Entry {
  readonly pipeline: Pipeline;
  readonly workflow: CircleWorkflow;
  readonly ticket: Ticket | null;
  /** No workflow that is not listed yet can change the order. */
  readonly isSure: boolean;
}

export function createBook({ client, clock, baseUrl, lagSeconds, names, own }: BookOptions): Book {
  const entries = new Map<string, Entry>();
  const unborn = new Map<string, Pipeline>();
  /** Ended runs stay ended, whatever a stale answer says. */
  const ended = new Map<string, SeenRun>();
  /** Pipelines in which nothing can happen any more that matters to this run. */
  const closed = new Map<string, readonly SeenRun[]>();
  const createdSeenAt = new Map<string, number>();
  const missed = new Map<string, { readonly times: number; readonly since: number }>();
  /** Those that CircleCI does not know any more, whatever a list still shows. */
  const gone = new Map<string, SeenRun>();
  const links = createLinks(baseUrl);
  const lifeSigns = createLifeSigns(client, clock);
  const isSeconds = (now: number, time: string | null, seconds: number) =>
    now - (parseInstant(time) ?? now) >= seconds * 1000;

  /** null: not found, which says nothing yet. */
  async function readWorkflows(pipeline: Pipeline, signal: AbortSignal): Promise<CircleWorkflow[] | null> {
    const list = { path: pathOf("pipeline", pipeline.id, "workflow"), item: workflowAnswer };
    const workflows = await findPages(client, list, signal);
    if (workflows === null) noteMissed(pipeline.id);
    else missed.delete(pipeline.id);
    return workflows;
  }

  function noteMissed(id: string): void {
    const before = missed.get(id);
    missed.set(id, { times: (before?.times ?? 0) + 1, since: before?.since ?? clock.monotonic() });
  }

  /** Missing twice, and too old for that to be lag; where its age cannot be read, missing for so long. */
  function isGone(id: string, createdAt: string | null, now: number): boolean {
    const { times, since } = missed.get(id) ?? { times: 0, since: clock.monotonic() };
    const born = parseInstant(createdAt);
    const age = born === null ? clock.monotonic() - since : now - born;
    return times >= 2 && age >= (lagSeconds + 1) * 1000;
  }

  /** A 404 says something only while the same way finds this run: once more after that, since an outage may have ended. */
  async function noteGone({ workflow, pipeline, ticket }: Entry, now: number, signal: AbortSignal): Promise<void> {
    if ((await client.find(pathOf("workflow", own.workflowId), signal)) === null) return;
    if ((await client.find(pathOf("workflow", workflow.id), signal)) !== null) {
      missed.delete(workflow.id);
      return;
    }
    const run = describeWorkflow(workflow, pipeline, ticket, links, null);
    gone.set(workflow.id, { ...run, ended: true, status: GONE, since: new Date(now).toISOString() });
  }

  /** For how long it has been known to be created; asked for before its list is. */
  function secondsCreated({ id, state }: Pipeline): number | null {
    if (state !== "created") return null;
    const seenAt = createdSeenAt.get(id) ?? clock.monotonic();
    createdSeenAt.set(id, seenAt);
    return (clock.monotonic() - seenAt) / 1000;
  }

  /** The pipeline in place of what it may create; null: it creates nothing that matters any more. */
  function describePending(
    pipeline: Pipeline,
    workflows: readonly CircleWorkflow[] | null,
    { now, createdSeenSeconds }: Pick<PipelineClock, "now" | "createdSeenSeconds">,
  ): SeenRun | null {
    const isPending =
      pipeline.id !== own.pipelineId &&
      (workflows === null
        ? !isGone(pipeline.id, pipeline.createdAt, now)
        : mayStillCreate(pipeline, workflows, { now, createdSeenSeconds, lagSeconds }));
    if (!isPending) {
      unborn.delete(pipeline.id);
      return null;
    }
    unborn.set(pipeline.id, pipeline);
    return describeUnborn(pipeline, { trigger: triggerOf(pipeline), url: links.pipeline(pipeline) });
  }

  function noteWorkflows(pipeline: Pipeline, workflows: readonly CircleWorkflow[], now: number): Entry[] {
    const tickets = ticketsOf(pipeline, workflows);
    return workflows.flatMap((workflow) => {
      const found = tickets.get(workflow.id);
      if (found === undefined || (workflow.name !== null && !names.has(workflow.name))) return [];
      const entry = { pipeline, workflow, ticket: found.ticket, isSure: isSure(found, workflow, now) };
      entries.set(workflow.id, entry);
      return [entry];
    });
  }

  function isSure({ isByFirst }: TicketOf, { createdAt }: CircleWorkflow, now: number): boolean {
    return !isByFirst || isSeconds(now, createdAt, lagSeconds + 1);
  }

  async function describe({ workflow, pipeline, ticket }: Entry, now: number, signal: AbortSignal): Promise<SeenRun> {
    const known = gone.get(workflow.id) ?? ended.get(workflow.id);
    if (known !== undefined) return { ...known, ticket };
    const quietSince = workflow.id === own.workflowId ? null : await lifeSigns.quietSince(workflow, signal);
    const run = describeWorkflow(workflow, pipeline, ticket, links, quietSince);
    if (!run.ended) {
      const isMissing = workflow.id !== own.workflowId && missed.has(workflow.id);
      return isMissing ? { ...run, status: NOT_FOUND } : run;
    }
    // An end without a time is taken for now once, not anew with each look.
    const atEnd = { ...run, since: run.since ?? new Date(now).toISOString() };
    ended.set(workflow.id, atEnd);
    return atEnd;
  }

  /**
   * All of it has ended, and what it may still get are re-runs, which are younger than this run, hence behind it: its
   * list shows all that are older than the lag. Neither the own pipeline is ever closed nor one whose list was empty: a
   * list that is older still, or blind, would hide a run for good.
   */
  function isClosed(pipeline: Pipeline, workflows: readonly CircleWorkflow[], now: number): boolean {
    return (
      pipeline.id !== own.pipelineId &&
      workflows.length > 0 &&
      workflows.every(isEnded) &&
      isSeconds(now, pipeline.createdAt, LATE_SECONDS + lagSeconds + 1) &&
      isSeconds(now, own.createdAt, lagSeconds + 1)
    );
  }

  return {
    async readPipeline(pipeline, now, signal) {
      const known = closed.get(pipeline.id);
      if (known !== undefined) return known;
      const createdSeenSeconds = secondsCreated(pipeline);
      const workflows = await readWorkflows(pipeline, signal);
      const pending = describePending(pipeline, workflows, { now, createdSeenSeconds });
      const runs: SeenRun[] = pending === null ? [] : [pending];
      for (const entry of noteWorkflows(pipeline, workflows ?? [], now)) {
        const { id } = entry.workflow;
        runs.push(gone.has(id) ? await readById(id, entry, now, signal) : await describe(entry, now, signal));
      }
      if (workflows !== null && isClosed(pipeline, workflows, now)) closed.set(pipeline.id, runs);
      return runs;
    },
    async reread(id, signal) {
      const now = client.serverTime.now();
      const before = unborn.get(id);
      if (before !== undefined) {
        const found = await findPipeline(client, id, signal);
        if (found === null) noteMissed(id);
        const pipeline = found ?? before;
        const createdSeenSeconds = secondsCreated(pipeline);
        const workflows =
          found === null ? null : pipeline.state === "created" ? await readWorkflows(pipeline, signal) : [];
        return describePending(pipeline, workflows, { now, createdSeenSeconds });
      }
      const entry = entries.get(id);
      if (entry === undefined) return null;
      if (!entry.isSure) {
        const workflows = await readWorkflows(entry.pipeline, signal);
        noteWorkflows(entry.pipeline, workflows ?? [], now);
        // A list that lost it will not tell its end.
        if (workflows?.some((workflow) => workflow.id === id)) return describe(entries.get(id) ?? entry, now, signal);
      }
      return readById(id, entry, now, signal);
    },
    async readUnlisted(listed, signal) {
      const now = client.serverTime.now();
      const runs: SeenRun[] = [];
      for (const [id, entry] of entries) {
        if (listed.has(id) || id === own.workflowId || ended.has(id)) continue;
        runs.push(await readById(id, entry, now, signal));
      }
      return runs;
    },
  };

  async function readById(id: string, entry: Entry, now: number, signal: AbortSignal): Promise<SeenRun> {
    const answer = await client.find(pathOf("workflow", id), signal);
    if (answer === null) {
      noteMissed(id);
      if (!gone.has(id) && isGone(id, entry.workflow.createdAt, now)) await noteGone(entry, now, signal);
      return describe(entry, now, signal);
    }
    missed.delete(id);
    gone.delete(id);
    const workflow = readAnswer(workflowAnswer, answer.body);
    entries.set(id, { ...entry, workflow });
    return describe({ ...entry, workflow }, now, signal);
  }
}
