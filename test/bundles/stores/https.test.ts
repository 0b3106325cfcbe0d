import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { BundleStore } from "../../../src/bundles/store.ts";
import { createDirStore } from "../../../src/bundles/stores/dir.ts";
import { createHttpsStore } from "../../../src/bundles/stores/https.ts";
import { useTempDir } from "../../support/temp-dir.ts";
import { A, B, createPublisher, describeStore } from "../store-contract.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

const notices: string[] = [];
const openAt = (url: string) => createHttpsStore(url, { notice: (text) => void notices.push(text) });

const servers: Server[] = [];
const served = new Map<string, Promise<string>>();
afterEach(() => {
  notices.length = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves a folder on loopback; `first` may answer instead. */
async function serve(root: string, requests: IncomingMessage[] = [], first: Answer = () => false): Promise<string> {
  const server = createServer(async (request, response) => {
    requests.push(request);
    if (first(request, response)) return;
    const content = await readFile(join(root, new URL(request.url ?? "", "http://x").pathname)).catch(() => null);
    response.writeHead(content === null ? 404 : 200).end(content);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

/** Written as a folder, read over HTTP: as a deploy and a web server share it. */
function createServedStore(root: string): BundleStore {
  const address = served.get(root) ?? serve(root);
  served.set(root, address);
  const opened = address.then((url) => openAt(url));
  const folder = createDirStore(root);
  return {
    find: async (commits) => (await opened).find(commits),
    read: async (ref, into) => (await opened).read(ref, into),
    write: async (from, header) => {
      const { commit } = await folder.write(from, header);
      return (await (await opened).find([commit])) ?? { commit, where: "not found" };
    },
    records: {
      async *read(of) {
        yield* (await opened).records.read(of);
      },
      write: folder.records.write,
    },
  };
}

describeStore("https://…", createServedStore);

describe("a web server as store", () => {
  const dir = useTempDir();
  const root = () => join(dir(), "store");
  const { publish } = createPublisher(dir);
  const into = async () => {
    await mkdir(join(dir(), "into"), { recursive: true });
    return join(dir(), "into");
  };

  it("asks for at most 51 commits, once each, without credentials", async () => {
    const requests: IncomingMessage[] = [];
    const url = await serve(root(), requests);
    const commits = Array.from({ length: 80 }, (_, number) => number.toString(16).padStart(40, "0"));

    expect(await openAt(`${url}/`).find(commits)).toBeNull();

    expect(requests.map((request) => request.url)).toEqual(
      commits.slice(0, 51).map((commit) => `/${commit}/state.json`),
    );
    for (const { headers } of requests) {
      expect(headers.authorization).toBeUndefined();
      expect(headers.cookie).toBeUndefined();
    }
  });

  it("takes a commit that is refused (403) for one without a bundle, as buckets say it", async () => {
    await publish(createDirStore(root()), A);
    const url = await serve(root(), [], (request, response) => {
      const isMissing = request.url?.startsWith(`/${B}`) ?? false;
      if (isMissing) response.writeHead(403).end();
      return isMissing;
    });

    expect(await openAt(url).find([B, A])).toMatchObject({ commit: A });
  });

  it("says once that it refuses everything (403): that may be no bundle, or no right to read one", async () => {
    const store = openAt(await serve(root(), [], (_, response) => Boolean(response.writeHead(403).end())));

    expect([await store.find([A, B]), await store.find("newest")]).toEqual([null, null]);

    expect(notices).toEqual([expect.stringMatching(/^http:\/\/127.*answered 403 to everything: it may not be read/)]);
  });

  it.each<[what: string, answer: Answer]>([
    ["it does not have any of them (404)", () => false],
    [
      "it refuses some (403) and does not have others (404)",
      (request, response) => {
        const isRefused = request.url?.startsWith(`/${B}`) ?? false;
        if (isRefused) response.writeHead(403).end();
        return isRefused;
      },
    ],
  ])("finds nothing in silence where %s", async (_, answer) => {
    const store = openAt(await serve(root(), [], answer));

    expect(await store.find([A, B])).toBeNull();
    expect(notices).toEqual([]);
  });

  it("does not say so of refusals beside a bundle that it gave", async () => {
    await publish(createDirStore(root()), A);
    const store = openAt(
      await serve(root(), [], (request, response) => {
        const isRefused = request.url?.startsWith(`/${B}`) ?? false;
        if (isRefused) response.writeHead(403).end();
        return isRefused;
      }),
    );

    expect([await store.find("newest"), await store.find([B])]).toEqual([expect.objectContaining({ commit: A }), null]);
    expect(notices).toEqual([]);
  });

  it.each([500, 401, 429])("is a service error where it answers %d", async (status) => {
    const url = await serve(root(), [], (_, response) => Boolean(response.writeHead(status).end()));

    await expect(openAt(url).find([A])).rejects.toMatchObject({ kind: "service", exitCode: 4 });
  });

  it("is a service error where nothing answers", async () => {
    await expect(openAt("http://127.0.0.1:1").find("newest")).rejects.toMatchObject({ kind: "service" });
  });

  it("follows no redirect, and names the host that one leads to", async () => {
    const strangers: IncomingMessage[] = [];
    const stranger = await serve(root(), strangers);
    const url = await serve(root(), [], (_, response) =>
      Boolean(response.writeHead(302, { location: `${stranger}/latest` }).end()),
    );

    await expect(openAt(url).find("newest")).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining(new URL(stranger).host),
    });
    expect(strangers).toEqual([]);
  });

  it.each([
    ["declares", { "content-length": String(10 ** 9) }],
    ["sends", {}],
  ])("ends a state.json that is too large by what it %s", async (_, headers) => {
    const url = await serve(root(), [], (_request, response) => {
      response.writeHead(200, headers);
      response.write("x".repeat(200_000));
      return true;
    });

    await expect(openAt(url).find([A])).rejects.toMatchObject({ kind: "artifacts" });
  });

  it("ends a file that is longer than state.json says, and leaves nothing of it", async () => {
    const ref = await publish(createDirStore(root()), A);
    await writeFile(join(ref.where, "manifest.json"), "x".repeat(1_000_000));
    const store = openAt(await serve(root()));

    await expect(store.read({ commit: A, where: "there" }, await into())).rejects.toMatchObject({ kind: "artifacts" });
    expect(await stat(join(await into(), "manifest.json")).catch(() => null)).toBeNull();
  });

  it("cannot be written, and says what can", async () => {
    const store = openAt("https://state.example.com/shop/");

    await expect(publish(store, A)).rejects.toMatchObject({ kind: "configuration", exitCode: 2 });
  });
});
