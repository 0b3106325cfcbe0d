import type { AxiosAdapter } from "axios";
import type { Me } from "../../queue/decide.ts";
import { parseInstant } from "../../queue/iso-time.ts";
import type { RunSource } from "../../queue/source.ts";
import type { SeenRun } from "../../queue/ticket.ts";
import type { Clock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import type { Fetch } from "../../support/proxied-fetch.ts";
import { oncePerText, tryUntilDeadline } from "../requests.ts";
import { type CircleWorkflow, type Pipeline, pipelineAnswer, readAnswer, workflowAnswer } from "./answers.ts";
import { type CircleClient, createCircleClient } from "./client.ts";
import { isSameRef, nameGroup, type PipelineGroup, resolveNames } from "./group.ts";
import { doTogether } from "./map-limit.ts";
import { findPages, findPipeline, pathOf, readPages } from "./pages.ts";
import { ticketsOf } from "./ticket.ts";
import { isKnownTrigger } from "./trigger.ts";
import { createBook } from "./workflow-cache.ts";

export interface CircleSourceOptions {
  /** `CIRCLE_WORKFLOW_ID`. */
  readonly workflowId: string;
  /** Names of the workflows of the group; `self` is this run's own. */
  readonly workflows: readonly string[];
  /** A personal API token. */
  readonly token: string;
  /** Without `/api/v2`. */
  readonly baseUrl: string;
  readonly lagSeconds: number;
  readonly maxAgeSeconds: number;
  readonly timeoutSeconds: number | null;
  readonly clock: Clock;
  /** The network, if it is not the real one. */
  readonly adapter?: AxiosAdapter;
  /** Goes through a proxy; null: there is none. */
  readonly fetch: Fetch | null;
  /** How long one request may take, where the one who asks waits for no longer than that. */
  readonly requestTimeoutMs?: number | undefined;
  readonly notice?: (text: string) => void;
  /** Ends the first reads. */
  readonly signal?: AbortSignal;
  /** When this process began, by the clock's monotonic time. Left out: now. */
  readonly startedAt?: number;
}

export interface CircleSource {
  readonly me: Me;
  /** The key of the group, for people. */
  readonly group: string;
  /** This run's own workflow where `queue.workflows` does not hold it, so that no run of the group sees it; null: it does. */
  readonly outsider: string | null;
  readonly source: RunSource;
}

interface Own {
  readonly workflow: CircleWorkflow;
  readonly pipeline: Pipeline;
  readonly siblings: readonly CircleWorkflow[];
}

const TOGETHER = 4;
/**
 * CircleCI ends a job after that at the latest. A run may enter until its pipeline is as old as others look back, and is
 * inside for as long as its job: so they look back for so much longer.
 * https://circleci.com/docs/guides/orchestrate/jobs-steps/
 */
const LONGEST_JOB_SECONDS = 5 * 3600;

/**
 * The queue of CircleCI. Reads this run's own workflow and pipeline first, again after service errors until the
 * deadline, and makes the group of them. Throws a configuration error where the token may not, a workflow is not
 * known, or the pipeline is too old to be seen by others.
 *
 * A scan reads the pipelines of the branch back to `maxAgeSeconds` and a job's length, and the workflows of each that is
 * not closed (workflow-cache.ts). Between scans a run is one request by its id.
 */
export async function createCircleSource(options: CircleSourceOptions): Promise<CircleSource> {
  const { workflowId, baseUrl, lagSeconds, maxAgeSeconds, timeoutSeconds, clock, adapter, signal } = options;
  const notice = oncePerText(options.notice);
  const startedAt = options.startedAt ?? clock.monotonic();
  const client = await createCircleClient(baseUrl, options.token, {
    clock,
    adapter,
    fetch: options.fetch,
    requestTimeoutMs: options.requestTimeoutMs,
  });
  const patience = { clock, signal, startedAt, timeoutSeconds, notice };
  const isYoung = () => clock.monotonic() - startedAt <= (lagSeconds + 1) * 1000;

  const own = await tryUntilDeadline(patience, (within) => readOwn(client, workflowId, isYoung, within));
  const { workflow, pipeline } = own;
  const ticket = ticketsOf(pipeline, withOwn(own)).get(workflowId)?.ticket ?? null;
  if (workflow.isSetup) throw inSetup();
  const { name, createdAt } = workflow;
  const slug = workflow.slug ?? pipeline.slug;
  if (ticket === null || name === null || createdAt === null || slug === null) throw ownUnreadable(own);
  client.serverTime.noteBirth(createdAt, startedAt);
  refuseTooOld(pipeline, client.serverTime.now(), maxAgeSeconds, timeoutSeconds ?? 0);

  const siblings = own.siblings.map((sibling) => sibling.name);
  const names = await tryUntilDeadline(patience, (within) =>
    resolveNames(client, options.workflows, { slug, name, siblings }, notice, within),
  );
  const { branch, tag, origin } = pipeline;
  const group: PipelineGroup = { slug, branch, tag, origin, names };
  if (branch === null && tag === null) {
    notice("CircleCI tells neither branch nor tag of this pipeline: it waits for every earlier one of the project");
  }
  if (!isKnownTrigger(pipeline.triggerType)) {
    const word = pipeline.triggerType === null ? "nothing" : JSON.stringify(pipeline.triggerType.slice(0, 60));
    notice(`CircleCI says that ${word} started this pipeline, which is no known trigger: it leaves for no newer run`);
  }
  const book = createBook({
    client,
    clock,
    baseUrl,
    lagSeconds,
    names,
    own: { workflowId, pipelineId: pipeline.id, createdAt },
  });

  const pipelinesOfBranch = {
    path: pathOf("project", slug, "pipeline"),
    // There is no filter for a tag.
    query: branch === null ? "" : `branch=${encodeURIComponent(branch)}`,
    item: pipelineAnswer,
  };

  const source: RunSource = {
    calls: client.calls,
    async scan(within) {
      const begun = client.serverTime.now();
      let serverTime: number | null = null;
      const oldest = begun - (maxAgeSeconds + LONGEST_JOB_SECONDS) * 1000;
      const pipelines = await readPages(
        client,
        {
          ...pipelinesOfBranch,
          onFirst: ({ date }) => {
            serverTime = date;
          },
          isPast: (each) => (parseInstant(each.createdAt) ?? oldest) < oldest,
        },
        within,
      );
      const now = serverTime ?? begun;
      refuseTooOld(pipeline, now, maxAgeSeconds, 0);
      const different = new Map(pipelines.filter((each) => isSameRef(each, group)).map((each) => [each.id, each]));
      const read = (each: Pipeline, signal: AbortSignal) => book.readPipeline(each, now, signal);
      const ownPipeline = different.get(pipeline.id);
      different.delete(pipeline.id);
      const others = await doTogether([...different.values()], TOGETHER, within, async (each, signal) => ({
        each,
        runs: await read(each, signal),
      }));
      // Lists that go blind or see again while they are read: the own one shows that the ones before it could see, or is
      // seen itself by the look at those that showed nothing.
      const ownRuns = ownPipeline === undefined ? [] : await read(ownPipeline, within);
      const runs = [...ownRuns];
      for (const other of others) runs.push(...(other.runs.length > 0 ? other.runs : await read(other.each, within)));
      runs.push(...(await book.readUnlisted(new Set(runs.map(({ id }) => id)), within)));
      return { runs, complete: true, serverTime };
    },
    async reread(ids, within) {
      const runs: SeenRun[] = [];
      for (const id of ids) {
        const run = await book.reread(id, within);
        if (run !== null) runs.push(run);
      }
      return runs;
    },
    async running(within) {
      // The newest come first, twenty a page: who makes way looks for those that came since.
      const newest = await readPages(client, { ...pipelinesOfBranch, isPast: () => true }, within);
      const now = client.serverTime.now();
      const newer = newest.filter((each) => isSameRef(each, group) && (each.number ?? 0) > (pipeline.number ?? 0));
      const runs = await doTogether(newer, TOGETHER, within, (each, signal) => book.readPipeline(each, now, signal));
      return runs.flat();
    },
    cancel: (id) => client.post(`${pathOf("workflow", id)}/cancel`),
  };
  const outsider = names.has(name) ? null : name;
  return { me: { id: workflowId, attempt: 1, ticket }, group: nameGroup(group), outsider, source };
}

/** A young workflow that CircleCI does not know is a stale answer: asked again. */
async function readOwn(
  client: CircleClient,
  workflowId: string,
  isYoung: () => boolean,
  signal: AbortSignal,
): Promise<Own> {
  const path = pathOf("workflow", workflowId);
  const answer = isYoung() ? await client.find(path, signal) : await client.get(path, signal);
  if (answer === null)
    throw new SignalboxError("service", `CircleCI does not know workflow ${workflowId} yet`, {
      hint: "try again; where it stays: can the user of CIRCLE_TOKEN see this project, and is the server right (--circle-url)?",
    });
  const workflow = readAnswer(workflowAnswer, answer.body);
  if (workflow.pipelineId === null) {
    throw new SignalboxError("service", `CircleCI's answer about this workflow (${workflowId}) names no pipeline`);
  }
  const pipeline = await findPipeline(client, workflow.pipelineId, signal);
  if (pipeline === null)
    throw new SignalboxError("service", `CircleCI does not know pipeline ${workflow.pipelineId} yet`);
  const list = { path: pathOf("pipeline", pipeline.id, "workflow"), item: workflowAnswer };
  return { workflow, pipeline, siblings: (await findPages(client, list, signal)) ?? [] };
}

/** The list may not show this run yet. */
function withOwn({ workflow, siblings }: Own): readonly CircleWorkflow[] {
  return siblings.some((sibling) => sibling.id === workflow.id) ? siblings : [...siblings, workflow];
}

function inSetup(): SignalboxError {
  return new SignalboxError(
    "configuration",
    "this job is in a set-up workflow: it stands in no queue, since it only makes the other workflows of its pipeline",
    {
      hint: "put this step into the workflow that runs dbt, in the configuration that the set-up workflow goes on with",
    },
  );
}

/** Others look for pipelines back to `maxAgeSeconds` and a job's length: an older one would be inside without being seen. */
function refuseTooOld(pipeline: Pipeline, now: number, maxAgeSeconds: number, timeoutSeconds: number): void {
  const created = parseInstant(pipeline.createdAt);
  const ageSeconds = created === null ? 0 : (now - created) / 1000;
  if (ageSeconds <= maxAgeSeconds - timeoutSeconds) return;
  const hours = (seconds: number) => `${Math.round(seconds / 360) / 10} h`;
  if (timeoutSeconds >= maxAgeSeconds) {
    throw new SignalboxError(
      "configuration",
      `--timeout ${hours(timeoutSeconds)} is not below --max-age ${hours(maxAgeSeconds)}: other runs look back no further, and would not see a run that has waited for so long`,
      {
        hint: "lower queue.timeout, or raise queue.max_age in signalbox.yml, to the same value for all runs of the group",
      },
    );
  }
  const limit = `--max-age ${hours(maxAgeSeconds)}${timeoutSeconds === 0 ? "" : ` less --timeout ${hours(timeoutSeconds)}`}`;
  throw new SignalboxError(
    "configuration",
    `this pipeline is ${hours(ageSeconds)} old: other runs look back for ${limit} and would not see it`,
    {
      hint: "start a new pipeline instead of a re-run; to allow older ones raise queue.max_age in signalbox.yml, to the same value for all runs of the group: the others have to look back as far",
    },
  );
}

function ownUnreadable({ workflow, pipeline }: Own): SignalboxError {
  const missing = [
    workflow.name === null ? "name" : "",
    parseInstant(workflow.createdAt) === null ? "created_at" : "",
    parseInstant(pipeline.createdAt) === null ? "created_at of the pipeline" : "",
    pipeline.number === null ? "number of the pipeline" : "",
    workflow.slug === null && pipeline.slug === null ? "project_slug" : "",
  ].filter((each) => each !== "");
  const what = missing.length === 0 ? "usable place" : missing.join(", no ");
  return new SignalboxError("service", `CircleCI's answer about this workflow (${workflow.id}) holds no ${what}`, {
    hint: "start a new pipeline; two runs without a place would wait for each other",
  });
}
