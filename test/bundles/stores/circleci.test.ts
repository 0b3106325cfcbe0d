import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BundleHeader, filesOf } from "../../../src/bundles/bundle.ts";
import { whyOfOther } from "../../../src/bundles/bundle-owner.ts";
import type { BundleStore } from "../../../src/bundles/store.ts";
import { createCircleStore } from "../../../src/bundles/stores/circleci.ts";
import { createCircleArtifacts } from "../../../src/platforms/circleci/artifacts.ts";
import { createCircleClient } from "../../../src/platforms/circleci/client.ts";
import { ago, BASE, SLUG, TOKEN, uuid } from "../../platforms/circleci/fake.ts";
import { type Contract, loadCircleContract } from "../../platforms/contract.ts";
import { useTempDir } from "../../support/temp-dir.ts";
import { A, B, C, createPublisher, describeStore } from "../store-contract.ts";

const OUTPUT = "https://output.circle-artifacts.com/output/job";
const OWN = uuid(999);

/** One pipeline with one workflow, one job and its artifacts. */
interface FakePipeline {
  number: number;
  commit: string;
  branch: string | null;
  tag: string | null;
  origin: string;
  trigger: string;
  workflow: string;
  job: string;
  files: Map<string, Buffer>;
  /** What the API lists before the workflow and the job of the bundle. */
  failedBefore: readonly string[];
  jobsBefore: readonly unknown[];
}

let contract: Contract | null = null;
let pipelines: FakePipeline[];
let requests: string[];
let downloads: Request[];
let problems: string[];
let notices: string[];
let base: string[];
/** Of workflows, jobs and artifacts. */
let pageSize: number;
const server = setupServer();

beforeAll(async () => {
  contract = await loadCircleContract();
  server.listen({ onUnhandledRequest: "error" });
});
beforeEach(() => {
  [pipelines, requests, downloads, problems, notices, base] = [[], [], [], [], [], [A, B, C]];
  pageSize = 100;
  server.use(...handlers());
});
afterEach(() => {
  server.resetHandlers();
  expect(problems).toEqual([]);
});
afterAll(() => server.close());

function addPipeline(number: number, files: ReadonlyMap<string, Buffer>, overrides: Partial<FakePipeline> = {}): void {
  pipelines.push({
    number,
    commit: A,
    branch: "main",
    tag: null,
    origin: "https://github.com/acme/shop",
    trigger: "webhook",
    workflow: "success",
    job: "success",
    files: new Map(files),
    failedBefore: [],
    jobsBefore: [],
    ...overrides,
  });
}

function handlers() {
  const answer = (request: Request, route: string, body: Record<string, unknown>) => {
    const { search } = new URL(request.url);
    requests.push(`${route}${search}`);
    if (request.headers.get("circle-token") !== TOKEN) problems.push(`${route}: no token`);
    const query = Object.fromEntries(new URL(request.url).searchParams);
    // CircleCI's file names no parameter for the next_page_token that it has in these two answers.
    if (/\/(?:job|artifacts)$/.test(route)) delete query["page-token"];
    problems.push(...(contract?.problems({ method: "GET", path: route, query, status: 200, body }) ?? []));
    return HttpResponse.json(body);
  };
  const find = (id: unknown, of: number) => pipelines.find(({ number }) => uuid(of + number) === id);
  const list = (request: Request, rows: unknown[], size = pageSize) => {
    const from = Number(new URL(request.url).searchParams.get("page-token") ?? "0");
    return {
      items: rows.slice(from, from + size),
      next_page_token: from + size < rows.length ? `${from + size}` : null,
    };
  };
  const project = `/project/${encodeURIComponent(SLUG)}`;
  return [
    http.get(`${BASE}/api/v2/workflow/${OWN}`, ({ request }) =>
      answer(request, `/workflow/${OWN}`, tellWorkflow(OWN, uuid(998), 99, "running")),
    ),
    http.get(`${BASE}/api/v2/project/gh/acme/shop/pipeline`, ({ request }) => {
      const rows = [...pipelines].sort((a, b) => b.number - a.number);
      return answer(request, `${project}/pipeline`, list(request, rows.map(tellPipeline), 20));
    }),
    http.get(`${BASE}/api/v2/pipeline/:id/workflow`, ({ request, params }) => {
      const pipeline = find(params.id, 1000);
      const rows = pipeline === undefined ? [] : [...pipeline.failedBefore, pipeline.workflow];
      const told = rows.map((status, index) =>
        tellWorkflow(
          uuid((index === rows.length - 1 ? 2000 : 4000) + (pipeline?.number ?? 0)),
          String(params.id),
          pipeline?.number ?? 0,
          status,
        ),
      );
      return answer(request, `/pipeline/${params.id}/workflow`, list(request, told));
    }),
    http.get(`${BASE}/api/v2/workflow/:id/job`, ({ request, params }) => {
      const pipeline = find(params.id, 2000);
      const rows = pipeline === undefined ? [] : [...pipeline.jobsBefore, tellJob(pipeline)];
      return answer(request, `/workflow/${params.id}/job`, list(request, rows));
    }),
    http.get(`${BASE}/api/v2/project/gh/acme/shop/:job/artifacts`, ({ request, params }) => {
      const pipeline = pipelines.find(({ number }) => String(number) === params.job);
      const rows = [...(pipeline?.files.keys() ?? [])].map((path) => ({
        path,
        node_index: 0,
        url: `${OUTPUT}/${params.job}/artifacts/0/${path}`,
      }));
      return answer(request, `${project}/${params.job}/artifacts`, list(request, rows));
    }),
    http.get(`${OUTPUT}/:job/artifacts/0/*`, ({ request, params }) => {
      downloads.push(request);
      const pipeline = pipelines.find(({ number }) => String(number) === params.job);
      const content = pipeline?.files.get(String(params[0]));
      return content === undefined
        ? new HttpResponse(null, { status: 404 })
        : new HttpResponse(new Uint8Array(content));
    }),
  ];
}

