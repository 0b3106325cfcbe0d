import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CiResult } from "../../src/commands/ci-ending.ts";
import type { PlanResult } from "../../src/selection/plan.ts";
import { json, signalbox } from "./cli.ts";
import { GITHUB_PUSH } from "./github-push.ts";
import { aModel, aTestOf, openSmallProject, type SmallProject } from "./small-project.ts";

type Artifact = Record<string, unknown>;

let project: SmallProject;
let store: string;
beforeEach(() => {
  project = openSmallProject();
  store = join(project.dir, "..", "store");
});
afterEach(() => project.remove());

describe("state publish and fetch", () => {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    signalbox(args, { cwd: project.dir, env: { ...project.env, SIGNALBOX_STORE: `dir:${store}`, ...env } });

  it("publish what the last build left behind, and fetch it again", async () => {
    await run(["ci", "--mode", "deploy", "--no-publish"]);

    const published = await run(["state", "publish", "--json"]);
    const fetched = await run(["state", "fetch", "--out", "base", "--json"]);

    const commit = project.git("rev-parse", "HEAD");
    expect(json(published)).toMatchObject({ schema: 1, commit, where: join(store, commit) });
    expect(json(fetched)).toMatchObject({ schema: 1, commit, where: join(project.dir, "base") });
    expect((await run(["state", "fetch", "--commit", "HEAD", "--json"])).code).toBe(0);
  });

  it("refuse to publish off the base branch, from a pull request and from a fork", async () => {
    await run(["ci", "--mode", "deploy", "--no-publish"]);
    project.git("switch", "--quiet", "--create", "feature");

    const ended = await run(["state", "publish"]);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("nothing is published: the run is on feature, not on the base branch main");
  });

  it("refuse to publish where nothing was built, a build with an error, and one that was killed", async () => {
    const none = await run(["state", "publish"]);
    await run(["ci", "--mode", "deploy"], { FAKE_DBT_STATUS: "error", FAKE_DBT_EXIT: "1" });
    const failed = await run(["state", "publish"]);
    await run(["ci", "--mode", "deploy", "--no-publish"]);
    await run(["build", "--mode", "deploy", "--retries", "0"], { FAKE_DBT_DIES: "1" });
    const killed = await run(["state", "publish"]);

    expect([none.code, failed.code, killed.code]).toEqual([3, 3, 3]);
    expect(none.stderr).toContain("nothing is published: there is no build in the work folder");
    expect(failed.stderr).toContain("nothing is published: the build has errors");
    expect(killed.stderr).toContain("nothing is published: dbt build did not end as it should");
    // The record of the run that had an error.
    expect(readdirSync(store)).toEqual(["runs"]);
  });

  it("refuse to publish a build of a part, whatever was planned after it", async () => {
    const two = { FAKE_DBT_NODES: JSON.stringify({ "model.small.more": aModel("more") }) };
    await run(["plan", "--mode", "deploy", "--select", "orders"], two);
    await run(["build", "--mode", "deploy"], two);
    await run(["plan", "--mode", "deploy", "--full"], two);

    const ended = await run(["state", "publish"], two);

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("nothing is published: 1 node not built, model.small.more among them");
  });

  it("refuse to publish a build of a check, of another target, and of another commit", async () => {
    project.write({
      "profiles.yml": project.read("profiles.yml").replace("    prod:", "    other: { type: duckdb }\n    prod:"),
    });
    project.git("commit", "--quiet", "--all", "--message", "One more target");
    await run(["plan", "--mode", "check", "--full"]);
    await run(["build", "--mode", "check"]);
    const ofCheck = await run(["state", "publish", "--mode", "deploy"]);
    const elsewhere = await run(["ci", "--mode", "deploy", "--target", "other"]);
    const ofOther = await run(["state", "publish"]);
    await run(["ci", "--mode", "deploy", "--no-publish"]);
    project.git("commit", "--quiet", "--allow-empty", "--message", "Later");
    const ofEarlier = await run(["state", "publish"]);

    expect([ofCheck.code, elsewhere.code, ofOther.code, ofEarlier.code]).toEqual([3, 0, 3, 3]);
    expect(ofCheck.stderr).toContain("nothing is published: it is a build of check mode");
    expect(elsewhere.stdout).toContain("no state bundle: it is of target other, not of prod (modes.deploy.target)");
    expect(ofOther.stderr).toContain("nothing is published: it is of target other, not of prod");
    expect(ofEarlier.stderr).toMatch(/the build is of commit [0-9a-f]{12}, not of [0-9a-f]{12}/);
    expect(existsSync(store)).toBe(false);
  });

  it("take the target that dbt's own variable names, where signalbox.yml names none", async () => {
    const text = project.read("signalbox.yml").replace("  deploy: { target: prod }\n", "");
    project.write({ "signalbox.yml": text });
    project.git("commit", "--quiet", "--all", "--message", "dbt's own target");

    const ofCheck = await run(["ci", "--mode", "deploy"], { DBT_TARGET: "prod", DBT_ENGINE_TARGET: "ci" });
    const ofProd = await run(["ci", "--mode", "deploy", "--json"], { DBT_TARGET: "prod" });

    expect(ofCheck.stdout).toContain("no state bundle: it is of target ci, which is check mode's");
    expect(json<CiResult>(ofProd)).toMatchObject({
      plan: { target: "prod" },
      published: { where: expect.any(String) },
    });
  });

  it("names the target that was built, whatever this run's own mode is", async () => {
    await run(["ci", "--mode", "deploy", "--no-publish"]);

    await run(["state", "publish"]);

    const header = readFileSync(join(store, project.git("rev-parse", "HEAD"), "state.json"), "utf8");
    expect(JSON.parse(header)).toMatchObject({ target: "prod" });
  });

  it("publish what somebody else's dbt build left, and no part, other target, or later parse of it", async () => {
    const folder = join(project.dir, "../artifacts");
    const build = async (env: Readonly<Record<string, string>> = {}) => {
      await run(["build", "--mode", "deploy"], env);
      cpSync(join(project.dir, ".signalbox/dbt/01-build"), folder, { recursive: true });
    };
    const edit = (name: string, change: (value: Artifact) => object) => {
      const file = join(folder, name);
      writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")) as Artifact)));
    };
    const publish = (...args: string[]) => run(["state", "publish", "--from", folder, ...args]);
    await run(["plan", "--mode", "deploy"]);
    await build();
    edit("run_results.json", (results) => ({ ...results, args: { which: "build", target: "prod" } }));
    const whole = await publish();
    const asDeploy = await publish("--mode", "deploy");

    const ofRow = (args: object) => edit("run_results.json", (results) => ({ ...results, args }));
    ofRow({ which: "build" });
    const untold = await publish();
    const told = await publish("--target", "prod");
    const toldCheck = await publish("--target", "ci");
    ofRow({ which: "build", target: "ci" });
    const ofCheck = await publish();
    const asCheck = await publish("--mode", "check", "--target", "ci");
    ofRow({ which: "run", target: "prod" });
    const ofRun = await publish();
    edit("run_results.json", (results) => ({ ...results, args: { which: "generate" } }));
    const ofDocs = await publish();
    await build({ FAKE_DBT_NODES: JSON.stringify({ "model.small.more": aModel("more") }) });
    const ofPart = await publish();
    rmSync(join(folder, "run_results.json"));
    const ofNothing = await publish();

    expect([whole.code, asDeploy.code, told.code]).toEqual([0, 0, 0]);
    expect([untold.code, toldCheck.code, asCheck.code, ofRun.code]).toEqual([2, 3, 2, 3]);
    expect(untold.stderr).toContain("--target is missing: ");
    expect(untold.stderr).toContain("does not say in which target it was built");
    expect(toldCheck.stderr).toContain("is of target ci, not of prod");
    expect(ofRun.stderr).toContain("is of `dbt run`, not of dbt build");
    expect([ofCheck, ofDocs, ofPart, ofNothing].map(({ code }) => code)).toEqual([3, 3, 3, 3]);
    expect(ofCheck.stderr).toContain("is of target ci, not of prod");
    expect(ofDocs.stderr).toContain("is of `dbt docs generate`");
    expect(ofPart.stderr).toContain("1 node not built, model.small.more among them");
    expect(ofNothing.stderr).toContain("run_results.json does not exist");
  });

  it("say where they do not publish or fetch", async () => {
    await run(["ci", "--mode", "deploy"]);
    project.write({ "models/orders.sql": "select 7\n" });

    const dirty = await run(["state", "publish"]);
    const unknown = await run(["state", "fetch", "--commit", "deadbeef"]);
    const target = await run(["state", "fetch", "--out", "target"]);

    expect(dirty.stdout + dirty.stderr).toMatch(/warning: the bundle may not be what its commit says: .*orders\.sql/);
    expect([unknown.code, target.code]).toEqual([2, 2]);
    expect(unknown.stderr).toContain('--commit is "deadbeef": is no commit of this checkout');
    expect(target.stderr).toContain("is dbt's target folder");
  });

  it("refuse to publish a failure that nobody has judged", async () => {
    await run(["plan", "--mode", "deploy"]);
    await run(["build", "--mode", "deploy"], { FAKE_DBT_STATUS: "fail", FAKE_DBT_EXIT: "1" });

    const ended = await run(["state", "publish"]);

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("1 node failed, model.small.orders among them");
  });

  it("refuse to publish a manifest that holds one of our secrets", async () => {
    await run(["ci", "--mode", "deploy", "--no-publish"]);

    const ended = await run(["state", "publish"], { SLACK_BOT_TOKEN: "model.small.orders" });

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("holds one of this job's secrets: it is not published");
  });
});

