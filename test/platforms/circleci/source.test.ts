import { inspect } from "node:util";
import { delay, HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CircleSourceOptions, createCircleSource } from "../../../src/platforms/circleci/source.ts";
import { decide } from "../../../src/queue/decide.ts";
import type { SeenRun } from "../../../src/queue/ticket.ts";
import { type WaitPolicy, waitForTurn } from "../../../src/queue/wait.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { never } from "../../support/signals.ts";
import { type Contract, loadCircleContract } from "../contract.ts";
import { drive } from "../drive.ts";
import {
  ago,
  BASE,
  buildPipeline,
  buildWorkflow,
  createFakeCircle,
  type FakeCircle,
  type FakePipeline,
  GITLAB_SLUG,
  NOW,
  SLUG,
  TOKEN,
  uuid,
} from "./fake.ts";

const server = setupServer();
let contract: Contract | null = null;
let fake: FakeCircle;
let clock: FakeClock;

beforeAll(async () => {
  contract = await loadCircleContract();
  server.listen({ onUnhandledRequest: "error" });
});
beforeEach(() => {
  clock = createFakeClock({ now: NOW });
  fake = createFakeCircle(() => contract);
  server.use(...fake.handlers);
});
afterEach(() => {
  server.resetHandlers();
  expect(fake.problems).toEqual([]);
  expect(clock.sleepers()).toBe(0);
});
afterAll(() => server.close());

const ME = uuid(50);
const POLICY: WaitPolicy = {
  lagSeconds: 10,
  settleSeconds: 30,
  supersede: "none",
  ignoredRuns: [],
  timeoutSeconds: 3600,
  onTimeout: "fail",
  pollSeconds: 5,
  maxPollSeconds: 30,
};
const NOTHING = { items: [], next_page_token: null };

function open(overrides: Partial<CircleSourceOptions> = {}) {
  return createCircleSource({
    workflowId: ME,
    workflows: ["self"],
    token: TOKEN,
    baseUrl: BASE,
    lagSeconds: 10,
    maxAgeSeconds: 24 * 3600,
    timeoutSeconds: 3600,
    clock,
    fetch: null,
    ...overrides,
  });
}

/** This run's pipeline, 30 s old, beside others. */
function given(...pipelines: FakePipeline[]): void {
  fake.pipelines = [buildPipeline(50, 30), ...pipelines];
}

const idsOf = (runs: readonly SeenRun[]) => runs.map((run) => run.id).sort();
const find = (runs: readonly SeenRun[], id: string) => runs.find((run) => run.id === id);

async function failure(task: Promise<unknown>): Promise<unknown> {
  return task.then(
    () => null,
    (error: unknown) => error,
  );
}