function tellPipeline({ number, commit, branch, tag, origin, trigger }: FakePipeline) {
  return {
    id: uuid(1000 + number),
    number,
    project_slug: SLUG,
    updated_at: ago(1000 - number),
    created_at: ago(1000 - number),
    state: "created",
    errors: [],
    trigger: { type: trigger, received_at: ago(1000 - number), actor: { login: "dana", avatar_url: null } },
    vcs: {
      provider_name: "GitHub",
      target_repository_url: "https://github.com/acme/shop",
      origin_repository_url: origin,
      revision: commit,
      ...(branch === null ? {} : { branch }),
      ...(tag === null ? {} : { tag }),
    },
  };
}

function tellWorkflow(id: string, pipelineId: string, number: number, status: string) {
  return {
    id,
    name: "dbt",
    status,
    created_at: ago(500),
    stopped_at: null,
    pipeline_id: pipelineId,
    pipeline_number: number,
    project_slug: SLUG,
    started_by: uuid(7),
  };
}

function tellJob({ number, job }: FakePipeline) {
  return {
    id: uuid(3000 + number),
    name: "deploy",
    job_number: number,
    status: job,
    type: "build",
    started_at: ago(500),
    dependencies: [],
    project_slug: SLUG,
  };
}

function open(outbox: string): BundleStore {
  const connect = async () => {
    const client = await createCircleClient(BASE, TOKEN, { fetch: null });
    return createCircleArtifacts(client, { workflowId: OWN, baseUrl: BASE, token: TOKEN });
  };
  return createCircleStore({
    connect,
    repository: "acme/shop",
    baseBranch: "main",
    isInBase: async (commit) => base.includes(commit),
    outbox,
    recordOutbox: join(outbox, "../run-record"),
    notice: (text) => void notices.push(text),
    whyOfOther: async (header) => whyOfOther(header, { project: "shop", folder: "", targets: ["prod"] }),
  });
}

async function filesIn(
  folder: string,
  header: BundleHeader,
  below = ".signalbox/bundle",
): Promise<Map<string, Buffer>> {
  const files = filesOf(header).map(async (name) => [`${below}/${name}`, await readFile(join(folder, name))] as const);
  return new Map(await Promise.all(files));
}

