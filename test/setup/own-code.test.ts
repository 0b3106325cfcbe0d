import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpResponse, http } from "msw";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Mode } from "../../src/run/mode.ts";
import { assertOwnCode, refuseTarget } from "../../src/setup/own-code.ts";
import { systemClock } from "../../src/support/clock.ts";
import { createRemote } from "../../src/support/remote.ts";
import { quietLog } from "../support/quiet-log.ts";
import { cloneRepository, copyRepository, initRepository, type Repository } from "../support/repository.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { API, useApi } from "./api.ts";
import { aGitHubRun } from "./build.ts";

const { server, asked } = useApi();
const dir = useTempDir();
const at = (name: string) => join(dir(), name);

/** acme/shop: main with two commits, feature with one of its own, and a stranger's commit as the head of pull request 12. */
let made: Repository;
let shop: Repository;
let commits: { old: string; main: string; feature: string; stranger: string };
beforeAll(() => {
  made = initRepository(mkdtempSync(join(tmpdir(), "signalbox-own-code-")));
  const old = made.commit("old");
  const main = made.commit("main");
  made.run("switch", "--quiet", "--create", "feature", old);
  const feature = made.commit("feature");
  made.run("switch", "--quiet", "--detach", old);
  const stranger = made.commit("stranger");
  made.run("update-ref", "refs/pull/12/head", stranger);
  made.run("switch", "--quiet", "main");
  commits = { old, main, feature, stranger };
});
beforeEach(() => {
  shop = copyRepository(made, at("acme/shop"));
});
afterAll(() => rmSync(made.dir, { recursive: true, force: true }));

/** What GitHub answers of acme/shop; `status` of a comparison of the branch's newest commit with the asked one. */
function gitHubAnswers(answers: {
  readonly heads?: Readonly<Record<string, string>>;
  readonly status?: string;
  readonly branches?: readonly string[];
}): void {
  const path = `${API}/repos/acme/shop`;
  const note = ({ request }: { request: Request }) =>
    void asked.push(new URL(request.url).pathname.replace("/repos/acme/shop", ""));
  server.use(
    http.get(`${path}/branches/:branch`, (info) => {
      note(info);
      const sha = answers.heads?.[String(info.params.branch)];
      return sha === undefined
        ? HttpResponse.json({ message: "Not Found" }, { status: 404 })
        : HttpResponse.json({ commit: { sha } });
    }),
    http.get(`${path}/compare/:basehead`, (info) => {
      note(info);
      return answers.status === undefined
        ? HttpResponse.json({ message: "Not Found" }, { status: 404 })
        : HttpResponse.json({ status: answers.status });
    }),
    http.get(`${path}/commits/:sha/branches-where-head`, (info) => {
      note(info);
      return HttpResponse.json((answers.branches ?? []).map((name) => ({ name })));
    }),
  );
}

interface Case {
  readonly event?: string;
  readonly mode?: Mode;
  readonly branch?: string;
  readonly token?: boolean;
  readonly projectDir?: string;
}

function check(clone: Repository, { event = "push", mode = "check", branch = "main", token, projectDir }: Case = {}) {
  const env = {
    PATH: process.env.PATH ?? "",
    GITHUB_ACTIONS: "true",
    GITHUB_EVENT_NAME: event,
    GITHUB_API_URL: API,
    ...(token ? { GITHUB_TOKEN: "ghs_0123456789" } : {}),
  };
  const run = aGitHubRun({ ref: { kind: "branch", name: branch } });
  const parts = {
    env,
    clock: systemClock,
    signal: never(),
    log: quietLog(),
    remote: createRemote(clone.git),
    baseDir: clone.dir,
    openFetch: async () => null,
  };
  return assertOwnCode(parts, { run, baseBranch: "main", mode }, projectDir ?? clone.dir);
}

/** Detached at a commit, as actions/checkout leaves it. */
function cloneAt(commit: string, ...args: string[]): Repository {
  const clone = cloneRepository(shop, at("clone"), ...args);
  clone.run("checkout", "--quiet", "--detach", commit);
  return clone;
}

/** The stranger's commit fetched under a name, and checked out. */
function cloneOfStranger(name: string): Repository {
  const clone = cloneRepository(shop, at("clone"));
  clone.run("fetch", "--quiet", "origin", `+refs/pull/12/head:${name}`);
  clone.run("checkout", "--quiet", "--detach", commits.stranger);
  return clone;
}