describe("opening the queue on CircleCI", () => {
  it("takes three requests, each with the token, and leaves the slashes of the slug", async () => {
    given();

    const { me, group, source } = await open();

    expect(me).toEqual({
      id: ME,
      attempt: 1,
      ticket: { second: NOW / 1000 - 30, pipeline: 50, createdAt: ago(30), id: ME, attempt: 1 },
    });
    expect(group).toBe(`${SLUG} acme/shop main dbt`);
    expect(fake.requests).toEqual([
      `GET /workflow/${ME}`,
      `GET /pipeline/${uuid(1050)}`,
      `GET /pipeline/${uuid(1050)}/workflow`,
    ]);
    expect(new Set(fake.tokens)).toEqual(new Set([TOKEN]));
    expect(source.calls()).toBe(3);
  });

  it("puts a re-run at the tail", async () => {
    given();
    fake.pipelines = [buildPipeline(50, 500, { workflows: [buildWorkflow(49, 500), buildWorkflow(50, 30)] })];

    expect((await open()).me.ticket.second).toBe(NOW / 1000 - 30);
  });

  it("asks again for a young workflow that is not known yet", async () => {
    given();
    let misses = 0;
    server.use(
      http.get(`${BASE}/api/v2/workflow/:id`, () =>
        misses++ < 2 ? HttpResponse.json({}, { status: 404 }) : undefined,
      ),
    );
    const notices: string[] = [];

    const { me } = await drive(clock, open({ notice: (text) => notices.push(text) }));

    expect(me.id).toBe(ME);
    expect(misses).toBe(3);
    expect(notices).toEqual([`no answer yet: CircleCI does not know workflow ${ME} yet`]);
  });

  it("refuses a workflow that is not known after the lag, naming the token", async () => {
    const error = await failure(drive(clock, open()));

    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining("personal API token") });
    expect(fake.requests.length).toBe(3);
  });

  it.each([401, 403])("refuses an answer %d at once, naming the token", async (status) => {
    given();
    server.use(http.get(`${BASE}/api/v2/workflow/:id`, () => HttpResponse.json({ message: "no" }, { status })));

    const error = await failure(open());

    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining("personal API token") });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  });

  it.each([
    ["This organization requires SSO", "single sign-on"],
    ["Your IP address is not permitted", "circleci_ip_ranges"],
    ["Permission denied", "personal API token"],
  ])("refuses in CircleCI's own words, with what helps: %s", async (message, hint) => {
    given();
    server.use(http.get(`${BASE}/api/v2/workflow/:id`, () => HttpResponse.json({ message }, { status: 403 })));

    expect(await failure(open())).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(JSON.stringify(message)),
      hint: expect.stringContaining(hint),
    });
  });

  it.each([
    ["a project token", "CCIPRJ_abc"],
    ["an OIDC token", "eyJhbGciOi.eyJzdWIi.c2ln"],
    ["nothing", ""],
    ["two lines", "CCIPAT_1\nX"],
  ])("does not send %s as a token", async (_, token) => {
    const error = await failure(open({ token }));

    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining("personal API token") });
    expect(String(error)).not.toContain(token === "" ? "\n" : token);
    expect(fake.requests).toEqual([]);
  });

  it("tries again after errors until the deadline, and then says what was wrong", async () => {
    server.use(http.get(`${BASE}/api/v2/workflow/:id`, () => HttpResponse.json({}, { status: 503 })));

    const error = await failure(drive(clock, open({ timeoutSeconds: 60 })));

    expect(error).toMatchObject({ kind: "service", message: expect.stringContaining("503") });
    // The next pause would end after it.
    expect(clock.monotonic()).toBe(40_800);
  });

  it("tries once where the time-out is 0", async () => {
    let tries = 0;
    server.use(
      http.get(`${BASE}/api/v2/workflow/:id`, () => {
        tries++;
        return HttpResponse.json({}, { status: 503 });
      }),
    );

    expect(await failure(open({ timeoutSeconds: 0 }))).toMatchObject({ kind: "service" });
    expect(tries).toBe(1);
  });

  it.each([
    [3600, 23 * 3600 - 5, false],
    [3600, 23 * 3600 + 5, true],
    [null, 24 * 3600 + 5, true],
  ])("with a time-out of %s s refuses a pipeline that is %d s old: %s", async (timeoutSeconds, age, isRefused) => {
    fake.pipelines = [buildPipeline(50, age, { workflows: [buildWorkflow(50, 0)] })];

    const error = await failure(open({ timeoutSeconds }));

    expect(error).toEqual(
      isRefused
        ? expect.objectContaining({
            exitCode: 2,
            hint: expect.stringMatching(/start a new pipeline.*queue\.max_age .*all runs of the group/),
          })
        : null,
    );
  });

  it.each([24 * 3600, 25 * 3600])(
    "refuses a time-out of %d s as such, whatever the pipeline's age",
    async (timeout) => {
      given();

      expect(await failure(open({ timeoutSeconds: timeout }))).toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/^--timeout \d+ h is not below --max-age 24 h/),
        hint: expect.stringContaining("lower queue.timeout"),
      });
    },
  );

  it("ends a wait without a time-out when its pipeline is too old for others to see", async () => {
    fake.pipelines = [buildPipeline(50, 24 * 3600 - 60, { workflows: [buildWorkflow(50, 30)] })];
    const { source } = await open({ timeoutSeconds: null });
    expect((await source.scan(never())).runs).toHaveLength(1);

    fake.date = NOW + 120_000;

    expect(await failure(source.scan(never()))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("would not see it"),
    });
  });

  it("refuses a set-up workflow, which has no place", async () => {
    fake.pipelines = [buildPipeline(50, 30, { workflows: [buildWorkflow(50, 30, { tag: "setup" })] })];

    expect(await failure(open())).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("set-up workflow"),
      hint: expect.stringContaining("the workflow that runs dbt"),
    });
  });

  it.each([
    [["self"], null],
    [["dbt", "hourly"], null],
    [["hourly"], "dbt"],
  ])("tells whether the group holds its own workflow: %j", async (workflows, outsider) => {
    given();
    fake.names = ["dbt", "hourly"];

    expect((await open({ workflows })).outsider).toBe(outsider);
  });

  it("stops with exit code 4 where its own place cannot be read", async () => {
    fake.pipelines = [buildPipeline(50, 30, { workflows: [buildWorkflow(50, 30, { created_at: "yesterday" })] })];

    expect(await failure(open())).toMatchObject({ exitCode: 4, message: expect.stringContaining("created_at") });
    fake.problems.length = 0;
  });

  it("knows the names of its own pipeline without asking", async () => {
    given();
    fake.pipelines[0]?.workflows.push(buildWorkflow(51, 30, { name: "hourly" }));

    expect((await open({ workflows: ["self", "hourly"] })).source.calls()).toBe(3);
  });

  it("lists the names that exist where one is not known", async () => {
    given();
    fake.names = ["dbt", "hourly"];

    const error = await failure(open({ workflows: ["self", "hourley"] }));

    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/"hourley".*"dbt", "hourly"/) });
    expect(fake.requests.at(-1)).toBe(
      `GET /insights/${SLUG}/workflows?all-branches=true&reporting-window=last-90-days`,
    );
  });

  it("goes on, saying so, where the names cannot be had", async () => {
    given();
    server.use(http.get(`${BASE}/api/v2/insights/*`, () => HttpResponse.json({}, { status: 404 })));
    const notices: string[] = [];

    const { group } = await open({ workflows: ["self", "hourly"], notice: (text) => notices.push(text) });

    expect(group).toMatch(/ dbt,hourly$/);
    expect(notices).toEqual([expect.stringContaining("were not checked")]);
  });
});

