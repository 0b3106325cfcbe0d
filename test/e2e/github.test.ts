import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackRecords } from "../../src/bundles/run-record-file.ts";
import type { CiResult } from "../../src/commands/ci-ending.ts";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { buildZip } from "../bundles/build-zip.ts";
import { type Loopback, serveLoopback } from "../support/loopback.ts";
import { json, signalbox } from "./cli.ts";
import { GITHUB_PUSH } from "./github-push.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

const REPOSITORY = "acme/shop";
const US = "github-actions[bot]";

let project: SmallProject;
let api: string;
let requests: string[];
let signedTokens: (string | undefined)[];
let comments: { id: number; body: string }[];
/** The bundle that an earlier deploy has uploaded, with its commit. */
let uploaded: { name: string; commit: string; zip: Buffer } | null;
let refusal: number | null;
let servers: Loopback[];

beforeEach(async () => {
  project = openSmallProject();
  project.addOrigin();
  [requests, signedTokens, comments, uploaded, refusal, servers] = [[], [], [], null, null, []];
  const signed = await listen((request, response) => {
    signedTokens.push(request.headers.authorization);
    response.end(uploaded?.zip);
  });
  api = await listen((request, response) => answer(request, response, signed));
});
afterEach(async () => {
  for (const { close } of servers) await close();
  project.remove();
});

async function listen(handler: RequestListener): Promise<string> {
  const server = await serveLoopback(handler);
  servers.push(server);
  return server.url;
}

/** GitHub's API on loopback, as far as a check of a pull request asks it. Its shapes are held to GitHub's file elsewhere. */
async function answer(request: IncomingMessage, response: ServerResponse, signed: string): Promise<void> {
  const path = new URL(request.url ?? "", "http://x").pathname.replace(`/repos/${REPOSITORY}`, "");
  requests.push(`${request.method} ${path}`);
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const say = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  if (refusal !== null) return void say(refusal, { message: "Resource not accessible by integration" });
  const commit = uploaded?.commit ?? "";
  const run = { id: 5, head_repository_id: 1, repository_id: 1, head_branch: "main", head_sha: commit };
  switch (`${request.method} ${path}`) {
    case "POST /graphql":
      return void say(200, { data: { viewer: { login: US } } });
    case "GET /actions/artifacts":
      return void say(200, {
        total_count: uploaded === null ? 0 : 1,
        artifacts:
          uploaded?.name !== new URL(request.url ?? "", "http://x").searchParams.get("name")
            ? []
            : [
                {
                  id: 3,
                  name: uploaded.name,
                  expired: false,
                  created_at: "2026-11-25T07:00:00Z",
                  workflow_run: run,
                },
              ],
      });
    case "GET /actions/runs/5":
      return void say(200, {
        id: 5,
        event: "push",
        status: "completed",
        conclusion: "success",
        head_branch: "main",
        head_sha: commit,
        head_repository: { full_name: REPOSITORY },
      });
    case "GET /branches/main":
      return void say(200, { commit: { sha: commit } });
    case `GET /compare/${commit}...${commit}`:
      return void say(200, { status: "identical" });
    case "GET /actions/artifacts/3/zip":
      return void response.writeHead(302, { location: `${signed}/zip?sig=x` }).end();
    case "GET /issues/12/comments":
      return void say(
        200,
        comments.map((comment) => ({ ...comment, user: { login: US } })),
      );
    case "POST /issues/12/comments":
      comments.push({ id: 70 + comments.length, body: (JSON.parse(text) as { body: string }).body });
      return void say(201, { ...comments.at(-1), user: { login: US } });
    case "PATCH /issues/comments/70":
      comments[0] = { id: 70, body: (JSON.parse(text) as { body: string }).body };
      return void say(200, { ...comments[0], user: { login: US } });
    default:
      return void say(404, { message: "Not Found" });
  }
}

const push = { repository: { full_name: REPOSITORY, default_branch: "main" } };
const pullRequest = (headRepository: string) => ({
  ...push,
  pull_request: {
    number: 12,
    title: "FX",
    user: { login: "dana" },
    base: { ref: "main", sha: "a".repeat(40) },
    head: { ref: "feature/fx", sha: project.git("rev-parse", "HEAD"), repo: { full_name: headRepository } },
  },
});

