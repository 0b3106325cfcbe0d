import { inspect } from "node:util";
import { delay, HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGitHubSource, type GitHubSourceOptions } from "../../../src/platforms/github/source.ts";
import { OutOfTimeError } from "../../../src/platforms/requests.ts";
import type { SeenRun } from "../../../src/queue/ticket.ts";
import { type WaitPolicy, waitForTurn } from "../../../src/queue/wait.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { never } from "../../support/signals.ts";
import { type Contract, loadGitHubContract } from "../contract.ts";
import { drive } from "../drive.ts";
import {
  API,
  ago,
  buildRun,
  createFakeGitHub,
  DBT,
  type FakeGitHub,
  type FakeRun,
  NOW,
  REPOSITORY,
  TOKEN,
} from "./fake.ts";

const server = setupServer();
let contract: Contract | null = null;
let fake: FakeGitHub;
let clock: FakeClock;

beforeAll(async () => {
  contract = await loadGitHubContract();
  server.listen({ onUnhandledRequest: "error" });
}, 90_000);
beforeEach(() => {
  clock = createFakeClock({ now: NOW });
  fake = createFakeGitHub(() => contract);
  server.use(...fake.handlers);
});
afterEach(() => {
  server.resetHandlers();
  expect(fake.problems).toEqual([]);
  expect(clock.sleepers()).toBe(0);
});
afterAll(() => server.close());

const ME = 50;
const RUNS = `${API}/repos/${REPOSITORY}/actions/runs`;
const LISTS = ["requested", "waiting", "pending", "queued", "in_progress", "waiting", "queued"].map(
  (status) => `GET runs?status=${status}&branch=main&page=1`,
);
const RECENT = "GET runs?branch=main&page=1";
const POLICY: WaitPolicy = {
  lagSeconds: 20,
  settleSeconds: 30,
  supersede: "none",
  ignoredRuns: [],
  timeoutSeconds: 3600,
  onTimeout: "fail",
  pollSeconds: 5,
  maxPollSeconds: 60,
};
const EMPTY = { total_count: 0, workflow_runs: [] };

function open(overrides: Partial<GitHubSourceOptions> = {}) {
  return createGitHubSource({
    repository: REPOSITORY,
    headRepository: REPOSITORY,
    ref: "main",
    runId: String(ME),
    attempt: 1,
    workflows: ["self"],
    token: TOKEN,
    apiUrl: API,
    lagSeconds: 20,
    maxAgeSeconds: 24 * 3600,
    timeoutSeconds: 3600,
    clock,
    fetch: null,
    ...overrides,
  });
}

/** This run, started 60 s ago, beside others. */
function given(...runs: FakeRun[]): void {
  fake.runs = [buildRun(ME, 60), ...runs];
}

async function opened(...runs: FakeRun[]) {
  given(...runs);
  const { source } = await open();
  fake.requests.length = 0;
  return source;
}

const idsOf = (runs: readonly SeenRun[]) => runs.map((run) => run.id).sort();
const find = (runs: readonly SeenRun[], id: number) => runs.find((run) => run.id === String(id));

async function failure(task: Promise<unknown>): Promise<unknown> {
  return task.then(
    () => null,
    (error: unknown) => error,
  );
}