describe("the bundle of a deploy", () => {
  const deploy = async (env: Readonly<Record<string, string>>, ...args: string[]) => {
    const ended = await signalbox(["ci", "--mode", "deploy", "--store", `dir:${store}`, "--json", ...args], {
      cwd: project.dir,
      env: { ...project.env, ...env },
    });
    return { ...ended, published: json<CiResult>(ended).published };
  };
  const rows = (...all: object[]) => JSON.stringify(all);
  const FAILING = {
    FAKE_DBT_NODES: JSON.stringify({ "test.small.not_null.1": aTestOf("orders", "not_null") }),
    FAKE_DBT_ROWS: rows({}, { unique_id: "test.small.not_null.1", status: "fail", failures: 3, message: "Got 3" }),
    FAKE_DBT_EXIT: "1",
  };

  it("is published where a rule made the failure of a test a warning", async () => {
    project.write({
      "signalbox.yml": `${project.read("signalbox.yml")}rules:\n  - { match: { name: not_null }, severity: warn }\n`,
    });
    project.git("commit", "--quiet", "--all", "--message", "A rule");

    const ended = await deploy(FAILING);

    expect(ended.code).toBe(0);
    expect(ended.published).not.toBeNull();
  });

  it("is none, and no error, where a rule made the failure of a model a warning", async () => {
    project.write({
      "signalbox.yml": `${project.read("signalbox.yml")}rules:\n  - { match: { name: orders }, severity: warn }\n`,
    });
    project.git("commit", "--quiet", "--all", "--message", "A rule");

    const ended = await deploy({ FAKE_DBT_STATUS: "error", FAKE_DBT_EXIT: "1" });

    expect(ended.code).toBe(0);
    expect(ended.published).toBeNull();
    expect(ended.stderr).toContain("no state bundle: 1 node not built, model.small.orders among them");
  });

  it.each([
    ["with --exclude", ["--exclude", "more"]],
    ["with a selecting word for dbt", ["--", "--select", "orders"]],
    ["with a default selector of the project", []],
  ])("is none where dbt built a part of everything: %s", async (_, args) => {
    const ended = await deploy({ FAKE_DBT_NODES: JSON.stringify({ "model.small.more": aModel("more") }) }, ...args);

    expect(ended.code).toBe(0);
    expect(ended.published).toBeNull();
    expect(ended.stderr).toContain("no state bundle: 1 node not built, model.small.more among them");
  });

  it("is replaced by what was built since it, and by nothing less", async () => {
    await deploy({});
    project.write({ "models/more.sql": "select 2\n" });
    project.git("add", "--all");
    project.git("commit", "--quiet", "--message", "One more");
    const two = {
      FAKE_DBT_NODES: JSON.stringify({ "model.small.more": aModel("more") }),
      FAKE_DBT_ROWS: rows({ unique_id: "model.small.more" }),
    };

    const part = await deploy(two, "--select", "more");
    const since = await deploy(two, "--select", "state:modified+");

    expect(part.published).toBeNull();
    expect(since.published?.commit).toBe(project.git("rev-parse", "HEAD"));
  });
});

