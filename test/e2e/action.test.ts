import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OUTPUTS } from "../../src/settings/action-and-orb.ts";
import { type Replay, type Replayed, replayAction } from "./action.ts";
import { GITHUB_EVENT, GITHUB_PUSH } from "./github-push.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

/** The Action as GitHub's runner drives it, on a project whose dbt pretends. */
describe("the Action", () => {
  let project: SmallProject;
  beforeEach(() => {
    project = openSmallProject();
    project.addOrigin();
  });
  afterEach(() => project.remove());

  function replay(inputs: Readonly<Record<string, string>> = {}, overrides: Partial<Replay> = {}): Promise<Replayed> {
    const file = (name: string) => join(project.dir, "..", name);
    writeFileSync(file("event.json"), JSON.stringify(GITHUB_EVENT));
    const env = {
      ...project.env,
      ...GITHUB_PUSH,
      GITHUB_EVENT_PATH: file("event.json"),
      GITHUB_SHA: project.git("rev-parse", "HEAD"),
      // Nobody listens there: a call that no test means fails at once.
      GITHUB_API_URL: "http://127.0.0.1:9",
      GITHUB_STEP_SUMMARY: file("summary"),
      ...overrides.env,
    };
    return replayAction({
      cwd: project.dir,
      ...overrides,
      env,
      inputs: { "no-queue": "true", store: "none", ...inputs },
    });
  }

  it("runs ci with the job's own Node: outputs, summary, masked secrets, and the reports kept", async () => {
    const ended = await replay({ "slack-token": "" });

    expect(ended.log).toContain("mode      deploy: push to main");
    expect(ended.log).toContain("notify    nothing to tell");
    expect(ended.log).toContain("::add-mask::ghs_0123456789abcdef");
    expect(ended.code).toBe(0);
    expect(ended.outputs).toMatchObject({ outcome: "pass", errors: "0", mode: "deploy", passed: "1" });
    expect(Object.keys(ended.outputs)).toEqual(OUTPUTS.map(({ name }) => name));
    expect(readFileSync(join(project.dir, "..", "summary"), "utf8")).toContain("1 passed");
    expect(ended.used[0]?.action).toMatch(/^actions\/upload-artifact@[0-9a-f]{40}$/);
    expect(ended.used[0]?.with).toMatchObject({ name: "signalbox", "include-hidden-files": "true" });
    expect(ended.used[0]?.with.path?.split("\n")).toEqual([
      ".signalbox/*.json",
      ".signalbox/*.md",
      ".signalbox/*.html",
      ".signalbox/dbt/**/*.log",
      "test-results/dbt/dbt.xml",
      "",
    ]);
  });

  it("keeps the reports of a run that failed, and of the folders that the inputs name", async () => {
    const ended = await replay({ work: "out", junit: "junit", artifact: "mine" }, { env: { FAKE_DBT_EXIT: "1" } });

    expect(ended.code).not.toBe(0);
    expect(ended.used.map(({ with: { name } }) => name)).toEqual(["mine"]);
    expect(ended.used[0]?.with.path).toContain("out/*.json\n");
    expect(ended.used[0]?.with.path).toMatch(/\njunit\/dbt\.xml\n$/);
  });

  it("a cancel in the middle stops dbt first, ends with 130, and the reports are kept", async () => {
    const dbt = join(project.dir, "..", "bin", "dbt");
    const slow = readFileSync(dbt, "utf8").replace(
      "process.exit(Number(",
      'process.on("SIGINT", () => { console.log("STOPPED"); process.exit(130); }); console.log("BUILDING"); setTimeout(() => {}, 60_000); if (false) process.exit(Number(',
    );
    writeFileSync(dbt, slow);
    chmodSync(dbt, 0o755);

    const ended = await replay(
      {},
      {
        // The runner sends SIGINT to the step's process: bash, were it not for exec.
        onStart: async (id, child, printed) => {
          if (id !== "signalbox") return;
          while (!printed().includes("BUILDING") && child.exitCode === null) await sleep(20);
          child.kill("SIGINT");
        },
      },
    );

    expect(ended.log).toContain("STOPPED");
    expect(ended.code).toBe(130);
    expect(ended.used.map(({ action }) => action.split("@")[0])).toEqual(["actions/upload-artifact"]);
  });

  it.each([
    ["there is none", "#!/bin/sh\nexit 127\n", "there is none"],
    ["it is of version 18", "#!/bin/sh\necho v18.20.4\n", "v18.20.4"],
    ["it is of version 20.18", "#!/bin/sh\necho v20.18.3\n", "v20.18.3"],
  ])("installs Node where %s", async (_, script, words) => {
    const bin = join(project.dir, "..", "old");
    mkdirSync(bin);
    writeFileSync(join(bin, "node"), script, { mode: 0o755 });

    const ended = await replay({}, { env: { PATH: `${bin}:/usr/bin:/bin` } });

    expect(ended.log).toContain(`Node 20.19 or later is not on the PATH (${words}): installing Node 24`);
    expect(ended.used[0]).toMatchObject({
      action: expect.stringMatching(/^actions\/setup-node@[0-9a-f]{40}$/),
      with: { "node-version": "24", "package-manager-cache": "false" },
    });
  });

  it("on GitHub Enterprise Server says that reports are not kept, and keeps none", async () => {
    const ended = await replay({}, { env: { GITHUB_SERVER_URL: "https://github.acme.example" } });

    expect(ended.log).toContain("::notice title=signalbox::GitHub Enterprise Server has no artifacts of version 4");
    expect(ended.used).toEqual([]);
    expect(ended.code).toBe(0);
  });

  it("hands an input on by its variable; a job's own variable holds where there is no input", async () => {
    const hostile = '$(touch pwned)"; touch pwned; #';

    const ended = await replay({ exclude: hostile, mode: "deploy" }, { env: { SIGNALBOX_TARGET: "prod" } });

    expect(ended.env).toMatchObject({ SIGNALBOX_EXCLUDE: hostile, SIGNALBOX_MODE: "deploy", SIGNALBOX_TARGET: "prod" });
    expect(project.untracked()).not.toContain("?? pwned");
  });

  it.each([
    ["a word where a number stands", { timeout: "soon" }, 'input timeout is "soon": wanted a duration'],
    ["a boolean in quotes", { "dry-run": '"false"' }, "input dry-run is"],
    ["a file that is not there", { config: "no.yml" }, 'input config is "no.yml": there is no such file'],
    ["an unknown command", { command: "biuld%0A" }, "input command is biuld%250A: wanted ci, queue, plan"],
    ["an empty command", { command: "" }, "input command is '': wanted ci, queue, plan"],
  ])("%s is one error that names the input", async (_, inputs, words) => {
    const ended = await replay(inputs);

    expect(ended.code).toBe(2);
    expect(ended.log).toContain(words);
    expect(ended.log).not.toContain("SIGNALBOX_");
    expect(project.starts()).toEqual([]);
  });

  it.each([
    ["true", true],
    ["1", true],
    ["True", true],
    ["false", false],
    ["0", false],
  ])("reads the boolean %s", async (value, isQuiet) => {
    const ended = await replay({ "no-notify": value });

    expect(ended.code).toBe(0);
    expect(ended.log.includes("notify    nothing to tell")).toBe(!isQuiet);
  });

  it("a missing checkout and a missing dbt are one error each", async () => {
    const empty = join(project.dir, "..", "empty");
    mkdirSync(empty);

    const noCheckout = await replay({}, { cwd: empty });
    const noDbt = await replay({}, { env: { PATH: `${join(process.execPath, "..")}:/usr/bin:/bin` } });

    expect(noCheckout.code).toBe(2);
    expect(noCheckout.log).toMatch(/^signalbox: git finds no checkout in \S+\n {2}→ put actions\/checkout/m);
    expect(noDbt.code).toBe(2);
    expect(noDbt.log).toContain('there is no program "dbt" on the PATH');
  });
});
