import type { AxiosAdapter } from "axios";
import { createCircleClient } from "../../src/platforms/circleci/client.ts";
import { createCircleSource } from "../../src/platforms/circleci/source.ts";
import { type Family, foundAt, listedAt, type TrueRun, toIso, toIsoSecond } from "./ci.ts";
import { createNetwork, type Reply, type Request } from "./network.ts";
import type { Platform, Process, World } from "./play.ts";

const HOST = "https://circleci.test";
const TOKEN = "CCIPAT_0123456789abcdef";
const SLUG = "gh/acme/shop";

const TRIGGERS: Readonly<Record<string, string>> = { push: "webhook", schedule: "scheduled_pipeline", manual: "api" };

/** Loads the client's packages: a world stands still while they are read from the disk. */
export async function prepareCircle(): Promise<void> {
  await createCircleClient(HOST, TOKEN, { fetch: null });
}

/** CircleCI's API v2 over the truth, under the real axios. https://circleci.com/docs/api/v2/ */
export function connectCircle(world: World): Platform {
  const { ci, time, schedule } = world;
  const send = createNetwork(world, serve);

  const adapterFor =
    (process: Process): AxiosAdapter =>
    async (config) => {
      const request = {
        method: (config.method ?? "get").toUpperCase(),
        url: new URL(`${config.baseURL}${config.url}`),
      };
      const signal = config.signal instanceof AbortSignal ? config.signal : undefined;
      const { status, headers, body } = await send({ ...request, headers: {} }, signal, process);
      return { status, statusText: "", headers, data: body, config };
    };

  return {
    open: (run, process) =>
      createCircleSource({
        workflowId: run.id,
        workflows: ["dbt", "hourly"],
        token: TOKEN,
        baseUrl: HOST,
        lagSeconds: schedule.lagSeconds,
        maxAgeSeconds: 86_400,
        timeoutSeconds: run.script.timeoutSeconds,
        clock: process.clock,
        adapter: adapterFor(process),
        fetch: null,
        signal: process.signal,
        startedAt: process.startedAt,
      }),
  };

  function serve({ method, url }: Request): Reply {
    const path = url.pathname.replace("/api/v2", "");
    const [, kind, id, list] = /^\/(workflow|pipeline)\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (path === `/project/${SLUG}/pipeline`) return replyPage(url, listPipelines(url.searchParams.get("branch")));
    if (path === `/insights/${SLUG}/workflows`) {
      return replyPage(
        url,
        ["dbt", "hourly", "lint"].map((name, key) => ({ key, value: { name } })),
      );
    }
    if (kind === "workflow") {
      const run = ci.families.flatMap((family) => family.runs).find((each) => each.id === id);
      if (run === undefined) return replyMissing();
      if (list === "cancel" && method === "POST") {
        world.cancel(run.id);
        return reply(202, { message: "Accepted." });
      }
      if (list === "job") return replyPage(url, []);
      if (world.isLost("runs")) return replyMissing();
      const moment = foundAt(run, ci.readAt("workflow"));
      const workflow = moment === null ? null : describeWorkflow(run, moment, toIsoSecond);
      return workflow === null ? replyMissing() : reply(200, workflow);
    }
    const family = ci.families.find((each) => each.id === id);
    const pipeline = family === undefined ? null : describePipeline(family, ci.readAt("pipeline"), toIsoSecond);
    if (world.isLost("pipelines")) return replyMissing();
    if (family === undefined || pipeline === null) return replyMissing();
    return list === "workflow" ? replyPage(url, listWorkflows(family)) : reply(200, pipeline);
  }

  function listPipelines(branch: string | null): Row[] {
    if (world.isBlind("recent")) return [];
    return ci.families
      .flatMap((family) => describePipeline(family, ci.readAt("pipelines"), toIso) ?? [])
      .filter((pipeline) => branch === null || pipeline.vcs.branch === branch)
      .map((value) => ({ key: -value.number, value }))
      .reverse();
  }

  function listWorkflows(family: Family): Row[] {
    if (world.isBlind("recent")) return [];
    const workflows = family.runs.flatMap((run, key) => {
      const moment = listedAt(run, ci.readAt("workflows"));
      const value = moment === null ? null : describeWorkflow(run, moment, toIso);
      return value === null ? [] : [{ key, value }];
    });
    return family.script.setupSeconds === null ? workflows : [{ key: -1, value: describeSetup(family) }, ...workflows];
  }

  /** A token names the last row that was shown; what comes after it is what is there at the moment of its page. */
  function replyPage(url: URL, rows: readonly Row[]): Reply {
    const token = url.searchParams.get("page-token");
    const rest = token === null ? rows : rows.filter(({ key }) => key > Number(token.replace("after:", "")));
    const shown = rest.slice(0, Math.min(20, schedule.pageSize));
    const last = shown.length < rest.length ? shown.at(-1) : undefined;
    return reply(200, {
      items: shown.map(({ value }) => value),
      next_page_token: last === undefined ? null : `after:${last.key}`,
    });
  }

  function replyMissing(): Reply {
    return reply(404, { message: "Not found" });
  }

  function reply(status: number, body: unknown): Reply {
    const headers: Record<string, string> = { "content-type": "application/json;charset=utf-8", "x-request-id": "r-1" };
    if (schedule.faults.hasDateHeader) headers.date = new Date(time.now()).toUTCString();
    return { status, headers, body: JSON.stringify(body) };
  }
}

interface Row {
  /** In the order of the list. */
  readonly key: number;
  readonly value: unknown;
}

/** One endpoint tells parts of a second and another does not. */
type Tell = (instant: number) => string;

function describePipeline(family: Family, at: number, tell: Tell) {
  const state = family.state.at(at);
  if (state === null) return null;
  const { script, id, number, createdAt } = family;
  return {
    id,
    number,
    project_slug: SLUG,
    state,
    created_at: tell(createdAt),
    trigger: { type: TRIGGERS[script.trigger] ?? "webhook", actor: { login: "dana" } },
    vcs: {
      branch: script.branch,
      origin_repository_url: `https://github.com/${script.isFork ? "stranger" : "acme"}/shop`,
      commit: { subject: "A commit" },
    },
  };
}

function describeWorkflow(run: TrueRun, at: number, tell: Tell) {
  const phase = run.phases.at(at);
  if (phase === null) return null;
  return {
    id: run.id,
    name: run.script.workflow,
    pipeline_id: run.family.id,
    pipeline_number: run.family.number,
    project_slug: SLUG,
    status: phase.word,
    created_at: tell(run.createdAt),
    stopped_at: phase.kind === "ended" ? tell(phase.since) : null,
  };
}

function describeSetup({ id, number, createdAt, state }: Family) {
  const isDone = state.last() === "created";
  return {
    id: `${id}-setup`,
    name: "dbt",
    tag: "setup",
    pipeline_id: id,
    pipeline_number: number,
    project_slug: SLUG,
    status: isDone ? "success" : "running",
    created_at: toIso(createdAt),
    stopped_at: isDone ? toIso(createdAt + 1000) : null,
  };
}
