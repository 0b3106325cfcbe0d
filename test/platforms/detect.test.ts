import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { detectRun, type Needs } from "../../src/platforms/detect.ts";
import { UNKNOWN_REPOSITORY } from "../../src/run/run.ts";
import { type Clock, systemClock } from "../../src/support/clock.ts";
import type { Git } from "../../src/support/git.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const SHA = "a".repeat(40);
const URL_OF = (name: string) => `https://github.com/${name}`;
let calls = 0;
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  server.resetHandlers();
  calls = 0;
});
afterAll(() => server.close());

function pipelineAnswers(answer: () => Response): void {
  server.use(
    http.get("https://circle.example/api/v2/pipeline/p-1", () => {
      calls++;
      return answer();
    }),
  );
}

const ofPipeline = (origin: string | null, target: string | null) => () =>
  HttpResponse.json({
    id: "p-1",
    trigger: { type: "webhook" },
    ...(origin === null ? {} : { vcs: { origin_repository_url: origin, target_repository_url: target } }),
  });

const git: Git = {
  run: async () => SHA,
  ask: async () => null,
  within: () => git,
  top: async () => null,
  head: async () => SHA,
};

interface Case {
  readonly variables?: Readonly<Record<string, string>>;
  readonly needs?: Partial<Needs>;
  readonly onBase?: boolean | null;
  readonly baseBranch?: string | null;
  readonly clock?: Clock;
  readonly timeoutSeconds?: number | null;
}

/** A project of the GitHub App: no variable tells of a fork. */
function detect(given: Case = {}) {
  const { variables = {}, needs = {}, onBase = null, baseBranch = "main" } = given;
  const { clock = systemClock, timeoutSeconds = 0 } = given;
  return detectRun({
    env: {
      CIRCLECI: "true",
      CI: "true",
      CIRCLE_WORKFLOW_ID: "w-1",
      CIRCLE_PIPELINE_ID: "p-1",
      CIRCLE_PROJECT_USERNAME: "acme",
      CIRCLE_PROJECT_REPONAME: "shop",
      CIRCLE_BRANCH: "feature",
      CIRCLE_SHA1: SHA,
      CIRCLE_TOKEN: "CCIPAT_0123456789",
      ...variables,
    },
    git,
    findBaseBranch: async () => baseBranch,
    needs: { baseBranch: true, trigger: false, trust: true, ...needs },
    isOnBase: async () => onBase,
    circleUrl: "https://circle.example",
    openFetch: async () => null,
    localId: "1",
    cwd: "/",
    patience: { clock, signal: undefined, startedAt: clock.monotonic(), timeoutSeconds, notice: () => {} },
  });
}

describe("whose code a run on CircleCI has", () => {
  it.each<[string, Case, () => Response, string | null]>([
    ["a branch of the project", {}, ofPipeline(URL_OF("acme/shop"), URL_OF("acme/shop")), null],
    ["a fork", {}, ofPipeline(URL_OF("mallory/shop"), URL_OF("acme/shop")), "mallory/shop"],
    [
      "a fork's own main, by name the base branch",
      { variables: { CIRCLE_BRANCH: "main" }, onBase: true },
      ofPipeline(URL_OF("mallory/shop"), URL_OF("acme/shop")),
      "mallory/shop",
    ],
    ["a branch, and the pipeline does not say", { onBase: true }, ofPipeline(null, null), UNKNOWN_REPOSITORY],
    [
      "main on the remote's main, and the pipeline does not say",
      { variables: { CIRCLE_BRANCH: "main" }, onBase: true },
      ofPipeline(null, null),
      null,
    ],
    [
      "main that is not on the remote's main, and the pipeline does not say",
      { variables: { CIRCLE_BRANCH: "main" }, onBase: false },
      ofPipeline(null, null),
      UNKNOWN_REPOSITORY,
    ],
    [
      "main of which nobody tells anything",
      { variables: { CIRCLE_BRANCH: "main" } },
      ofPipeline(null, null),
      UNKNOWN_REPOSITORY,
    ],
    [
      "a tag on main, and the pipeline does not say",
      { variables: { CIRCLE_BRANCH: "main", CIRCLE_TAG: "v1" }, onBase: true },
      ofPipeline(null, null),
      UNKNOWN_REPOSITORY,
    ],
    [
      "main on the remote's main, and the API is down",
      { variables: { CIRCLE_BRANCH: "main" }, onBase: true },
      () => HttpResponse.json({}, { status: 503 }),
      null,
    ],
    ["a branch, and the API is down", {}, () => HttpResponse.json({}, { status: 503 }), UNKNOWN_REPOSITORY],
    ["a branch, and the API refuses", {}, () => HttpResponse.json({}, { status: 401 }), UNKNOWN_REPOSITORY],
    ["a branch, and the API says nonsense", {}, () => HttpResponse.html("<p>"), UNKNOWN_REPOSITORY],
  ])("is asked of the pipeline, in one call: %s", async (_, each, answer, fork) => {
    pipelineAnswers(answer);

    const { run } = await detect(each);

    expect([run.trust, run.headRepository]).toEqual(fork === null ? ["full", "acme/shop"] : ["fork", fork]);
    expect(calls).toBe(1);
  });

  it("is a fork's without a token, except for main on the remote's main", async () => {
    const noToken = { CIRCLE_TOKEN: "" };

    expect((await detect({ variables: noToken, onBase: true })).run.trust).toBe("fork");
    const onMain = { ...noToken, CIRCLE_BRANCH: "main" };
    expect((await detect({ variables: onMain, onBase: true })).run.trust).toBe("full");
    expect((await detect({ variables: onMain, onBase: null })).run.trust).toBe("fork");
  });

  it("is told by the variables of an OAuth project's fork: no call", async () => {
    const { run } = await detect({ variables: { CIRCLE_PR_NUMBER: "12", CIRCLE_PR_USERNAME: "mallory" } });

    expect(run).toMatchObject({ trust: "fork", headRepository: "mallory/(fork)" });
  });

  it("comes with what started the pipeline in the same call", async () => {
    pipelineAnswers(ofPipeline(URL_OF("acme/shop"), URL_OF("acme/shop")));

    const { run } = await detect({ variables: { CIRCLE_BRANCH: "main" }, needs: { trigger: true } });

    expect(run).toMatchObject({ trust: "full", trigger: "push" });
    expect(calls).toBe(1);
  });

  it("is not asked for a command that does not need it", async () => {
    const { run } = await detect({ needs: { trust: false, baseBranch: false } });

    expect([run.trust, calls]).toEqual(["full", 0]);
  });
});