describe("opening the queue on GitHub", () => {
  it("takes one request with the token", async () => {
    given();

    const { me, group, source } = await open();

    expect(me.ticket).toEqual({
      second: NOW / 1000 - 60,
      pipeline: 0,
      createdAt: new Date(NOW - 60_000).toISOString(),
      id: "50",
      attempt: 1,
    });
    expect(group).toBe(`${REPOSITORY} ${REPOSITORY} main ${DBT}`);
    expect(fake.requests).toEqual(["GET runs/50"]);
    expect(fake.tokens).toEqual([`token ${TOKEN}`]);
    expect(source.calls()).toBe(1);
  });

  it("asks again while a young run, or its attempt, is not known yet", async () => {
    let reads = 0;
    fake.before = () => {
      reads++;
      fake.runs =
        reads === 1 ? [] : [buildRun(ME, 60, { run_attempt: reads === 2 ? 1 : 2, updated_at: ago(9 - reads) })];
    };
    const notices: string[] = [];

    const { me } = await drive(clock, open({ attempt: 2, notice: (text) => notices.push(text) }));

    expect(me.ticket.attempt).toBe(2);
    expect(notices).toEqual([
      "no answer yet: GitHub does not know run 50 yet",
      "no answer yet: GitHub does not know attempt 2 of run 50 yet",
    ]);
  });

  it("refuses a run that is not known after the lag, naming the permission", async () => {
    const error = await failure(drive(clock, open()));

    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining("actions: read") });
  });

  it.each([
    [401, "not valid"],
    [403, "actions: read"],
  ])("refuses an answer %d at once: %s", async (status, hint) => {
    server.use(http.get(`${RUNS}/:id`, () => HttpResponse.json({ message: "no" }, { status })));

    const error = await failure(open());

    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining(hint) });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  });

  it.each(["", "ghs_1\nX", "ghs 1"])("does not send %j as a token", async (token) => {
    expect(await failure(open({ token }))).toMatchObject({ exitCode: 2 });
    expect(fake.requests).toEqual([]);
  });

  it.each([
    ["created_at", { created_at: "" }],
    ["run_started_at", { run_started_at: "" }],
    ["path", { path: null }],
  ])("stops with exit code 4 where its own %s cannot be read", async (field, overrides) => {
    fake.runs = [{ ...buildRun(ME, 60), ...overrides } as FakeRun];

    expect(await failure(open())).toMatchObject({ exitCode: 4, message: expect.stringContaining(field) });
    fake.problems.length = 0;
  });

  it.each([
    ["a path", ".github/workflows/hourly.yml"],
    ["a file name", "hourly.yml"],
    ["a name", "Hourly"],
  ])("finds another workflow by %s", async (_, entry) => {
    given();
    fake.workflows = [
      { name: "dbt", path: DBT },
      { name: "Hourly", path: ".github/workflows/hourly.yml" },
      { name: "hourly.yml", path: ".github/workflows/decoy.yml" },
    ];
    fake.pageSize = 2;

    const { group } = await open({ workflows: ["self", entry] });

    expect(group.split(" ").at(-1)).toBe(`${DBT},.github/workflows/hourly.yml`);
    expect(fake.requests).toEqual(["GET runs/50", "GET workflows?page=1", "GET workflows?page=2"]);
  });

  it.each([
    [["self"], null],
    [["dbt.yml", "hourly"], null],
    [["hourly"], DBT],
  ])("tells whether the group holds its own workflow: %j", async (workflows, outsider) => {
    given();
    fake.workflows = ["dbt", "hourly"].map((name) => ({ name, path: `.github/workflows/${name}.yml` }));

    expect((await open({ workflows })).outsider).toBe(outsider);
  });

  it("lists the workflows that exist where one is not known", async () => {
    given();
    fake.workflows = [{ name: "dbt", path: DBT }];

    const error = await failure(open({ workflows: ["self", "hourley.yml"] }));

    expect(error).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/"hourley.yml".*"\.github.workflows.dbt\.yml"/),
    });
  });

  it("tries again after errors until the deadline", async () => {
    server.use(http.get(`${RUNS}/:id`, () => HttpResponse.json({}, { status: 502 })));

    const error = await failure(drive(clock, open({ timeoutSeconds: 60 })));

    expect(error).toBeInstanceOf(OutOfTimeError);
    expect(error).toMatchObject({ kind: "service", message: expect.stringContaining("502") });
    // The next pause would end after it.
    expect(clock.monotonic()).toBe(40_800);
  });
});

describe("who runs now, on GitHub", () => {
  it("is one request, and what it shows is read by its id", async () => {
    const source = await opened(
      buildRun(51, 20),
      buildRun(52, 15, { status: "queued" }),
      buildRun(53, 10, { head_repository: { full_name: "stranger/shop" } }),
      buildRun(54, 10, { path: ".github/workflows/lint.yml" }),
    );

    expect(idsOf(await source.running(never()))).toEqual([String(ME), "51"]);
    expect(fake.requests).toEqual(["GET runs?status=in_progress&branch=main"]);

    const reread = await source.reread([String(ME), "51"], never());
    expect(reread.map(({ id, status, trigger }) => [id, status, trigger])).toEqual([
      [String(ME), "in_progress", "push"],
      ["51", "in_progress", "push"],
    ]);
  });

  it("is not to be had where the token may not", async () => {
    const source = await opened();
    server.use(http.get(`${API}/repos/${REPOSITORY}/actions/runs`, () => HttpResponse.json({}, { status: 403 })));

    expect(await failure(source.running(never()))).toMatchObject({ kind: "configuration" });
  });
});

