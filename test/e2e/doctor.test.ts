import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { DoctorResult } from "../../src/doctor/checks.ts";
import { listenOn, serveLoopback } from "../support/loopback.ts";
import { type Ended, json, signalbox, withPrograms } from "./cli.ts";
import { type Layout, openLayout } from "./layout.ts";
import { DBT_PATH, describeOnDbt } from "./real-dbt.ts";

const SECRETS = { slack: "xoxb-not-to-be-seen", github: "ghp_not_to_be_seen", circle: "circle-not-to-be-seen" };
const FILES = {
  "signalbox.yml":
    "version: 1\nbase_branch: main\nmodes:\n  check: { target: ci }\n  deploy: { target: prod }\n  schedule: { target: prod }\nstore: dir:state\nslack: { error: C0ERRORS00, warn: C0WARNINGS }\n",
  "dbt_project.yml": "name: shop\nprofile: shop\n",
  "profiles.yml": `shop:
  outputs:
    ci: { type: duckdb, path: shop.duckdb, schema: "{{ env_var('SIGNALBOX_SCHEMA', 'ci') }}" }
    prod: { type: duckdb, path: shop.duckdb, schema: analytics }
`,
  ".github/workflows/dbt.yml": `on:
  pull_request:
  push: { branches: [main] }
  schedule: [{ cron: "7 * * * *" }]
permissions: { contents: read, actions: read }
jobs:
  dbt:
    runs-on: ubuntu-latest
    steps:
      - { uses: actions/checkout@v5, with: { fetch-depth: 0 } }
      - { uses: acme/signalbox@v1, with: { slack-token: "\${{ secrets.SLACK_BOT_TOKEN }}" } }
`,
};
const VERSION = "echo Core:\necho '  - installed: 1.11.16'\necho Plugins:\necho '  - duckdb: 1.11.1 - Up to date!'\n";