function onGitHub(eventName: string, event: unknown, overrides: Readonly<Record<string, string>> = {}) {
  const file = (name: string) => join(project.dir, "..", name);
  writeFileSync(file("event.json"), JSON.stringify(event));
  return {
    ...project.env,
    ...GITHUB_PUSH,
    GITHUB_API_URL: api,
    GITHUB_EVENT_NAME: eventName,
    GITHUB_EVENT_PATH: file("event.json"),
    GITHUB_SHA: project.git("rev-parse", "HEAD"),
    GITHUB_OUTPUT: file("output"),
    SIGNALBOX_NO_QUEUE: "true",
    SIGNALBOX_NO_NOTIFY: "true",
    ...overrides,
  };
}

const ci = (env: Record<string, string>, ...args: string[]) =>
  signalbox(["ci", "--json", ...args], { cwd: project.dir, env });

/** A deploy of main, whose bundle the upload step then keeps; and a branch behind it. */
async function deployAndBranch(): Promise<CiResult> {
  const deployed = json<CiResult>(await ci(onGitHub("push", push)));
  const folder = join(project.dir, ".signalbox/bundle");
  const names = ["state.json", "manifest.json", "run_results.json", "verdict.json"];
  const name = /^bundle-name<<(\S+)\n(.*)\n\1$/m.exec(readFileSync(join(project.dir, "../output"), "utf8"))?.[2] ?? "";
  uploaded = {
    name,
    commit: project.git("rev-parse", "HEAD"),
    zip: buildZip(names.map((name) => ({ name, content: readFileSync(join(folder, name)) }))),
  };
  project.git("switch", "--quiet", "--create", "feature/fx");
  project.write({ "models/orders.sql": "select 2\n" });
  project.git("commit", "--quiet", "--all", "--message", "FX");
  requests.length = 0;
  return deployed;
}

describe("store: auto on GitHub Actions", () => {
  it("leaves the bundle of a deploy for the upload step, names it in the outputs, and asks nothing", async () => {
    const { published, exitCode } = await deployAndBranch();

    expect(exitCode).toBe(0);
    expect(published?.where).toContain("upload step publishes as artifact signalbox-state-small-prod-");
    expect(readFileSync(join(project.dir, "../output"), "utf8")).toMatch(/bundle-path<<\S+\n\.signalbox\/bundle\n/);
    expect(uploaded?.name).toMatch(/^signalbox-state-small-prod-[0-9a-f]{6}$/);
    // The record of the run lies beside it.
    const outputs = readFileSync(join(project.dir, "../output"), "utf8");
    const path = /^record-path<<(\S+)\n(.*)\n\1$/m.exec(outputs)?.[2] ?? "";
    const left = unpackRecords(readFileSync(join(project.dir, path)), path);
    expect(left.map(({ level, project: of, nodes }) => [level, of, nodes.size])).toEqual([["pass", "small", 1]]);
    expect(outputs).toMatch(/^record-name<<(\S+)\nsignalbox-runs-small-prod-[0-9a-f]{6}\n\1$/m);
  });

  it("is what a pull request is compared with: no work tree, and the token stays with the API", async () => {
    await deployAndBranch();

    const ended = await ci(onGitHub("pull_request", pullRequest(REPOSITORY)), "--select", "orders");

    const { plan } = json<CiResult>(ended);
    expect(plan?.baselines.selection).toMatchObject({ kind: "bundle", where: "artifact 3 of run 5", distance: 0 });
    expect(plan?.baselines.deferral).toMatchObject({ kind: "bundle", commit: uploaded?.commit });
    // Once: what is compared with is also what is deployed.
    expect(signedTokens).toEqual([undefined]);
    expect(ended.stderr).not.toContain("work tree");
  });

  it.each([
    ["project", { project: "finance" }, /warning: artifact 3 of run 5 is not used: .*finance/g],
    [
      "target",
      { target: "prod_us" },
      /the bundle artifact 3 of run 5 is not used: it is of target "prod_us", not of "prod"/g,
    ],
    ["folder", { folder: "finance" }, /the bundle artifact 3 of run 5 is not used: it is of the project in "finance"/g],
  ])("that holds the bundle of another %s is said, and the base is parsed in a work tree", async (_, other, told) => {
    await deployAndBranch();
    const folder = join(project.dir, ".signalbox/bundle");
    const header = JSON.parse(readFileSync(join(folder, "state.json"), "utf8")) as object;
    const names = ["manifest.json", "run_results.json", "verdict.json"];
    const files = names.map((name) => ({ name, content: readFileSync(join(folder, name)) }));
    const state = { name: "state.json", content: Buffer.from(JSON.stringify({ ...header, ...other })) };
    uploaded = { ...{ name: "", commit: "", ...uploaded }, zip: buildZip([state, ...files]) };

    const ended = await ci(onGitHub("pull_request", pullRequest(REPOSITORY)));

    expect(json<CiResult>(ended).plan?.baselines.selection).toMatchObject({ kind: "worktree" });
    expect(ended.stderr.match(told)).toHaveLength(1);
  });

  it("that cannot be asked is said, and the base is parsed in a work tree", async () => {
    await deployAndBranch();
    refusal = 403;

    const ended = await ci(onGitHub("pull_request", pullRequest(REPOSITORY)));

    const { plan, exitCode } = json<CiResult>(ended);
    expect([exitCode, plan?.baselines.selection?.kind]).toEqual([0, "worktree"]);
    expect(ended.stderr).toMatch(/no bundle is looked for: GitHub answered 403[\s\S]*actions: read/);
  });

  it("is fetched by hand with state fetch, and its bytes are those of the deploy", async () => {
    await deployAndBranch();

    const { code, stdout } = await signalbox(["state", "fetch", "--out", "base", "--json"], {
      cwd: project.dir,
      env: onGitHub("pull_request", pullRequest(REPOSITORY)),
    });

    const { commit, files } = JSON.parse(stdout) as { commit: string; files: { name: string; sha256: string }[] };
    expect([code, commit]).toEqual([0, uploaded?.commit]);
    for (const { name, sha256 } of files) {
      const content = readFileSync(join(project.dir, "base", name));
      expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
    }
  });

  it("is none on a laptop, said aloud", async () => {
    const { code, stderr } = await signalbox(["state", "fetch"], { cwd: project.dir, env: project.env });

    expect(code).toBe(2);
    expect(stderr).toContain("store: auto is the CI's own artifacts, and there is no CI here");
  });
});