describe("a scan on GitHub", () => {
  it("reads the lists in the order in which runs move, the unfiltered one last, then runs by their ids", async () => {
    const source = await opened(
      buildRun(49, 300),
      buildRun(48, 400, { status: "waiting" }),
      buildRun(47, 900, { status: "completed", conclusion: "success" }),
    );

    const { runs, complete } = await source.scan(never());

    expect(fake.requests.slice(0, 8)).toEqual([...LISTS, RECENT]);
    expect(fake.requests.slice(8).sort()).toEqual(["GET runs/48", "GET runs/49"]);
    expect(idsOf(runs)).toEqual(["47", "48", "49", "50"]);
    expect(complete).toBe(true);
  });

  it("encodes the branch", async () => {
    fake.runs = [buildRun(ME, 60, { head_branch: "feat/a#b&c+d e%" })];
    const { source } = await open();

    const { runs } = await source.scan(never());

    expect(idsOf(runs)).toEqual(["50"]);
    expect(fake.requests).toContain("GET runs?branch=feat%2Fa%23b%26c%2Bd%20e%25&page=1");
  });

  it("leaves out a fork's branch of the same name and other workflows", async () => {
    const source = await opened(
      buildRun(49, 300, { head_repository: { full_name: "dana/shop" } }),
      buildRun(48, 300, { path: ".github/workflows/lint.yml" }),
    );

    expect(idsOf((await source.scan(never())).runs)).toEqual(["50"]);
    expect(fake.requests).toHaveLength(8);
  });

  it("finds a run that moves on while the lists are read", async () => {
    const moving = buildRun(49, 300, { status: "queued" });
    const source = await opened(moving);
    fake.before = (request) => {
      if (request.includes("status=pending")) moving.status = "waiting";
      if (request.includes("status=in_progress")) moving.status = "queued";
    };

    expect(find((await source.scan(never())).runs, 49)).toMatchObject({ ended: false });
  });

  it("finds an active run that no list by status holds, among the recent ones", async () => {
    const source = await opened(buildRun(49, 300, { status: "action_needed_by_someone" }));

    expect(find((await source.scan(never())).runs, 49)).toMatchObject({ ended: false });
    fake.problems.length = 0;
  });

  it("reads runs that were active before once more, though no list holds them now", async () => {
    const source = await opened(buildRun(49, 300));
    await source.scan(never());
    server.use(http.get(RUNS, () => HttpResponse.json(EMPTY)));

    expect(idsOf((await source.scan(never())).runs)).toEqual(["49"]);
  });

  const isFiltered = (request: Request) => new URL(request.url).searchParams.has("status");

  // https://www.githubstatus.com/history: lists that were empty while runs could be read.
  it.each<[string, (request: Request) => boolean]>([
    ["all lists are", () => true],
    ["the lists by status are", isFiltered],
    ["the unfiltered list is", (request) => !isFiltered(request)],
    ["the list of the running is", (request) => request.url.includes("status=in_progress")],
  ])("has not seen its own run where %s empty, though its id can be read", async (_, isBlind) => {
    const source = await opened();
    server.use(http.get(RUNS, ({ request }) => (isBlind(request) ? HttpResponse.json(EMPTY) : undefined)));

    const blind = await source.scan(never());
    server.resetHandlers();
    server.use(...fake.handlers);

    expect(blind.runs).toEqual([]);
    expect(idsOf((await source.scan(never())).runs)).toEqual([String(ME)]);
  });

  it("has seen its own re-run of a run from before the greatest age, which the unfiltered list does not reach", async () => {
    const newer = buildRun(70, 200, { status: "completed", conclusion: "success" });
    const source = await opened(newer);
    fake.runs = [
      newer,
      buildRun(60, 30 * 3600, { status: "completed", conclusion: "success" }),
      buildRun(ME, 60, { created_at: ago(72 * 3600), run_attempt: 2 }),
    ];
    fake.pageSize = 1;

    expect(find((await source.scan(never())).runs, ME)).toMatchObject({ attempt: 2 });
    expect(fake.requests).not.toContain("GET runs?branch=main&page=3");
  });

  it("is not complete where a later page knows of fewer runs than the one before it", async () => {
    const source = await opened(buildRun(49, 300), buildRun(48, 400, { status: "completed", conclusion: "success" }));
    fake.pageSize = 2;
    server.use(
      http.get(RUNS, ({ request }) =>
        !isFiltered(request) && request.url.includes("page=2") ? HttpResponse.json(EMPTY) : undefined,
      ),
    );

    expect((await source.scan(never())).complete).toBe(false);
  });

  it("takes the later of two reads: an ended run in a list is active again by its id", async () => {
    const run = buildRun(49, 900);
    const source = await opened(run);
    fake.before = (request) => {
      if (request !== "GET runs/49") return;
      Object.assign(run, { run_attempt: 2, run_started_at: ago(2), updated_at: ago(1) });
    };

    expect(find((await source.scan(never())).runs, 49)).toMatchObject({
      attempt: 2,
      ticket: { second: NOW / 1000 - 2 },
    });
  });

  it("does not go back to an older read by the id", async () => {
    const source = await opened(buildRun(49, 900, { run_attempt: 2, run_started_at: ago(9), updated_at: ago(1) }));
    const stale = buildRun(49, 900, { status: "completed", conclusion: "failure", updated_at: ago(500) });
    server.use(http.get(`${RUNS}/49`, () => HttpResponse.json({ ...stale })));

    expect(find((await source.scan(never())).runs, 49)).toMatchObject({ attempt: 2, ended: false });
  });

  it("reads a run once more that is in progress and has a conclusion", async () => {
    const run = buildRun(49, 300, { conclusion: "success" });
    const source = await opened(run);
    let reads = 0;
    fake.before = (request) => {
      if (request === "GET runs/49" && ++reads === 2) Object.assign(run, { status: "completed", updated_at: ago(1) });
    };

    expect(find((await source.scan(never())).runs, 49)).toMatchObject({ ended: true, status: "success" });
    expect(reads).toBe(2);
  });

  it.each<[string, FakeRun[], object]>([
    [
      "with its end",
      [buildRun(49, 90, { status: "completed", conclusion: "failure", updated_at: ago(30) })],
      { status: "failure", since: ago(30) },
    ],
    ["as cut short where it is not told", [], { status: "cancelled", since: ago(20) }],
    ["as cut short where it is told as active", [buildRun(49, 90)], { status: "cancelled", since: ago(20) }],
  ])("shows the attempt before a late re-run, whose queries may still run, %s", async (_, attempts, expected) => {
    const source = await opened(buildRun(49, 9000, { run_attempt: 2, run_started_at: ago(20), updated_at: ago(20) }));
    fake.attempts = attempts;

    const { runs } = await source.scan(never());

    expect(runs.filter((run) => run.id === "49")).toMatchObject([
      { attempt: 2, ended: false },
      { attempt: 1, ended: true, ticket: null, ...expected },
    ]);
    const asked = fake.requests.length;
    await source.scan(never());
    expect(fake.requests.slice(asked).filter((request) => request.includes("attempts"))).toEqual([]);
  });

  it("does not ask for the attempt before one that was started long ago", async () => {
    const source = await opened(buildRun(49, 9000, { run_attempt: 3 }));

    await source.scan(never());

    expect(fake.requests.filter((request) => request.includes("attempts"))).toEqual([]);
  });

  it("shows its own run as this scan saw it, not as an earlier one did", async () => {
    given();
    const { source } = await open();
    await source.scan(never());
    fake.runs = [buildRun(ME, 60, { status: "queued", updated_at: ago(70) })];

    expect(find((await source.scan(never())).runs, ME)).toMatchObject({ status: "queued" });
  });

  it("does not show its own run where this scan did not see it", async () => {
    const source = await opened();
    await source.scan(never());
    fake.runs = [];

    expect((await source.scan(never())).runs).toEqual([]);
  });

  it("has the server's time of its first request", async () => {
    const source = await opened(buildRun(49, 300));
    fake.date = NOW + 60_000;

    expect((await source.scan(never())).serverTime).toBe(NOW + 60_000);
  });

  it("has no server's time where answers have none", async () => {
    fake.date = null;
    const source = await opened();

    expect((await source.scan(never())).serverTime).toBeNull();
  });

  it("reads the unfiltered list back to the greatest age", async () => {
    const ended = { status: "completed", conclusion: "success" };
    const source = await opened(...[10, 20, 30, 40].map((hours) => buildRun(49 - hours, hours * 3600, ended)));
    fake.pageSize = 2;

    const { runs, complete } = await source.scan(never());

    expect(fake.requests.filter((request) => !request.includes("status") && request.includes("?"))).toEqual([
      "GET runs?branch=main&page=1",
      "GET runs?branch=main&page=2",
    ]);
    expect(idsOf(runs)).toEqual(["19", "29", "39", "50"]);
    expect(complete).toBe(true);
  });

  it("reads a list of several pages until two readings agree", async () => {
    const source = await opened(buildRun(49, 300), buildRun(48, 400));
    fake.pageSize = 2;

    const { runs, complete } = await source.scan(never());

    expect(fake.requests.filter((request) => request.includes("status=in_progress"))).toHaveLength(4);
    expect(idsOf(runs)).toEqual(["48", "49", "50"]);
    expect(complete).toBe(true);
  });

  it("finds a run that slips from one page to another while a list is read", async () => {
    const others = [49, 48, 47, 46].map((id, index) => buildRun(id, 300 + index));
    const source = await opened(...others);
    fake.pageSize = 2;
    fake.before = (request) => {
      if (!request.includes("status=in_progress") || !request.includes("page=2")) return;
      Object.assign(others[0] ?? {}, { status: "completed", conclusion: "success", updated_at: ago(0) });
    };

    const { runs } = await source.scan(never());

    expect(idsOf(runs.filter((run) => !run.ended))).toEqual(["46", "47", "48", "50"]);
  });

  it.each<[string, object]>([
    ["a page is missing", { total_count: 3, workflow_runs: [] }],
    ["a page is short", { total_count: 3, workflow_runs: [buildRun(49, 300)] }],
  ])("is not complete where %s", async (_, body) => {
    const source = await opened();
    server.use(
      http.get(RUNS, ({ request }) =>
        request.url.includes("status=in_progress")
          ? HttpResponse.json(
              request.url.includes("page=1&") || request.url.endsWith("page=1") ? body : { ...body, workflow_runs: [] },
            )
          : undefined,
      ),
    );

    expect((await source.scan(never())).complete).toBe(false);
  });

  /** A branch on which many workflows run: 1,050 runs in less than a day. */
  const busy = (spacing: number) =>
    Array.from({ length: 1050 }, (_, index) =>
      buildRun(2000 + index, 100 + Math.floor(index * spacing), {
        path: "other.yml",
        status: "completed",
        conclusion: "success",
      }),
    );

  it("reads on where a search ends before the look-back does, and says so once", async () => {
    const notices: string[] = [];
    const cut = buildRun(49, 80_000, { status: "completed", conclusion: "cancelled" });
    given(cut, ...busy(70));
    const { source } = await open({ notice: (text) => notices.push(text) });

    const { runs, complete } = await source.scan(never());
    await source.scan(never());

    expect(complete).toBe(true);
    expect(idsOf(runs)).toEqual(["49", "50"]);
    expect(fake.requests.filter((request) => request.includes("created="))).toHaveLength(2);
    expect(notices).toEqual([expect.stringContaining("more than 1000 runs of main within --max-age")]);
  });

  it("is not complete where more runs began in one second than a search shows", async () => {
    const source = await opened(...busy(0));

    expect((await source.scan(never())).complete).toBe(false);
  });

  it("is not complete where more runs are active than a search shows", async () => {
    const notices: string[] = [];
    given(...busy(1).map((run) => ({ ...run, status: "requested", conclusion: null })));
    const { source } = await open({ notice: (text) => notices.push(text) });

    expect((await source.scan(never())).complete).toBe(false);
    expect(notices).toContain("GitHub lists no more than 1000 requested runs of main");
  });
});