describe("the code of this repository", () => {
  it.each<[string, Mode, "old" | "main" | "feature"]>([
    ["the newest commit of main", "deploy", "main"],
    ["a rollback to an older commit of main", "deploy", "old"],
    ["a scheduled run that main has left behind", "schedule", "old"],
    ["a branch's commit in check mode", "check", "feature"],
  ])("may run without a call to the API: %s", async (_, mode, name) => {
    await expect(check(cloneAt(commits[name]), { mode, event: "workflow_dispatch" })).resolves.toBeUndefined();
  });

  it("may run where main has moved on since the clone was made, and HEAD with it", async () => {
    const clone = cloneRepository(shop, at("clone"));
    const newer = shop.commit("newer");
    clone.run("fetch", "--quiet", "--refmap=", "origin", newer);
    clone.run("checkout", "--quiet", "--detach", newer);

    await expect(check(clone, { mode: "deploy" })).resolves.toBeUndefined();
  });

  it("may run in a clone of one commit, of which the remote says that a branch ends there", async () => {
    const clone = cloneRepository(shop, at("clone"), "--depth", "1", "--branch", "feature");
    clone.run("update-ref", "-d", "refs/remotes/origin/feature");

    await expect(check(clone, { event: "issue_comment" })).resolves.toBeUndefined();
  });

  it.each(["behind", "identical"])(
    "may run in a clone that the remote tells nothing, where GitHub compares: %s",
    async (status) => {
      const clone = cloneRepository(shop, at("clone"), "--depth", "1", "--branch", "feature");
      clone.run("update-ref", "-d", "refs/remotes/origin/feature");
      renameSync(shop.dir, at("away"));
      gitHubAnswers({ heads: { main: commits.main }, status });

      await expect(check(clone, { mode: "deploy", token: true })).resolves.toBeUndefined();
      expect(asked).toEqual(["/branches/main", `/compare/${commits.main}...${commits.feature}`]);
    },
  );

  it("may run where GitHub names a branch that ends there, which is asked for once more", async () => {
    const clone = cloneAt(commits.feature);
    clone.run("update-ref", "-d", "refs/remotes/origin/feature");
    renameSync(shop.dir, at("away"));
    gitHubAnswers({
      heads: { main: commits.main, feature: commits.feature },
      status: "diverged",
      branches: ["feature"],
    });

    await expect(check(clone, { event: "issue_comment", token: true })).resolves.toBeUndefined();
    expect(asked.slice(-2)).toEqual([`/commits/${commits.feature}/branches-where-head`, "/branches/feature"]);
  });

  it("may lie in a submodule: the repository says which commit of it", async () => {
    const models = initRepository(at("acme/models"));
    models.commit("orders");
    shop.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", `file://${models.dir}`, "dbt");
    shop.run("commit", "--quiet", "--message", "dbt");
    const clone = cloneRepository(shop, at("clone"));
    clone.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init");

    await expect(check(clone, { mode: "deploy", projectDir: join(clone.dir, "dbt") })).resolves.toBeUndefined();

    const other = models.commit("not pinned");
    models.run("-C", join(clone.dir, "dbt"), "fetch", "--quiet");
    models.run("-C", join(clone.dir, "dbt"), "remote", "set-url", "origin", "https://github.invalid/acme/models.git");
    models.run("-C", join(clone.dir, "dbt"), "checkout", "--quiet", other);
    await expect(check(clone, { mode: "deploy", projectDir: join(clone.dir, "dbt") })).rejects.toMatchObject({
      exitCode: 2,
    });
  });

  it.each(["pull_request", "merge_group"])("is not asked for in %s, which has the trust of its head", async (event) => {
    await expect(check(cloneOfStranger("refs/remotes/pull/12/head"), { event })).resolves.toBeUndefined();
  });
});