describe("who runs now, on CircleCI", () => {
  it("is one page, and the workflows of the pipelines that came since", async () => {
    given(
      buildPipeline(51, 20),
      buildPipeline(52, 10, { workflows: [buildWorkflow(52, 10, { name: "lint" })] }),
      buildPipeline(53, 5, { branch: "other" }),
      buildPipeline(49, 60),
    );
    const { source } = await open();
    fake.requests.length = 0;
    fake.pageSize = 3;

    const runs = await source.running(never());

    // What a pipeline may still create does not run.
    expect(idsOf(runs.filter(({ status }) => status === "running"))).toEqual([uuid(51)]);
    const [list, ...workflows] = fake.requests;
    expect(list).toBe(`GET /project/${SLUG}/pipeline?branch=main`);
    expect(workflows.sort()).toEqual([...[51, 52].map((number) => `GET /pipeline/${uuid(1000 + number)}/workflow`)]);

    const reread = await source.reread([ME, uuid(51)], never());
    expect(find(reread, uuid(51))).toMatchObject({ ended: false, status: "running", trigger: "push" });
  });
});

describe("a scan on CircleCI", () => {
  it("reads the pipelines of the branch page by page, back to the greatest age, and their workflows", async () => {
    given(...[49, 48, 47, 46, 45].map((number) => buildPipeline(number, (50 - number) * 10 * 3600)));
    const { source } = await open();
    fake.requests.length = 0;
    fake.pageSize = 2;

    const scan = await source.scan(never());

    expect(fake.requests.filter((request) => request.includes("/project/"))).toEqual([
      `GET /project/${SLUG}/pipeline?branch=main`,
      `GET /project/${SLUG}/pipeline?branch=main&page-token=2`,
    ]);
    expect(idsOf(scan.runs)).toEqual([47, 48, 49, 50].map(uuid));
    expect(scan.complete).toBe(true);
  });

  it("reads all pages of the workflows before it calls one the first of its name", async () => {
    given(buildPipeline(40, 600, { workflows: [buildWorkflow(40, 600), buildWorkflow(41, 300)] }));
    fake.pageSize = 1;
    const { source } = await open();

    const { runs } = await source.scan(never());

    expect(find(runs, uuid(41))?.ticket?.second).toBe(NOW / 1000 - 300);
    expect(find(runs, uuid(40))?.ticket?.second).toBe(NOW / 1000 - 600);
  });

  it("encodes the branch", async () => {
    fake.pipelines = [buildPipeline(50, 30, { branch: "feat/a#b&c+d e%" })];
    const { source } = await open();

    const { runs } = await source.scan(never());

    expect(fake.requests).toContain(`GET /project/${SLUG}/pipeline?branch=feat%2Fa%23b%26c%2Bd%20e%25`);
    expect(idsOf(runs)).toEqual([ME]);
  });

  it("of a tag asks without a branch and takes the pipelines of that tag", async () => {
    fake.pipelines = [
      buildPipeline(50, 30, { branch: null, tag: "v1" }),
      buildPipeline(49, 60, { branch: null, tag: "v1" }),
      buildPipeline(48, 90, { branch: null, tag: "v0" }),
      buildPipeline(47, 90, { branch: "v1" }),
    ];
    const { source } = await open();

    const { runs } = await source.scan(never());

    expect(fake.requests).toContain(`GET /project/${SLUG}/pipeline`);
    expect(idsOf(runs)).toEqual([uuid(49), ME]);
  });

  it("leaves out a fork's branch of the same name, workflows of other names and set-up workflows", async () => {
    given(
      buildPipeline(49, 60, { origin: "https://github.com/dana/shop" }),
      buildPipeline(48, 90, { workflows: [buildWorkflow(48, 90, { name: "lint" })] }),
      buildPipeline(47, 95, { workflows: [buildWorkflow(46, 95, { tag: "setup" }), buildWorkflow(47, 94)] }),
    );
    const { source } = await open();

    expect(idsOf((await source.scan(never())).runs)).toEqual([uuid(47), ME]);
  });

  it("knows a GitLab project's ref and repository, which are told beside vcs and in another writing", async () => {
    // https://circleci.com/docs/reference/outbound-webhooks-reference/#workflow-completed-gitlab
    const gitlab = (repository: string) => ({
      git: { tag: "", checkout_sha: "a".repeat(40), ref: "refs/heads/main", branch: "main", checkout_url: repository },
      gitlab: { repo_url: repository, type: "push", branch: "main" },
      circleci: { event_type: "push", trigger_type: "gitlab" },
    });
    fake.slug = GITLAB_SLUG;
    fake.isBeyondContract = true;
    const ours = "git@gitlab.com:acme/data/shop.git";
    fake.pipelines = [
      buildPipeline(50, 30, { trigger: "gitlab", gitlab: gitlab(ours) }),
      buildPipeline(49, 60, { trigger: "schedule", gitlab: gitlab("https://gitlab.com/acme/data/shop") }),
      buildPipeline(48, 90, { trigger: "gitlab", gitlab: gitlab("git@gitlab.com:dana/data/shop.git") }),
    ];

    const { source, group, me } = await open();
    const { runs } = await source.scan(never());

    expect(group).toBe(`${GITLAB_SLUG} acme/data/shop main dbt`);
    expect(me.id).toBe(ME);
    expect(fake.requests).toContain(`GET /project/${GITLAB_SLUG}/pipeline?branch=main`);
    expect(runs.map(({ id, trigger }) => [id, trigger])).toEqual([
      [ME, "push"],
      [uuid(49), "schedule"],
    ]);
  });

  it.each(["git@github.com:acme/shop.git", "https://github.com/Acme/shop.git", "ssh://git@github.com/acme/shop"])(
    "takes %s for the repository that other pipelines write differently",
    async (origin) => {
      given(buildPipeline(49, 60, { origin }));
      const { source } = await open();

      expect(idsOf((await source.scan(never())).runs)).toEqual([uuid(49), ME]);
    },
  );

  it("lets a run that was started by a word that is not known block, never leave, and says so", async () => {
    fake.isBeyondContract = true;
    const notices: string[] = [];
    fake.pipelines = [
      buildPipeline(49, 60, { trigger: "a word of next year" }),
      buildPipeline(50, 30, { trigger: "a word of next year" }),
      buildPipeline(51, 20, { trigger: "a word of next year" }),
    ];
    const { source, me } = await open({ notice: (text) => notices.push(text) });

    const scan = await source.scan(never());

    expect(decide(scan, me, { time: NOW, processAgeSeconds: 60 }, { ...POLICY, supersede: "all" })).toMatchObject({
      kind: "wait",
      blockers: [{ id: uuid(49), trigger: "unknown" }],
    });
    expect(notices).toEqual([
      'CircleCI says that "a word of next year" started this pipeline, which is no known trigger: it leaves for no newer run',
    ]);
  });

  it("tells of a run what a person wants to know", async () => {
    given(buildPipeline(49, 600, { trigger: "scheduled_pipeline" }));
    const { source } = await open({ baseUrl: BASE });

    expect(find((await source.scan(never())).runs, uuid(49))).toEqual({
      id: uuid(49),
      attempt: 1,
      ticket: { second: NOW / 1000 - 600, pipeline: 49, createdAt: ago(600), id: uuid(49), attempt: 1 },
      ended: false,
      status: "running",
      trigger: "schedule",
      url: `${BASE}/pipelines/gh/acme/shop/49/workflows/${uuid(49)}`,
      since: ago(600),
      tookSeconds: null,
      quietSince: null,
      title: "Mend fct_orders",
      author: "dana",
    });
  });

  it.each([
    ...["success", "failed", "error", "canceled", "unauthorized", "not_run"].map((status) => [status, true] as const),
    ...["running", "failing", "on_hold"].map((status) => [status, false] as const),
  ])("takes %s for ended: %s", async (status, ended) => {
    const stopped_at = ended ? ago(300) : null;
    given(buildPipeline(49, 600, { workflows: [buildWorkflow(49, 600, { status, stopped_at })] }));
    const { source } = await open();

    expect(find((await source.scan(never())).runs, uuid(49))).toMatchObject({
      ended,
      status,
      since: ended ? ago(300) : ago(600),
      tookSeconds: ended ? 300 : null,
    });
  });

  it.each(["queued", "a word of next year"])("takes %s, which the API's list lacks, for active", async (status) => {
    given(buildPipeline(49, 600, { workflows: [buildWorkflow(49, 600, { status })] }));
    const { source } = await open();

    expect(find((await source.scan(never())).runs, uuid(49))?.ended).toBe(false);
    fake.problems.length = 0;
  });

  it("takes an end without a time for the moment at which it was first seen", async () => {
    const cut = buildWorkflow(49, 600, { status: "canceled" });
    given(buildPipeline(49, 600, { workflows: [cut] }));
    const { source } = await open();

    const first = find((await source.scan(never())).runs, uuid(49));
    const second = find((await source.scan(never())).runs, uuid(49));

    expect(first?.since).not.toBeNull();
    expect(second?.since).toBe(first?.since);
  });

  it("has the server's time of its first request", async () => {
    given(buildPipeline(49, 600));
    const { source } = await open();
    fake.date = NOW + 60_000;

    expect((await source.scan(never())).serverTime).toBe(NOW + 60_000);
  });

  it("has no server's time where the first answer has no usable one", async () => {
    given();
    fake.date = null;
    const { source } = await open();

    expect((await source.scan(never())).serverTime).toBeNull();
  });

  it("does not show this run while its pipeline is not listed", async () => {
    given();
    const { source } = await open();
    server.use(
      http.get(`${BASE}/api/v2/project/gh/acme/shop/pipeline`, () =>
        HttpResponse.json({ items: [], next_page_token: null }),
      ),
    );

    expect((await source.scan(never())).runs).toEqual([]);
  });

  it("counts an older pipeline that may still create a workflow, and not its own", async () => {
    given(buildPipeline(49, 40, { state: "setup", workflows: [buildWorkflow(49, 39, { tag: "setup" })] }));
    fake.pipelines[0] = buildPipeline(50, 3);
    const { source } = await open();

    const { runs } = await source.scan(never());

    expect(idsOf(runs)).toEqual([ME, uuid(1049)]);
    expect(find(runs, uuid(1049))).toMatchObject({
      ended: false,
      status: "pipeline setup, may still start a workflow",
      ticket: { second: NOW / 1000 - 40, pipeline: 49 },
      url: `${BASE}/pipelines/gh/acme/shop/49`,
    });
  });

  it("does not read pipelines again in which nothing can happen that matters", async () => {
    const success = { status: "success", stopped_at: ago(700) };
    given(
      ...[49, 48, 47].map((number) =>
        buildPipeline(number, 1000, { workflows: [buildWorkflow(number, 1000, success)] }),
      ),
      buildPipeline(46, 1000),
    );
    const { source } = await open();
    const first = await source.scan(never());
    fake.requests.length = 0;

    const second = await source.scan(never());

    expect(idsOf(second.runs)).toEqual(idsOf(first.runs));
    expect(fake.requests.sort()).toEqual(
      [
        `GET /pipeline/${uuid(1046)}/workflow`,
        `GET /pipeline/${uuid(1050)}/workflow`,
        `GET /project/${SLUG}/pipeline?branch=main`,
      ].sort(),
    );
  });

  it("reads ended pipelines again while an earlier re-run may not be listed yet", async () => {
    const ended = buildWorkflow(49, 1000, { status: "success", stopped_at: ago(700) });
    given(buildPipeline(49, 1000, { workflows: [ended] }));
    fake.pipelines[0] = buildPipeline(50, 2);
    const { source } = await open();
    await source.scan(never());
    fake.pipelines[1]?.workflows.push(buildWorkflow(48, 4));

    expect(idsOf((await source.scan(never())).runs)).toContain(uuid(48));
  });

  it("fails as a whole when a part of it fails, and leaves nothing behind", async () => {
    given(...[49, 48, 47, 46].map((number) => buildPipeline(number, 600)));
    const { source } = await open();
    server.use(
      http.get(`${BASE}/api/v2/pipeline/${uuid(1048)}/workflow`, () => HttpResponse.json({}, { status: 500 })),
    );

    expect(await failure(source.scan(never()))).toMatchObject({
      kind: "service",
      message: expect.stringContaining("500"),
    });
  });

  it.each<[string, string, string[]]>([
    ["the list of pipelines", `${BASE}/api/v2/project/gh/acme/shop/pipeline`, [uuid(49)]],
    ["the list of its pipeline's workflows", `${BASE}/api/v2/pipeline/${uuid(1050)}/workflow`, [uuid(49)]],
  ])("has not seen its own run where %s is empty, and keeps those that it saw before", async (_, path, kept) => {
    given(buildPipeline(49, 600));
    const { source } = await open();
    await source.scan(never());
    server.use(http.get(path, () => HttpResponse.json(NOTHING)));

    expect(idsOf((await source.scan(never())).runs)).toEqual(kept);
  });

  it("keeps a run that it saw before where the list of its pipeline's workflows is empty", async () => {
    given(buildPipeline(49, 900));
    const { source } = await open();
    await source.scan(never());
    server.use(http.get(`${BASE}/api/v2/pipeline/${uuid(1049)}/workflow`, () => HttpResponse.json(NOTHING)));

    expect(idsOf((await source.scan(never())).runs)).toEqual([uuid(49), ME]);
  });

  it("looks once more at a list that was empty before its own could be seen", async () => {
    given(buildPipeline(49, 900));
    const { source } = await open();
    let isBlind = true;
    server.use(
      http.get(`${BASE}/api/v2/pipeline/:id/workflow`, ({ params }) => {
        if (params.id === uuid(1050)) isBlind = false;
        return isBlind ? HttpResponse.json(NOTHING) : undefined;
      }),
    );

    expect(idsOf((await source.scan(never())).runs)).toEqual([uuid(49), ME]);
  });

  it("keeps a pipeline whose workflows are not found until that was so twice", async () => {
    given(buildPipeline(49, 600));
    const { source } = await open();
    server.use(
      http.get(`${BASE}/api/v2/pipeline/${uuid(1049)}/workflow`, () => HttpResponse.json({}, { status: 404 })),
    );

    expect(idsOf((await source.scan(never())).runs)).toEqual([ME, uuid(1049)]);
    expect(idsOf((await source.scan(never())).runs)).toEqual([ME]);
  });

  it("refuses a list that never ends", async () => {
    given();
    const { source } = await open();
    server.use(
      http.get(`${BASE}/api/v2/project/gh/acme/shop/pipeline`, () =>
        HttpResponse.json({ items: [], next_page_token: "again" }),
      ),
    );

    expect(await failure(source.scan(never()))).toMatchObject({ kind: "service" });
  });
});