describe("a moment at which CircleCI does not answer", () => {
  const TRIGGER = { variables: { CIRCLE_BRANCH: "main" }, needs: { trigger: true } };
  const own = ofPipeline(URL_OF("acme/shop"), URL_OF("acme/shop"));

  /** Answers in this order, the last one for ever; the clock moves on while nothing else happens. */
  async function detectWhile(answers: readonly (() => Response)[], given: Case) {
    const clock = createFakeClock({ auto: true });
    pipelineAnswers(() => (answers[calls - 1] ?? answers.at(-1) ?? own)());
    return { clock, detected: await detect({ ...given, clock }) };
  }

  it.each<[string, () => Response]>([
    ["503", () => HttpResponse.json({}, { status: 503 })],
    ["429", () => HttpResponse.json({}, { status: 429, headers: { "retry-after": "1" } })],
    ["nonsense", () => HttpResponse.json({})],
    ["a young pipeline's 404", () => HttpResponse.json({}, { status: 404 })],
    ["no answer at all", () => HttpResponse.error()],
  ])("does not stop production, nor make a team's own code a stranger's: %s", async (_, bad) => {
    const deploy = await detectWhile([bad, own], { ...TRIGGER, timeoutSeconds: 600 });
    expect(deploy.detected.run).toMatchObject({ trust: "full", trigger: "push" });

    calls = 0;
    const check = await detectWhile([bad, own], { timeoutSeconds: 600 });
    expect(check.detected.run).toMatchObject({ trust: "full" });
  });

  it.each<[timeoutSeconds: number | null, ended: number]>([
    // The next pause would end after a minute, or after the time-out.
    [null, 40.625],
    [600, 40.625],
    [20, 12.5],
  ])("is waited for less long where only trust hangs on it: time-out %s", async (timeoutSeconds, ended) => {
    const down = () => HttpResponse.json({}, { status: 503 });

    const { clock, detected } = await detectWhile([down], { timeoutSeconds });

    expect(detected.run.headRepository).toBe(UNKNOWN_REPOSITORY);
    expect(clock.monotonic() / 1000).toBe(ended);
  });

  it("ends at the deadline with what was wrong, and at once where the answer is a refusal", async () => {
    const answers = (status: number) => [() => HttpResponse.json({}, { status })];

    await expect(detectWhile(answers(503), { ...TRIGGER, timeoutSeconds: 600 })).rejects.toMatchObject({
      kind: "service",
      message: expect.stringContaining("503"),
    });
    expect(calls).toBe(23);

    calls = 0;
    await expect(detectWhile(answers(401), { ...TRIGGER, timeoutSeconds: 600 })).rejects.toMatchObject({
      kind: "configuration",
    });
    expect(calls).toBe(1);
  });

  it("is no reason to guess: a pipeline that does not say what started it has no trigger", async () => {
    const silent = () => HttpResponse.json({ id: "p-1", trigger: null, vcs: null });

    const { detected } = await detectWhile([silent], { ...TRIGGER, needs: { trigger: true, trust: false } });

    expect(detected.run).toMatchObject({ trigger: "unknown", triggerWord: null });
  });
});
