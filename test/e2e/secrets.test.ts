import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Loopback, serveLoopback } from "../support/loopback.ts";
import { CLI, type Ended, json, signalbox } from "./cli.ts";
import { aModel, openSmallProject, type SmallProject } from "./small-project.ts";

const REPOSITORY = "acme/shop";
const LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";

/** The values of the job's environment, and what of each must be seen nowhere. */
const SECRETS = {
  SLACK_BOT_TOKEN: "xoxb-7f3a9c01-SLACKmarker",
  SLACK_CLIENT_SECRET: "c11ent-5ecret-marker",
  SLACK_WEBHOOK_ERROR: "https://hooks.example.com/services/T01/B02/webhookMarker",
  CIRCLE_TOKEN: "CCIPAT_circle_marker_01",
  CIRCLE_OIDC_TOKEN: "eyJhbGciOiJSUzI1.circle.oidcMarker",
  GITHUB_TOKEN: "ghs_A1b2C3d4E5f6markerG",
  GH_TOKEN: "ghp_Z9y8X7w6V5u4markerH",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "eyJ0eXAiOiJK.actions.idMarker",
  DBT_ENV_SECRET_GIT: "d8t-env-5ecret-marker",
  DBT_PASSWORD: 'p&ss<w"rd%+/\\mark~é1',
  WAREHOUSE_KEY: `-----BEGIN PRIVATE KEY-----\n${LINE}\n-----END PRIVATE KEY-----`,
} as const;
const MARKERS = { ...SECRETS, WAREHOUSE_KEY: LINE, SLACK_WEBHOOK_ERROR: "/services/T01/B02/webhookMarker" };

const base64 = (text: string) => Buffer.from(text).toString("base64");
/** The characters of a base64 that stand for the secret alone. */
const inside = (secret: string, before: string) => {
  const offset = Buffer.byteLength(before);
  return base64(`${before}${secret}`).slice(
    Math.ceil((offset * 4) / 3),
    Math.floor(((offset + Buffer.byteLength(secret)) * 4) / 3),
  );
};

/** How a program may write a secret, and the part of that which is nobody's but the secret's. */
const FORMS: Readonly<Record<string, (secret: string) => { readonly written: string; readonly own: string }>> = {
  plain: (secret) => ({ written: `is ${secret} it`, own: secret }),
  json: (secret) => ({ written: JSON.stringify({ a: secret }), own: JSON.stringify(secret).slice(1, -1) }),
  percent: (secret) => ({ written: `https://u:${encodeURIComponent(secret)}@x/`, own: encodeURIComponent(secret) }),
  ...Object.fromEntries(
    ["", "a", "ab", "x-access-token:"].map((before) => [
      `base64 behind ${before}`,
      (secret: string) => ({ written: `basic ${base64(`${before}${secret}`)}`, own: inside(secret, before) }),
    ]),
  ),
  base64url: (secret) => ({
    written: Buffer.from(`~~~${secret}`).toString("base64url"),
    own: inside(secret, "~~~").replaceAll("+", "-").replaceAll("/", "_"),
  }),
  "base64 of base64": (secret) => ({
    written: base64(base64(`x-access-token:${secret}`)),
    own: inside(inside(secret, "x-access-token:"), base64("x-access-token:").slice(0, 20)),
  }),
  hex: (secret) => ({ written: `0x${Buffer.from(secret).toString("hex")}`, own: Buffer.from(secret).toString("hex") }),
  capitals: (secret) => ({ written: `NO OBJECT ${secret.toUpperCase()}`, own: secret.toUpperCase() }),
  "a gutter": (secret) => ({ written: `| ${secret.slice(0, 9)}\n  | ${secret.slice(9)}`, own: secret.slice(0, 9) }),
  // What is seen of these is the secret itself.
  unseen: (secret) => ({ written: [...secret].join("\u200b\u00ad"), own: secret }),
  colours: (secret) => ({ written: [...secret].join("\u001b[31m"), own: secret }),
  lines: (secret) => ({ written: `${secret.slice(0, 9)}\n      ${secret.slice(9)}`, own: secret.slice(0, 9) }),
};

