import { renameSync } from "node:fs";
import { join } from "node:path";
import { HttpResponse, http } from "msw";
import { beforeEach, describe, expect, it } from "vitest";
import type { Run } from "../../src/run/run.ts";
import { openAncestry } from "../../src/setup/ancestry.ts";
import { systemClock } from "../../src/support/clock.ts";
import { createRemote } from "../../src/support/remote.ts";
import { quietLog } from "../support/quiet-log.ts";
import { cloneRepository, initRepository, type Repository } from "../support/repository.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { API, useApi } from "./api.ts";
import { aGitHubRun } from "./build.ts";

const { server, asked } = useApi();
const dir = useTempDir();
const at = (name: string) => join(dir(), name);

let shop: Repository;
let first: string;
beforeEach(() => {
  shop = initRepository(at("shop"));
  first = shop.commit("first");
  shop.commit("second");
});

function gitHubCompares(head: string, status: string): void {
  server.use(
    http.get(`${API}/repos/acme/shop/branches/main`, () => HttpResponse.json({ commit: { sha: head } })),
    http.get(`${API}/repos/acme/shop/compare/:basehead`, ({ params, request }) => {
      asked.push(`${String(params.basehead)} ${request.headers.get("authorization")}`);
      return HttpResponse.json({ status });
    }),
  );
}

function ancestryOf(clone: Repository, run: Partial<Run> = {}, token: string | null = null, lines: string[] = []) {
  const context = {
    env: { GITHUB_API_URL: API, ...(token === null ? {} : { GITHUB_TOKEN: token }) },
    clock: systemClock,
    signal: never(),
    log: quietLog(lines),
    openFetch: async () => null,
  };
  return openAncestry(context, aGitHubRun(run), "main", createRemote(clone.git));
}

const refsOf = (clone: Repository) => clone.run("for-each-ref");

