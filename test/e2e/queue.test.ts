import { spawnSync } from "node:child_process";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { QueueResult } from "../../src/queue/result.ts";
import { type Contract, loadCircleContract, loadGitHubContract } from "../platforms/contract.ts";
import { listenOn, serveLoopback } from "../support/loopback.ts";
import { CLI, json, signalbox, start } from "./cli.ts";
import { GITHUB_PUSH } from "./github-push.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

/** The built CLI against the CI's API on loopback; every answer is held to the vendor's own OpenAPI file. */
interface Api {
  readonly url: string;
  /** `GET path?query`, in the order in which they came. */
  readonly requests: string[];
  readonly problems: string[];
  close(): Promise<void>;
}
type Answer = (path: string, query: URLSearchParams, method: string) => { status?: number; body: unknown };

async function openApi(root: string, contract: Contract | null, answer: Answer): Promise<Api> {
  const requests: string[] = [];
  const problems: string[] = [];
  const { url, close } = await serveLoopback((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://loopback");
    const method = request.method ?? "GET";
    requests.push(`${method} ${request.url}`);
    // A project's slug is one parameter in CircleCI's file, and three parts of the path on the wire.
    const path = pathname.slice(root.length);
    const route = path.replace(/^\/project\/(\w+)\/(\w+)\/(\w+)\//, "/project/$1%2F$2%2F$3/");
    const { status = 200, body } = answer(path, searchParams, method);
    if (status < 300)
      problems.push(
        ...(contract?.problems({ method, path: route, query: Object.fromEntries(searchParams), status, body }) ?? []),
      );
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  return { url: `${url}${root}`, requests, problems, close };
}

const ago = (seconds: number) => `${new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19)}Z`;
/** A program that runs as long as the file is there. */
const untilGone = (file: string) =>
  `setInterval(() => require("node:fs").existsSync(${JSON.stringify(file)}) || process.exit(0), 50)`;
const QUICK = ["--api-lag", "1s", "--poll", "1s", "--settle", "0s"];

let project: SmallProject;
let api: Api | null = null;
beforeEach(() => {
  project = openSmallProject();
});
afterEach(async () => {
  await api?.close();
  api = null;
  project.remove();
});

interface Said {
  readonly status?: number;
  readonly body: string;
  readonly type?: string;
  readonly location?: string;
}

describe("the queue on a laptop", () => {
  it("is empty on a branch that never ran here: status says so, and ci --dry-run would enter", async () => {
    project.git("switch", "--quiet", "--create", "feature");

    const status = await signalbox(["status"], { cwd: project.dir, env: project.env });
    const asJson = await signalbox(["status", "--json"], { cwd: project.dir, env: project.env });
    const dryRun = await signalbox(["ci", "--dry-run", "--full"], { cwd: project.dir, env: project.env });

    expect([status.code, status.stderr]).toEqual([0, ""]);
    expect(status.stdout).toContain("feature");
    expect(json<{ runs: unknown[] }>(asJson).runs).toEqual([]);
    expect(dryRun.stdout).toContain("would enter at once: nobody is on feature");
    expect(dryRun.code).toBe(0);
  });

  it("lets a waiting schedule leave for a newer one, and no deploy and no check", async () => {
    const here = { cwd: project.dir, env: project.env };
    const hold = join(project.dir, "..", "hold");
    writeFileSync(hold, "");
    const inside = start(["queue", "--", process.execPath, "-e", untilGone(hold)], here);
    await inside.prints(/entered at once/);
    const waits = async (mode: string, work: string) => {
      const run = start(
        ["ci", "--mode", mode, "--full", "--no-notify", "--no-publish", "--work", work, "--timeout", "60s", ...QUICK],
        here,
      );
      await run.prints(/waits for run/);
      return run;
    };
    const first = await waits("schedule", ".one");
    const check = await waits("check", ".two");
    const deploy = await waits("deploy", ".three");
    const last = await waits("schedule", ".four");

    rmSync(hold);
    const [left, ...others] = await Promise.all([
      first.ended,
      ...[inside, check, deploy, last].map(({ ended }) => ended),
    ]);

    expect([left.code, left.stdout]).toEqual([0, expect.stringMatching(/left after .* run 5 is newer/)]);
    for (const { code, stdout } of others) expect([code, stdout]).toEqual([0, expect.not.stringMatching(/left after/)]);
    expect(project.starts().filter(({ argv }) => argv.includes("build"))).toHaveLength(3);
  });
});

describe("a command in the queue", () => {
  /** Bytes that are no UTF-8, colours, a workflow command, and no line break at the end. */
  const ODD = Buffer.from([...Buffer.from("\u001b[31mred\u001b[0m\r\n::debug::x\n"), 0xff, 0x00, 0xfe, 0x41]);
  const program = (code = "") =>
    `const odd = Buffer.from(${JSON.stringify(ODD.toString("base64"))}, "base64");
     const { writeSync } = require("node:fs"); writeSync(1, odd); writeSync(2, "to stderr"); ${code}`;
  const inQueue = (flags: readonly string[], command: readonly string[], input = "") => {
    const run = spawnSync(process.execPath, [CLI, "queue", ...flags, "--", ...command], {
      cwd: project.dir,
      env: project.env,
      input,
    });
    return { code: run.status, stdout: run.stdout, stderr: run.stderr.toString() };
  };

  it.each([[[]], [["--quiet"]]])("has its output and its errors as they are, with %j", (flags) => {
    const { code, stdout, stderr } = inQueue(flags, [process.execPath, "-e", program("process.exitCode = 7")]);

    expect(code).toBe(7);
    expect(stdout.equals(ODD)).toBe(true);
    expect(stderr).toMatch(flags.length === 0 ? /^queue {5}entered at once.*\nto stderr$/s : /^to stderr$/);
  });

  it("has its output on standard error with --json, whose document stands alone", () => {
    const { code, stdout, stderr } = inQueue(["--json", "--quiet"], [process.execPath, "-e", program()]);

    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject({ schema: 1, decision: "entered" });
    expect(stderr).toContain("::debug::x\n");
    expect(stderr).toMatch(/to stderr$/);
  });

  it("reads what is handed to signalbox", () => {
    expect(inQueue(["--quiet"], ["cat"], "from a pipe").stdout.toString()).toBe("from a pipe");
  });

  it("that is ended by a signal ends as a shell says", () => {
    expect(inQueue([], [process.execPath, "-e", 'process.kill(process.pid, "SIGTERM")']).code).toBe(143);
  });

  it("does not go on in the background when the turn is over", () => {
    const file = join(project.dir, "..", "heartbeat");
    const beat = `(while sleep 0.1; do echo >> ${file}; done) & until [ -s ${file} ]; do sleep 0.05; done`;
    const { code } = inQueue([], ["sh", "-c", beat]);

    expect(code).toBe(0);
    const beats = statSync(file).size;
    spawnSync("sleep", ["1"]);
    expect(statSync(file).size).toBe(beats);
  });

  it.each([
    ["no-such-program", 'there is no program "no-such-program" on the PATH'],
    ["./no/such", 'there is no program "./no/such"'],
    ["./signalbox.yml", '"./signalbox.yml" may not be run'],
  ])("that cannot be started is named, and not waited for: %s", (name, message) => {
    const { code, stdout, stderr } = inQueue(["--json"], [name, "--version"]);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("dbt");
    // It is told before the wait, not after an hour of it.
    expect(stderr).not.toContain("entered");
    expect(JSON.parse(stdout.toString())).toMatchObject({ error: { kind: "configuration", exitCode: 2 } });
  });
});

describe("the queue on GitHub Actions", () => {
  let contract: Contract | null;
  beforeAll(async () => {
    contract = await loadGitHubContract();
  }, 120_000);

  const SHA = "a".repeat(40);
  const repository = { id: 1, node_id: "R_1", name: "shop", full_name: "acme/shop" };
  const aRun = (id: number, age: number, overrides: Record<string, unknown> = {}) => ({
    id,
    run_attempt: 1,
    status: "in_progress",
    conclusion: null,
    created_at: ago(age),
    run_started_at: ago(age),
    updated_at: ago(age),
    path: ".github/workflows/dbt.yml",
    head_branch: "main",
    head_sha: SHA,
    head_repository: repository,
    event: "push",
    html_url: `https://github.com/acme/shop/actions/runs/${id}`,
    display_title: `Commit ${id}`,
    triggering_actor: { login: "dana" },
    ...overrides,
  });

  /** The runs as they are at the moment; `look` is called with each answer, so that the world can go on. */
  async function github(
    runs: () => ReturnType<typeof aRun>[],
    lists: () => ReturnType<typeof aRun>[] = runs,
  ): Promise<Record<string, string>> {
    // Only the fields that signalbox reads are answered: what is missing beside them is no news.
    const strict = contract;
    const lenient: Contract | null = strict && {
      problems: (exchange) => strict.problems(exchange).filter((problem) => !/required/.test(problem)),
    };
    api = await openApi("/api/v3", lenient, (path, query) => {
      const id = /\/actions\/runs\/(\d+)$/.exec(path)?.[1];
      if (id !== undefined) {
        const run = runs().find((each) => each.id === Number(id));
        return run === undefined ? { status: 404, body: { message: "Not Found" } } : { body: run };
      }
      if (/\/jobs$/.test(path)) return { body: { total_count: 0, jobs: [] } };
      const status = query.get("status");
      if (/\/workflows$/.test(path)) {
        const workflows = ["dbt", "hourly"].map((name, id) => ({ id, name, path: `.github/workflows/${name}.yml` }));
        return { body: { total_count: 2, workflows } };
      }
      const found = lists().filter((run) => status === null || run.status === status);
      return { body: { total_count: found.length, workflow_runs: found } };
    });
    return {
      ...project.env,
      ...GITHUB_PUSH,
      GITHUB_API_URL: api.url,
    };
  }

  it("waits for an earlier run, says whose and since when, and enters when it has ended", async () => {
    let ended = false;
    const env = await github(() => [
      aRun(777, 30),
      aRun(776, 90, ended ? { status: "completed", conclusion: "success", updated_at: ago(0) } : {}),
      aRun(778, 5),
      aRun(700, 20, { head_branch: "other" }),
    ]);

    const waiting = start(["queue", ...QUICK, "--json"], { cwd: project.dir, env });
    await waiting.prints(/waits for run 776 of main, "Commit 776" by dana \(running since .* - place 2 of 3/);
    ended = true;
    const result = await waiting.ended;

    expect(json<QueueResult>(result)).toMatchObject({
      decision: "entered",
      me: { id: "777", attempt: 1 },
      blockers: [{ id: "776", status: "success" }],
    });
    expect(result.code).toBe(0);
    expect(api?.problems).toEqual([]);
    expect((result.stdout + result.stderr).replace(/^::add-mask::.*$/gm, "")).not.toContain("ghs_0123456789abcdef");
  });

  it("times out with 75, leaves with 76 for a newer run, and never enters where the API fails", async () => {
    const env = await github(() => [
      aRun(777, 30, { event: "schedule" }),
      aRun(776, 90),
      aRun(778, 5, { event: "schedule" }),
    ]);

    // Long enough for one look on a busy machine.
    const patient = ["queue", ...QUICK, "--timeout", "10s"];
    const [timedOut, proceeds] = await Promise.all([
      signalbox(patient, { cwd: project.dir, env }),
      signalbox([...patient, "--on-timeout", "proceed", "--json"], { cwd: project.dir, env }),
    ]);
    const left = await signalbox(["queue", ...QUICK, "--supersede", "schedule"], { cwd: project.dir, env });
    const ignores = await signalbox(["queue", ...QUICK, "--ignore-run", "776", "--json"], { cwd: project.dir, env });
    const status = await signalbox(["status", "--json"], { cwd: project.dir, env });

    expect([timedOut.code, left.code, proceeds.code, ignores.code]).toEqual([75, 76, 0, 0]);
    // Seconds of a real clock: test/queue/wait.test.ts has them exactly.
    expect(timedOut.stdout).toMatch(/timed out after \d+ s: run 776 has not ended/);
    expect(json(proceeds)).toMatchObject({
      decision: "entered",
      reason: expect.stringContaining("nothing keeps the runs apart"),
    });
    expect(json(ignores)).toMatchObject({
      decision: "entered",
      reason: expect.stringContaining("ignored as told: run 776"),
    });
    expect(
      json<{ runs: { id: string; place: number; inside: boolean }[] }>(status).runs.map(({ id, place, inside }) => [
        id,
        place,
        inside,
      ]),
    ).toEqual([
      ["776", 1, true],
      ["777", 2, false],
      ["778", 3, false],
    ]);
  });

  it("says that nobody can tell where the lists are empty in an incident, and does not call the branch free", async () => {
    const env = await github(
      () => [aRun(777, 30), aRun(776, 90)],
      () => [],
    );

    const status = await signalbox(["status"], { cwd: project.dir, env });
    const asJson = await signalbox(["status", "--json"], { cwd: project.dir, env });

    expect(status.stdout).toContain("the CI's lists do not show this run, so they may hide others");
    expect(status.stdout).toContain("no run is shown on main");
    expect(json(asJson)).toMatchObject({ complete: false, runs: [] });
  });

  it.each<[string, () => Promise<{ readonly url: string; readonly proxy?: string }>, RegExp]>([
    ["answers 500", () => broken(500), /answered 500/],
    ["hangs", () => broken(null), /did not answer within [5-9](\.5)? s/],
    ["is not there", async () => ({ url: "http://127.0.0.1:9" }), /could not be reached/],
    [
      "is behind a proxy that hangs",
      async () => ({ url: "https://ci.example", proxy: (await broken(null)).url }),
      /did not answer within [5-9](\.5)? s|proxy/,
    ],
  ])("tells within seconds that the API %s", async (_, open, message) => {
    const env = await github(() => []);
    const { url, proxy } = await open();
    const began = performance.now();

    const [onGitHub, onCircle] = await Promise.all(
      (["github", "circleci"] as const).map((platform) =>
        signalbox(["status", "--json"], {
          cwd: project.dir,
          env: { ...env, ...at(platform, url), ...(proxy === undefined ? {} : { HTTPS_PROXY: proxy }) },
        }),
      ),
    );

    for (const status of [onGitHub, onCircle]) {
      expect([status?.code, status?.stderr]).toEqual([4, expect.stringMatching(message)]);
      expect(status && json(status)).toMatchObject({ error: { kind: "service", exitCode: 4 } });
    }
    // Real time-outs of real processes, two at once on a busy machine; without them a look never ends.
    expect(performance.now() - began).toBeLessThan(40_000);
  });

  const PAGE = "<!doctype html><title>Sign in · Acme SSO</title>";
  it.each<[what: string, answer: Said, exitCode: number, said: RegExp, hint: RegExp]>([
    [
      "a login page",
      { body: PAGE },
      4,
      /answered 200 to GET .* with a web page \("Sign in · Acme SSO"\)/,
      /login portal/,
    ],
    ["a login page that says it is JSON", { body: PAGE, type: "application/json" }, 4, /a web page/, /login portal/],
    ["a login page in place of a 404", { status: 404, body: PAGE }, 4, /answered 404 .* a web page/, /login portal/],
    [
      "a redirect to a login",
      { status: 302, body: "", location: "https://sso.acme.example/login?x=1" },
      4,
      /answered 302 to .*\(a redirect to sso\.acme\.example\)/,
      /sign in/,
    ],
    [
      "a refusal for single sign-on",
      {
        status: 403,
        body: JSON.stringify({ message: "Resource protected by organization SAML enforcement." }),
        type: "application/json",
      },
      2,
      /answered 403 .*"Resource protected by organization SAML/,
      /single sign-on/,
    ],
    [
      "JSON of something else",
      { body: '{"error":"no"}', type: "application/json" },
      4,
      /'s answer has no id$/,
      /address right/,
    ],
    ["nothing", { body: "", type: "application/json" }, 4, /with nothing in place of JSON/, /login portal/],
  ])("says in plain words what is there in place of the API: %s", async (_, answer, exitCode, said, hint) => {
    const env = await github(() => []);
    const url = await openSaying(answer);

    const ends = await Promise.all(
      (["github", "circleci"] as const).map((platform) =>
        signalbox(["status", "--json"], { cwd: project.dir, env: { ...env, ...at(platform, url) } }),
      ),
    );

    for (const ended of ends) {
      const { error } = json<{ error: { message: string; hint: string } }>(ended);
      expect([ended.code, error.message]).toEqual([exitCode, expect.stringMatching(said)]);
      expect(error.hint).toMatch(hint);
      expect(ended.stderr).not.toMatch(/expected|received|Invalid input/);
    }
  });

  const at = (platform: "github" | "circleci", url: string): Record<string, string> =>
    platform === "github"
      ? { GITHUB_API_URL: url }
      : {
          GITHUB_ACTIONS: "",
          CIRCLECI: "true",
          CIRCLE_TOKEN: "CCIPAT_0123456789",
          CIRCLE_PROJECT_USERNAME: "acme",
          CIRCLE_PROJECT_REPONAME: "shop",
          CIRCLE_WORKFLOW_ID: "00000000-0000-4000-8000-000000000001",
          CIRCLE_PIPELINE_ID: "00000000-0000-4000-8000-000000000002",
          CIRCLE_BRANCH: "main",
          CIRCLE_SHA1: SHA,
          SIGNALBOX_CIRCLE_URL: url,
        };
  /** A server that says the same to everybody. */
  async function openSaying({ status = 200, body, type = "text/html", location }: Said): Promise<string> {
    await api?.close();
    const { url, close } = await serveLoopback((_, response) => {
      response.writeHead(status, { "content-type": type, ...(location === undefined ? {} : { location }) });
      response.end(body);
    });
    api = { url, requests: [], problems: [], close };
    return url;
  }
  /** A server that answers every request with a status, or never. */
  async function broken(status: number | null): Promise<Api> {
    await api?.close();
    const server = createServer((_, response) => status !== null && response.writeHead(status).end("{}"));
    const tunnels: Duplex[] = [];
    server.on("connect", (_, socket) => tunnels.push(socket.on("error", () => {})));
    const port = await listenOn(server, 0);
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const tunnel of tunnels) tunnel.destroy();
      });
    api = { url: `http://127.0.0.1:${port}`, requests: [], problems: [], close };
    return api;
  }

  it("ends a wait that could not begin as --on-timeout says", async () => {
    const env = await github(() => []);
    await api?.close();
    api = await openApi("/api/v3", null, () => ({ status: 503, body: {} }));
    const here = { cwd: project.dir, env: { ...env, GITHUB_API_URL: api.url } };

    const fails = await signalbox(["queue", ...QUICK, "--timeout", "0s"], here);
    const proceeds = await signalbox(
      ["queue", ...QUICK, "--timeout", "0s", "--on-timeout", "proceed", "--", "echo", "inside"],
      here,
    );

    expect([fails.code, fails.stdout]).toEqual([
      75,
      // Seconds of a real clock, as above.
      expect.stringMatching(/timed out after \d+ s: GitHub answered 503 .*; start again when the CI answers/),
    ]);
    expect([proceeds.code, proceeds.stderr]).toEqual([
      0,
      expect.stringMatching(/goes on without its turn after \d+ s, as --on-timeout proceed says: GitHub answered 503/),
    ]);
    expect(proceeds.stdout).toBe("inside\n");
  });

  it("refuses a workflow that queue.workflows does not hold, which no other run would see", async () => {
    const env = await github(() => [aRun(777, 30)]);
    writeFileSync(join(project.dir, "signalbox.yml"), "version: 1\nqueue: { workflows: [hourly.yml] }\n");

    const queue = await signalbox(["queue", ...QUICK, "--timeout", "5s"], { cwd: project.dir, env });
    const status = await signalbox(["status"], { cwd: project.dir, env });

    expect(queue.code).toBe(2);
    expect(queue.stderr).toContain('this run\'s own workflow is missing (".github/workflows/dbt.yml")');
    expect([status.code, status.stdout]).toEqual([0, expect.stringContaining("nobody is on main")]);
  });

  it.each([
    [401, "Bad credentials"],
    [403, "Resource not accessible by integration"],
    [404, "Not Found"],
  ])(
    "answers %d is one configuration error before waiting, with the permission that is needed",
    async (status, message) => {
      const env = await github(() => []);
      await api?.close();
      api = await openApi("/api/v3", null, () => ({ status, body: { message } }));

      const ended = await signalbox(["queue", "--api-lag", "1s", "--timeout", "10s"], {
        cwd: project.dir,
        env: { ...env, GITHUB_API_URL: api.url },
      });

      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(/GITHUB_TOKEN is not valid|actions: read/);
    },
  );

  it("needs a token, except on a fork, which goes on aloud", async () => {
    const env = await github(() => []);
    const { GITHUB_TOKEN: _, ...without } = env;

    const ended = await signalbox(["queue"], { cwd: project.dir, env: without });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("GITHUB_TOKEN is not set");
    expect(ended.stderr).toContain("actions: read");
  });
});

describe("the queue on CircleCI", () => {
  let contract: Contract | null;
  beforeAll(async () => {
    contract = await loadCircleContract();
  });

  const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  const GITLAB_SLUG = "circleci/DdaVtNusHqi24D4YT3X4eu/6EkDPZoN4ZdMKKZtBkRodt";
  /** As CircleCI tells a GitLab project's: https://circleci.com/docs/reference/outbound-webhooks-reference/#workflow-completed-gitlab */
  const aGitLabPipeline = (number: number, age: number) => {
    const { vcs, ...pipeline } = aPipeline(number, age);
    const repository = "git@gitlab.com:acme/shop.git";
    return {
      ...pipeline,
      project_slug: GITLAB_SLUG,
      trigger: { ...pipeline.trigger, type: "gitlab" },
      trigger_parameters: {
        git: { tag: "", checkout_sha: vcs.revision, ref: "refs/heads/main", branch: "main", checkout_url: repository },
        gitlab: { repo_url: repository, type: "push", commit_title: vcs.commit.subject },
      },
    };
  };
  const aPipeline = (number: number, age: number) => ({
    id: uuid(1000 + number),
    number,
    state: "created",
    errors: [],
    project_slug: "gh/acme/shop",
    created_at: ago(age),
    updated_at: ago(age),
    trigger: { type: "webhook", received_at: ago(age), actor: { login: "dana", avatar_url: null } },
    vcs: {
      provider_name: "GitHub",
      origin_repository_url: "https://github.com/acme/shop",
      target_repository_url: "https://github.com/acme/shop",
      revision: "a".repeat(40),
      branch: "main",
      commit: { subject: `Commit ${number}`, body: "" },
    },
  });
  const aWorkflow = (number: number, age: number, status: string) => ({
    id: uuid(number),
    name: "dbt",
    status,
    pipeline_id: uuid(1000 + number),
    pipeline_number: number,
    project_slug: "gh/acme/shop",
    created_at: ago(age),
    stopped_at: ["success", "failed"].includes(status) ? ago(0) : null,
    started_by: uuid(9),
  });

  it.each([
    {
      project: "GitHub",
      tell: aPipeline,
      slug: "gh/acme/shop",
      variables: { CIRCLE_PROJECT_USERNAME: "acme", CIRCLE_PROJECT_REPONAME: "shop" },
    },
    {
      project: "GitLab",
      tell: aGitLabPipeline,
      slug: GITLAB_SLUG,
      variables: { CIRCLE_ORGANIZATION_ID: uuid(2), CIRCLE_PROJECT_ID: uuid(3) },
    },
  ])("of a $project project waits for an earlier pipeline's workflow, and enters when it has ended", async (given) => {
    const { slug, tell, variables } = given;
    let ended = false;
    const workflows = () =>
      [aWorkflow(10, 90, ended ? "success" : "running"), aWorkflow(11, 30, "running")].map((workflow) => ({
        ...workflow,
        project_slug: slug,
      }));
    const pipelines = [tell(10, 90), tell(11, 30)];
    // CircleCI's file knows neither the trigger nor the parameters of a GitLab project.
    api = await openApi("/api/v2", given.project === "GitHub" ? contract : null, (path) => {
      const [, kind, id, list] = /^\/(workflow|pipeline)\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
      if (kind === "workflow") return { body: workflows().find((each) => each.id === id) };
      if (kind === "pipeline" && list === "workflow")
        return { body: { items: workflows().filter((each) => each.pipeline_id === id), next_page_token: null } };
      if (kind === "pipeline") return { body: pipelines.find((each) => each.id === id) };
      return { body: { items: [...pipelines].reverse(), next_page_token: null } };
    });
    const env = {
      ...project.env,
      CI: "true",
      CIRCLECI: "true",
      CIRCLE_WORKFLOW_ID: uuid(11),
      CIRCLE_PIPELINE_ID: uuid(1011),
      ...variables,
      CIRCLE_BRANCH: "main",
      CIRCLE_SHA1: "a".repeat(40),
      CIRCLE_TOKEN: "CCIPAT_0123456789",
      SIGNALBOX_CIRCLE_URL: api.url.replace("/api/v2", ""),
    };

    const waiting = start(["queue", ...QUICK, "--json", "--", "true"], { cwd: project.dir, env });
    await waiting.prints(/waits for run 0{8}-.*10 of main, "Commit 10" by dana/);
    ended = true;
    const result = await waiting.ended;

    expect(json<QueueResult>(result)).toMatchObject({
      decision: "entered",
      me: { id: uuid(11) },
      blockers: [{ id: uuid(10), status: "success" }],
    });
    expect(api.problems).toEqual([]);
    expect(api.requests.some((request) => request.includes(`/project/${slug}/pipeline?branch=main`))).toBe(true);
  });
});
