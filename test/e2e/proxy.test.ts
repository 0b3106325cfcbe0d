import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request as requestHttp } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Ended, signalbox } from "./cli.ts";
import { GITHUB_EVENT, GITHUB_PUSH } from "./github-push.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

const USER = "dana:hunter2%40hunter2";
const COMMIT = "c".repeat(40);
const TOKEN = "xoxb-0123456789-secret";

/** A vendor behind TLS, and a proxy that leads every name to it: none of the names exists without the proxy. */
describe("behind a proxy", () => {
  let project: SmallProject;
  let certificates = "";
  const servers: Server[] = [];
  const ports = { tls: 0, plain: 0, proxy: 0 };
  /** What the proxy was asked for, and with which credentials. */
  let asked: { what: string; authorization: string | undefined }[] = [];
  /** What came out at the vendor. */
  let arrived: { host: string; url: string; headers: NodeJS.Dict<string | string[]> }[] = [];
  let refusal: number | null = null;

  beforeAll(async () => {
    project = openSmallProject();
    certificates = mkdtempSync(join(tmpdir(), "signalbox-proxy-"));
    const [key, cert] = [join(certificates, "key.pem"), join(certificates, "cert.pem")];
    const names = ["slack.test", "api.github.test", "circle.test", "store.test", "localhost"];
    const made = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=signalbox test"],
      ...["-keyout", key, "-out", cert, "-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`],
    ]);
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);

    const vendor: Parameters<typeof createHttpServer>[1] = (request, response) => {
      const { host = "", ...headers } = request.headers;
      arrived.push({ host, url: request.url ?? "", headers });
      request.resume();
      response.setHeader("content-type", "application/json");
      if (request.url?.includes("chat.postMessage")) response.end('{"ok":true,"channel":"C0AAAAAAA","ts":"1.2"}');
      else if (request.url === "/full/latest") response.end(`${COMMIT}\n`);
      else if (request.url === "/moved/latest")
        response.writeHead(302, { location: "https://slack.test/elsewhere" }).end();
      else {
        response.statusCode = request.url?.match(/\/(latest|state\.json)$/) ? 404 : 401;
        response.end("{}");
      }
    };
    const proxy = createHttpServer((request, response) => {
      asked.push({ what: `${request.method} ${request.url}`, authorization: request.headers["proxy-authorization"] });
      if (refusal !== null) return response.writeHead(refusal).end();
      const url = new URL(request.url ?? "");
      const { "proxy-authorization": _, ...headers } = request.headers;
      const onwards = requestHttp(
        { port: ports.plain, path: url.pathname + url.search, method: request.method, headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(onwards);
    });
    proxy.on("connect", (request, socket) => {
      asked.push({ what: `CONNECT ${request.url}`, authorization: request.headers["proxy-authorization"] });
      if (refusal !== null) return socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
      const tunnel = connect(ports.tls, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        tunnel.pipe(socket).pipe(tunnel);
      });
      tunnel.on("error", () => socket.destroy());
      socket.on("error", () => tunnel.destroy());
    });
    const listen = async (server: Server) => {
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    };
    ports.tls = await listen(createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert) }, vendor));
    ports.plain = await listen(createHttpServer(vendor));
    ports.proxy = await listen(proxy);
  });
  afterEach(() => {
    [asked, arrived, refusal] = [[], [], null];
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    project.remove();
    rmSync(certificates, { recursive: true, force: true });
  });

  const run = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
    signalbox(args, {
      cwd: project.dir,
      env: { ...project.env, NODE_EXTRA_CA_CERTS: join(certificates, "cert.pem"), ...env },
    });
  const proxied = () => ({ HTTPS_PROXY: `http://${USER}@127.0.0.1:${ports.proxy}` });

  interface Service {
    readonly args: (base: string) => readonly string[];
    readonly env: (base: string) => Readonly<Record<string, string>>;
    /** The exit code that shows that the vendor was heard. */
    readonly code: number;
    readonly secret: readonly [header: string, value: string] | null;
  }
  const SERVICES: Readonly<Record<string, Service>> = {
    "slack.test": {
      args: (base) => [
        "notify",
        "--slack-url",
        `${base}/api/`,
        "--ledger",
        "none",
        "--error-channel",
        "C0AAAAAAA",
        "--warn-channel",
        "C0BBBBBBB",
      ],
      env: () => ({ SLACK_BOT_TOKEN: TOKEN }),
      code: 0,
      secret: ["authorization", `Bearer ${TOKEN}`],
    },
    "api.github.test": {
      args: () => ["status"],
      env: (base) => ({
        ...GITHUB_PUSH,
        GITHUB_API_URL: base,
        GITHUB_EVENT_PATH: join(certificates, "event.json"),
        GITHUB_SHA: project.git("rev-parse", "HEAD"),
      }),
      code: 2,
      secret: ["authorization", "token ghs_0123456789abcdef"],
    },
    "circle.test": {
      args: (base) => ["status", "--circle-url", base],
      env: () => ({
        CIRCLECI: "true",
        CIRCLE_WORKFLOW_ID: "00000000-0000-4000-8000-000000000001",
        CIRCLE_PIPELINE_ID: "00000000-0000-4000-8000-000000000002",
        CIRCLE_PROJECT_USERNAME: "acme",
        CIRCLE_PROJECT_REPONAME: "shop",
        CIRCLE_BRANCH: "feature",
        CIRCLE_SHA1: project.git("rev-parse", "HEAD"),
        CIRCLE_TOKEN: "CCIPAT_0123456789",
      }),
      code: 2,
      secret: ["circle-token", "CCIPAT_0123456789"],
    },
    "store.test": {
      args: (base) => ["state", "fetch", "--store", `${base}/shop`],
      env: () => ({}),
      code: 3,
      secret: null,
    },
  };
  const prepare = () => {
    writeFileSync(join(certificates, "event.json"), JSON.stringify(GITHUB_EVENT));
    project.write({ ".signalbox/.signalbox-work": "", ".signalbox/verdict.json": VERDICT });
  };

  it.each(Object.entries(SERVICES))("%s is asked through it, its token in the tunnel", async (host, service) => {
    prepare();
    const base = `https://${host}`;

    const ended = await run(service.args(base), { ...service.env(base), ...proxied() });

    expect(ended.code, ended.stderr + ended.stdout).toBe(service.code);
    expect(new Set(asked.map(({ what }) => what))).toEqual(new Set([`CONNECT ${host}:443`]));
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from("dana:hunter2@hunter2").toString("base64")}`);
    expect(arrived.length).toBeGreaterThan(0);
    for (const { headers } of arrived) {
      expect(headers["proxy-authorization"]).toBeUndefined();
      if (service.secret !== null) expect(headers[service.secret[0]]).toBe(service.secret[1]);
    }
  });

  it.each(Object.entries(SERVICES))("%s is asked directly where NO_PROXY names it", async (_, service) => {
    prepare();
    const base = `https://localhost:${ports.tls}`;

    const ended = await run(service.args(base), { ...service.env(base), ...proxied(), no_proxy: "localhost" });

    expect(ended.code, ended.stderr + ended.stdout).toBe(service.code);
    expect(asked).toEqual([]);
    expect(arrived.length).toBeGreaterThan(0);
  });

  it("reads what a store has, and follows no redirect to another host", async () => {
    prepare();
    const fetchFrom = (folder: string) => run(["state", "fetch", "--store", `https://store.test/${folder}`], proxied());

    const full = await fetchFrom("full");
    const urls = arrived.map(({ url }) => url);
    arrived = [];
    const moved = await fetchFrom("moved");

    expect(full.code, full.stderr).toBe(3);
    expect(urls).toEqual(["/full/latest", `/full/${COMMIT}/state.json`]);
    expect(moved.code).toBe(2);
    expect(moved.stderr).toContain("redirects to slack.test: redirects of a store are not followed");
    expect(arrived.map(({ host, url }) => host + url)).toEqual(["store.test/moved/latest"]);
  });

  it("asks a server without TLS as proxies want it, not through a tunnel", async () => {
    prepare();
    const { "circle.test": service } = SERVICES;
    const base = "http://circle.test";

    const ended = await run(service?.args(base) ?? [], {
      ...service?.env(base),
      http_proxy: `http://127.0.0.1:${ports.proxy}`,
    });

    expect(ended.code).toBe(2);
    expect(asked[0]?.what).toMatch(/^GET http:\/\/circle\.test\/api\/v2\//);
    expect(arrived[0]).toMatchObject({ host: "circle.test" });
  });

  it.each([
    ["GitHub", "api.github.test"],
    ["CircleCI", "circle.test"],
    ["the store", "store.test"],
  ])("says which proxy refuses, without its password: %s", async (_, host) => {
    prepare();
    refusal = 407;
    const base = `https://${host}`;

    const ended = await run(SERVICES[host]?.args(base) ?? [], { ...SERVICES[host]?.env(base), ...proxied() });

    expect(ended.code, ended.stderr).toBe(2);
    expect(ended.stderr).toContain(
      `the proxy http://127.0.0.1:${ports.proxy} (HTTPS_PROXY) refuses ${host}: it answered 407`,
    );
    // GitHub's runner is told what it has to mask.
    const said = (ended.stderr + ended.stdout).replace(/^::add-mask::.*$/gm, "");
    expect(said).not.toMatch(/hunter2|ZGFuYT/);
    expect(arrived).toEqual([]);
  });

  it("tells of Slack which proxy refuses: the alert was not delivered", async () => {
    prepare();
    refusal = 407;
    const { "slack.test": slack } = SERVICES;

    const ended = await run(slack?.args("https://slack.test") ?? [], { ...slack?.env(""), ...proxied() });

    expect(ended.code).toBe(5);
    expect(ended.stdout).toContain(`the proxy http://127.0.0.1:${ports.proxy} (HTTPS_PROXY) refuses slack.test`);
    expect(ended.stderr + ended.stdout).not.toContain("hunter2");
  });

  it("calls a proxy that is down a service that is not reached", async () => {
    prepare();
    const env = { HTTPS_PROXY: `http://${USER}@127.0.0.1:1` };

    const ended = await run(["state", "fetch", "--store", "https://store.test/shop"], env);

    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain(
      "store.test could not be reached through the proxy http://127.0.0.1:1 (HTTPS_PROXY): ECONNREFUSED",
    );
    expect(ended.stderr).not.toContain("hunter2");
  });

  it("refuses an address that is no proxy's, without showing it", async () => {
    prepare();

    const ended = await run(["state", "fetch", "--store", "https://store.test/shop"], {
      HTTPS_PROXY: `socks5://${USER}@127.0.0.1:1`,
    });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("HTTPS_PROXY names a proxy of the kind socks5");
    expect(ended.stderr).not.toContain("hunter2");
  });
});

const VERDICT = JSON.stringify({
  schema: 1,
  level: "error",
  findings: [
    {
      subject: { kind: "run", what: "dbt-failed" },
      severity: "error",
      failureClass: "code",
      status: "exit 2",
      message: "Compilation Error",
      failures: null,
      threshold: null,
      skipped: [],
      muted: null,
      isNew: null,
    },
  ],
  passed: [],
  neutral: [],
  nodes: {},
  known: [],
  dbt: { version: null, commands: [], exitCodes: [] },
  reproduce: null,
  counts: { error: 1, warn: 0, skipped: 0, passed: 0, muted: 0 },
  sources: [],
});
