import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Run } from "../../src/run/run.ts";
import { resolve } from "../../src/settings/resolve.ts";
import { openComment } from "../../src/steps/comment.ts";
import { systemClock } from "../../src/support/clock.ts";
import { createOutputs } from "../../src/support/outputs.ts";
import { run, verdict } from "../render/build.ts";

const SHA = run().commit.sha;
const API = "https://api.github.com/repos/acme/shop";

let dir: string;
let log: string[];
let pulls: unknown[];
let asked: string[];
let written: string[];
const server = setupServer(
  http.get(`${API}/pulls`, ({ request }) => {
    asked.push(new URL(request.url).search);
    return HttpResponse.json(pulls as never);
  }),
  http.post("https://api.github.com/graphql", () => HttpResponse.json({ data: { viewer: { login: "us" } } })),
  http.get(`${API}/issues/:number/comments`, () => HttpResponse.json([])),
  http.post(`${API}/issues/:number/comments`, ({ params }) => {
    written.push(String(params.number));
    return HttpResponse.json({ id: 7, user: { login: "us" } }, { status: 201 });
  }),
);

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => {
  [dir, log, pulls, asked, written] = [mkdtempSync(join(tmpdir(), "signalbox-comment-")), [], [], [], []];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
afterAll(() => server.close());

function onCircle(overrides: Partial<Run> = {}): Run {
  return run({ platform: "circleci", ref: { kind: "branch", name: "feature/a b" }, ...overrides });
}

function pull(number: number, head: Record<string, unknown> = {}) {
  return { number, head: { ref: "feature/a b", sha: SHA, repo: { full_name: "Acme/shop" }, ...head } };
}

async function put(of: Run, { token = "t0k3n-of-twenty-letters", comment = true } = {}): Promise<void> {
  const { settings } = resolveFile(comment);
  const say = (_: string, text: string) => void log.push(text);
  const parts = {
    settings,
    env: { ...(token === "" ? {} : { GITHUB_TOKEN: token }) },
    ...{ clock: systemClock, openFetch: async () => null, signal: new AbortController().signal },
    log: { step: say, warn: say },
    outputs: createOutputs((text) => void log.push(text)),
    redact: (text: string) => text,
  };
  const opened = openComment(parts, of, "shop");
  const nothing = { plan: null, nodesInProject: null, queue: null, ended: null };
  await opened.put(
    { mode: "check", modeReason: "branch feature", target: "ci", verdict: verdict(), ...nothing },
    { path: (...names: readonly string[]) => join(dir, ...names) },
  );
}

function resolveFile(comment: boolean) {
  const file = { name: "signalbox.yml", text: `version: 1\nreport: { comment: ${comment} }\n` };
  return { settings: resolve({ command: "ci", flags: {}, words: [], rest: [], env: {}, file, now: 0 }) };
}

function kept(): string {
  return readFileSync(join(dir, "comment.md"), "utf8");
}

describe("the comment on CircleCI", () => {
  it("is on the open pull request whose head this commit is, whatever a variable says", async () => {
    pulls = [pull(3, { sha: "b".repeat(40) }), pull(4, { repo: { full_name: "stranger/shop" } }), pull(5), pull(6)];

    await put(onCircle({ pullRequest: { number: 3, base: null } }));

    expect(asked).toEqual(["?state=open&head=acme%3Afeature%2Fa%20b&per_page=100"]);
    expect(written).toEqual(["5"]);
    expect(log).toEqual(["created on pull request #5"]);
    expect(kept()).toMatch(/^<!-- signalbox:shop -->\n## ✅/);
  });

  it("is on the one that the variable names, where several have this head", async () => {
    pulls = [pull(5), pull(6)];

    await put(onCircle({ pullRequest: { number: 6, base: null } }));

    expect(written).toEqual(["6"]);
  });

  it.each<[string, Run, string]>([
    ["there is no token", onCircle(), ""],
    ["no open pull request has this head", onCircle(), "t"],
    ["the code is a fork's", onCircle({ trust: "fork" }), "t"],
  ])("is comment.md alone where %s, and says so", async (_, of, token) => {
    await put(of, { token });

    expect(written).toEqual([]);
    expect(log).toEqual([expect.stringContaining("in comment.md alone")]);
    expect(kept()).toContain("signalbox · `a1b2c3d4e5f6`");
  });

  it.each<[string, Run]>([
    ["a tag", onCircle({ ref: { kind: "tag", name: "v1" } })],
    ["a laptop", run({ platform: "local" })],
  ])("asks nobody for %s", async (_, of) => {
    await put(of);

    expect([asked, written, log]).toEqual([[], [], []]);
    expect(kept()).toContain("✅");
  });

  it("does nothing unless it is asked for", async () => {
    await put(onCircle(), { comment: false });

    expect(asked).toEqual([]);
    expect(() => kept()).toThrow("ENOENT");
  });

  it("is a warning where GitHub refuses, once, and fails nothing", async () => {
    server.use(http.get(`${API}/pulls`, () => HttpResponse.json({ message: "Bad credentials" }, { status: 401 })));

    await put(onCircle());

    expect(log).toEqual([expect.stringMatching(/^none on the pull request: .*401/)]);
    server.resetHandlers();
  });
});
