import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { json, signalbox } from "./cli.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

describe("state publish and fetch", () => {
  let project: SmallProject;
  let store: string;
  beforeEach(() => {
    project = openSmallProject();
    store = join(project.dir, "..", "store");
  });
  afterEach(() => project.remove());

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    signalbox([...args, "--store", `dir:${store}`], { cwd: project.dir, env: { ...project.env, ...env } });

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

  it("refuse to publish a build with a failure, and one that was not of everything", async () => {
    await run(["ci", "--mode", "deploy"], { FAKE_DBT_STATUS: "error", FAKE_DBT_EXIT: "1" });
    const failed = await run(["state", "publish"]);
    await run(["ci", "--mode", "deploy", "--no-publish"]);
    writeFileSync(join(project.dir, ".signalbox/plan.json"), '{"kind":"selected"}');
    const partial = await run(["state", "publish"]);

    expect([failed.code, partial.code]).toEqual([3, 3]);
    expect(failed.stderr).toContain("1 nodes failed, model.small.orders among them");
    expect(partial.stderr).toContain("the last plan was selected, not everything");
  });

  it("refuse to publish a manifest that holds one of our secrets", async () => {
    await run(["ci", "--mode", "deploy", "--no-publish"]);

    const ended = await run(["state", "publish"], { SLACK_BOT_TOKEN: "model.small.orders" });

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("holds one of this job's secrets: it is not published");
  });
});
