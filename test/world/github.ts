import { createGitHubClient } from "../../src/platforms/github/client.ts";
import { createGitHubSource } from "../../src/platforms/github/source.ts";
import { type Family, foundAt, listedAt, type TrueRun, toIsoSecond, triggerOf } from "./ci.ts";
import { createNetwork, type Reply, type Request } from "./network.ts";
import type { Platform, Process, World } from "./play.ts";

const API = "https://github.test/api/v3";
const REPOSITORY = "acme/shop";
const ROOT = `/api/v3/repos/${REPOSITORY}/actions`;
const TOKEN = "ghs_0123456789abcdef";
const HOUR_MS = 3_600_000;

const EVENTS: Readonly<Record<string, string>> = {
  push: "push",
  "pull-request": "pull_request",
  "merge-group": "merge_group",
  schedule: "schedule",
  manual: "workflow_dispatch",
};

/** Loads the client's packages: a world stands still while they are read from the disk. */
export async function prepareGitHub(): Promise<void> {
  await createGitHubClient({ apiUrl: API, repository: REPOSITORY, token: TOKEN, fetch: null });
}

/** GitHub's REST API over the truth, under the real Octokit. https://docs.github.com/en/rest/actions/workflow-runs */
export function connectGitHub(world: World): Platform {
  const { ci, time, schedule } = world;
  const send = createNetwork(world, serve);
  let window = { left: schedule.faults.requestsLeft, endsAt: time.now() + HOUR_MS };

  const fetchFor =
    (process: Process): typeof globalThis.fetch =>
    async (input, init) => {
      const headers = new Headers(init?.headers);
      const url = new URL(String(input));
      const request = { method: init?.method ?? "GET", url, headers: Object.fromEntries(headers) };
      const { status, headers: said, body } = await send(request, init?.signal ?? undefined, process);
      const hasNoBody = status === 304;
      return new Response(hasNoBody ? null : body, { status, headers: said });
    };

  return {
    open: (run, process) =>
      createGitHubSource({
        repository: REPOSITORY,
        headRepository: REPOSITORY,
        ref: run.family.script.branch,
        runId: run.id,
        attempt: run.attempt,
        workflows: ["dbt.yml", "hourly"],
        token: TOKEN,
        apiUrl: API,
        lagSeconds: schedule.lagSeconds,
        maxAgeSeconds: 86_400,
        timeoutSeconds: run.script.timeoutSeconds,
        clock: process.clock,
        fetch: fetchFor(process),
        signal: process.signal,
        startedAt: process.startedAt,
      }),
  };

  function serve({ method, url, headers }: Request): Reply {
    if (time.now() >= window.endsAt) window = { left: schedule.faults.requestsLeft, endsAt: window.endsAt + HOUR_MS };
    const path = url.pathname.slice(ROOT.length);
    const [, id, rest] = /^\/runs\/(\d+)(\/\w+)?$/.exec(path) ?? [];
    if (!url.pathname.startsWith(ROOT)) return reply(404, { message: "Not Found" });
    if (method === "POST" && rest === "/cancel" && id !== undefined) {
      world.cancel(id);
      return reply(202, {});
    }
    if (path === "/runs") return listRuns(url);
    if (path === "/workflows") {
      const workflows = ["dbt", "hourly", "lint"].map((name) => ({ name, path: pathOf(name) }));
      return reply(200, { total_count: workflows.length, workflows });
    }
    const earlier = /^\/runs\/(\d+)\/attempts\/(\d+)$/.exec(path);
    if (earlier !== null) return replyAttempt(earlier[1] ?? "", Number(earlier[2]));
    if (rest === "/jobs") return reply(200, { total_count: 0, jobs: [] });
    if (world.isLost("runs")) return reply(404, { message: "Not Found" });
    const family = ci.families.find((each) => each.id === id);
    const run = family === undefined || rest !== undefined ? null : describe(family, ci.readAt("run"), foundAt);
    if (run === null) return reply(404, { message: "Not Found" });
    const etag = `W/"${run.run_attempt}-${run.status}-${run.conclusion}-${run.updated_at}"`;
    return headers["if-none-match"] === etag ? reply(304, null, { etag }) : reply(200, run, { etag });
  }

  function replyAttempt(id: string, attempt: number): Reply {
    const family = ci.families.find((each) => each.id === id);
    const run = family?.runs[attempt - 1];
    const answer = run === undefined ? null : describeAttempt(run, ci.readAt("attempt"));
    return answer === null ? reply(404, { message: "Not Found" }) : reply(200, answer);
  }

  /** Every row is as old as it likes, and each page is cut from what the list is at its own moment. */
  function listRuns(url: URL): Reply {
    const [branch, status] = [url.searchParams.get("branch"), url.searchParams.get("status")];
    const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), schedule.pageSize);
    const page = Number(url.searchParams.get("page") ?? 1);
    if (world.isBlind(status === null ? "recent" : "active")) {
      return reply(200, { total_count: 0, workflow_runs: [] });
    }
    const rows = ci.families
      .flatMap((family) => describe(family, ci.readAt(`list ${status}`), listedAt) ?? [])
      .filter((run) => branch === null || run.head_branch === branch)
      .filter((run) => status === null || run.status === status || run.conclusion === status)
      .reverse();
    const shown = rows.slice((page - 1) * size, page * size);
    const next = new URL(url);
    next.searchParams.set("page", String(page + 1));
    const link: Record<string, string> = page * size < rows.length ? { link: `<${next}>; rel="next"` } : {};
    return reply(200, { total_count: rows.length, workflow_runs: shown }, link);
  }

  function reply(status: number, body: unknown, more: Readonly<Record<string, string>> = {}): Reply {
    if (status !== 304) window.left--;
    if (window.left <= 0) world.accuse("the requests of the hour are spent");
    const headers: Record<string, string> = {
      "content-type": "application/json; charset=utf-8",
      "x-ratelimit-remaining": String(window.left),
      "x-ratelimit-reset": String(Math.ceil(window.endsAt / 1000)),
      "x-github-request-id": "ABCD:1234",
      ...more,
    };
    if (schedule.faults.hasDateHeader) headers.date = new Date(time.now()).toUTCString();
    return { status, headers, body: body === null ? "" : JSON.stringify(body) };
  }
}