describe("whether the base branch holds a commit", () => {
  it("is told by the clone where it can be, and nobody else is asked", async () => {
    const clone = cloneRepository(shop, at("clone"));
    renameSync(shop.dir, at("away"));

    expect(await ancestryOf(clone, {}, "ghs_1").isOnBase(first)).toBe(true);
  });

  it("is told by the remote's newest commits where the clone is older; no ref of the clone moves", async () => {
    const clone = cloneRepository(shop, at("clone"));
    const later = shop.commit("later");
    const latest = shop.commit("latest");
    shop.run("switch", "--quiet", "--create", "feature");
    const own = shop.commit("own");
    const before = refsOf(clone);
    const ancestry = ancestryOf(clone);

    expect(await ancestry.isOnBase(later)).toBe(true);
    expect(await ancestry.isOnBase(latest)).toBe(true);
    expect(await ancestry.isOnBase(own)).toBe(false);
    expect(refsOf(clone)).toBe(before);
  });

  it("is no where the remote has no such branch, and where a local branch alone has it", async () => {
    const clone = cloneRepository(shop, at("clone"));
    const unpushed = clone.commit("unpushed");

    expect(await ancestryOf(clone).isOnBase(unpushed)).toBe(false);
    shop.run("branch", "--move", "main", "production");
    clone.run("update-ref", "-d", "refs/remotes/origin/main");
    expect(await ancestryOf(clone).isOnBase(first)).toBe(false);
  });

  it("is the local branch's word where there is no remote, but not in a CI, which has one", async () => {
    const local = { platform: "local" } as const;
    shop.run("switch", "--quiet", "--create", "feature");
    const own = shop.commit("own");

    expect(await ancestryOf(shop, local).isOnBase(first)).toBe(true);
    expect(await ancestryOf(shop, local).isOnBase(own)).toBe(false);
    expect(await ancestryOf(shop).isOnBase(first)).toBeNull();
    expect(await ancestryOf(shop, { platform: "circleci" }).isOnBase(first)).toBeNull();
  });

  it("is fetched in a shallow clone where no API can be asked", async () => {
    const clone = cloneRepository(shop, at("clone"), "--depth", "1");
    const later = shop.commit("later");
    shop.run("switch", "--quiet", "--create", "feature", "HEAD~1");
    const own = shop.commit("own");

    expect(await ancestryOf(clone).isOnBase(later)).toBe(true);
    expect(await ancestryOf(clone).isOnBase(own)).toBe(false);
  });

  it("is fetched where the newest commit was fetched alone before, to read a file of it", async () => {
    const tagged = shop.commit("tagged");
    shop.run("tag", "v1");
    shop.commit("between");
    const tip = shop.commit("tip");
    const clone = cloneRepository(shop, at("clone"), "--depth", "1", "--branch", "v1", "--no-tags");
    expect(await createRemote(clone.git).fetch(tip, "alone")).toBe(true);
    const before = refsOf(clone);

    expect(await ancestryOf(clone).isOnBase(tagged)).toBe(true);
    expect(refsOf(clone)).toBe(before);
  });

  it.each([
    ["behind", true],
    ["identical", true],
    ["ahead", false],
    ["diverged", false],
    ["a word of next year", false],
  ])("is asked of GitHub in a shallow clone before its history is fetched: %s", async (status, expected) => {
    const clone = cloneRepository(shop, at("clone"), "--depth", "1");
    const tip = shop.commit("later");
    gitHubCompares(tip, status);

    expect(await ancestryOf(clone, {}, "ghs_1").isOnBase(first)).toBe(expected);
    expect(asked).toEqual([`${tip}...${first} token ghs_1`]);
    expect(await clone.git.ask("cat-file", "-e", `${tip}^{commit}`)).toBeNull();
  });

  it("is asked of GitHub where git has no credentials (persist-credentials: false), and the token stays out of git", async () => {
    const clone = cloneRepository(shop, at("clone"));
    const later = shop.commit("later");
    renameSync(shop.dir, at("away"));
    gitHubCompares(later, "identical");
    const lines: string[] = [];

    expect(await ancestryOf(clone, {}, "ghs_1", lines).isOnBase(later)).toBe(true);
    expect(await ancestryOf(clone, {}, null, lines).isOnBase(later)).toBeNull();
    expect(clone.run("config", "--list")).not.toContain("ghs_1");
    expect(lines).toEqual([]);
  });

  it("is not known where GitHub refuses the token, and the log names the permission, once for one commit", async () => {
    const clone = cloneRepository(shop, at("clone"));
    renameSync(shop.dir, at("away"));
    server.use(http.get(`${API}/*`, () => HttpResponse.json({ message: "no" }, { status: 403 })));
    const lines: string[] = [];
    const ancestry = ancestryOf(clone, {}, "ghs_1", lines);

    expect([await ancestry.isOnBase("d".repeat(40)), await ancestry.isOnBase("d".repeat(40))]).toEqual([null, null]);
    expect(lines.join("").match(/contents: read/g)).toHaveLength(1);
  });

  it("is not known where GitHub shows no such branch: it hides what a token may not see", async () => {
    const clone = cloneRepository(shop, at("clone"));
    renameSync(shop.dir, at("away"));
    server.use(http.get(`${API}/*`, () => HttpResponse.json({ message: "Not Found" }, { status: 404 })));

    expect(await ancestryOf(clone, {}, "ghs_1").isOnBase("d".repeat(40))).toBeNull();
  });

  it("is asked of GitHub for ten commits at most", async () => {
    const clone = cloneRepository(shop, at("clone"), "--depth", "1");
    renameSync(shop.dir, at("away"));
    gitHubCompares("e".repeat(40), "behind");
    const ancestry = ancestryOf(clone, {}, "ghs_1");

    const answers: (boolean | null)[] = [];
    for (let count = 10; count < 22; count++) answers.push(await ancestry.isOnBase(String(count).repeat(20)));

    expect(answers.filter((answer) => answer === true)).toHaveLength(10);
    expect(answers.slice(10)).toEqual([null, null]);
  });

  it("is asked of GitHub outside GitHub's own CI only where origin is there", async () => {
    const clone = cloneRepository(shop, at("clone"));
    renameSync(shop.dir, at("away"));
    const circle = { platform: "circleci", repository: "acme/shop" } as const;

    expect(await ancestryOf(clone, circle, "ghs_1").isOnBase("d".repeat(40))).toBeNull();
    clone.run("remote", "set-url", "origin", "https://gitlab.example/acme/shop.git");
    expect(await ancestryOf(clone, circle, "ghs_1").isOnBase("d".repeat(40))).toBeNull();
  });
});