describe("the comment on a pull request", () => {
  it("is made with the plan, changed with the verdict, and changed again by the next run", async () => {
    await deployAndBranch();
    const env = onGitHub("pull_request", pullRequest(REPOSITORY), { SIGNALBOX_COMMENT: "true" });

    await ci(env, "--full");

    const writes = () => requests.filter((each) => /^(?:POST|PATCH) \/issues/.test(each));
    expect(writes()).toEqual(["POST /issues/12/comments", "PATCH /issues/comments/70"]);
    expect(comments[0]?.body).toMatch(/^<!-- signalbox:small -->\n## ✅ 1 passed/);
    expect(comments[0]?.body).toContain("### What was built");

    await ci(env, "--full");
    expect(writes().slice(2)).toEqual(["PATCH /issues/comments/70", "PATCH /issues/comments/70"]);
    expect(comments).toHaveLength(1);
  });

  it("is not written unless it is asked for", async () => {
    await deployAndBranch();

    await ci(onGitHub("pull_request", pullRequest(REPOSITORY)));

    expect(requests.filter((each) => each.includes("/issues"))).toEqual([]);
  });

  it("is never written for a fork, whatever file or flags say", async () => {
    await deployAndBranch();
    const env = onGitHub("pull_request", pullRequest("stranger/shop"), { SIGNALBOX_COMMENT: "true" });

    await ci(env, "--comment");

    expect(requests.filter((each) => /issues|graphql/.test(each))).toEqual([]);
  });

  it("that may not be written is a warning that names the permission, once, and fails nothing", async () => {
    await deployAndBranch();
    refusal = 403;

    const ended = await ci(onGitHub("pull_request", pullRequest(REPOSITORY)), "--comment");

    expect(ended.code).toBe(0);
    expect(ended.stderr.match(/comment +warning/g)).toHaveLength(1);
  });

  it("is written by report too, with the plan that was built and dbt's own verdict", async () => {
    await deployAndBranch();
    const env = onGitHub("pull_request", pullRequest(REPOSITORY));
    await ci(env, "--full");

    const ended = await signalbox(["report", "--comment", "--json"], { cwd: project.dir, env });

    expect(json<VerdictResult>(ended).counts.error).toBe(0);
    expect(comments[0]?.body).toContain("<!-- signalbox:small -->\n## ✅ 1 passed");
    expect(comments[0]?.body).toMatch(/### What was built\n\neverything: 1 node\n/);
  });
});