function pathOf(workflow: string): string {
  return `.github/workflows/${workflow}.yml`;
}

/** A run as it was: only its latest attempt is told. */
function describe(family: Family, at: number, moment: typeof foundAt) {
  const run = family.runs.findLast((each) => each.phases.at(at) !== null);
  const shown = run === undefined ? null : moment(run, at);
  const latest = run === undefined || shown === null ? null : describeAttempt(run, shown);
  return latest === null ? null : { ...latest, created_at: toIsoSecond(family.createdAt) };
}

/** The endpoint of one attempt tells when that was created, where the run's own tells when the first was. */
function describeAttempt(run: TrueRun, at: number) {
  const phase = run.phases.at(at);
  if (phase === null) return null;
  const { id, script } = run.family;
  const isEnded = phase.kind === "ended";
  return {
    id: Number(id),
    name: run.script.workflow,
    run_attempt: run.attempt,
    status: isEnded ? "completed" : phase.word,
    conclusion: isEnded ? phase.word : null,
    created_at: toIsoSecond(run.createdAt),
    run_started_at: toIsoSecond(phase.startedAt),
    updated_at: toIsoSecond(phase.since),
    path: pathOf(run.script.workflow),
    head_branch: script.branch,
    head_repository: { full_name: script.isFork ? "stranger/shop" : REPOSITORY },
    event: EVENTS[triggerOf(run)] ?? "push",
    html_url: `https://github.test/${REPOSITORY}/actions/runs/${id}`,
    display_title: "A commit",
    actor: { login: "dana" },
  };
}