/** The last one that was opened. */
let layout: Layout;
const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A dbt of a few lines of shell, and what they say. */
function open(files: Readonly<Record<string, string>> = {}, script = VERSION): Layout {
  const opened = openLayout({ ...FILES, ...files });
  layout = opened;
  closing.push(() => opened.remove());
  const bin = join(layout.dir, "../bin");
  mkdirSync(bin);
  for (const name of ["dbt", "aws"]) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}`);
    chmodSync(join(bin, name), 0o755);
  }
  layout.env.PATH = withPrograms(bin);
  return layout;
}

function doctor(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return signalbox(["doctor", ...args], { cwd: layout.dir, env: { ...layout.env, ...env } });
}

const levels = (ended: Ended) => json<DoctorResult>(ended).checks.map(({ level, id }) => `${level} ${id}`);
const bad = (ended: Ended) => levels(ended).filter((line) => !line.startsWith("ok"));

/** Slack, GitHub and CircleCI on one port of loopback. `answer`: over what is right. */
async function openServices(answer: (path: string, form: URLSearchParams) => object | null = () => null) {
  const calls: string[] = [];
  const messages = new Map<string, string>();
  const { url, close } = await serveLoopback((request, response) => {
    void readBody(request).then((body) => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      const form = new URLSearchParams(body);
      calls.push(`${path.replace(/^.*\/(?=[a-z]+\.)/i, "")} ${form.get("channel") ?? ""}`.trim());
      response.setHeader("content-type", "application/json");
      response.setHeader("x-oauth-scopes", "chat:write,channels:history,groups:history");
      response.end(JSON.stringify(answer(path, form) ?? rightAnswer(path, form, messages)));
    });
  });
  closing.push(close);
  const flags = ["--slack-url", `${url}/api/`, "--circle-url", url];
  const env = {
    GITHUB_API_URL: url,
    SLACK_BOT_TOKEN: SECRETS.slack,
    GITHUB_TOKEN: SECRETS.github,
    CIRCLE_TOKEN: SECRETS.circle,
  };
  return { flags, env, calls, messages };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function rightAnswer(path: string, form: URLSearchParams, messages: Map<string, string>): object {
  const channel = form.get("channel") ?? "";
  const ts = "1764000000.000100";
  switch (path) {
    case "/api/auth.test":
      return { ok: true, team: "Acme", user: "signalbox" };
    case "/api/conversations.info":
      return { ok: false, error: "missing_scope", needed: "channels:read", provided: "chat:write" };
    case "/api/conversations.history":
      return { ok: true, messages: messages.has(channel) ? [{ ts, ...JSON.parse(messages.get(channel) ?? "") }] : [] };
    case "/api/chat.postMessage":
    case "/api/chat.update":
      messages.set(
        channel,
        JSON.stringify({ text: form.get("text"), metadata: JSON.parse(form.get("metadata") ?? "null") }),
      );
      return { ok: true, channel, ts };
    case "/api/chat.delete":
      messages.delete(channel);
      return { ok: true, channel, ts };
    case "/repos/acme/shop/actions/runs":
      return { total_count: 0, workflow_runs: [] };
    case "/repos/acme/shop/pulls":
      return [];
    default:
      return path === "/api/v2/me" || path === "/api/v2/project/gh/acme/shop" ? { id: "x" } : { ok: false };
  }
}

describe("on a laptop without tokens", () => {
  it("nothing is wrong, each token is said to be the CI's, and nothing is left behind", async () => {
    open();
    const before = layout.tree();

    const ended = await doctor();

    expect(ended.stdout).not.toMatch(/^(?:WARN|FAIL)/m);
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    expect(ended.stdout).toMatch(/^ok +dbt +dbt 1\.11\.16 with duckdb 1\.11\.1 \(dbt\)$/m);
    expect(ended.stdout).toContain("push to main → deploy, schedule on main → schedule");
    expect(ended.stdout).toContain("the secret that .github/workflows/dbt.yml hands over");
    expect(ended.stdout.trimEnd().split("\n").at(-1)).toMatch(/^\d+ checks: \d+ fine$/);
    expect(layout.tree()).toEqual(before);
  });

  it("what is wrong is a problem with its fix, and exit 1", async () => {
    open({
      "profiles.yml":
        "shop: { outputs: { ci: { type: snowflake, schema: a, user: me }, prod: { type: snowflake, schema: a, user: me } } }",
      ".github/workflows/dbt.yml": FILES[".github/workflows/dbt.yml"].replace("actions: read", "issues: read"),
      ".github/workflows/nightly.yml":
        "on: { schedule: [] }\npermissions: read-all\njobs: { b: { steps: [{ run: dbt build }] } }",
      ".github/workflows/broken.yml": "on: {",
    });

    const ended = await doctor(["--json"]);

    expect(ended.code).toBe(1);
    expect(bad(ended)).toEqual([
      "fail dbt",
      "fail schema",
      "warn user",
      "fail permissions:.github/workflows/dbt.yml#dbt",
      "warn ci:.github/workflows/broken.yml",
      "warn gate:.github/workflows/nightly.yml#b",
    ]);
    const ids = json<DoctorResult>(ended).checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(json<DoctorResult>(ended).checks.every(({ level, fix }) => (fix === null) === (level === "ok"))).toBe(true);
  });

  it("there need not even be a project, a clone, or dbt", async () => {
    layout = openLayout({ "readme.md": "" }, { isRepository: false });
    layout.env.PATH = "/usr/bin:/bin";

    const ended = await doctor(["--json"]);

    expect(ended.code).toBe(1);
    expect(bad(ended)).toEqual(
      expect.arrayContaining(["fail config", "fail dbt", "fail git", "fail project", "warn ci"]),
    );
  });
});

describe("one file that cannot be read", () => {
  const spoil: Readonly<Record<string, (path: string) => void>> = {
    "UTF-16": (path) => writeFileSync(path, Buffer.from("\ufeffon: push", "utf16le")),
    "a pipe": (path) => void execFileSync("mkfifo", [path]),
    "a folder": (path) => mkdirSync(path),
    "not YAML": (path) => writeFileSync(path, "on: {"),
    "too deep": (path) => writeFileSync(path, "[".repeat(40_000)),
    circular: (path) => writeFileSync(path, "jobs: &a { x: *a }"),
  };

  it.each(Object.keys(spoil))("of the CI is named, and all others are looked at: %s", async (kind) => {
    open();
    const whole = levels(await doctor(["--json"]));
    spoil[kind]?.(join(layout.dir, ".github/workflows/other.yml"));

    const ended = await doctor(["--json"]);

    expect(ended.stderr).not.toContain("internal error");
    expect(bad(ended)).toEqual(["warn ci:.github/workflows/other.yml"]);
    expect(levels(ended)).toEqual(expect.arrayContaining(whole));
    expect(ended.code).toBe(0);
  });

  it.each(["UTF-16", "a pipe", "a folder", "not YAML", "too deep"])(
    "signalbox.yml fails with its error, and what can be looked at is: %s",
    async (kind) => {
      open();
      rmSync(join(layout.dir, "signalbox.yml"));
      spoil[kind]?.(join(layout.dir, "signalbox.yml"));

      const ended = await doctor(["--json"]);

      expect([ended.code, bad(ended)]).toEqual([1, expect.arrayContaining(["fail config"])]);
      expect(levels(ended)).toEqual(
        expect.arrayContaining(["ok dbt", "ok git", "ok targets", "ok gate:.github/workflows/dbt.yml"]),
      );
    },
  );

  it("signalbox.yml with wrong keys fails by each of them, and the rest of it is used", async () => {
    open({
      "signalbox.yml": `${FILES["signalbox.yml"].replace("deploy: { target: prod }", "deploy: { target: prd }")}mods: 1\nstoer: 2\n`,
    });

    const ended = await doctor(["--json"]);

    expect(ended.code).toBe(1);
    expect(bad(ended)).toEqual(["fail config", "fail config:2", "fail targets:deploy"]);
    expect(json<DoctorResult>(ended).checks[0]?.found).toMatch(
      /^signalbox\.yml:\d+ mods is no key .*did you mean modes/,
    );
  });

  it("signalbox.yaml is told by its name; a file that was asked for and is not there is bad input", async () => {
    open();
    renameSync(join(layout.dir, "signalbox.yml"), join(layout.dir, "signalbox.yaml"));

    expect(bad(await doctor(["--json"]))).toEqual(["fail config"]);
    expect((await doctor(["--config", "none.yml"])).code).toBe(2);
    expect((await doctor(["--jsno"])).code).toBe(2);
  });

  it.each<[what: string, profiles: string, found: RegExp]>([
    ["no YAML", "shop: {", /^profiles\.yml is not YAML: line 1/],
    [
      "without the profile",
      "shpo: { outputs: {} }",
      /^profiles\.yml has no profile shop \(did you mean shpo\?\): it has shpo/,
    ],
    ["without outputs", "shop: {}", /^the profile shop of profiles\.yml has no outputs/],
  ])("profiles.yml %s is a problem, and no target is fine", async (_, profiles, found) => {
    open({ "profiles.yml": profiles });

    const ended = await doctor(["--json"]);

    expect(bad(ended)).toEqual(["warn targets", "fail targets:profiles"]);
    expect(json<DoctorResult>(ended).checks.find(({ id }) => id === "targets:profiles")?.found).toMatch(found);
    expect(ended.code).toBe(1);
  });

  it("dbt_project.yml that is no YAML is one, too", async () => {
    open({ "dbt_project.yml": "name: [" });

    expect(bad(await doctor(["--json"]))).toEqual(["fail project"]);
  });

  it("a schema in another case is production's for Snowflake, and so is a user", async () => {
    open({
      "profiles.yml":
        "shop: { outputs: { ci: { type: snowflake, schema: analytics, user: Dana }, prod: { type: snowflake, schema: ANALYTICS, user: DANA } } }",
    });

    expect(bad(await doctor(["--json"]))).toEqual(["fail dbt", "fail schema", "warn user"]);
  });
});

describeOnDbt("with real dbt", () => {
  it("real dbt is asked for its version and its adapter", async () => {
    open();
    layout.env.PATH = DBT_PATH;

    const ended = await doctor(["--json"]);

    expect(json<DoctorResult>(ended).checks.find(({ id }) => id === "dbt")).toMatchObject({
      level: "ok",
      found: expect.stringMatching(/^dbt 1\.11\.16 with duckdb 1\.11\.1/),
    });
    expect(bad(ended)).toEqual([]);
  });
});

describe("with tokens", () => {
  it("Slack, GitHub and CircleCI are asked, a test message comes and goes in each channel, and no token is shown", async () => {
    open();
    const { flags, env, calls, messages } = await openServices();

    const ended = await doctor(["--json", "--send-test", ...flags], env);

    expect(bad(ended)).toEqual([]);
    expect(ended.code).toBe(0);
    expect(levels(ended)).toEqual(
      expect.arrayContaining([
        "ok github-token",
        "ok circle-token",
        "ok slack:scopes",
        "ok send:C0ERRORS00",
        "ok send:C0WARNINGS",
      ]),
    );
    const ofErrors = calls.filter((call) => call.endsWith("C0ERRORS00") && call.startsWith("chat"));
    expect(ofErrors).toEqual(
      ["chat.postMessage", "chat.update", "chat.delete"].map((method) => `${method} C0ERRORS00`),
    );
    expect([...messages]).toEqual([]);
    for (const secret of Object.values(SECRETS)) expect(ended.stdout + ended.stderr).not.toContain(secret);
  });

  it("nothing is posted without --send-test", async () => {
    open();
    const { flags, env, calls } = await openServices();

    await doctor(flags, env);

    expect(calls.filter((call) => call.startsWith("chat"))).toEqual([]);
    expect(calls).toContain("conversations.history C0WARNINGS");
  });

  it.each<[path: string, error: string, expected: string[]]>([
    ["/api/auth.test", "invalid_auth", ["fail slack"]],
    [
      "/api/conversations.history",
      "not_in_channel",
      ["fail slack:C0ERRORS00", "warn send:C0ERRORS00", "fail slack:C0WARNINGS", "warn send:C0WARNINGS"],
    ],
    ["/api/chat.postMessage", "restricted_action", ["fail send:C0ERRORS00", "fail send:C0WARNINGS"]],
    ["/api/chat.update", "cant_update_message", ["fail send:C0ERRORS00", "fail send:C0WARNINGS"]],
    ["/api/chat.delete", "compliance_exports_prevent_deletion", ["warn send:C0ERRORS00", "warn send:C0WARNINGS"]],
  ])("%s that answers %s is found", async (where, error, expected) => {
    open();
    const { flags, env } = await openServices((path) => (path === where ? { ok: false, error } : null));

    expect(bad(await doctor(["--json", "--send-test", ...flags], env))).toEqual(expected);
  });

  it("a Slack that drops what goes along with a message is found", async () => {
    open();
    const message = { ts: "1764000000.000100", text: "a test message" };
    const { flags, env } = await openServices((path) =>
      path === "/api/conversations.history" ? { ok: true, messages: [message] } : null,
    );

    const ended = await doctor(["--json", "--send-test", ...flags], env);

    expect(bad(ended)).toEqual(["warn send:C0ERRORS00", "warn send:C0WARNINGS"]);
    expect(ended.stdout).toContain("no metadata");
  });
});

describe("in a job of GitHub", () => {
  const job = (event: string, more: object = {}) => {
    const eventFile = join(layout.dir, "../event.json");
    writeFileSync(
      eventFile,
      JSON.stringify({ repository: { full_name: "acme/shop", default_branch: "main" }, ...more }),
    );
    const names = {
      GITHUB_ACTIONS: "true",
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_RUN_ID: "1",
      GITHUB_REF_NAME: "main",
    };
    return { ...names, GITHUB_SHA: "a".repeat(40), GITHUB_EVENT_NAME: event, GITHUB_EVENT_PATH: eventFile };
  };
  const started = () => existsSync(join(layout.dir, "../started"));
  const script = `touch ../started\n${VERSION}`;

  it("a stranger's code is not started as dbt, and says nobody anything", async () => {
    open({}, script);
    const { flags, env, calls } = await openServices();
    const base = { ref: "main", sha: "b".repeat(40) };
    const pull_request = { number: 1, base, head: { ref: "x", sha: "c".repeat(40), repo: { full_name: "eve/shop" } } };

    const target = await doctor(["--json", "--send-test", ...flags], {
      ...env,
      ...job("pull_request_target", { pull_request }),
    });
    const isStarted = started();
    const fork = await doctor(["--json", "--send-test", ...flags], {
      ...env,
      ...job("pull_request", { pull_request }),
    });

    expect(isStarted).toBe(false);
    expect(bad(target)).toEqual(expect.arrayContaining(["fail dbt", "fail store", "fail send"]));
    expect(started()).toBe(true);
    expect(bad(fork)).toEqual(["fail send"]);
    expect(calls.filter((call) => call.startsWith("chat"))).toEqual([]);
    expect(existsSync(join(layout.dir, "state"))).toBe(false);
  });
});

describe("on CircleCI", () => {
  const CONFIG = `version: 2.1
