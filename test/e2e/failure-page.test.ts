import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { json, signalbox, start } from "./cli.ts";
import { GITHUB_EVENT, GITHUB_PUSH } from "./github-push.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

/** GitHub's page of a job: who looks at a failed run sees it before the log. */
describe("on the job's page", () => {
  let project: SmallProject;
  beforeEach(() => {
    project = openSmallProject();
    project.addOrigin();
  });
  afterEach(() => project.remove());

  const page = () => join(project.dir, "../page.md");
  const github = () => {
    const event = join(project.dir, "../event.json");
    writeFileSync(event, JSON.stringify(GITHUB_EVENT));
    const GITHUB_SHA = project.git("rev-parse", "HEAD");
    return { ...GITHUB_PUSH, GITHUB_EVENT_PATH: event, GITHUB_SHA, GITHUB_STEP_SUMMARY: page() };
  };
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    signalbox(args, {
      cwd: project.dir,
      env: { ...project.env, ...github(), ...env },
    });

  it.each<[what: string, args: string[], env: Record<string, string>, code: number, title: RegExp, hint: RegExp]>([
    ["a flag that nobody knows", ["ci", "--ful"], {}, 2, /^## --ful is no flag of ci \(did you mean/, /→ .*--help/],
    ["a variable that is wrong", ["queue"], { SIGNALBOX_POLL: "soon" }, 2, /^## SIGNALBOX\\?_POLL is/, /^$/],
    ["a command that nobody knows", ["cii"], {}, 2, /^## .*cii/, /→ commands: ci, queue, plan,/],
    ["no dbt", ["ci", "--mode", "check"], { PATH: "/usr/bin:/bin" }, 2, /^## dbt was not found/, /→ install dbt/],
    ["a target that nobody has", ["plan", "--target", "cii"], {}, 2, /^## --target is "cii"/, /→ targets in/],
    [
      "no results",
      ["report"],
      {},
      3,
      /^## .*run\\?_results\.json.* does not exist/,
      /→ name the right files: signalbox rep/,
    ],
    ["no plan", ["build", "--mode", "check"], {}, 3, /^## .*plan\.json.* does not exist/, /→ run signalbox plan first/],
  ])("stands what ends a command before it has more to tell, once, with what to do: %s", async (...row) => {
    const [, args, env, code, title, hint] = row;

    const ended = await run(args, env);

    const text = readFileSync(page(), "utf8");
    expect([ended.code, text]).toEqual([code, expect.stringMatching(title)]);
    expect(text.replace(/^## .*\n+/, "").trim()).toMatch(hint);
    expect(text.match(/^## /gm)).toHaveLength(1);
  });

  it("stands every problem of the configuration", async () => {
    project.write({ "signalbox.yml": "version: 2\nslak: {}\n" });

    await run(["ci"]);

    expect(readFileSync(page(), "utf8")).toMatch(/^## 2 problems:\n\n+.*version is 2: wanted 1.*\n.*slak is no key/);
  });

  it("stands no second time what ci has told there itself, nor a secret", async () => {
    const refused = await run(["ci", "--mode", "check", "--no-queue"], { FAKE_DBT_REFUSES: "parse" });
    const before = readFileSync(page(), "utf8");
    const secret = await run(["plan", "--target", "ghs_A1b2C3d4E5f6"], { GITHUB_TOKEN: "ghs_A1b2C3d4E5f6" });

    const added = readFileSync(page(), "utf8").slice(before.length);
    expect([refused.code, secret.code]).toEqual([1, 2]);
    expect(before.match(/^## /gm)).toHaveLength(1);
    expect(added).toMatch(/^## --target is "`\*\*\*`"/);
    expect(added).not.toContain("ghs_A1");
  });

  it("stands nothing elsewhere, and a page that cannot be written changes no exit code", async () => {
    const elsewhere = await run(["ci", "--ful"], { GITHUB_ACTIONS: "" });
    const unwritable = await run(["ci", "--ful"], { GITHUB_STEP_SUMMARY: "/proc/self/page" });

    expect(existsSync(page())).toBe(false);
    expect([elsewhere.code, unwritable.code]).toEqual([2, 2]);
    expect(unwritable.stderr).toBe(elsewhere.stderr);
  });
});

describe("what nothing has caught", () => {
  let project: SmallProject;
  beforeEach(() => {
    project = openSmallProject();
  });
  afterEach(() => project.remove());

  const TOKEN = "ghs_A1b2C3d4E5f6G7h8";
  /** A fault while dbt builds: node loads this script before ours. */
  const faulty = () => {
    const script = join(project.dir, "../fault.mjs");
    const fault = `if (process.argv[2] === "ci") setInterval(() => {
      const log = process.env.FAKE_DBT_LOG;
      if (existsSync(log) && readFileSync(log, "utf8").includes('["build"')) throw new Error("boom:${TOKEN}");
    }, 100);`;
    writeFileSync(script, `import { existsSync, readFileSync } from "node:fs";\n${fault}\n`);
    return {
      ...{ GITHUB_TOKEN: TOKEN, FAKE_DBT_HOLD: join(project.dir, "signalbox.yml") },
      NODE_OPTIONS: `--import ${pathToFileURL(script)}`,
    };
  };
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it("is a bug of ours with its code, shows no secret, and leaves no dbt behind", async () => {
    const started = start(["ci", "--full", "--mode", "check", "--no-queue", "--json"], {
      cwd: project.dir,
      env: { ...project.env, ...faulty() },
    });
    const ended = await started.ended;

    expect(ended.code).toBe(70);
    expect(ended.stderr).toContain("internal error, please report it");
    expect(ended.stderr).toContain("boom:***");
    expect(json(ended)).toMatchObject({ error: { kind: "internal", message: "boom:***", exitCode: 70 } });
    expect(`${ended.stdout}${ended.stderr}`).not.toContain(TOKEN);
    const pids = project.starts().map(({ pid }) => pid);
    expect(pids.length).toBeGreaterThan(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
