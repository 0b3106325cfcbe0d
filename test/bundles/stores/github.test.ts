import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BundleHeader, filesOf } from "../../../src/bundles/bundle.ts";
import { artifactNameOf } from "../../../src/bundles/bundle-owner.ts";
import type { BundleStore } from "../../../src/bundles/store.ts";
import { createGitHubStore } from "../../../src/bundles/stores/github.ts";
import { createGitHubArtifacts } from "../../../src/platforms/github/artifacts.ts";
import { createGitHubClient } from "../../../src/platforms/github/client.ts";
import { type Contract, loadGitHubContract } from "../../platforms/contract.ts";
import { API, buildRun, createFakeGitHub, type FakeGitHub, REPOSITORY, TOKEN } from "../../platforms/github/fake.ts";
import { useTempDir } from "../../support/temp-dir.ts";
import { buildZip } from "../build-zip.ts";
import { A, B, C, createPublisher, describeStore } from "../store-contract.ts";
import { buildArtifact, createFakeArtifacts, type FakeArtifacts, SIGNED } from "./fake-github-artifacts.ts";

let contract: Contract | null = null;
let runs: FakeGitHub;
let fake: FakeArtifacts;
let notices: string[];
const server = setupServer();

beforeAll(async () => {
  contract = await loadGitHubContract();
  server.listen({ onUnhandledRequest: "error" });
}, 120_000);
beforeEach(() => {
  [runs, fake, notices] = [createFakeGitHub(() => contract), createFakeArtifacts(() => contract), []];
  fake.history = [B, A, C];
  server.use(...runs.handlers, ...fake.handlers);
});
afterEach(() => {
  server.resetHandlers();
  // GitHub's file does not have the null that its API gives for the repository of a fork that was deleted.
  const problems = [...runs.problems, ...fake.problems].filter((each) => !/head_repository must be object$/.test(each));
  expect(problems).toEqual([]);
});
afterAll(() => server.close());

function open(outbox: string, artifactName = "signalbox-state"): BundleStore {
  const connect = async () =>
    createGitHubArtifacts(
      await createGitHubClient({ apiUrl: API, repository: REPOSITORY, token: TOKEN, fetch: null }),
      {
        apiUrl: API,
      },
    );
  const notice = (text: string) => void notices.push(text);
  return createGitHubStore({
    connect,
    repository: REPOSITORY,
    baseBranch: "main",
    outbox,
    recordOutbox: join(outbox, "../run-record"),
    runId: "999",
    notice,
    artifactName: async () => artifactName,
  });
}

async function zipOf(folder: string, header: BundleHeader): Promise<Buffer> {
  const entries = filesOf(header).map(async (name) => ({ name, content: await readFile(join(folder, name)) }));
  return buildZip(await Promise.all(entries));
}

/** A run of main that has succeeded, and its artifact. */
function addRun(id: number, zip: Buffer, artifact = {}, run = {}): void {
  const { commit } = { commit: A, ...artifact };
  runs.runs.push(buildRun(id, 9000 - id, { status: "completed", conclusion: "success", head_sha: commit, ...run }));
  fake.artifacts.push(buildArtifact(id, { zip, ...artifact }));
}

/** As a deploy and the upload step behind it: what lies in the outbox becomes an artifact of a run of main. */
function createUploadedStore(root: string): BundleStore {
  const store = open(join(root, "outbox"));
  return {
    ...store,
    write: async (folder, header) => {
      await store.write(folder, header);
      addRun(fake.artifacts.length + 1, await zipOf(join(root, "outbox"), header), { commit: header.commit });
      return (await store.find([header.commit])) ?? { commit: header.commit, where: "not found" };
    },
    records: {
      ...store.records,
      write: async (of, record) => {
        const written = await store.records.write(of, record);
        const { path = "", artifact = "" } = written.upload ?? {};
        const zip = buildZip([{ name: basename(path), content: await readFile(path) }]);
        // A red run leaves one too.
        addRun(fake.artifacts.length + 1, zip, { name: artifact }, { conclusion: "failure" });
        return written;
      },
    },
  };
}