describe("between scans on CircleCI", () => {
  async function scanned(...pipelines: FakePipeline[]) {
    given(...pipelines);
    const { source } = await open();
    await source.scan(never());
    fake.requests.length = 0;
    return source;
  }

  it("a run is one request by its id", async () => {
    const source = await scanned(buildPipeline(49, 600));

    const [run] = await source.reread([uuid(49)], never());

    expect(fake.requests).toEqual([`GET /workflow/${uuid(49)}`]);
    expect(run).toMatchObject({ status: "running", ticket: { second: NOW / 1000 - 600, pipeline: 49 } });
  });

  it("an ended run stays ended, whatever an old answer says", async () => {
    const source = await scanned(buildPipeline(49, 600));
    const workflow = fake.pipelines[1]?.workflows[0];
    Object.assign(workflow ?? {}, { status: "success", stopped_at: ago(1) });
    await source.reread([uuid(49)], never());
    Object.assign(workflow ?? {}, { status: "running", stopped_at: null });

    expect(await source.reread([uuid(49)], never())).toMatchObject([{ ended: true, status: "success" }]);
  });

  it("a first of its name that is young is read in its list, which may show that it is not the first", async () => {
    const source = await scanned(buildPipeline(49, 500, { workflows: [buildWorkflow(49, 5)] }));
    fake.pipelines[1]?.workflows.unshift(buildWorkflow(48, 500, { status: "failed", stopped_at: ago(10) }));

    const [run] = await source.reread([uuid(49)], never());

    expect(fake.requests).toEqual([`GET /pipeline/${uuid(1049)}/workflow`]);
    expect(run?.ticket?.second).toBe(NOW / 1000 - 5);
  });

  it("a pipeline in the place of its workflow stays until its list is sure, and is then looked for anew", async () => {
    const source = await scanned(buildPipeline(49, 40, { state: "setup", workflows: [] }));
    const ask = async () => (await source.reread([uuid(1049)], never())).map((run) => run.status);

    expect(await ask()).toEqual(["pipeline setup, may still start a workflow"]);
    expect(fake.requests).toEqual([`GET /pipeline/${uuid(1049)}`]);
    Object.assign(fake.pipelines[1] ?? {}, { state: "created" });
    expect(await ask()).toEqual(["pipeline created, may still start a workflow"]);
    await clock.advance(14_900);
    expect(await ask()).toEqual(["pipeline created, may still start a workflow"]);
    await clock.advance(100);
    expect(await ask()).toEqual([]);
  });

  /** Not found by its id. Lists may show it as it was. */
  const deleteWorkflow = (id: string) =>
    server.use(http.get(`${BASE}/api/v2/workflow/${id}`, () => HttpResponse.json({}, { status: 404 })));
  const GONE = { ended: true, status: "gone", since: expect.any(String) };

  it.each([true, false])(
    "a run that is not found twice is gone, as if it was cut short just now; lists still show it: %s",
    async (isListed) => {
      const source = await scanned(buildPipeline(49, 600));
      deleteWorkflow(uuid(49));
      if (!isListed) fake.pipelines = fake.pipelines.slice(0, 1);

      expect(await source.reread([uuid(49)], never())).toMatchObject([{ ended: false, status: "not found" }]);
      expect(await source.reread([uuid(49)], never())).toMatchObject([GONE]);
      expect(find((await source.scan(never())).runs, uuid(49))).toMatchObject(GONE);
    },
  );

  it("a run that is gone and is found again blocks again", async () => {
    const source = await scanned(buildPipeline(49, 600));
    deleteWorkflow(uuid(49));
    await source.reread([uuid(49)], never());
    expect(await source.reread([uuid(49)], never())).toMatchObject([GONE]);
    server.resetHandlers();
    server.use(...fake.handlers);

    expect(find((await source.scan(never())).runs, uuid(49))).toMatchObject({ ended: false, status: "running" });
  });

  it("a run that is not found stays while this run is not found either: that is an outage", async () => {
    const source = await scanned(buildPipeline(49, 600));
    for (const id of [uuid(49), ME]) deleteWorkflow(id);

    for (let time = 0; time < 3; time++) {
      expect(await source.reread([uuid(49)], never())).toMatchObject([{ ended: false }]);
    }
  });

  it("a run that is not found stays where the outage ends before this run is looked for", async () => {
    const source = await scanned(buildPipeline(49, 600));
    deleteWorkflow(uuid(49));
    await source.reread([uuid(49)], never());
    const end = () => {
      server.resetHandlers();
      server.use(...fake.handlers);
    };
    server.use(http.get(`${BASE}/api/v2/workflow/${ME}`, end));

    expect(await source.reread([uuid(49)], never())).toMatchObject([{ ended: false, status: "running" }]);
  });

  it("a young run that a list has lost is read by its id", async () => {
    const source = await scanned(buildPipeline(49, 9));
    server.use(http.get(`${BASE}/api/v2/pipeline/${uuid(1049)}/workflow`, () => HttpResponse.json(NOTHING)));
    Object.assign(fake.pipelines[1]?.workflows[0] ?? {}, { status: "success", stopped_at: ago(0) });

    expect(await source.reread([uuid(49)], never())).toMatchObject([{ ended: true, status: "success" }]);
  });

  it("a young run that is not found stays", async () => {
    const source = await scanned(buildPipeline(49, 900, { workflows: [buildWorkflow(49, 0)] }));
    fake.pipelines = fake.pipelines.slice(0, 1);

    await source.reread([uuid(49)], never());
    expect(idsOf(await source.reread([uuid(49)], never()))).toEqual([uuid(49)]);
  });

  it.each([
    [
      "has no job at work",
      [
        { status: "failed", stopped_at: ago(7000) },
        { status: "blocked", stopped_at: null },
      ],
      ago(7000),
    ],
    ["has no job", [], ago(9000)],
    ["has a job at work", [{ status: "running", stopped_at: null }], null],
    ["has a job that waits for a machine", [{ status: "queued", stopped_at: null }], null],
  ])("an old run that %s is looked at once in ten minutes", async (_, jobs, quietSince) => {
    given(buildPipeline(49, 9000));
    fake.jobs.set(uuid(49), jobs);
    const { source } = await open();

    await source.scan(never());
    const [run] = await source.reread([uuid(49)], never());

    expect(run?.quietSince).toBe(quietSince);
    expect(fake.requests.filter((request) => request.endsWith("/job"))).toHaveLength(1);
    await clock.advance(600_000);
    await source.reread([uuid(49)], never());
    expect(fake.requests.filter((request) => request.endsWith("/job"))).toHaveLength(2);
  });
});

