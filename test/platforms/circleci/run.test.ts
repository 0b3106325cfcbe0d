import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createCircleClient } from "../../../src/platforms/circleci/client.ts";
import { fetchCirclePipeline, readCircleRun } from "../../../src/platforms/circleci/run.ts";

const SHA = "a".repeat(40);
const TOKEN = "CCIPAT_0123456789";
const API = "https://circle.example/api/v2";
const env = {
  CIRCLECI: "true",
  CIRCLE_WORKFLOW_ID: "6f0a0b1e-0000-4000-8000-000000000001",
  CIRCLE_PIPELINE_ID: "6f0a0b1e-0000-4000-8000-0000000000aa",
  CIRCLE_PROJECT_USERNAME: "acme",
  CIRCLE_PROJECT_REPONAME: "shop",
  CIRCLE_BRANCH: "main",
  CIRCLE_SHA1: SHA,
  CIRCLE_BUILD_URL: "https://circleci.com/gh/acme/shop/1",
};

const seen: Request[] = [];
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  server.resetHandlers();
  seen.length = 0;
});
afterAll(() => server.close());

function pipelineAnswers(type: string, vcs?: unknown): void {
  server.use(
    http.get(`${API}/pipeline/:id`, ({ request }) => {
      seen.push(request);
      return HttpResponse.json({
        id: env.CIRCLE_PIPELINE_ID,
        vcs,
        trigger: { type, received_at: "2026-11-25T07:00:00Z", actor: { login: "dana", avatar_url: null } },
      });
    }),
  );
}

async function pipeline(variables: Record<string, string | undefined> = env) {
  return fetchCirclePipeline(await createCircleClient("https://circle.example/", TOKEN, { fetch: null }), variables, {
    isYoung: false,
  });
}

async function trigger(variables: Record<string, string | undefined> = env) {
  return (await pipeline(variables)).started;
}

describe("what started a pipeline on CircleCI", () => {
  it.each([
    ["webhook", "push"],
    ["api", "manual"],
    ["explicit", "manual"],
    ["scheduled_pipeline", "schedule"],
    ["schedule", "schedule"],
    ["gitlab", "push"],
    ["github_app", "push"],
    ["GitHub_App", "push"],
    ["a word of next year", "unknown"],
    ["constructor", "unknown"],
    ["", "unknown"],
  ])("is %s: %s, by one call with the token", async (type, expected) => {
    pipelineAnswers(type);

    expect(await trigger()).toEqual({ trigger: expected, word: type });
    expect(seen.map((request) => [request.url, request.headers.get("circle-token")])).toEqual([
      [`${API}/pipeline/${env.CIRCLE_PIPELINE_ID}`, TOKEN],
    ]);
  });

  it("takes a second call where CIRCLE_PIPELINE_ID is not set", async () => {
    server.use(
      http.get(`${API}/workflow/${env.CIRCLE_WORKFLOW_ID}`, () =>
        HttpResponse.json({ id: env.CIRCLE_WORKFLOW_ID, pipeline_id: "p-1" }),
      ),
    );
    pipelineAnswers("webhook");

    expect(await trigger({ ...env, CIRCLE_PIPELINE_ID: undefined })).toEqual({ trigger: "push", word: "webhook" });
    expect(seen[0]?.url).toBe(`${API}/pipeline/p-1`);
  });

  it.each([401, 403, 404])(
    "is a configuration error for the answer %d, which names the token that is needed",
    async (status) => {
      server.use(
        http.get(`${API}/pipeline/:id`, () =>
          HttpResponse.json({ message: "no" }, { status, headers: { "x-request-id": "r-1" } }),
        ),
      );

      await expect(trigger()).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining(`answered ${status}`),
        hint: expect.stringContaining("personal API token"),
      });
    },
  );

  it.each<[string, () => Response]>([
    ["an answer 500", () => HttpResponse.json({}, { status: 500 })],
    ["a reset connection", () => HttpResponse.error() as Response],
    ["a redirect to another host", () => HttpResponse.redirect("https://evil.example/", 302) as Response],
    ["an answer that is HTML", () => HttpResponse.html("<html></html>")],
    ["an answer without the field", () => HttpResponse.json({ trigger: {} })],
  ])("is a service error without the token in it for %s", async (_, answer) => {
    server.use(http.get(`${API}/pipeline/:id`, answer));

    const error = await trigger().then(
      () => null,
      (reason: unknown) => reason,
    );

    expect(error).toMatchObject({ kind: "service", exitCode: 4 });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(TOKEN);
  });
});

const BESIDE = { head: SHA, remote: null, started: null };

/** As the page of variables has it for GitLab: https://circleci.com/docs/reference/variables/#built-in-environment-variables */
const GITLAB = {
  CI: "true",
  CIRCLECI: "true",
  CIRCLE_BRANCH: "main",
  CIRCLE_BUILD_NUM: "7",
  CIRCLE_BUILD_URL:
    "https://app.circleci.com/pipelines/circleci/DdaVtNusHqi24D4YT3X4eu/6EkDPZoN4ZdMKKZtBkRodt/1/workflows/w/jobs/7",
  CIRCLE_JOB: "dbt",
  CIRCLE_NODE_INDEX: "0",
  CIRCLE_NODE_TOTAL: "1",
  CIRCLE_ORGANIZATION_ID: "66491562-90a9-4065-9249-4b0ce3b77452",
  CIRCLE_PIPELINE_ID: env.CIRCLE_PIPELINE_ID,
  CIRCLE_PROJECT_ID: "2a68fe5f-2fe5-4d4f-91e1-15f111116743",
  CIRCLE_SHA1: SHA,
  CIRCLE_WORKFLOW_ID: env.CIRCLE_WORKFLOW_ID,
};

