import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { SignalboxError } from "../../src/support/errors.ts";
import { createGit } from "../../src/support/git.ts";
import { wordsOfGit } from "../../src/support/git-words.ts";
import { createRemote } from "../../src/support/remote.ts";
import { cloneRepository, initRepository } from "./repository.ts";
import { useTempDir } from "./temp-dir.ts";

const dir = useTempDir();
const at = (name: string) => join(dir(), name);
const ENV = { PATH: process.env.PATH ?? "", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };

it("git takes no options of the job for its diffs", async () => {
  const repository = initRepository(dir());
  writeFileSync(join(repository.dir, "a.txt"), "1\n2\n3\n");
  const base = repository.commit("b.txt");
  writeFileSync(join(repository.dir, "a.txt"), "1\nX\n3\n");

  const diff = await createGit(repository.dir, { ...ENV, GIT_DIFF_OPTS: "-u3" }).run("diff", "--unified=0", base);

  expect(diff).toContain("@@ -2 +2 @@");
});

describe("a folder of the tree that looks like a repository", () => {
  it("is none: it would have its own HEAD, remote and programs to start", async () => {
    const shop = initRepository(at("shop"));
    shop.commit("first");
    const [folder, started] = [join(shop.dir, "analytics"), at("started")];
    mkdirSync(folder);
    shop.run("init", "--quiet", "--bare", folder);
    writeFileSync(
      join(folder, "config"),
      `[remote "origin"]\n\turl = file:///nowhere\n\tuploadpack = touch ${started};\n`,
    );
    const git = createGit(folder, ENV);

    expect(await git.ask("rev-parse", "--git-dir")).toBeNull();
    expect(await git.ask("config", "--get", "remote.origin.url")).toBeNull();
    expect(await createRemote(git).heads()).toBeNull();
  });

  it("is one where it is a work tree of a bare repository", async () => {
    const shop = initRepository(at("shop"));
    const head = shop.commit("first");
    const bare = cloneRepository(shop, at("shop.git"), "--bare");
    bare.run("worktree", "add", "--quiet", at("tree"), "main");

    expect(await createGit(at("tree"), ENV).ask("rev-parse", "HEAD")).toBe(head);
  });
});

describe("git's own words", () => {
  it("are told from the first one on, without its advice", async () => {
    const shop = initRepository(at("shop"));
    shop.run("remote", "add", "origin", at("no-such-repository"));
    const remote = createRemote(shop.git);

    expect(await remote.heads()).toBeNull();
    expect(remote.whyNoHeads()).toMatch(
      /^git ls-remote failed: fatal: '.*no-such-repository' does not appear to be a git repository fatal: Could not read/,
    );
  });

  it("show no token that stands in the user's place of an address", async () => {
    const asks = createHttpServer((_, response) =>
      response.writeHead(401, { "www-authenticate": "Basic realm=shop" }).end(),
    );
    await new Promise<void>((resolve) => asks.listen(0, "127.0.0.1", resolve));
    const { port } = asks.address() as AddressInfo;
    const shop = initRepository(at("shop"));
    shop.run("remote", "add", "origin", `http://ghp_marker0123456789@127.0.0.1:${port}/acme/shop.git`);
    const remote = createRemote(createGit(shop.dir, ENV));

    expect(await remote.heads()).toBeNull();
    asks.close();

    expect(remote.whyNoHeads()).toContain(`could not read Password for 'http://127.0.0.1:${port}'`);
  });

  it.each([
    [
      "fatal: could not read Password for 'https://ghp_1@github.com'",
      "fatal: could not read Password for 'https://github.com'",
    ],
    ["fatal: no 'ssh://a:b@c@host/x' and http://t@h", "fatal: no 'ssh://host/x' and http://h"],
    ["fatal: https://host/a@b git@host:x/y", "fatal: https://host/a@b git@host:x/y"],
  ])("lose users of addresses alone: %s", (said, shown) => {
    expect(wordsOfGit(said)).toBe(shown);
  });

  it("name the command also where settings stand before it", async () => {
    const shop = initRepository(at("shop"));

    await expect(shop.git.run("-c", "gc.auto=0", "fetch", "--quiet", "nowhere")).rejects.toThrow(/^git fetch failed: /);
  });

  it("are not told of a folder of another user: whose it is, and what lets git read it, is", async () => {
    const shop = initRepository(at("shop"));
    const told: SignalboxError[] = [];
    const other = createGit(shop.dir, { ...ENV, GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" }, null, (error) =>
      told.push(error),
    );
    const refused = {
      message: `git refuses to read ${shop.dir}: it belongs to another user`,
      hint: `before this step: git config --global --add safe.directory '${shop.dir}'`,
    };

    await expect(other.run("status")).rejects.toMatchObject(refused);
    expect(await other.within({ ms: 5000, signal: undefined }).ask("rev-parse", "HEAD")).toBeNull();
    expect(told).toMatchObject([refused]);
  });

  it.skipIf(process.getuid?.() !== 0)("tell both users where the folder is another's", async () => {
    const shop = initRepository(at("it's shop"));
    chownSync(shop.dir, 12345, 12345);

    await expect(createGit(shop.dir, ENV).run("status")).rejects.toMatchObject({
      message: `git refuses to read ${shop.dir}: it belongs to user 12345, and this runs as user 0`,
      hint: `before this step: git config --global --add safe.directory '${shop.dir.replace("'", "'\\''")}'`,
    });
  });
});

describe("a remote that takes the call and says nothing", () => {
  let server: Server | undefined;
  const calls: { destroy(): void }[] = [];
  afterEach(() => {
    for (const call of calls) call.destroy();
    server?.close();
  });

  async function silentRemote(): Promise<string> {
    server = createServer((call) => void calls.push(call.on("error", () => {})));
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme/shop.git`;
  }

  it("is not waited for beyond the limit", async () => {
    const { git } = initRepository(at("shop"));
    const far = git.within({ ms: 300, signal: undefined });
    const url = await silentRemote();

    expect(await far.ask("ls-remote", url)).toBeNull();
    await expect(far.run("ls-remote", url)).rejects.toMatchObject({
      kind: "service",
      message: "git ls-remote did not end within 0.3 s",
    });
  });

  it("does not keep a run that is stopped", async () => {
    const shop = initRepository(at("shop"));
    shop.run("remote", "add", "origin", await silentRemote());
    const stop = new AbortController();
    const remote = createRemote(shop.git, stop.signal);
    const asked = remote.heads();
    const fetched = remote.fetch("a".repeat(40));
    const reason = new Error("stopped");
    setTimeout(() => stop.abort(reason), 200);

    await expect(asked).rejects.toBe(reason);
    await expect(fetched).rejects.toBe(reason);
  });
});