describe("a wait on CircleCI", () => {
  it("is two scans, and one request for each poll between them", async () => {
    given(buildPipeline(49, 600));
    const { me, group, source } = await open();
    const timer = clock.sleep(12_000).then(() => {
      Object.assign(fake.pipelines.at(-1)?.workflows[0] ?? {}, { status: "success", stopped_at: ago(-12) });
    });

    const result = await drive(
      clock,
      waitForTurn({
        source,
        me,
        group,
        ref: "main",
        policy: POLICY,
        clock,
        random: () => 0,
        signal: never(),
        report: () => {},
      }),
    );
    await timer;

    expect(result).toMatchObject({ decision: "entered", blockers: [{ id: uuid(49), status: "success" }] });
    const scan = [`GET /project/${SLUG}/pipeline?branch=main`, "GET list", "GET list"];
    const short = fake.requests.map((request) =>
      request.replace(/pipeline\/.*\/workflow/, "list").replace("/list", "list"),
    );
    const polls = short.slice(6, -3);
    expect(short.slice(3)).toEqual([...scan, ...polls, ...scan]);
    expect(new Set(polls)).toEqual(new Set([`GET /workflow/${uuid(49)}`]));
    expect(polls.length).toBe(3);
  });
});

describe("cancelling on CircleCI", () => {
  it("is asked for, and 202 is no failure", async () => {
    given();
    const { source } = await open();

    await source.cancel(ME);

    expect(fake.requests.at(-1)).toBe(`POST /workflow/${ME}/cancel`);
  });

  it("says why it is refused", async () => {
    given();
    const { source } = await open();
    fake.pipelines = [];

    expect(await failure(source.cancel(ME))).toMatchObject({ message: expect.stringContaining("404") });
  });
});