/** One find knows the artifact of a ref: as in a run, it is the same store that reads. */
const stores = new Map<string, BundleStore>();
describeStore("GitHub's artifacts", (root) => {
  const store = stores.get(root) ?? createUploadedStore(root);
  stores.set(root, store);
  return store;
});

describe("GitHub's artifacts as store", () => {
  const dir = useTempDir();
  const outbox = () => join(dir(), "outbox");
  const { prepare } = createPublisher(dir);
  const zip = async (commit = A) => {
    const { folder, header } = await prepare(commit);
    return zipOf(folder, header);
  };
  const into = async () => {
    await mkdir(join(dir(), "into"), { recursive: true });
    return join(dir(), "into");
  };

  it("takes four calls to find the bundle of a commit, and two to read it", async () => {
    addRun(7, await zip());
    const store = open(outbox());

    const ref = await store.find([B, A]);
    const calls = () => runs.requests.length + fake.requests.length;
    expect([ref, calls()]).toEqual([{ commit: A, where: "artifact 7 of run 7" }, 4]);

    await store.read(ref ?? { commit: "", where: "" }, await into());
    expect([calls(), fake.downloads.length]).toEqual([5, 1]);
  });

  it("never sends the token to the signed address's host", async () => {
    addRun(7, await zip());
    const store = open(outbox());
    const ref = await store.find("newest");

    await store.read(ref ?? { commit: "", where: "" }, await into());

    expect(fake.downloads).toHaveLength(1);
    for (const [name, value] of fake.downloads[0] ?? []) {
      expect(name).not.toBe("authorization");
      expect(value).not.toContain(TOKEN);
    }
  });

  it.each<[what: string, artifact: object, run: object]>([
    ["of a pull request's branch", { branch: "feature/x" }, { head_branch: "feature/x", event: "pull_request" }],
    ["of a pull request whose branch is called main", {}, { event: "pull_request" }],
    ["of pull_request_target", {}, { event: "pull_request_target" }],
    ["of workflow_run", {}, { event: "workflow_run" }],
    ["of a fork whose branch is called main", { headRepositoryId: 2 }, { head_repository: { full_name: "evil/shop" } }],
    ["of a fork that hides in the list", {}, { head_repository: { full_name: "evil/shop" } }],
    ["of a fork that is gone", {}, { head_repository: null }],
    ["of a run that failed", {}, { conclusion: "failure" }],
    ["of a run that was cancelled", {}, { conclusion: "cancelled" }],
    ["of a run that still runs", {}, { status: "in_progress", conclusion: null }],
    ["of a tag that is called main, on a commit that is not in it", { commit: "d".repeat(40) }, {}],
    ["of a run of another commit than the list says", {}, { head_sha: C }],
    ["with another name", { name: "signalbox-state-2" }, {}],
  ])("never chooses an artifact %s", async (_, artifact, run) => {
    addRun(9, await zip(), artifact, run);

    expect(await open(outbox()).find("newest")).toBeNull();
    expect(await open(outbox()).find(["d".repeat(40), A, C])).toBeNull();
    addRun(8, await zip());
    expect(await open(outbox()).find("newest")).toMatchObject({ where: "artifact 8 of run 8" });
  });

  it.each(["push", "schedule", "workflow_dispatch"])(
    "takes the bundle of a run that was started by %s",
    async (event) => {
      addRun(7, await zip(), {}, { event });

      expect(await open(outbox()).find([A])).toMatchObject({ commit: A });
    },
  );

  it("tells the bundles of two projects of one run apart by their names, and says the name of its own", async () => {
    const [shop, web] = [
      artifactNameOf({ project: "shop", folder: "", targets: ["prod"] }),
      artifactNameOf({ project: "web", folder: "web", targets: ["prod"] }),
    ];
    addRun(8, await zip(), { name: shop });
    fake.artifacts.push(buildArtifact(9, { name: web, runId: 8 }));

    const { folder, header } = await prepare(A);
    const written = await open(outbox(), shop).write(folder, header);

    expect(await open(outbox(), shop).find("newest")).toMatchObject({ where: "artifact 8 of run 8" });
    expect(await open(outbox(), web).find([A])).toMatchObject({ where: "artifact 9 of run 8" });
    expect(written).toMatchObject({ artifact: shop, where: expect.stringContaining(`publishes as artifact ${shop}`) });
  });

  const record = (content = "a record") => buildZip([{ name: "runs.json.gz", content: Buffer.from(content) }]);
  const recordsIn = async () => {
    const found: string[] = [];
    for await (const { where, bytes, isVouched } of open(outbox()).records.read("runs"))
      found.push(`${where}: ${Buffer.from((await bytes()) ?? []).toString()}${isVouched ? "" : ", not vouched for"}`);
    return found;
  };

  it.each<[what: string, artifact: object, run: object]>([
    ["of a pull request", { branch: "feature/x" }, { head_branch: "feature/x", event: "pull_request" }],
    ["of a pull request whose branch is called main", {}, { event: "pull_request" }],
    ["of pull_request_target", {}, { event: "pull_request_target" }],
    ["of a fork whose branch is called main", { headRepositoryId: 2 }, { head_repository: { full_name: "evil/shop" } }],
    ["of a fork that hides in the list", {}, { head_repository: { full_name: "evil/shop" } }],
    ["of another run that still runs", {}, { status: "in_progress", conclusion: null }],
    ["of a commit that is not in main", { commit: "d".repeat(40) }, {}],
    ["that has expired", { expired: true }, {}],
  ])("reads no record %s", async (_, artifact, run) => {
    addRun(9, record(), { name: "runs", ...artifact }, run);
    addRun(8, record("mine"), { name: "runs" }, { conclusion: "failure" });

    expect(await recordsIn()).toEqual(["artifact 8 of run 8: mine"]);
  });

  it("reads the records of red runs, of later attempts, and of this very run's earlier ones, newest first", async () => {
    addRun(7, record("red"), { name: "runs" }, { conclusion: "failure" });
    addRun(8, record("again"), { name: "runs-again" }, { conclusion: "cancelled" });
    addRun(999, record("own"), { name: "runs" }, { status: "in_progress", conclusion: null });

    expect((await recordsIn()).map((each) => each.split(": ")[1])).toEqual(["own", "again", "red"]);
  });

  it("asks for five records at most, in 18 calls", async () => {
    for (let id = 1; id <= 9; id++) addRun(id, record(), { name: "runs" });

    expect(await recordsIn()).toHaveLength(5);
    expect([runs.requests.length + fake.requests.length, fake.downloads.length]).toEqual([18, 5]);
  });

  it("takes nothing but the record out of its archive", async () => {
    addRun(7, buildZip([{ name: "../runs.json.gz", content: Buffer.from("x") }]), { name: "runs" });

    await expect(recordsIn()).rejects.toMatchObject({ kind: "artifacts" });
  });

  it("names a later attempt's record so that the first one's stays", async () => {
    const written = await open(outbox()).records.write("runs", { attempt: 2, file: () => Buffer.from("x") });

    expect(written.upload).toEqual({ path: join(dir(), "run-record", "runs.json.gz"), artifact: "runs-again" });
  });

  it("says why it passes over an artifact of main", async () => {
    addRun(9, await zip(), {}, { event: "pull_request" });

    await open(outbox()).find("newest");

    expect(notices).toEqual(["artifact 9 of run 9 is not used: its run was started by pull_request"]);
  });

  it("does not see past eight of them", async () => {
    addRun(1, await zip());
    for (let id = 2; id <= 20; id++) addRun(id, Buffer.alloc(0), {}, { event: "pull_request" });

    expect(await open(outbox()).find("newest")).toBeNull();
    expect(runs.requests.length + fake.requests.length).toBe(9);
    expect(notices.at(-1)).toBe("no bundle among the newest artifacts signalbox-state: it was looked for no further");
  });

  it("reads at most three pages, and says that it went no further", async () => {
    fake.pageSize = 2;
    for (let id = 2; id <= 9; id++) addRun(id, Buffer.alloc(0), { branch: "feature/x" });
    addRun(1, await zip());

    expect(await open(outbox()).find([A])).toBeNull();
    expect(fake.requests).toHaveLength(3);
    expect(notices).toEqual(["no bundle among the newest artifacts signalbox-state: it was looked for no further"]);
  });

  it.each([
    ["that are all there are", [B], 3],
    ["with a bundle behind which others are", [A, C], 4],
  ])("does not say so of three pages %s", async (_, commits, pages) => {
    fake.pageSize = 2;
    addRun(9, await zip(C), { commit: C });
    for (let id = 8; id > 9 - 2 * pages + 1; id--) addRun(id, Buffer.alloc(0), { branch: "feature/x" });

    await open(outbox()).find(commits);

    expect(notices).toEqual([]);
  });

  it("says that a bundle has expired, and after how long", async () => {
    addRun(7, await zip(), { expired: true });

    expect(await open(outbox()).find([A])).toBeNull();
    expect(notices).toEqual([expect.stringMatching(/aaaaaaaaaaaa has expired.*90 days/)]);
  });

  it("takes an older one that has not expired", async () => {
    addRun(7, await zip(), { expired: true });
    addRun(6, await zip(C), { commit: C });

    expect(await open(outbox()).find([A, C])).toMatchObject({ commit: C });
  });

  it("reads no artifact that expires in between", async () => {
    addRun(7, await zip());
    const store = open(outbox());
    const ref = await store.find([A]);
    for (const artifact of fake.artifacts) artifact.expired = true;

    await expect(store.read(ref ?? { commit: "", where: "" }, await into())).rejects.toMatchObject({
      kind: "artifacts",
      message: expect.stringContaining("expired"),
    });
  });

  it.each<[what: string, make: () => Promise<Buffer>]>([
    ["holds the bundle of another commit", () => zip(B)],
    ["holds a file that no bundle has", async () => buildZip([{ name: "partial_parse.msgpack", content: "x" }])],
    ["leads out of the folder", async () => buildZip([{ name: "../../manifest.json", content: "{}" }])],
    ["holds no state.json", async () => buildZip([{ name: "manifest.json", content: "{}" }])],
    ["is no zip", async () => Buffer.from("Not Found")],
  ])("reads no archive that %s, and leaves nothing of it", async (_, make) => {
    addRun(7, await make());
    const store = open(outbox());
    const ref = await store.find([A]);

    await expect(store.read(ref ?? { commit: "", where: "" }, await into())).rejects.toMatchObject({
      kind: "artifacts",
      exitCode: 3,
    });
    expect(await readdir(await into())).toEqual([]);
  });

  it.each(["http://evil.example/7", "file:///etc/passwd", "no address"])(
    "does not ask %s for an archive",
    async (to) => {
      addRun(7, await zip());
      fake.archive = () => new HttpResponse(null, { status: 302, headers: { location: to } });
      const store = open(outbox());
      const ref = await store.find([A]);

      await expect(store.read(ref ?? { commit: "", where: "" }, await into())).rejects.toMatchObject({
        kind: "service",
      });
    },
  );

  it("gives up encryption for no redirect", async () => {
    addRun(7, await zip());
    fake.archive = () => new HttpResponse(null, { status: 302, headers: { location: `${SIGNED}/hop` } });
    server.use(
      http.get(
        `${SIGNED}/hop`,
        () => new HttpResponse(null, { status: 302, headers: { location: "http://evil.example/7" } }),
      ),
    );
    const store = open(outbox());
    const ref = await store.find([A]);

    await expect(store.read(ref ?? { commit: "", where: "" }, await into())).rejects.toMatchObject({ kind: "service" });
  });

  it("leaves a bundle for the upload step, without asking GitHub, and says so", async () => {
    const { folder, header } = await prepare(A);

    const ref = await open(outbox()).write(folder, header);

    expect(ref.where).toContain("upload step publishes as artifact signalbox-state");
    expect((await readdir(outbox())).sort()).toEqual([...filesOf(header)].sort());
    expect([...runs.requests, ...fake.requests]).toEqual([]);
  });

  it("names the permission where the token may not read artifacts", async () => {
    server.use(http.get(`${API}/repos/${REPOSITORY}/actions/artifacts`, () => HttpResponse.json({}, { status: 403 })));

    await expect(open(outbox()).find("newest")).rejects.toMatchObject({
      kind: "configuration",
      hint: expect.stringContaining("actions: read"),
    });
  });
});