describe("a commit that is not on the remote's base branch", () => {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    signalbox(args, { cwd: project.dir, env: { ...project.env, SIGNALBOX_STORE: `dir:${store}`, ...env } });
  const commitOrders = (text: string) => {
    project.write({ "models/orders.sql": text });
    project.git("commit", "--quiet", "--all", "--message", text);
    return project.git("rev-parse", "HEAD");
  };

  it("is not published: ci warns and keeps its exit code, state publish is 2, and both publish it once it is pushed", async () => {
    project.addOrigin();
    const head = commitOrders("select 2");

    const ci = await run(["ci", "--mode", "deploy", "--json"]);
    const publish = await run(["state", "publish", "--mode", "deploy"]);

    expect([ci.code, json<CiResult>(ci).published]).toEqual([0, null]);
    expect(ci.stderr).toContain(`warning: no state bundle: ${head.slice(0, 12)} is not on the remote's main`);
    expect(publish.code).toBe(2);
    expect(publish.stderr).toContain(`nothing is published: ${head.slice(0, 12)} is not on the remote's main`);
    expect(existsSync(store)).toBe(false);

    project.git("push", "--quiet", "origin", "main");
    expect((await run(["state", "publish", "--mode", "deploy"])).code).toBe(0);
  });

  it("is not published by the name of another one", async () => {
    project.addOrigin();
    await run(["ci", "--mode", "deploy", "--no-publish"]);
    project.git("switch", "--quiet", "--detach");
    const stranger = commitOrders("select 3");
    project.git("switch", "--quiet", "main");

    const publish = await run(["state", "publish", "--mode", "deploy", "--commit", stranger]);

    expect(publish.code).toBe(2);
    expect(publish.stderr).toContain(`${stranger.slice(0, 12)} is not on the remote's main`);
  });

  it("is published from a tag on the base branch, as the base branch's", async () => {
    project.addOrigin();
    project.git("tag", "v1");
    const env = {
      ...GITHUB_PUSH,
      GITHUB_EVENT_NAME: "release",
      GITHUB_SHA: project.git("rev-parse", "HEAD"),
      GITHUB_REF_NAME: "v1",
      GITHUB_REF_TYPE: "tag",
    };

    const released = await run(["ci", "--mode", "deploy", "--no-queue", "--json"], env);

    const { published } = json<CiResult>(released);
    expect(released.code).toBe(0);
    expect(JSON.parse(readFileSync(join(published?.where ?? "", "state.json"), "utf8"))).toMatchObject({
      branch: "main",
    });
  });

  it("is no baseline: exit 3, and state fetch does not hand it out", async () => {
    const commit = commitOrders("select 2");
    await run(["ci", "--mode", "deploy"]);
    project.git("reset", "--quiet", "--hard", "HEAD~1");
    project.addOrigin();
    project.git("switch", "--quiet", "--create", "feature");
    project.write({ "signalbox.yml": `${project.read("signalbox.yml")}baseline: { sources: [store] }\n` });

    const check = await run(["ci", "--no-queue"]);
    const fetched = await run(["state", "fetch"]);

    expect([check.code, fetched.code]).toEqual([3, 3]);
    for (const { stderr } of [check, fetched])
      expect(stderr).toContain(`${join(store, commit)} is of a commit that is not on main`);
  });

  it("that nobody can tell from another is no baseline either: the next source has its turn, and the log says so", async () => {
    project.addOrigin();
    const commit = commitOrders("select 2");
    project.git("push", "--quiet", "origin", "main");
    await run(["ci", "--mode", "deploy"]);
    // As with persist-credentials: false, and no token for GitHub's API.
    project.git("remote", "set-url", "origin", "https://127.0.0.1:9/acme/shop.git");
    project.git("update-ref", "-d", "refs/remotes/origin/main");
    project.git("switch", "--quiet", "--create", "feature");
    const config = project.read("signalbox.yml");
    const check = async (baseline: string) => {
      project.write({ "signalbox.yml": `${config}${baseline}` });
      return run(["plan", "--json"]);
    };

    const worktree = await check("");
    const everything = await check("baseline: { sources: [store] }\n");
    const failed = await check("baseline: { sources: [store], on_missing: fail }\n");

    expect(json(worktree)).toMatchObject({ baselines: { selection: { kind: "worktree" } } });
    expect(json(everything)).toMatchObject({ kind: "everything" });
    expect([worktree.code, everything.code, failed.code]).toEqual([0, 0, 3]);
    const said = `the bundle ${join(store, commit)} is not used: neither git nor GitHub's API tells that its commit is on main`;
    expect(json<PlanResult>(worktree).warnings).toContainEqual(expect.stringContaining(said));
    expect(failed.stderr).toContain(said);
  });
});