describe("trouble on CircleCI", () => {
  it.each<[string, () => Response | Promise<never>]>([
    ["an answer 500", () => HttpResponse.json({}, { status: 500 })],
    ["an answer 502 of a proxy", () => HttpResponse.html("<h1>Bad gateway</h1>", { status: 502 })],
    ["a reset connection", () => HttpResponse.error() as Response],
    ["an answer that is HTML", () => HttpResponse.html("<html></html>")],
    [
      "an answer that is half",
      () => new HttpResponse('{"items": [', { headers: { "content-type": "application/json" } }),
    ],
    ["an answer without items", () => HttpResponse.json({ next_page_token: null })],
    ["an item without an id", () => HttpResponse.json({ items: [{ number: 1 }], next_page_token: null })],
    ["an answer that does not come", () => delay("infinite") as Promise<never>],
  ])("is a service error without the token in it for %s", async (_, answer) => {
    given();
    const { source } = await open();
    server.use(http.get(`${BASE}/api/v2/project/gh/acme/shop/pipeline`, answer));

    const error = await failure(drive(clock, source.scan(never())));

    expect(error).toMatchObject({ kind: "service", exitCode: 4 });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  });

  it.each([
    ["7", 7],
    [new Date(NOW + 12_000).toUTCString(), 12],
    [null, 30],
  ])("that says 429 with Retry-After %s is left alone for %d s", async (retryAfter, seconds) => {
    given();
    const { source } = await open();
    let asked = 0;
    server.use(
      http.get(`${BASE}/api/v2/project/gh/acme/shop/pipeline`, () => {
        asked++;
        const headers = {
          date: new Date(NOW).toUTCString(),
          ...(retryAfter === null ? {} : { "retry-after": retryAfter }),
        };
        return HttpResponse.json({}, { status: 429, headers });
      }),
    );

    const errors = [await failure(source.scan(never()))];
    await clock.advance(seconds * 1000 - 1);
    errors.push(await failure(source.scan(never())));
    expect(asked).toBe(1);
    await clock.advance(1);
    errors.push(await failure(source.scan(never())));

    expect(asked).toBe(2);
    expect(errors).toMatchObject([{ kind: "service" }, { kind: "service" }, { kind: "service" }]);
  });

  it.each([401, 403, 404])("that says %d about the project ends the wait, naming the token", async (status) => {
    given();
    const { source } = await open();
    server.use(
      http.get(`${BASE}/api/v2/project/gh/acme/shop/pipeline`, () => HttpResponse.json({ message: "no" }, { status })),
    );

    expect(await failure(source.scan(never()))).toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("personal API token"),
    });
  });

  it("does not follow a redirect: it would take the token along", async () => {
    given();
    const { source } = await open();
    let followed = 0;
    server.use(
      http.get(`${BASE}/api/v2/project/gh/acme/shop/pipeline`, () =>
        HttpResponse.redirect("https://evil.example/runs", 302),
      ),
      http.get("https://evil.example/runs", () => {
        followed++;
        return HttpResponse.json({});
      }),
    );

    expect(await failure(source.scan(never()))).toMatchObject({
      kind: "service",
      message: expect.stringContaining("302"),
    });
    expect(followed).toBe(0);
  });

  it("ends with the reason of an abort, without a timer left", async () => {
    given(buildPipeline(49, 600), buildPipeline(48, 600));
    const { source } = await open();
    const stop = new AbortController();
    server.use(
      http.get(`${BASE}/api/v2/pipeline/:id/workflow`, async () => {
        stop.abort(new Error("stopped by a person"));
        await delay("infinite");
      }),
    );

    expect(await failure(source.scan(stop.signal))).toMatchObject({ message: "stopped by a person" });
  });
});