describe("between scans on GitHub", () => {
  it("a run that has not changed costs nothing", async () => {
    const source = await opened(buildRun(49, 300));
    await source.scan(never());
    fake.requests.length = 0;
    const remaining = fake.remaining;

    const [run] = await source.reread(["49"], never());

    expect(fake.requests).toEqual(["GET runs/49 304"]);
    expect(fake.remaining).toBe(remaining);
    expect(run).toMatchObject({ id: "49", ended: false, status: "in_progress" });
  });

  it("a run that has ended is told by its conclusion", async () => {
    const source = await opened(buildRun(49, 300));
    await source.scan(never());
    Object.assign(fake.runs[1] ?? {}, { status: "completed", conclusion: "timed_out", updated_at: ago(1) });

    expect(await source.reread(["49"], never())).toMatchObject([{ ended: true, status: "timed_out", since: ago(1) }]);
  });

  it("a run that ends in the second of its last update has ended", async () => {
    const source = await opened(buildRun(49, 300));
    await source.scan(never());
    Object.assign(fake.runs[1] ?? {}, { status: "completed", conclusion: "failure" });

    expect(await source.reread(["49"], never())).toMatchObject([{ ended: true, status: "failure" }]);
    expect(find((await source.scan(never())).runs, 49)).toMatchObject({ ended: true, status: "failure" });
  });

  /** Deleted: not found by its id. Lists may show it as it was. */
  const deleteRun = (id: number) =>
    server.use(http.get(`${RUNS}/${id}`, () => HttpResponse.json({ message: "Not Found" }, { status: 404 })));

  it.each([true, false])(
    "a run that is not found twice is gone, as if it was cut short just now; lists still show it: %s",
    async (isListed) => {
      const source = await opened(buildRun(49, 300));
      await source.scan(never());
      deleteRun(49);
      if (!isListed) given();

      expect(await source.reread(["49"], never())).toMatchObject([{ id: "49", ended: false, status: "not found" }]);
      expect(await source.reread(["49"], never())).toMatchObject([{ id: "49", ended: true, status: "gone" }]);
      const { runs } = await source.scan(never());
      expect(find(runs, 49)).toMatchObject({ ended: true, status: "gone", since: expect.any(String) });
      expect(find(runs, ME)).toMatchObject({ ended: false });
    },
  );

  it("a run that is gone and is found again blocks again", async () => {
    const source = await opened(buildRun(49, 300));
    await source.scan(never());
    deleteRun(49);
    await source.reread(["49"], never());
    expect(await source.reread(["49"], never())).toMatchObject([{ status: "gone" }]);
    server.resetHandlers();
    server.use(...fake.handlers);

    expect(find((await source.scan(never())).runs, 49)).toMatchObject({ ended: false, status: "in_progress" });
  });

  it("a run that is not found stays while this run is not found either: that is an outage", async () => {
    const source = await opened(buildRun(49, 300));
    await source.scan(never());
    deleteRun(49);
    deleteRun(ME);

    for (let time = 0; time < 3; time++) {
      expect(await source.reread(["49"], never())).toMatchObject([{ id: "49", ended: false }]);
    }
  });

  it("a run that is not found stays where the outage ends before this run is looked for", async () => {
    const source = await opened(buildRun(49, 300));
    await source.scan(never());
    deleteRun(49);
    await source.reread(["49"], never());
    fake.before = (request) => {
      if (request !== `GET runs/${ME}`) return;
      server.resetHandlers();
      server.use(...fake.handlers);
    };

    expect(await source.reread(["49"], never())).toMatchObject([{ id: "49", ended: false }]);
  });

  it("a run without a readable place is gone when it was missing for longer than the lag", async () => {
    const source = await opened(buildRun(49, 300, { run_started_at: "soon" }));
    await source.scan(never());
    fake.problems.length = 0;
    deleteRun(49);

    for (let time = 0; time < 3; time++) await source.reread(["49"], never());
    expect(await source.reread(["49"], never())).toMatchObject([{ ended: false, ticket: null }]);
    await clock.advance(21_000);
    expect(await source.reread(["49"], never())).toMatchObject([{ ended: true, status: "gone" }]);
    fake.problems.length = 0;
  });

  it("a young run that is not found stays", async () => {
    const source = await opened(buildRun(49, 300, { run_started_at: ago(-10), run_attempt: 2 }));
    await source.scan(never());
    given();

    await source.reread(["49"], never());
    expect(idsOf(await source.reread(["49"], never()))).toEqual(["49"]);
  });

  it.each([
    ["has no job at work", [{ status: "completed", completed_at: ago(6000) }], new Date(NOW - 6_000_000).toISOString()],
    ["has no job", [], new Date(NOW - 9_000_000).toISOString()],
    ["has a job that waits", [{ status: "queued", completed_at: null }], null],
  ])("a run that was long not updated and %s is looked at once in ten minutes", async (_, jobs, quietSince) => {
    const source = await opened(buildRun(49, 9000));
    fake.jobs.set(49, jobs);

    await source.scan(never());
    const [run] = await source.reread(["49"], never());

    expect(run?.quietSince).toBe(quietSince);
    expect(fake.requests.filter((request) => request.startsWith("GET runs/49/jobs"))).toHaveLength(1);
  });
});

