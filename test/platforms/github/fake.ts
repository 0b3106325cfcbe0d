import { type HttpHandler, HttpResponse, http } from "msw";
import type { Contract } from "../contract.ts";

export const API = "https://github.example/api/v3";
export const TOKEN = "ghs_0123456789abcdef";
export const REPOSITORY = "acme/shop";
/** 07:00:00 UTC, as the server has it. */
export const NOW = Date.UTC(2026, 0, 5, 7);
export const DBT = ".github/workflows/dbt.yml";
const ROOT = `/repos/${REPOSITORY}/actions`;

/** As GitHub tells times: no part of a second. */
export function ago(seconds: number): string {
  return `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`;
}

export interface FakeRun {
  id: number;
  run_attempt: number;
  status: string;
  conclusion: string | null;
  created_at: string;
  run_started_at: string;
  updated_at: string;
  path: string;
  head_branch: string;
  head_repository: { full_name: string } | null;
  event: string;
  [field: string]: unknown;
}

/** A running run of main that was started `age` seconds ago. */
export function buildRun(id: number, age: number, overrides: Partial<FakeRun> = {}): FakeRun {
  return {
    id,
    run_attempt: 1,
    status: "in_progress",
    conclusion: null,
    created_at: ago(age),
    run_started_at: ago(age),
    updated_at: ago(age),
    path: DBT,
    head_branch: "main",
    head_repository: { full_name: REPOSITORY },
    event: "push",
    ...overrides,
  };
}

export interface FakeGitHub {
  readonly handlers: HttpHandler[];
  runs: FakeRun[];
  /** Attempts that are not the latest of their run. */
  attempts: FakeRun[];
  workflows: { name: string; path: string }[];
  jobs: Map<number, { status: string; completed_at: string | null }[]>;
  /** `GET runs/42` and so on, with the status of the answer where it is not 200. */
  readonly requests: string[];
  readonly tokens: (string | null)[];
  readonly problems: string[];
  /** The `Date` of the next answer; each answer is a second later. null: answers have none. */
  date: number | null;
  pageSize: number;
  /** A search shows no more. */
  longestList: number;
  /** null: answers tell no limits. Every answer but a 304 takes one. */
  remaining: number | null;
  reset: number;
  /** Called before each answer, so that the world can change while it is read. */
  before: (request: string) => void;
}

export function createFakeGitHub(contract: () => Contract | null): FakeGitHub {
  const fake: FakeGitHub = {
    handlers: [],
    runs: [],
    attempts: [],
    workflows: [],
    jobs: new Map(),
    requests: [],
    tokens: [],
    problems: [],
    date: NOW,
    pageSize: 100,
    longestList: 1000,
    remaining: 5000,
    reset: NOW / 1000 + 1800,
    before: () => {},
  };

  function answer(request: Request, status: number, body: unknown, extra: Record<string, string> = {}) {
    const url = new URL(request.url);
    const path = url.pathname.replace("/api/v3", "");
    const query = Object.fromEntries(url.searchParams);
    fake.requests.push(name(request) + (status === 200 ? "" : ` ${status}`));
    fake.tokens.push(request.headers.get("authorization"));
    if (status < 400) {
      fake.problems.push(...(contract()?.problems({ method: request.method, path, query, status, body }) ?? []));
    }
    const headers = new Headers(extra);
    if (fake.date !== null) {
      headers.set("date", new Date(fake.date).toUTCString());
      fake.date += 1000;
    }
    if (fake.remaining !== null) {
      if (status !== 304) fake.remaining--;
      headers.set("x-ratelimit-remaining", String(fake.remaining));
      headers.set("x-ratelimit-reset", String(fake.reset));
    }
    return status === 304
      ? new HttpResponse(null, { status, headers })
      : HttpResponse.json(body as Record<string, unknown>, { status, headers });
  }

  const begin = (request: Request) => fake.before(name(request));

  fake.handlers.push(
    http.get(`${API}${ROOT}/runs`, ({ request }) => {
      begin(request);
      const url = new URL(request.url);
      const [branch, status] = ["branch", "status"].map((key) => url.searchParams.get(key));
      const until = url.searchParams.get("created")?.replace("<=", "") ?? "9999";
      const found = fake.runs
        .filter((run) => run.created_at <= until)
        .filter((run) => (branch ? run.head_branch === branch : true) && (status ? run.status === status : true))
        .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id)
        .map(tellRun);
      const all = found.slice(0, fake.longestList);
      const page = Number(url.searchParams.get("page") ?? "1");
      const rows = all.slice((page - 1) * fake.pageSize, page * fake.pageSize);
      const link = page * fake.pageSize < all.length ? { link: `<https://evil.example/?page=2>; rel="next"` } : {};
      return answer(request, 200, { total_count: found.length, workflow_runs: rows }, link as Record<string, string>);
    }),
    http.get(`${API}${ROOT}/runs/:id`, ({ request, params }) => {
      begin(request);
      const run = fake.runs.find((each) => String(each.id) === params.id);
      if (run === undefined) return answer(request, 404, { message: "Not Found" });
      const etag = `W/"${JSON.stringify(run).length}-${run.status}-${run.updated_at}-${run.run_attempt}"`;
      if (request.headers.get("if-none-match") === etag) return answer(request, 304, null, { etag });
      return answer(request, 200, tellRun(run), { etag });
    }),
    http.get(`${API}${ROOT}/runs/:id/attempts/:attempt`, ({ request, params }) => {
      const attempt = fake.attempts.find(
        (each) => `${each.id}/${each.run_attempt}` === `${params.id}/${params.attempt}`,
      );
      return attempt === undefined
        ? answer(request, 404, { message: "Not Found" })
        : answer(request, 200, tellRun(attempt));
    }),
    http.get(`${API}${ROOT}/runs/:id/jobs`, ({ request, params }) => {
      const jobs = (fake.jobs.get(Number(params.id)) ?? []).map((job, index) => tellJob(index, Number(params.id), job));
      return answer(request, 200, { total_count: jobs.length, jobs });
    }),
    http.post(`${API}${ROOT}/runs/:id/cancel`, ({ request }) => answer(request, 202, {})),
    http.get(`${API}${ROOT}/workflows`, ({ request }) => {
      const page = Number(new URL(request.url).searchParams.get("page") ?? "1");
      const rows = fake.workflows.slice((page - 1) * fake.pageSize, page * fake.pageSize).map(tellWorkflow);
      return answer(request, 200, { total_count: fake.workflows.length, workflows: rows });
    }),
  );
  return fake;
}