orbs: { signalbox: acme/signalbox@1 }
workflows:
  dbt:
    jobs:
      - signalbox/ci: { name: check, context: [warehouse-ci], filters: { branches: { ignore: main } } }
      - signalbox/ci: { name: deploy, context: [warehouse-prod, slack, queue], filters: { branches: { only: main } } }
`;
  const files = { ".circleci/config.yml": CONFIG };
  const WORKFLOW = "00000000-0000-4000-8000-000000000001";
  const job = {
    ...{ CIRCLECI: "true", CIRCLE_PROJECT_USERNAME: "acme", CIRCLE_PROJECT_REPONAME: "shop", CIRCLE_BRANCH: "main" },
    ...{ CIRCLE_WORKFLOW_ID: WORKFLOW, CIRCLE_PIPELINE_ID: "00000000-0000-4000-8000-000000000002" },
    CIRCLE_SHA1: "a".repeat(40),
  };
  const openHere = () => {
    open(files);
    rmSync(join(layout.dir, ".github"), { recursive: true });
  };
  const found = (ended: Ended, id: string) => json<DoctorResult>(ended).checks.find((check) => check.id === id);

  it("a laptop is told in which contexts the tokens are looked for, and what is in no file", async () => {
    openHere();

    const ended = await doctor(["--json"]);

    expect(bad(ended)).toEqual([]);
    expect(found(ended, "circle-token")?.found).toContain("the contexts warehouse-ci, warehouse-prod, slack, queue");
    expect(found(ended, "slack")?.found).toMatch(
      /^SLACK_BOT_TOKEN is not set here, and need not be: in CI it is the contexts warehouse-ci, warehouse-prod, slack,/,
    );
    expect(levels(ended)).toEqual(
      expect.arrayContaining([
        "ok gate:.circleci/config.yml dbt",
        "ok lock:auto-cancel",
        "ok mode:.circleci/config.yml dbt",
      ]),
    );
  });

  it("a job without tokens is told what that costs", async () => {
    openHere();

    const ended = await doctor(["--json"], job);

    expect(ended.code).toBe(1);
    expect(bad(ended)).toEqual(expect.arrayContaining(["fail circle-token", "warn slack"]));
    expect(found(ended, "circle-token")?.fix).toContain("a context of the job");
  });

  it("a job's token is tried on its own workflow, and a test message comes and goes", async () => {
    openHere();
    const { flags, env, calls, messages } = await openServices((path) =>
      path === `/api/v2/workflow/${WORKFLOW}`
        ? { id: WORKFLOW, name: "dbt", pipeline_id: job.CIRCLE_PIPELINE_ID, project_slug: "gh/acme/shop" }
        : path === `/api/v2/pipeline/${job.CIRCLE_PIPELINE_ID}`
          ? {
              id: job.CIRCLE_PIPELINE_ID,
              vcs: { branch: "main", origin_repository_url: "https://github.com/acme/shop" },
            }
          : null,
    );
    const { GITHUB_TOKEN: _, ...others } = env;

    const ended = await doctor(["--json", "--send-test", ...flags], { ...others, ...job });

    expect(found(ended, "circle-token")).toMatchObject({
      level: "ok",
      found: expect.stringContaining("sees this workflow"),
    });
    expect(levels(ended)).toEqual(expect.arrayContaining(["ok send:C0ERRORS00", "ok send:C0WARNINGS"]));
    expect(calls.filter((call) => call.startsWith("chat."))).toHaveLength(6);
    expect([...messages]).toEqual([]);
    for (const secret of Object.values(SECRETS)) expect(ended.stdout + ended.stderr).not.toContain(secret);
  });

  it.each<[what: string, token: string, level: string, words: RegExp]>([
    ["a project token", "CCIPRJ_0123456789_abcdef", "fail", /holds a project token/],
    ["one that CircleCI refuses", "refused-token-0123456789", "fail", /answered 401/],
  ])("%s is a problem in a job", async (_, token, level, words) => {
    openHere();
    const { url, close } = await serveLoopback((_request, response) => {
      response.writeHead(401, { "content-type": "application/json" }).end('{"message":"Invalid token provided."}');
    });
    closing.push(close);

    const ended = await doctor(["--json", "--circle-url", url], { ...job, CIRCLE_TOKEN: token });

    expect(found(ended, "circle-token")).toMatchObject({ level, found: expect.stringMatching(words) });
    expect(ended.stdout + ended.stderr).not.toContain(token);
  });
});

describe("Slack that gives no answer", () => {
  const says = async (status: number, body: string) => {
    const { url, close } = await serveLoopback((_, response) => response.writeHead(status).end(body));
    closing.push(close);
    return `${url}/api/`;
  };

  const isGone = async () => {
    const url = await says(200, "");
    closing.pop()?.();
    return url;
  };

  it.each<[what: string, open: () => Promise<string>, fix: RegExp]>([
    ["fails", () => says(503, "{}"), /slack-status\.com/],
    ["is a login page", () => says(200, "<html>Sign in"), /login portal/],
    ["is not there", isGone, /nothing listens there.*--slack-url.*HTTPS_PROXY/],
    ["has no name", async () => "http://slack.invalid/api/", /\(DNS\)/],
  ])("%s: what happened is said, and what to do", async (_, openSlack, fix) => {
    open();

    const ended = await doctor(["--json", "--slack-url", await openSlack()], { SLACK_BOT_TOKEN: SECRETS.slack });

    const slack = json<DoctorResult>(ended).checks.find(({ id }) => id === "slack");
    expect(slack).toMatchObject({ level: "warn", fix: expect.stringMatching(fix) });
  });
});

describe("dbt, the remote, the store and every service that do not answer", () => {
  const JOB = {
    GITHUB_ACTIONS: "true",
    GITHUB_EVENT_NAME: "push",
    GITHUB_SHA: "a".repeat(40),
    GITHUB_REF_NAME: "main",
    GITHUB_REPOSITORY: "acme/shop",
    GITHUB_RUN_ID: "1",
  };

  /** What doctor says of a world where each connection hangs, or drips a body without end, and after how long. */
  async function ask(place: "on a laptop" | "in a job", how: "hanging" | "dripping") {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket.on("error", () => {}));
      if (how === "hanging") return;
      // Each byte of it comes in time.
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{");
      const drip = setInterval(() => socket.write(" "), 200);
      socket.on("close", () => clearInterval(drip));
    });
    const port = await listenOn(server, 0);
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const url = `127.0.0.1:${port}`;
    const config = FILES["signalbox.yml"]
      .replace("dir:state", "s3://acme-state/shop")
      .replace("base_branch: main\n", "");
    // What it starts in turn keeps the pipes open.
    const { dir } = open({ "signalbox.yml": config }, "trap '' INT\nsleep 60\n");
    const remote = `[remote "origin"]\n\turl = git://${url}/acme/shop.git\n`;
    writeFileSync(join(dir, ".git/config"), `[core]\n\trepositoryformatversion = 0\n\tbare = false\n${remote}`);
    const tokens = { SLACK_BOT_TOKEN: SECRETS.slack, CIRCLE_TOKEN: SECRETS.circle, GITHUB_TOKEN: SECRETS.github };
    const env = { GITHUB_API_URL: `http://${url}`, ...tokens, ...(place === "in a job" ? JOB : {}) };
    const servers = ["--slack-url", `http://${url}/api/`, "--circle-url", `http://${url}`];
    const startedAt = performance.now();
    const ended = await doctor(["--json", "--send-test", ...servers], env);
    return { ended, milliseconds: performance.now() - startedAt, left: readdirSync(dir) };
  }

  it("take no longer than 30 s, on a laptop and in a job", async () => {
    const all = await Promise.all([
      ask("on a laptop", "hanging"),
      ask("in a job", "hanging"),
      ask("in a job", "dripping"),
    ]);

    for (const { ended, milliseconds, left } of all) {
      // Real time-outs of real processes; what hangs here would go on for a minute, or for ever.
      expect(milliseconds).toBeLessThan(30_000);
      expect(bad(ended)).toEqual(expect.arrayContaining(["warn dbt", "warn store", "warn circle-token", "fail slack"]));
      expect(left).not.toContain(".signalbox");
    }
  });
});