/** One message for each form, with every secret in it, and a text of two kilobytes before: what is cut has a secret at its end. */
const MESSAGES = [
  ...Object.values(FORMS).map((form) =>
    Object.values(MARKERS)
      .map((secret) => form(secret).written)
      .join(" and "),
  ),
  ...Array.from(
    { length: 24 },
    (_, index) => `${"word ".repeat(36)}${"x".repeat(index)} ${MARKERS.SLACK_BOT_TOKEN} behind`,
  ),
  `Runtime Error\n${SECRETS.WAREHOUSE_KEY}`,
];

const NODES = MESSAGES.map((message, index) => ({
  ...aModel(`m${index}`),
  ...(index === 0
    ? {
        description: message,
        tags: [MARKERS.GITHUB_TOKEN],
        config: { materialized: "table", meta: { owner: MARKERS.GH_TOKEN }, group: MARKERS.CIRCLE_TOKEN },
        alias: MARKERS.DBT_ENV_SECRET_GIT,
        raw_code: message,
        original_file_path: `models/${MARKERS.DBT_ENV_SECRET_GIT}.sql`,
      }
    : {}),
}));
const FAILING = {
  FAKE_DBT_SAYS: MESSAGES.join("\n"),
  FAKE_DBT_EXIT: "1",
  FAKE_DBT_NODES: JSON.stringify(Object.fromEntries(NODES.map((node) => [node.unique_id, node]))),
  FAKE_DBT_ROWS: JSON.stringify(
    NODES.map(({ unique_id }, index) => ({ unique_id, status: "error", message: MESSAGES[index] })),
  ),
};

let project: SmallProject;
let server: Loopback;
let url: string;
let bodies: string[];

beforeEach(async () => {
  bodies = [];
  project = openSmallProject();
  project.write({
    "signalbox.yml": `${project.read("signalbox.yml")}slack: { error: C0AAAAAAA1, warn: C0BBBBBBB2 }\n`,
    "profiles.yml":
      "small:\n  target: ci\n  outputs:\n    ci: { type: duckdb, password: \"{{ env_var('DBT_PASSWORD', '') }}\" }\n    prod: { type: duckdb, private_key: \"{{ env_var('WAREHOUSE_KEY') }}\" }\n",
  });
  project.git("commit", "--quiet", "--all", "--message", `Title ${MARKERS.GITHUB_TOKEN}`);
  project.addOrigin();
  server = await serveLoopback(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    // A form is decoded: what Slack shows is what is looked at.
    const isForm = request.headers["content-type"]?.includes("urlencoded") === true;
    if (request.method !== "GET")
      bodies.push(isForm ? [...new URLSearchParams(text)].filter(([name]) => name !== "token").join("\n") : text);
    const say = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.url?.startsWith("/slack/"))
      return say(200, { ok: true, channel: "C0AAAAAAA1", ts: `1764000000.${bodies.length}` });
    if (request.url?.endsWith("/graphql")) return say(200, { data: { viewer: { login: "us" } } });
    if (request.url?.includes("/issues/") && request.method === "GET") return say(200, []);
    if (request.url?.includes("/issues/")) return say(201, { id: 70, body: "", user: { login: "us" } });
    return say(404, { message: `Not Found: ${MARKERS.GITHUB_TOKEN}` });
  });
  url = server.url;
});
afterEach(async () => {
  await server.close();
  project.remove();
});

const beside = (name: string) => join(project.dir, "..", name);
const laptopEnv = () => ({ ...project.env, ...SECRETS, ...FAILING, SIGNALBOX_SLACK_URL: `${url}/slack/` });

function onGitHub(eventName: string, event: unknown): Record<string, string> {
  writeFileSync(beside("event.json"), JSON.stringify(event));
  return {
    ...laptopEnv(),
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_API_URL: url,
    GITHUB_REPOSITORY: REPOSITORY,
    GITHUB_EVENT_NAME: eventName,
    GITHUB_EVENT_PATH: beside("event.json"),
    GITHUB_SHA: project.git("rev-parse", "HEAD"),
    GITHUB_REF_NAME: "main",
    GITHUB_REF_TYPE: "branch",
    GITHUB_RUN_ID: "777",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_WORKFLOW_REF: `${REPOSITORY}/.github/workflows/dbt.yml@refs/heads/main`,
    GITHUB_OUTPUT: beside("output"),
    GITHUB_STEP_SUMMARY: beside("step-summary"),
    SIGNALBOX_NO_QUEUE: "true",
  };
}