/** `GET runs/42`, `GET runs?branch=main&status=queued&page=1`: what matters, in short. */
function name(request: Request): string {
  const url = new URL(request.url);
  const query = url.search.replace("&per_page=100", "").replace("per_page=100&", "").replace("per_page=100", "");
  return `${request.method} ${url.pathname.replace(`/api/v3${ROOT}/`, "")}${query === "?" ? "" : query}`;
}

const USER = {
  login: "dana",
  id: 1,
  node_id: "U_1",
  avatar_url: "https://github.example/a.png",
  gravatar_id: "",
  type: "User",
  site_admin: false,
  ...links(
    "url html_url followers_url following_url gists_url starred_url subscriptions_url organizations_url repos_url events_url received_events_url",
  ),
};

function links(names: string): Record<string, string> {
  return Object.fromEntries(names.split(" ").map((key) => [key, `https://github.example/${key}`]));
}

function tellRepository(fullName: string) {
  return {
    id: 1,
    node_id: "R_1",
    name: fullName.split("/")[1] ?? "",
    full_name: fullName,
    private: true,
    owner: USER,
    description: null,
    fork: false,
    ...links(
      "html_url url archive_url assignees_url blobs_url branches_url collaborators_url comments_url commits_url compare_url contents_url contributors_url deployments_url downloads_url events_url forks_url git_commits_url git_refs_url git_tags_url hooks_url issue_comment_url issue_events_url issues_url keys_url labels_url languages_url merges_url milestones_url notifications_url pulls_url releases_url stargazers_url statuses_url subscribers_url subscription_url tags_url teams_url trees_url",
    ),
  };
}

function tellRun(run: FakeRun) {
  return {
    name: "dbt",
    node_id: `WFR_${run.id}`,
    run_number: run.id,
    workflow_id: 1,
    head_sha: "a".repeat(40),
    pull_requests: [],
    display_title: "Mend fct_orders",
    actor: USER,
    triggering_actor: { ...USER, login: "sam" },
    head_commit: null,
    repository: tellRepository(REPOSITORY),
    ...links(
      "url jobs_url logs_url check_suite_url artifacts_url cancel_url rerun_url workflow_url previous_attempt_url",
    ),
    html_url: `https://github.example/${REPOSITORY}/actions/runs/${run.id}`,
    ...run,
    head_repository: run.head_repository && tellRepository(run.head_repository.full_name),
  };
}

function tellJob(index: number, runId: number, job: { status: string; completed_at: string | null }) {
  return {
    id: index,
    run_id: runId,
    run_url: "https://github.example",
    node_id: `J_${index}`,
    head_sha: "a".repeat(40),
    url: "https://github.example",
    html_url: null,
    conclusion: job.status === "completed" ? "failure" : null,
    created_at: ago(9000),
    started_at: ago(9000),
    name: `job-${index}`,
    check_run_url: "https://github.example",
    labels: [],
    runner_id: null,
    runner_name: null,
    runner_group_id: null,
    runner_group_name: null,
    workflow_name: null,
    head_branch: null,
    ...job,
  };
}

function tellWorkflow({ name: title, path }: { name: string; path: string }, index: number) {
  return {
    id: index,
    node_id: `W_${index}`,
    name: title,
    path,
    state: "active",
    created_at: ago(9000),
    updated_at: ago(9000),
    ...links("url html_url badge_url"),
  };
}
