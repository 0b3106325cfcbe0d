import { type HttpHandler, HttpResponse, http } from "msw";
import type { Contract } from "../contract.ts";

export const BASE = "https://circle.example";
export const TOKEN = "CCIPAT_0123456789";
export const SLUG = "gh/acme/shop";
export const GITLAB_SLUG = "circleci/DdaVtNusHqi24D4YT3X4eu/6EkDPZoN4ZdMKKZtBkRodt";
/** 07:00:00 UTC, as the server has it. */
export const NOW = Date.UTC(2026, 0, 5, 7);

export interface FakeWorkflow {
  id: string;
  name: string;
  status: string;
  created_at: string;
  stopped_at: string | null;
  tag?: string;
}

export interface FakePipeline {
  id: string;
  number: number;
  state: string;
  created_at: string;
  branch: string | null;
  tag: string | null;
  origin: string;
  trigger: string;
  workflows: FakeWorkflow[];
  /** Told in `trigger_parameters` instead of `vcs`, as of a GitLab project. */
  gitlab?: Readonly<Record<string, unknown>>;
}

export function ago(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

export function buildWorkflow(number: number, age: number, overrides: Partial<FakeWorkflow> = {}): FakeWorkflow {
  return { id: uuid(number), name: "dbt", status: "running", created_at: ago(age), stopped_at: null, ...overrides };
}

/** A pipeline of main with one running `dbt` workflow of its age; its id is 1,000 more than the workflow's. */
export function buildPipeline(number: number, age: number, overrides: Partial<FakePipeline> = {}): FakePipeline {
  return {
    id: uuid(1000 + number),
    number,
    state: "created",
    created_at: ago(age),
    branch: "main",
    tag: null,
    origin: "https://github.com/acme/shop",
    trigger: "webhook",
    workflows: [buildWorkflow(number, age)],
    ...overrides,
  };
}

export interface FakeCircle {
  readonly handlers: HttpHandler[];
  /** Newest first in answers, whatever their order here. */
  pipelines: FakePipeline[];
  names: string[];
  /** `GET /workflow/{id}` and so on, in the order in which they came; without the API's root. */
  readonly requests: string[];
  readonly tokens: (string | null)[];
  readonly problems: string[];
  jobs: Map<string, { status: string; stopped_at: string | null }[]>;
  /** The `Date` of the next answer; each answer is a second later. null: answers have none. */
  date: number | null;
  pageSize: number;
  slug: string;
  /** Answers hold what CircleCI's file does not know, as some do. */
  isBeyondContract: boolean;
}

export function createFakeCircle(contract: () => Contract | null): FakeCircle {
  const fake: FakeCircle = {
    handlers: [],
    pipelines: [],
    names: [],
    requests: [],
    tokens: [],
    problems: [],
    jobs: new Map(),
    date: NOW,
    pageSize: 20,
    slug: SLUG,
    isBeyondContract: false,
  };

  function answer(request: Request, route: string, status: number, body: unknown) {
    const url = new URL(request.url);
    fake.requests.push(`${request.method} ${url.pathname.replace("/api/v2", "")}${url.search}`);
    fake.tokens.push(request.headers.get("circle-token"));
    if (status < 400 && !fake.isBeyondContract) {
      const query = Object.fromEntries(url.searchParams);
      const exchange = { method: request.method, path: route, query, status, body };
      fake.problems.push(...(contract()?.problems(exchange) ?? []));
    }
    const headers: Record<string, string> = {};
    if (fake.date !== null) {
      headers.date = new Date(fake.date).toUTCString();
      fake.date += 1000;
    }
    return HttpResponse.json(body as Record<string, unknown>, { status, headers });
  }

  function page<T>(request: Request, items: readonly T[]) {
    const from = Number(new URL(request.url).searchParams.get("page-token") ?? "0");
    const next = from + fake.pageSize;
    return { items: items.slice(from, next), next_page_token: next < items.length ? String(next) : null };
  }

  const notFound = (request: Request) => answer(request, "", 404, { message: "not found" });
  const findWorkflow = (id: unknown) => {
    const pipeline = fake.pipelines.find(({ workflows }) => workflows.some((workflow) => workflow.id === id));
    const workflow = pipeline?.workflows.find((each) => each.id === id);
    return pipeline === undefined || workflow === undefined ? null : tellWorkflow(pipeline, workflow, fake.slug);
  };

  fake.handlers.push(
    http.get(`${BASE}/api/v2/workflow/:id`, ({ request, params }) => {
      const workflow = findWorkflow(params.id);
      return workflow === null ? notFound(request) : answer(request, `/workflow/${params.id}`, 200, workflow);
    }),
    http.get(`${BASE}/api/v2/workflow/:id/job`, ({ request, params }) => {
      const jobs = (fake.jobs.get(String(params.id)) ?? []).map((job, index) => ({
        ...job,
        name: `job-${index}`,
        id: uuid(5000 + index),
        type: "build",
        project_slug: SLUG,
        dependencies: [],
        started_at: ago(9000),
        job_number: index + 1,
      }));
      return answer(request, `/workflow/${params.id}/job`, 200, page(request, jobs));
    }),
    http.post(`${BASE}/api/v2/workflow/:id/cancel`, ({ request, params }) =>
      findWorkflow(params.id) === null
        ? notFound(request)
        : answer(request, `/workflow/${params.id}/cancel`, 202, { message: "Accepted." }),
    ),
    http.get(`${BASE}/api/v2/pipeline/:id`, ({ request, params }) => {
      const pipeline = fake.pipelines.find(({ id }) => id === params.id);
      return pipeline === undefined
        ? notFound(request)
        : answer(request, `/pipeline/${params.id}`, 200, tellPipeline(pipeline, fake.slug));
    }),
    http.get(`${BASE}/api/v2/pipeline/:id/workflow`, ({ request, params }) => {
      const pipeline = fake.pipelines.find(({ id }) => id === params.id);
      if (pipeline === undefined) return notFound(request);
      // Newest first, as CircleCI does.
      const workflows = pipeline.workflows.map((workflow) => tellWorkflow(pipeline, workflow, fake.slug)).reverse();
      return answer(request, `/pipeline/${params.id}/workflow`, 200, page(request, workflows));
    }),
    http.get(`${BASE}/api/v2/project/:vcs/:owner/:name/pipeline`, ({ request }) => {
      const branch = new URL(request.url).searchParams.get("branch");
      const pipelines = fake.pipelines
        .filter((pipeline) => branch === null || pipeline.branch === branch)
        .sort((a, b) => b.number - a.number)
        .map((pipeline) => tellPipeline(pipeline, fake.slug));
      // The file says that the slug's slashes may stand as they are, which its own path template does not allow.
      return answer(request, `/project/${encodeURIComponent(SLUG)}/pipeline`, 200, page(request, pipelines));
    }),
    http.get(`${BASE}/api/v2/insights/gh/acme/shop/workflows`, ({ request }) => {
      const items = fake.names.map((name) => ({
        name,
        project_id: uuid(1),
        window_start: ago(9000),
        window_end: ago(0),
        metrics: METRICS,
      }));
      return answer(request, `/insights/${encodeURIComponent(SLUG)}/workflows`, 200, page(request, items));
    }),
  );
  return fake;
}

const METRICS = {
  total_runs: 1,
  successful_runs: 1,
  mttr: 0,
  total_credits_used: 0,
  failed_runs: 0,
  median_credits_used: 0,
  success_rate: 1,
  duration_metrics: { min: 1, mean: 1, median: 1, p95: 1, max: 1, standard_deviation: 0 },
  total_recoveries: 0,
  throughput: 1,
};

function tellPipeline({ branch, tag, origin, trigger, gitlab, workflows: _, ...pipeline }: FakePipeline, slug: string) {
  const told = {
    ...pipeline,
    project_slug: slug,
    updated_at: pipeline.created_at,
    errors: [],
    trigger: { type: trigger, received_at: pipeline.created_at, actor: { login: "dana", avatar_url: null } },
  };
  if (gitlab !== undefined) return { ...told, trigger_parameters: gitlab };
  return {
    ...told,
    vcs: {
      provider_name: "GitHub",
      target_repository_url: "https://github.com/acme/shop",
      origin_repository_url: origin,
      revision: "a".repeat(40),
      ...(branch === null ? {} : { branch }),
      ...(tag === null ? {} : { tag }),
      commit: { subject: "Mend fct_orders", body: "" },
    },
  };
}

function tellWorkflow(pipeline: FakePipeline, workflow: FakeWorkflow, slug: string) {
  return {
    ...workflow,
    pipeline_id: pipeline.id,
    pipeline_number: pipeline.number,
    project_slug: slug,
    started_by: uuid(7),
  };
}