/** As a deploy and the store_artifacts step behind it: what lies in the outbox becomes artifacts of a job of main. */
function createStoredStore(root: string): BundleStore {
  const store = open(join(root, "outbox"));
  return {
    ...store,
    write: async (folder, header) => {
      await store.write(folder, header);
      addPipeline(pipelines.length + 1, await filesIn(join(root, "outbox"), header), { commit: header.commit });
      return (await store.find([header.commit])) ?? { commit: header.commit, where: "not found" };
    },
    records: {
      ...store.records,
      write: async (of, record) => {
        const written = await store.records.write(of, record);
        const content = await readFile(join(root, "run-record", `${of}.json.gz`));
        const path = `.signalbox/run-record/${of}.json.gz`;
        // A red run leaves one too.
        const red = { workflow: "failed", job: "failed" };
        addPipeline(pipelines.length + 1, new Map([[path, content]]), red);
        return written;
      },
    },
  };
}

/** One find knows the addresses of a ref: as in a run, it is the same store that reads. */
const stores = new Map<string, BundleStore>();
describeStore("CircleCI's artifacts", (root) => {
  const store = stores.get(root) ?? createStoredStore(root);
  stores.set(root, store);
  return store;
});

describe("CircleCI's artifacts as store", () => {
  const dir = useTempDir();
  const outbox = () => join(dir(), "outbox");
  const { prepare } = createPublisher(dir);
  const files = async (commit = A, below?: string) => {
    const { folder, header } = await prepare(commit);
    return filesIn(folder, header, below);
  };
  /** The bundle of another project or target that was built of the same commit. */
  const filesOfOther = async (other: object, below?: string) => {
    const { folder, header } = await prepare(A);
    const found = await filesIn(folder, header, below);
    return new Map(
      [...found].map(([path, content]) => [path, path.endsWith("state.json") ? withFacts(content, other) : content]),
    );
  };
  const withFacts = (content: Buffer, other: object) =>
    Buffer.from(JSON.stringify({ ...JSON.parse(content.toString()), ...other }));
  const recordsIn = async () => {
    const found: string[] = [];
    for await (const { bytes } of open(outbox()).records.read("runs"))
      found.push(Buffer.from((await bytes()) ?? []).toString());
    return found;
  };
  const record = (content: string, name = ".signalbox/run-record/runs.json.gz") =>
    new Map([[name, Buffer.from(content)]]);

  it.each<[what: string, overrides: object]>([
    ["another branch", { branch: "feature/x" }],
    ["a tag", { tag: "v1" }],
    ["a fork", { origin: "https://github.com/evil/shop" }],
    ["a commit that is not in main", { commit: "d".repeat(40) }],
    ["a job that still runs", { workflow: "running", job: "running" }],
  ])("reads no record of %s", async (_, overrides) => {
    addPipeline(9, record("theirs"), overrides);
    addPipeline(8, record("mine"), { workflow: "failed", job: "failed" });

    expect(await recordsIn()).toEqual(["mine"]);
  });

  it("reads the records of five pipelines at most, newest first, and no file of another name", async () => {
    for (let number = 1; number <= 9; number++) addPipeline(number, record(String(number)));
    addPipeline(10, record("x", ".signalbox/run-record/runs.json.gz.html"));

    expect(await recordsIn()).toEqual(["9", "8", "7", "6"]);
    expect(requests.length).toBeLessThanOrEqual(30);
  });

  const into = async () => {
    await mkdir(join(dir(), "into"), { recursive: true });
    return join(dir(), "into");
  };

  it("takes six calls to find the bundle of a commit, and one download for each of its files", async () => {
    addPipeline(7, await files());
    const store = open(outbox());

    const ref = await store.find([B, A]);
    expect([ref, requests.length + downloads.length]).toEqual([{ commit: A, where: "artifacts of job 7" }, 6]);

    await store.read(ref ?? { commit: "", where: "" }, await into());
    expect(downloads.length).toBe(1 + 3);
  });

  it.each(["bundle", ".signalbox/bundle", "home/circleci/project/.signalbox/bundle", "signalbox-bundle"])(
    "finds it below %s",
    async (below) => {
      addPipeline(7, await files(A, below));

      expect(await open(outbox()).find([A])).toMatchObject({ commit: A });
    },
  );

  it("takes no baseline of a work folder for the bundle of its run", async () => {
    addPipeline(7, await files(A, ".signalbox/baselines/selection"));

    expect(await open(outbox()).find([A])).toBeNull();
  });

  it("takes no bundle that the job had fetched: it is of another commit", async () => {
    addPipeline(8, await files(B), { commit: A });
    addPipeline(7, await files(A));

    expect(await open(outbox()).find([A])).toMatchObject({ where: "artifacts of job 7" });
  });

  it.each([
    ["of another project", { project: "web" }, 'it is of project "web", not of "shop"'],
    ["of another project of that name", { folder: "web" }, 'it is of the project in "web", not of the one in "."'],
    ["of another target", { target: "prod_us" }, 'it is of target "prod_us", not of "prod"'],
  ])("takes no bundle %s, in a pipeline or a job beside its own", async (_, other, why) => {
    const both = new Map([
      ...(await filesOfOther(other, "a/.signalbox/bundle")),
      ...(await files(A, "b/.signalbox/bundle")),
    ]);
    addPipeline(9, await filesOfOther(other));
    addPipeline(8, both);
    const store = open(outbox());

    const ref = await store.find([A]);

    expect(ref).toMatchObject({ where: "artifacts of job 8, b/.signalbox/bundle/" });
    expect(notices).toContain(`the bundle in artifacts of job 9 is not used: ${why}`);
    await store.read(ref ?? { commit: "", where: "" }, await into());
  });

  it.each<[what: string, overrides: Partial<FakePipeline>]>([
    ["on another branch", { branch: "feature/x" }],
    ["of a fork's pull request", { branch: "pull/7/head", origin: "https://github.com/evil/shop" }],
    ["of a fork whose branch is called main", { origin: "https://github.com/evil/shop" }],
    ["of a tag that is called main", { branch: null, tag: "main" }],
    ["whose workflow failed", { workflow: "failed" }],
    ["whose workflow still runs", { workflow: "running" }],
    ["whose job failed", { job: "failed" }],
    ["whose commit is no ancestor", { commit: "d".repeat(40) }],
  ])("never chooses a pipeline %s", async (_, overrides) => {
    addPipeline(9, await files(overrides.commit ?? A), overrides);

    expect(await open(outbox()).find("newest")).toBeNull();
    expect(await open(outbox()).find(["d".repeat(40), A])).toBeNull();
    addPipeline(8, await files());
    expect(await open(outbox()).find("newest")).toMatchObject({ where: "artifacts of job 8" });
  });

  it.each(["webhook", "api", "scheduled_pipeline"])(
    "takes the bundle of a pipeline that was started by %s",
    async (trigger) => {
      addPipeline(7, await files(), { trigger });

      expect(await open(outbox()).find([A])).toMatchObject({ commit: A });
    },
  );

  it.each(["schedule", "gitlab", "github_app"])(
    "takes the bundle of a pipeline that was started by %s, a word that CircleCI's file lacks",
    async (trigger) => {
      addPipeline(7, await files(), { trigger });

      expect(await open(outbox()).find([A])).toMatchObject({ commit: A });
      problems.length = 0;
    },
  );

  it("never chooses a pipeline that was started by a word that nobody knows, and says which", async () => {
    addPipeline(7, await files(), { trigger: "a word of next year" });

    expect(await open(outbox()).find([A])).toBeNull();
    expect(notices).toContain("pipeline 7 is not used: it was started by a word of next year");
    problems.length = 0;
  });

  it("makes at most 42 calls, and says that it went no further", async () => {
    for (let number = 1; number <= 120; number++) addPipeline(number, new Map(), { commit: number > 100 ? A : C });

    expect(await open(outbox()).find([B, A])).toBeNull();
    expect(requests.length).toBe(30);
    expect(notices).toEqual(["no bundle among the newest pipelines of main: it was looked for no further"]);
  });

  it.each([19, 20])("does not say so where it has looked through all of %i pipelines", async (count) => {
    for (let number = 1; number <= count; number++) addPipeline(number, new Map(), { branch: "feature/x" });
    addPipeline(count + 1, new Map());
    pipelines.shift();

    expect(await open(outbox()).find("newest")).toBeNull();
    expect(notices.filter((text) => !text.includes("it ran on feature/x"))).toEqual([]);
  });

  it("reads all pages of workflows, jobs and artifacts", async () => {
    pageSize = 2;
    const other = { ...tellJob({ number: 9 } as FakePipeline), status: "failed" };
    addPipeline(7, new Map([...["a", "b", "c"].map((name) => [name, Buffer.from("x")] as const), ...(await files())]), {
      failedBefore: ["failed", "failed", "canceled"],
      jobsBefore: [other, other, other],
    });
    const store = open(outbox());

    const ref = await store.find([A]);
    expect(ref).toMatchObject({ commit: A, where: "artifacts of job 7" });
    await store.read(ref ?? { commit: "", where: "" }, await into());

    expect((await readdir(await into())).sort()).toEqual(["manifest.json", "run_results.json", "state.json"]);
    const asked = (path: string) => requests.filter((request) => request.includes(path)).length;
    expect([asked("/workflow?") + asked("/workflow"), asked("/job"), asked("/artifacts")]).not.toContain(1);
  });

  it("counts the pages of a list among its calls, and takes no bundle of a list that it cut short", async () => {
    pageSize = 1;
    const many = Array.from({ length: 60 }, (_, number) => [`logs/${number}.txt`, Buffer.from("x")] as const);
    const [state, ...rest] = (await files()).entries();
    addPipeline(7, new Map([...(state === undefined ? [] : [state]), ...many, ...rest]));

    expect(await open(outbox()).find([A])).toBeNull();
    expect(requests.length).toBe(41);
    expect(downloads).toEqual([]);
    expect(notices).toEqual(["no bundle in 40 calls of CircleCI's API: it was looked for no further"]);
  });

  it.each<[what: string, content: string, told: RegExp]>([
    ["is no JSON", "<html>", /^passed over: the bundle artifacts of job 8 is damaged: state.json is not JSON$/],
    ["is of a schema to come", '{"schema":2}', /^passed over: .*state.json is not as written/],
    ["is too large", "x".repeat(100_000), /^passed over: artifacts of job 8 is larger than/],
  ])("passes over a state.json that %s, aloud, and looks on", async (_, content, told) => {
    addPipeline(8, new Map([["bundle/state.json", Buffer.from(content)]]));
    addPipeline(7, await files());

    expect(await open(outbox()).find("newest")).toMatchObject({ where: "artifacts of job 7" });
    expect(notices).toEqual([expect.stringMatching(told)]);
  });

  it("sends the token to CircleCI's hosts alone", async () => {
    addPipeline(7, await files());
    const store = open(outbox());
    const ref = await store.find([A]);
    const strangers: Request[] = [];
    server.use(
      http.get(`${OUTPUT}/:job/artifacts/0/*`, ({ params }) =>
        HttpResponse.redirect(`https://signed.example/${params[0]}?sig=secret`, 302),
      ),
      http.get("https://signed.example/*", ({ request, params }) => {
        strangers.push(request);
        return new HttpResponse(new Uint8Array(pipelines[0]?.files.get(String(params[0])) ?? []));
      }),
    );

    await store.read(ref ?? { commit: "", where: "" }, await into());

    expect(strangers).toHaveLength(3);
    for (const { headers } of strangers) expect(headers.get("circle-token")).toBeNull();
  });

  it.each([
    "https://evil.example/state.json",
    "https://circle-artifacts.com.evil.example/state.json",
    "https://evilcircle-artifacts.com/state.json",
    "http://output.circle-artifacts.com/state.json",
    "https://user@output.circle-artifacts.com/state.json",
    "file:///etc/passwd",
    "no address",
  ])("does not ask %s, whatever the API says", async (url) => {
    addPipeline(7, await files());
    server.use(
      http.get(`${BASE}/api/v2/project/gh/acme/shop/:job/artifacts`, () =>
        HttpResponse.json({ items: [{ path: "bundle/state.json", node_index: 0, url }], next_page_token: null }),
      ),
    );

    await expect(open(outbox()).find([A])).rejects.toMatchObject({ kind: "service" });
    expect(downloads).toEqual([]);
  });

  it("reads no damaged bundle", async () => {
    addPipeline(7, await files());
    pipelines[0]?.files.set(".signalbox/bundle/manifest.json", Buffer.from("{}"));
    const store = open(outbox());
    const ref = await store.find([A]);

    await expect(store.read(ref ?? { commit: "", where: "" }, await into())).rejects.toMatchObject({
      kind: "artifacts",
    });
    expect(await readdir(await into())).toEqual([]);
  });

  it("leaves a bundle for the store_artifacts step, without asking CircleCI, and says for how long it is kept", async () => {
    const { folder, header } = await prepare(A);

    const ref = await open(outbox()).write(folder, header);

    expect(ref.where).toMatch(/store_artifacts step publishes.*30 days/);
    expect((await readdir(outbox())).sort()).toEqual([...filesOf(header)].sort());
    expect(requests).toEqual([]);
  });
});