describe("a wait on GitHub", () => {
  it("is two scans, and a free request for each poll between them", async () => {
    given(buildRun(49, 300));
    const { me, group, source } = await open();
    fake.date = null;
    let polls = 0;
    fake.before = (request) => {
      if (request !== "GET runs/49" || ++polls !== 5) return;
      Object.assign(fake.runs[1] ?? {}, { status: "completed", conclusion: "success", updated_at: ago(0) });
    };

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

    expect(result).toMatchObject({ decision: "entered", blockers: [{ id: "49", status: "success" }], calls: 22 });
    expect(fake.requests.slice(10, 14)).toEqual([...Array(3).fill("GET runs/49 304"), "GET runs/49"]);
  });
});

describe("cancelling on GitHub", () => {
  it("is asked for, and 202 is no failure", async () => {
    const source = await opened();

    await source.cancel("50");

    expect(fake.requests).toEqual(["POST runs/50/cancel 202"]);
  });

  it("names the permission where it is refused", async () => {
    const source = await opened();
    server.use(http.post(`${RUNS}/50/cancel`, () => HttpResponse.json({ message: "no" }, { status: 403 })));

    expect(await failure(source.cancel("50"))).toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("actions: write"),
    });
  });
});

describe("trouble on GitHub", () => {
  it.each<[string, () => Response | Promise<never>]>([
    ["an answer 500", () => HttpResponse.json({}, { status: 500 })],
    ["an answer 502 of a proxy", () => HttpResponse.html("<h1>Bad gateway</h1>", { status: 502 })],
    ["a reset connection", () => HttpResponse.error() as Response],
    ["an answer that is HTML", () => HttpResponse.html("<html></html>")],
    ["an answer of a strange type", () => new HttpResponse("x", { headers: { "content-type": ";;;" } })],
    [
      "an answer that is half",
      () => new HttpResponse('{"total_count": 1', { headers: { "content-type": "application/json" } }),
    ],
    ["an answer without runs", () => HttpResponse.json({ total_count: 0 })],
    ["a run without an id", () => HttpResponse.json({ total_count: 1, workflow_runs: [{ status: "queued" }] })],
    ["an answer that does not come", () => delay("infinite") as Promise<never>],
  ])("is a service error without the token in it for %s", async (_, answer) => {
    const source = await opened();
    server.use(http.get(RUNS, answer));

    const error = await failure(drive(clock, source.scan(never())));

    expect(error).toMatchObject({ kind: "service", exitCode: 4 });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  });

  it.each<[string, number, Record<string, string>, string, number]>([
    ["Retry-After", 403, { "retry-after": "7", "x-ratelimit-remaining": "4000" }, "", 7],
    ["Retry-After beside 503", 503, { "retry-after": "9" }, "", 9],
    ["a secondary limit without a time", 403, {}, "You have exceeded a secondary rate limit", 60],
    ["429 without a time", 429, {}, "", 60],
    [
      "the primary limit",
      403,
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1000 + 300) },
      "",
      300,
    ],
  ])("that is %s leaves GitHub alone for as long", async (_, status, headers, message, seconds) => {
    const source = await opened();
    let asked = 0;
    server.use(
      http.get(RUNS, () => {
        asked++;
        return HttpResponse.json({ message }, { status, headers: { date: new Date(NOW).toUTCString(), ...headers } });
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

  it("takes no more than a fifth of what is left of the token's requests, until the window ends", async () => {
    fake.remaining = 100;
    const source = await opened(buildRun(49, 300));
    let error: unknown = null;

    for (let scans = 0; error === null && scans < 20; scans++) error = await failure(source.scan(never()));
    const sent = source.calls();
    await failure(source.scan(never()));

    expect(error).toMatchObject({
      kind: "service",
      message: expect.stringMatching(/fifth.*asked again at 07:30:00 UTC/),
    });
    expect(100 - (fake.remaining ?? 0)).toBe(20);
    expect(source.calls()).toBe(sent);
    await clock.advance(1800_000);
    Object.assign(fake, { remaining: 1000, reset: fake.reset + 3600, date: NOW + 1800_000 });
    expect(await failure(source.scan(never()))).toBeNull();
  });

  it("spends nothing on answers that nothing has changed", async () => {
    const source = await opened(buildRun(49, 300));
    await source.scan(never());
    fake.remaining = 60;

    for (let polls = 0; polls < 50; polls++) await source.reread(["49"], never());

    expect(new Set(fake.requests.slice(-49))).toEqual(new Set(["GET runs/49 304"]));
  });

  it("spends less where others spend more", async () => {
    fake.remaining = 1000;
    const source = await opened();
    await source.scan(never());
    fake.remaining = 36;

    expect(await failure(source.scan(never()))).toMatchObject({ kind: "service" });
  });

  it.each([401, 403, 404])(
    "that says %d about the repository ends the wait, naming what is missing",
    async (status) => {
      const source = await opened();
      server.use(http.get(RUNS, () => HttpResponse.json({ message: "no" }, { status })));

      expect(await failure(source.scan(never()))).toMatchObject({ exitCode: 2, hint: expect.stringMatching(/token/) });
    },
  );

  it.each([
    ["Resource not accessible by integration", "permissions: actions: read"],
    ["Resource protected by organization SAML enforcement. You must grant your token access.", "single sign-on"],
    ["`acme` has an IP allow list enabled, and your IP address is not permitted", "addresses of its IP allow list"],
    ["Repository was archived so is read-only.", "the repository is archived"],
    ["`acme` forbids access via a fine-grained personal access tokens", "takes no token of this kind"],
    ["Sorry. Your account was suspended.", "no permission of the token changes that"],
  ])("refuses in GitHub's own words, with what helps: %s", async (message, hint) => {
    const source = await opened();
    server.use(http.get(RUNS, () => HttpResponse.json({ message }, { status: 403 })));

    const error = await failure(source.scan(never()));

    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining(hint) });
    expect((error as Error).message).toContain(JSON.stringify(message));
  });

  it.each([
    [301, /renamed or moved/],
    [422, /asking again does not help/],
    [500, /^try again/],
  ])("tells an incident from what no asking changes: %d", async (status, hint) => {
    const source = await opened();
    server.use(http.get(RUNS, () => HttpResponse.json({ message: "Moved" }, { status })));

    expect(await failure(source.scan(never()))).toMatchObject({
      kind: "service",
      message: expect.stringMatching(/: "Moved"$/),
      hint: expect.stringMatching(hint),
    });
  });

  it("takes a spent limit for one where the answer names it and no header does", async () => {
    const source = await opened();
    const message = "API rate limit exceeded for installation ID 1.";
    server.use(http.get(RUNS, () => HttpResponse.json({ message }, { status: 403 })));

    expect(await failure(source.scan(never()))).toMatchObject({ kind: "service", exitCode: 4 });
  });

  it("shows a short line of what a hostile answer says", async () => {
    const source = await opened();
    const message = `a\n::error::b\u001b]52;c;eA==\u0007${"x".repeat(5000)}`;
    server.use(http.get(RUNS, () => HttpResponse.json({ message }, { status: 403 })));

    const error = await failure(source.scan(never()));

    expect((error as Error).message).toMatch(/: "a ::error::bx{1,190}…"$/);
  });

  it("does not follow a redirect: it would take the token along", async () => {
    const source = await opened();
    let followed = 0;
    server.use(
      http.get(RUNS, () => HttpResponse.redirect("https://evil.example/runs", 302)),
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
    const source = await opened();
    const stop = new AbortController();
    server.use(
      http.get(RUNS, async () => {
        stop.abort(new Error("stopped by a person"));
        await delay("infinite");
      }),
    );

    expect(await failure(source.scan(stop.signal))).toMatchObject({ message: "stopped by a person" });
  });
});
