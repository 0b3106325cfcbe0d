import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HttpResponse, http } from "msw";
import { beforeEach, describe, expect, it } from "vitest";
import { findBaseBranch } from "../../src/setup/base-branch.ts";
import { systemClock } from "../../src/support/clock.ts";
import { createGit } from "../../src/support/git.ts";
import { createRemote } from "../../src/support/remote.ts";
import { quietLog } from "../support/quiet-log.ts";
import { cloneRepository, initRepository, type Repository } from "../support/repository.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { API, useApi } from "./api.ts";

const { server, asked } = useApi();
const dir = useTempDir();
const at = (name: string) => join(dir(), name);

/** Commits a file, in whatever folder. */
function commitFile(repository: Repository, path: string, text: string): void {
  const file = join(repository.dir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  repository.run("add", "--all");
  repository.run("commit", "--quiet", "--message", path);
}

let shop: Repository;
beforeEach(() => {
  shop = initRepository(at("shop"));
  shop.commit("first");
});

interface Case {
  readonly own?: string | null;
  /** The default branch as an event tells it. */
  readonly told?: string | null;
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: string;
  readonly lines?: string[];
}

const GITHUB = { GITHUB_ACTIONS: "true", GITHUB_REPOSITORY: "acme/shop", GITHUB_API_URL: API };
const WITH_TOKEN = { ...GITHUB, GITHUB_TOKEN: "ghs_1" };
const CIRCLE = { CIRCLECI: "true" };

function find(clone: Repository, { own = null, told = null, env = GITHUB, config, lines = [] }: Case = {}) {
  const name = config ?? "signalbox.yml";
  const context = {
    env: { PATH: process.env.PATH ?? "", ...env },
    clock: systemClock,
    signal: never(),
    log: quietLog(lines),
    openFetch: async () => null,
    remote: createRemote(createGit(dirname(join(clone.dir, name)), { PATH: process.env.PATH ?? "" })),
    configFile: { name, exists: true, unread: null, broken: null },
  };
  return findBaseBranch(context, own, told);
}

function gitHubHas(answer: (ref: string | null) => Response): void {
  server.use(
    http.get(`${API}/repos/acme/shop/contents/*`, ({ request }) => {
      const url = new URL(request.url);
      asked.push(decodeURIComponent(url.pathname.replace("/repos/acme/shop/contents/", "")));
      return answer(url.searchParams.get("ref"));
    }),
  );
}

const contentOf = (text: string) => HttpResponse.json({ encoding: "base64", content: btoa(text) });

describe("the base branch of a clone", () => {
  it("is what the default branch's file says, whatever the branch that is checked out says", async () => {
    commitFile(shop, "signalbox.yml", "base_branch: production\nkeys_of: another version\n");
    const clone = cloneRepository(shop, at("clone"));
    renameSync(shop.dir, at("away"));
    const lines: string[] = [];

    expect(await find(clone, { own: "feature-x", env: CIRCLE, lines })).toBe("production");
    expect(lines.join("")).toContain("base_branch: feature-x of this checkout is not used: the file of main counts");
  });

  it("is the default branch where its file does not name one, is no file yet, and is broken", async () => {
    const clone = cloneRepository(shop, at("clone"));

    expect(await find(clone, { own: "feature-x" })).toBe("main");
    for (const text of ["version: 1\n", "", "base_branch: [a]\n", "base_branch: --force\n", "{", "- a\n", "*x\n"]) {
      commitFile(shop, "signalbox.yml", text);
      clone.run("fetch", "--quiet");
      expect(await find(clone, { own: "feature-x" }), text).toBe("main");
      shop.run("rm", "--quiet", "signalbox.yml");
    }
  });

  it("is read from the file's own place, from the top of the repository", async () => {
    commitFile(shop, "dbt/ci/line.yml", "base_branch: production\n");
    commitFile(shop, "signalbox.yml", "base_branch: other\n");
    const clone = cloneRepository(shop, at("clone"));

    expect(await find(clone, { config: "dbt/ci/line.yml" })).toBe("production");
  });

  it.each([
    ["of one commit of another branch", ["--depth", "1", "--branch", "feature"]],
    ["of another branch alone", ["--single-branch", "--branch", "feature"]],
  ])("is fetched in a clone %s, which keeps its refs and its history", async (_, args) => {
    shop.run("branch", "feature");
    commitFile(shop, "signalbox.yml", "base_branch: production\n");
    shop.commit("last");
    const clone = cloneRepository(shop, at("clone"), ...args);
    const state = () => clone.run("for-each-ref") + clone.run("rev-list", "--count", "HEAD");
    const before = state();

    expect(await find(clone, { own: "feature", env: CIRCLE })).toBe("production");
    expect(await find(clone, { own: "feature", told: "main" })).toBe("production");
    expect(state()).toBe(before);
  });

  it("is asked of GitHub where git has no credentials, by the default branch that the event tells", async () => {
    const clone = cloneRepository(shop, at("clone"), "--depth", "1");
    clone.run("update-ref", "-d", "refs/remotes/origin/main");
    clone.run("symbolic-ref", "--delete", "refs/remotes/origin/HEAD");
    renameSync(shop.dir, at("away"));
    mkdirSync(join(clone.dir, "dbt"));
    gitHubHas((ref) => contentOf(ref === "trunk" ? "base_branch: production\n" : "base_branch: of-the-default\n"));

    const config = "dbt/signalbox.yml";
    expect(await find(clone, { told: "trunk", env: WITH_TOKEN, config })).toBe("production");
    expect(await find(clone, { env: WITH_TOKEN, config })).toBe("of-the-default");
    expect(asked).toEqual([config, config]);
  });

  it.each<[string, () => Response]>([
    ["has no such file", () => HttpResponse.json({ message: "Not Found" }, { status: 404 })],
    ["refuses the token", () => HttpResponse.json({ message: "no" }, { status: 403 })],
    ["fails", () => HttpResponse.json({}, { status: 500 })],
    ["names a folder", () => HttpResponse.json([{ name: "signalbox.yml" }])],
    ["has a file that is too large to be shown", () => HttpResponse.json({ encoding: "none", content: "" })],
  ])("is the default branch where GitHub %s", async (_, answer) => {
    const clone = cloneRepository(shop, at("clone"), "--depth", "1");
    clone.run("update-ref", "-d", "refs/remotes/origin/main");
    renameSync(shop.dir, at("away"));
    gitHubHas(answer);

    expect(await find(clone, { own: "feature-x", told: "main", env: WITH_TOKEN })).toBe("main");
    expect(asked).toEqual(["signalbox.yml"]);
  });

  it("is not read from a stranger's clone", async () => {
    commitFile(shop, "signalbox.yml", "base_branch: feature-x\n");
    const clone = cloneRepository(shop, at("clone"));
    clone.run("remote", "set-url", "origin", "https://github.invalid/mallory/shop.git");

    expect(await find(clone, { own: "feature-x", told: "main" })).toBe("main");
  });

  it("is what the file of the tree says where there is no remote, or no repository around the file", async () => {
    expect(await find(shop, { own: "trunk", env: {} })).toBe("trunk");
    expect(await find(shop, { own: "trunk", env: { CI: "true" } })).toBe("trunk");
    expect(await find(shop, { told: "main", env: {} })).toBe("main");
    mkdirSync(at("outside"));
    const outside = { ...shop, dir: at("outside") };
    expect(await find(outside, { own: "trunk", told: "main" })).toBe("trunk");
  });

  it("is not the tree's word in a CI whose clone calls the remote otherwise: GitHub is asked, or the event counts", async () => {
    const clone = cloneRepository(shop, at("clone"), "--origin", "upstream");
    gitHubHas(() => contentOf("base_branch: production\n"));

    expect(await find(clone, { own: "feature-x", told: "main", env: WITH_TOKEN })).toBe("production");
    expect(await find(clone, { own: "feature-x", told: "main" })).toBe("main");
    expect(await find(clone, { own: "feature-x", env: CIRCLE })).toBeNull();
  });

  it("is the default branch's name, whatever else is called origin/main", async () => {
    shop.run("tag", "origin/main");
    const clone = cloneRepository(shop, at("clone"));
    clone.run("branch", "origin/main");

    expect(await find(clone, { own: "main", env: CIRCLE })).toBe("main");
  });

  it("is not known in a CI where nothing tells the default branch; on a laptop the file of the tree is enough", async () => {
    const clone = cloneRepository(shop, at("clone"));
    clone.run("symbolic-ref", "--delete", "refs/remotes/origin/HEAD");
    renameSync(shop.dir, at("away"));

    expect(await find(clone, { own: "main", env: CIRCLE })).toBeNull();
    expect(await find(clone, { own: "main", env: {} })).toBe("main");
    expect(await find(clone, { own: "main", env: { CI: "true" } })).toBe("main");
  });
});