const repository = { full_name: REPOSITORY, default_branch: "main" };
const push = {
  repository,
  head_commit: { message: `Title ${MARKERS.SLACK_BOT_TOKEN}`, author: { name: MARKERS.GH_TOKEN } },
};

/** Every file that a run has left, by name. */
function filesIn(...folders: readonly string[]): ReadonlyMap<string, string> {
  const entries = folders.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }));
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
}

/** A text as it is seen: without what has no width, and without colours, also where JSON writes them. */
const seen = (text: string) => text.replace(/(?:\u001b|\\u001b)\[31m|\u200b|\u00ad|\\u200b|\\u00ad/g, "");

/** The secrets that a text still holds, as `form of NAME`. */
function leaksIn(written: string): readonly string[] {
  const text = seen(written);
  return Object.entries(MARKERS).flatMap(([name, secret]) =>
    Object.entries(FORMS).flatMap(([form, write]) => {
      const { own } = write(secret);
      const windows = Array.from({ length: Math.max(1, own.length - 9) }, (_, at) => own.slice(at, at + 10));
      return windows.some((window) => text.includes(window)) ? [`${form} of ${name}`] : [];
    }),
  );
}

function expectNone(sinks: Iterable<readonly [name: string, text: string]>): void {
  for (const [name, text] of sinks) expect(leaksIn(text), name).toEqual([]);
}

const streams = (ended: Ended) =>
  [
    ["stdout", ended.stdout],
    ["stderr", ended.stderr],
    // The runner is told what to hide; no other line may say it.
  ].map(([name = "", text = ""]) => [name, text.replace(/^::add-mask::.*$/gm, "")] as const);

describe("secrets in everything that dbt says", () => {
  it("are found by this test where they stand", () => {
    for (const [name, form] of Object.entries(FORMS))
      for (const secret of Object.values(MARKERS))
        expect(leaksIn(form(secret).written).length, name).toBeGreaterThan(0);
  });

  it("reach no file, no stream, no message and no output of a deploy", async () => {
    const ended = await signalbox(["ci", "--ledger", "file:../kept/ledger.json"], {
      cwd: project.dir,
      env: onGitHub("push", push),
    });

    expect([1, 3]).toContain(ended.code);
    const files = filesIn(join(project.dir, ".signalbox"), join(project.dir, "test-results"), beside("kept"));
    const names = [...files.keys()].map((file) => file.split("/").at(-1));
    expect(names).toEqual(
      expect.arrayContaining([
        ...[
          "verdict.json",
          "plan.json",
          "build.json",
          "ci.json",
          "alerts.json",
          "queue.json",
          "run.json",
          "summary.md",
        ],
        ...["dbt.xml", "ledger.json", "dbt.log", "run_results.json", "manifest.json"],
      ]),
    );
    expect(ended.stdout).toContain("::error ");
    expect(ended.stdout).toContain("***");
    expect(bodies.join("\n")).toContain("***");
    expectNone(streams(ended));
    expectNone(files);
    expectNone(["output", "step-summary"].map((name) => [name, readFileSync(beside(name), "utf8")]));
    expectNone(bodies.map((body) => ["a message to Slack", body]));
    expect(files.get(join(project.dir, ".signalbox/verdict.json"))).toContain("***");
  });

  it("reach neither the comment nor the answer of a check, and stdout holds no command beside it", async () => {
    project.git("switch", "--quiet", "--create", "feature/fx");
    project.write({ "models/orders.sql": "select 2\n" });
    project.git("commit", "--quiet", "--all", "--message", "FX");
    const head = {
      ref: `feature/${MARKERS.GITHUB_TOKEN}`,
      sha: project.git("rev-parse", "HEAD"),
      repo: { full_name: REPOSITORY },
    };
    const pull_request = {
      number: 12,
      title: `FX ${MARKERS.DBT_ENV_SECRET_GIT}`,
      user: { login: "dana" },
      base: { ref: "main", sha: "a".repeat(40) },
      head,
    };
    const env = onGitHub("pull_request", { repository, pull_request });

    const ended = await signalbox(["ci", "--json", "--comment", "--full"], {
      cwd: project.dir,
      env: { ...env, FAKE_DBT_EXIT: "0" },
    });

    expect(json(ended)).toMatchObject({ mode: "check" });
    expect(ended.stdout).toContain("***");
    expect(ended.stderr).toContain(`::add-mask::${SECRETS.GITHUB_TOKEN}\n`);
    expect(bodies.some((body) => body.includes("signalbox"))).toBe(true);
    expectNone(streams(ended));
    expectNone(filesIn(join(project.dir, ".signalbox")));
    expectNone(bodies.map((body) => ["a request", body]));
  });

  it("reach nothing where the steps are started one by one, outside GitHub, nor any mask", async () => {
    const env = laptopEnv();
    const ends: Ended[] = [];
    for (const args of [
      ["plan", "--mode", "deploy", "--json"],
      ["build", "--mode", "deploy"],
      ["report", "--json"],
      ["notify", "--mode", "deploy", "--ledger", "file:../kept/ledger.json"],
      ["notify", "--mode", "deploy", "--dry-run"],
      ["queue", "--ticket-dir", beside("tickets"), "--json", "--", "true"],
      ["queue", "--ticket-dir", beside("tickets")],
      ["ci", "--mode", "deploy", "--no-queue", "--dry-run", "--json"],
      ["report", `results-${MARKERS.GITHUB_TOKEN}.json`, "--json"],
      ["plan", "--select", MARKERS.GH_TOKEN, "--json"],
      ["state", "fetch", "--store", `dir:${MARKERS.GH_TOKEN}`, "--json"],
    ])
      ends.push(await signalbox(args, { cwd: project.dir, env }));

    expect(bodies.length).toBeGreaterThan(0);
    for (const ended of ends) {
      expect(ended.code, ended.stderr).not.toBe(70);
      expect(`${ended.stdout}${ended.stderr}`).not.toContain("::add-mask::");
      expectNone(streams(ended));
    }
    // What a later step has to read as it is: dbt's own manifest.
    const files = [
      ...filesIn(join(project.dir, ".signalbox"), join(project.dir, "test-results"), beside("kept"), beside("tickets")),
    ];
    expectNone(files.filter(([name]) => !name.endsWith("manifest.json")));
    expectNone(bodies.map((body) => ["a message to Slack", body]));
  });

  it("do not get into a plan that build would take for a glob", async () => {
    const model = { ...aModel(MARKERS.GH_TOKEN.toLowerCase()) };
    const env = { ...project.env, GH_TOKEN: model.name, FAKE_DBT_NODES: JSON.stringify({ [model.unique_id]: model }) };
    project.git("switch", "--quiet", "--create", "feature/fx");
    const args = ["--mode", "check", "--target", "ci"];
    const planned = await signalbox(["plan", ...args, "--select", model.name, "--json"], { cwd: project.dir, env });

    const built = await signalbox(["build", ...args], { cwd: project.dir, env });

    expect(planned.code, planned.stderr).toBe(0);
    expect(planned.stdout).toContain("***");
    expect(built.code).toBe(3);
    expect(built.stderr).toContain("hold a secret of this job");
  });
});

describe("a runner that is told what to hide", () => {
  /** Where each stream goes: a pipe, as of a runner, or a file. */
  const run = async (stdout: "pipe" | "file", stderr: "pipe" | "file", args: readonly string[]) => {
    const places = { stdout: beside("out.txt"), stderr: beside("err.txt") };
    const [out, err] = [openSync(places.stdout, "w"), openSync(places.stderr, "w")];
    const child = spawn(process.execPath, [CLI, "ci", "--full", "--no-notify", ...args], {
      cwd: project.dir,
      env: { ...onGitHub("push", push), FAKE_DBT_SAYS: "" },
      stdio: ["ignore", stdout === "pipe" ? "pipe" : out, stderr === "pipe" ? "pipe" : err],
    });
    for (const file of [out, err]) closeSync(file);
    const ended = new Promise((resolve) => child.on("close", resolve));
    const read = async (stream: Readable | null, file: string) =>
      stream === null ? ended.then(() => readFileSync(file, "utf8")) : text(stream);
    const [said, told] = await Promise.all([read(child.stdout, places.stdout), read(child.stderr, places.stderr)]);
    return { stdout: said, stderr: told };
  };
  const MASK = `::add-mask::${SECRETS.GITHUB_TOKEN}\n`;

  it.each<[stdout: "pipe" | "file", stderr: "pipe" | "file", args: string[], told: "stdout" | "stderr" | null]>([
    ["pipe", "pipe", [], "stdout"],
    ["pipe", "pipe", ["--json"], "stderr"],
    ["file", "pipe", [], "stderr"],
    ["file", "pipe", ["--json"], "stderr"],
    ["pipe", "file", ["--json"], null],
    ["file", "file", [], null],
  ])("reads it of a pipe, and no file holds it: %s, %s %j", async (stdout, stderr, args, told) => {
    const ended = await run(stdout, stderr, args);

    for (const name of ["stdout", "stderr"] as const) {
      expect(ended[name].includes(MASK), name).toBe(name === told);
      if (name !== told) expect(leaksIn(ended[name]), name).toEqual([]);
      // Beside that line, nothing of a secret.
      expect(leaksIn(ended[name].replace(/^::add-mask::.*$/gm, "")), name).toEqual([]);
    }
  });
});

describe("what dbt and other programs get of the secrets", () => {
  const starts = () => project.starts().map(({ env }) => Object.keys(SECRETS).filter((name) => name in env));
  const OWN = ["DBT_ENV_SECRET_GIT", "DBT_PASSWORD", "WAREHOUSE_KEY"];
  const passing = (names: string) =>
    project.write({
      "signalbox.yml": `${project.read("signalbox.yml").replace("version: 1\n", `version: 1\ndbt: { pass_env: [${names}] }\n`)}`,
    });
  const deploy = (env: Record<string, string>) =>
    signalbox(["ci", "--full", "--no-notify", "--no-publish"], {
      cwd: project.dir,
      env: { ...env, FAKE_DBT_SAYS: "" },
    });

  it("is what is dbt's own, also for the command of a queue, which is told what it lacks", async () => {
    await deploy(onGitHub("push", push));
    expect(new Set(starts().map(String))).toEqual(new Set([String(OWN)]));

    const print = "process.stdout.write(Object.keys(process.env).join())";
    const queued = await signalbox(["queue", "--ticket-dir", beside("tickets"), "--", process.execPath, "-e", print], {
      cwd: project.dir,
      env: laptopEnv(),
    });
    expect(Object.keys(SECRETS).filter((name) => queued.stdout.split(",").includes(name))).toEqual(OWN);
    expect(queued.stderr).toMatch(/GH_TOKEN.*not handed to the command/);
  });

  it("is more where the base branch's file names it, and not where a branch's own file does alone", async () => {
    passing("GH_TOKEN");
    project.git("commit", "--quiet", "--all", "--message", "Pass");
    project.git("push", "--quiet", "origin", "main");
    await deploy(onGitHub("push", push));
    expect(new Set(starts().map(String))).toEqual(new Set([String(["GH_TOKEN", ...OWN])]));

    rmSync(join(project.dir, "../dbt.log"));
    project.git("switch", "--quiet", "--create", "feature/fx");
    project.write({
      "signalbox.yml": project.read("signalbox.yml").replace("[GH_TOKEN]", "[GH_TOKEN, SLACK_BOT_TOKEN]"),
    });
    project.git("commit", "--quiet", "--all", "--message", "Take");
    const pull = (full_name: string) => ({
      repository,
      pull_request: {
        number: 12,
        title: "FX",
        user: { login: "eve" },
        base: { ref: "main", sha: "a".repeat(40) },
        head: { ref: "feature/fx", sha: project.git("rev-parse", "HEAD"), repo: { full_name } },
      },
    });
    const own = await deploy(onGitHub("pull_request", pull(REPOSITORY)));
    expect(new Set(starts().map(String))).toEqual(new Set([String(["GH_TOKEN", ...OWN])]));
    expect(own.stdout).toContain("SLACK_BOT_TOKEN not handed to dbt: the file of main does not name them");

    rmSync(join(project.dir, "../dbt.log"));
    const fork = await deploy(onGitHub("pull_request", pull("eve/shop")));
    expect(new Set(starts().map(String))).toEqual(new Set([String(OWN)]));
    expect(fork.stdout).toContain("GH_TOKEN, SLACK_BOT_TOKEN not handed to dbt: the run comes from a fork");
  });

  it("is told of where dbt's files read what it does not get", async () => {
    project.write({ "packages.yml": "packages: []\n# env_var('GH_TOKEN')\n" });

    const ended = await deploy(onGitHub("push", push));

    expect(ended.stdout).toMatch(/GH_TOKEN: read by its files, and not handed to it; dbt\.pass_env/);
  });
});