describe("a run of a GitLab project on CircleCI, which has neither owner nor name in its variables", () => {
  it.each([
    ["git@gitlab.com:acme/shop.git", "acme/shop"],
    ["https://oauth2:glpat-secret@gitlab.com/acme/data/shop.git", "acme/data/shop"],
    ["ssh://git@gitlab.example:2222/acme/data/shop/", "acme/data/shop"],
    // No remote that names one: the project's own id, which is the same in all runs.
    ["/srv/git/shop", "66491562-90a9-4065-9249-4b0ce3b77452/2a68fe5f-2fe5-4d4f-91e1-15f111116743"],
    [null, "66491562-90a9-4065-9249-4b0ce3b77452/2a68fe5f-2fe5-4d4f-91e1-15f111116743"],
  ])("has the repository of the checkout's remote %s: %s", (remote, repository) => {
    const run = readCircleRun(GITLAB, { ...BESIDE, remote, started: { trigger: "push", word: "gitlab" } });

    expect(run).toMatchObject({
      repository,
      headRepository: repository,
      ref: { kind: "branch", name: "main" },
      trigger: "push",
      triggerWord: "gitlab",
    });
  });

  it("takes CIRCLE_REPOSITORY_URL before the remote, and the two names before both", () => {
    const beside = { ...BESIDE, remote: "git@gitlab.com:a/remote.git" };
    const CIRCLE_REPOSITORY_URL = "git@gitlab.com:a/variable.git";

    expect(readCircleRun({ ...GITLAB, CIRCLE_REPOSITORY_URL }, beside).repository).toBe("a/variable");
    expect(readCircleRun({ ...env, CIRCLE_REPOSITORY_URL }, beside).repository).toBe("acme/shop");
  });

  it("is an error that names the variable where nothing tells the repository", () => {
    const { CIRCLE_ORGANIZATION_ID: _, ...without } = GITLAB;

    expect(() => readCircleRun(without, BESIDE)).toThrow("CIRCLE_PROJECT_USERNAME is not set");
  });
});

describe("whose commit a pipeline runs", () => {
  const shop = "https://github.com/acme/shop";

  it.each<[string, unknown, { fork: string | null; tellsOrigin: boolean }]>([
    [
      "the project's own",
      { origin_repository_url: shop, target_repository_url: shop },
      { fork: null, tellsOrigin: true },
    ],
    [
      "the project's own, written in two ways",
      { origin_repository_url: "git@github.com:acme/Shop.git", target_repository_url: "git@github.com:acme/shop" },
      { fork: null, tellsOrigin: true },
    ],
    [
      "a fork's",
      { origin_repository_url: "https://github.com/mallory/shop", target_repository_url: shop },
      { fork: "mallory/shop", tellsOrigin: true },
    ],
    [
      "a fork's in a subgroup of GitLab whose last part is the same",
      {
        origin_repository_url: "https://gitlab.com/mallory/data/shop",
        target_repository_url: "https://gitlab.com/acme/data/shop",
      },
      { fork: "mallory/data/shop", tellsOrigin: true },
    ],
    ["nobody's, without vcs", undefined, { fork: null, tellsOrigin: false }],
    ["nobody's, with one address", { origin_repository_url: shop }, { fork: null, tellsOrigin: false }],
    [
      "nobody's, with empty addresses",
      { origin_repository_url: "", target_repository_url: "" },
      { fork: null, tellsOrigin: false },
    ],
    [
      "nobody's, with addresses that are no text",
      { origin_repository_url: 1, target_repository_url: 1 },
      { fork: null, tellsOrigin: false },
    ],
  ])("is told by its two addresses: %s", async (_, vcs, expected) => {
    pipelineAnswers("webhook", vcs);

    expect(await pipeline()).toMatchObject(expected);
  });
});

describe("a run on CircleCI", () => {
  it("is told by CircleCI's variables", () => {
    expect(readCircleRun(env, BESIDE)).toMatchObject({
      id: env.CIRCLE_WORKFLOW_ID,
      repository: "acme/shop",
      ref: { kind: "branch", name: "main" },
      pullRequest: null,
      trust: "full",
      url: env.CIRCLE_BUILD_URL,
    });
  });

  it("of a pull request has its number from the address", () => {
    const run = readCircleRun(
      { ...env, CIRCLE_BRANCH: "feature/fx", CIRCLE_PULL_REQUEST: "https://github.com/acme/shop/pull/12" },
      BESIDE,
    );

    expect(run.pullRequest).toEqual({ number: 12, base: null });
  });

  it.each([{ CIRCLE_PR_REPONAME: "shop" }, { CIRCLE_PR_NUMBER: "12" }])("of a fork is not trusted: %j", (fork) => {
    expect(readCircleRun({ ...env, CIRCLE_BRANCH: "pull/12", ...fork }, BESIDE).trust).toBe("fork");
  });

  it("of a tag has no branch", () => {
    expect(readCircleRun({ ...env, CIRCLE_BRANCH: undefined, CIRCLE_TAG: "v1" }, BESIDE).ref).toEqual({
      kind: "tag",
      name: "v1",
    });
  });
});