describe("a stranger's code", () => {
  it.each<[string, string]>([
    ["issue_comment", "refs/remotes/pull/12/head"],
    ["workflow_dispatch", "refs/remotes/pull/12/head"],
    ["workflow_run", "refs/remotes/origin/pr/12"],
    ["repository_dispatch", "refs/remotes/origin/pull/12"],
    ["push", "refs/heads/feature-of-mallory"],
    ["schedule", "refs/tags/v1"],
    ["an event of next year", "refs/remotes/fork/main"],
  ])("is refused in %s, although the clone has a ref of it: %s", async (event, name) => {
    const clone = cloneOfStranger(name);

    await expect(check(clone, { event })).rejects.toMatchObject({
      kind: "configuration",
      exitCode: 2,
      message: `${event} gives this job this repository's secrets, and ${commits.stranger.slice(0, 12)} is on no branch of acme/shop that git or GitHub's API tells of`,
    });
    await expect(check(clone, { event, mode: "deploy" })).rejects.toMatchObject({
      message: `${event} gives this job this repository's secrets, and ${commits.stranger.slice(0, 12)} is not on main of acme/shop`,
    });
  });

  it("is refused where the stranger's repository is the one that was cloned", async () => {
    const fork = cloneRepository(shop, at("fork"));
    fork.commit("stranger's");
    const clone = cloneRepository(fork, at("clone"));
    clone.run("remote", "set-url", "origin", "https://github.invalid/mallory/shop.git");

    await expect(check(clone, { event: "issue_comment" })).rejects.toMatchObject({ exitCode: 2 });
    await expect(check(clone, { event: "workflow_run", mode: "deploy" })).rejects.toMatchObject({ exitCode: 2 });
  });

  it.each<[string, Parameters<typeof gitHubAnswers>[0]]>([
    ["is ahead of main: GitHub knows the commits of forks too", { status: "ahead" }],
    ["has left main", { status: "diverged" }],
    ["is not known", {}],
    ["ends a branch that has moved on", { status: "diverged", branches: ["feature"] }],
  ])("is refused where GitHub says that it %s", async (_, answers) => {
    const clone = cloneOfStranger("refs/remotes/pull/12/head");
    renameSync(shop.dir, at("away"));
    gitHubAnswers({ heads: { main: commits.main, feature: commits.feature }, ...answers });

    await expect(check(clone, { event: "issue_comment", token: true })).rejects.toMatchObject({ exitCode: 2 });
    await expect(check(clone, { event: "issue_comment", token: true, mode: "deploy" })).rejects.toThrow(/main of acme/);
    expect(asked).toContain("/branches/main");
  });

  it("is refused where nobody answers: no remote, and an API that fails", async () => {
    const clone = cloneRepository(shop, at("clone"), "--depth", "1");
    clone.run("update-ref", "-d", "refs/remotes/origin/main");
    renameSync(shop.dir, at("away"));
    server.use(http.get(`${API}/*`, () => HttpResponse.json({}, { status: 502 })));

    await expect(check(clone, { mode: "deploy", token: true })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("nothing tells that"),
      hint: expect.stringContaining("fetch-depth: 0"),
    });
    await expect(check(clone, { mode: "deploy" })).rejects.toMatchObject({ exitCode: 2 });
  });

  it("is refused where the project lies in a checkout of its own", async () => {
    const clone = cloneAt(commits.main);
    const inner = cloneRepository(shop, join(clone.dir, "pr"));
    inner.run("fetch", "--quiet", "origin", "+refs/pull/12/head:refs/remotes/pull/12/head");
    inner.run("checkout", "--quiet", "--detach", commits.stranger);

    await expect(check(clone, { event: "issue_comment", projectDir: inner.dir })).rejects.toThrow(
      commits.stranger.slice(0, 12),
    );
    // The same folder with a branch of ours in it.
    inner.run("checkout", "--quiet", "--detach", commits.feature);
    await expect(check(clone, { event: "issue_comment", projectDir: inner.dir })).resolves.toBeUndefined();
  });

  it("is refused where the clone replaces a commit of ours by one that comes after it", async () => {
    const clone = cloneOfStranger("refs/remotes/pull/12/head");
    clone.run("replace", "--graft", commits.main, commits.stranger);

    await expect(check(clone, { event: "issue_comment" })).rejects.toMatchObject({ exitCode: 2 });
    await expect(check(clone, { mode: "deploy" })).rejects.toMatchObject({ exitCode: 2 });
  });

  it("is refused in a folder that is no repository", async () => {
    const clone = cloneAt(commits.main);
    const outside = at("elsewhere");
    mkdirSync(outside);

    await expect(check(clone, { projectDir: outside })).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe("pull_request_target", () => {
  it("is refused whatever is checked out", async () => {
    await expect(check(cloneAt(commits.main), { event: "pull_request_target", mode: "deploy" })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("pull_request_target gives this job the base's secrets"),
      hint: expect.stringContaining("run dbt on pull_request instead"),
    });
  });

  it("is nothing outside GitHub", () => {
    expect(() => refuseTarget({ env: { GITHUB_EVENT_NAME: "pull_request_target" } })).not.toThrow();
  });
});
