import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { json, signalbox } from "./cli.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

/** Each is one error that says what was found, what was wanted and what to do, before anything is started or written. */
describe("bad input", () => {
  let project: SmallProject;
  beforeEach(() => {
    project = openSmallProject();
  });
  afterEach(() => project.remove());

  interface Case {
    readonly name: string;
    readonly args?: readonly string[];
    readonly files?: Readonly<Record<string, string | null>>;
    readonly env?: Readonly<Record<string, string>>;
    readonly code: number;
    readonly says: readonly (string | RegExp)[];
  }

  const yaml = (text: string) => `version: 1\nbase_branch: main\n${text}\n`;
  const cases: readonly Case[] = [
    {
      name: "no dbt on the PATH",
      env: { PATH: "/usr/bin:/bin" },
      code: 2,
      says: ['there is no program "dbt" on the PATH', "dbt: { command: [uv, run, dbt] }"],
    },
    {
      name: "a command for dbt that does not exist",
      files: { "signalbox.yml": yaml("dbt: { command: [./no/dbt] }\nmodes: { check: { target: ci } }") },
      code: 2,
      says: ['there is no program "./no/dbt"'],
    },
    {
      name: "a wrong project_dir",
      files: { "signalbox.yml": yaml("dbt: { project_dir: transform }\nmodes: { check: { target: ci } }") },
      code: 2,
      says: ["transform is no dbt project: it holds no dbt_project.yml", "dbt.project_dir"],
    },
    {
      name: "an unknown target",
      files: { "signalbox.yml": yaml("modes: { check: { target: cii } }") },
      code: 2,
      says: ['modes.check.target is "cii": the profile has no such target (did you mean ci?)', "ci, prod"],
    },
    {
      name: "a NUL character in a variable for dbt, which is not shown",
      files: { "signalbox.yml": yaml('dbt: { env: { FOO: "a\\0b" } }\nmodes: { check: { target: ci } }') },
      code: 2,
      says: [
        /^signalbox: signalbox\.yml:3 dbt\.env\.FOO holds a NUL character: no program, file or address can be given one\n$/,
      ],
    },
    {
      name: "a variable for dbt that is too long",
      files: {
        "signalbox.yml": yaml(`dbt: { env: { FOO: ${"x".repeat(200_000)} } }\nmodes: { check: { target: ci } }`),
      },
      code: 2,
      says: [/^signalbox: signalbox\.yml:3 dbt\.env\.FOO has 200000 bytes: .{1,80}\n$/],
    },
    { name: "an unknown target as a flag", args: ["--target", "staging"], code: 2, says: ['--target is "staging"'] },
    {
      name: "a broken signalbox.yml",
      files: { "signalbox.yml": "version: 1\nmodes:\n  check: {target: ci\n" },
      code: 2,
      says: [/signalbox\.yml:\d is not YAML/],
    },
    {
      name: "an unknown key",
      files: { "signalbox.yml": yaml("mode: {}") },
      code: 2,
      says: ["signalbox.yml:3 mode is no key of signalbox.yml (did you mean modes?)"],
    },
    {
      name: "a check mode without a target",
      files: { "signalbox.yml": yaml("modes: { deploy: { target: prod } }") },
      code: 2,
      says: ["modes.check.target is missing", "no pull request builds into production"],
    },
    {
      name: "a check mode with production's target",
      files: { "signalbox.yml": yaml("modes: { check: { target: prod }, deploy: { target: prod } }") },
      code: 2,
      says: ['modes.check.target is "prod": is also the target of deploy mode'],
    },
    {
      name: "a missing channel id",
      args: ["--mode", "deploy"],
      files: { "signalbox.yml": yaml("modes: { deploy: { target: prod } }\nslack: { error: C012345678 }") },
      env: { SLACK_BOT_TOKEN: "xoxb-1234567890" },
      code: 2,
      says: ["slack.warn is missing: wanted the id of the channel for warnings", "the id stands at the bottom"],
    },
    {
      name: "a channel's name in place of its id",
      args: ["--error-channel", "#dbt"],
      code: 2,
      says: ['--error-channel is "#dbt": wanted a channel id'],
    },
    {
      name: "no base branch",
      files: { "signalbox.yml": "modes: { check: { target: ci } }\n" },
      code: 2,
      says: ["the base branch is not known", "write base_branch: main"],
    },
    {
      name: "a configuration file that does not exist",
      args: ["--config", "nowhere.yml"],
      code: 2,
      says: ['--config is "nowhere.yml": there is no such file'],
    },
    {
      name: "a work folder that is not ours",
      args: ["--work", "models"],
      code: 2,
      says: ["models is not a work folder of signalbox: it holds orders.sql", "name another folder with --work"],
    },
    {
      name: "a ref that is a flag",
      args: ["--select", "--full-refresh"],
      code: 2,
      says: [/^signalbox: --select is "--full-refresh": .* it would be read as a flag\n$/],
    },
    { name: "a short flag that nobody knows", args: ["-x"], code: 2, says: [/^signalbox: -x is no flag of ci\n/] },
    {
      name: "words that nobody asked for",
      args: ["--full", "tag:ta", "more"],
      code: 2,
      says: ['signalbox: "tag:ta more" is no flag of ci: a selector is --select tag:ta more\n'],
    },
    {
      name: "two values of a flag that takes one",
      args: ["--error-channel", "C012345678", "--error-channel", "C876543210"],
      code: 2,
      says: ['--error-channel takes one value: it was given "C012345678" and "C876543210"'],
    },
    {
      name: "no signalbox.yml",
      files: { "signalbox.yml": null },
      args: ["--mode", "check"],
      code: 2,
      says: ["there is no signalbox.yml in "],
    },
    {
      name: "several problems at once",
      args: ["--timeout", "soon", "--mode", "prod"],
      env: { SIGNALBOX_POLL: "x" },
      code: 2,
      says: ["3 problems:", "--timeout", "--mode", "SIGNALBOX_POLL"],
    },
  ];

  it.each(cases)("$name", async ({ args = [], files = {}, env = {}, code, says }) => {
    project.write(files);

    const ended = await signalbox(["ci", ...args], { cwd: project.dir, env: { ...project.env, ...env } });

    expect(ended.stderr).toMatch(/^signalbox: /);
    for (const words of says)
      expect(ended.stderr).toMatch(
        words instanceof RegExp ? words : new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")),
      );
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.stderr.trim().split("\n").length).toBeLessThan(8);
    expect(ended.code).toBe(code);
    expect(project.starts()).toEqual([]);
    expect(project.untracked()).toEqual([]);
  });

  it.each([
    ["", /the name of the program to start is empty/],
    ["/dev/null/dbt", /there is no program "\/dev\/null\/dbt"/],
    ["x".repeat(5000), /there is no program "x{100,199}…"/],
  ])("a command for queue that is none is exit 2: %s", async (command, message) => {
    const args = ["queue", "--ticket-dir", "../tickets", "--", command];

    const ended = await signalbox(args, { cwd: project.dir, env: project.env });

    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });

  it.each<[what: string, args: string[], env: Record<string, string>, message: RegExp, code?: number]>([
    ["of the configuration", ["plan", "--json", "--target", "staging"], {}, /^--target is "staging"/],
    ["of the command line", ["plan", "--jsn", "--json"], {}, /--jsn is no flag of plan/],
    ["of a flag in place of the command", ["--josn", "ci", "--json"], {}, /--josn is no flag of signalbox/],
    [
      "of a project that does not compile",
      ["ci", "--dry-run", "--json"],
      { FAKE_DBT_REFUSES: "parse" },
      /valid method name/,
      1,
    ],
    ["of a plan that does not compile", ["plan", "--json"], { FAKE_DBT_REFUSES: "parse" }, /valid method name/, 1],
    ["asked for by a variable", ["status", "--since", "x"], { SIGNALBOX_JSON: "1" }, /--since/],
    ["that is a command nobody knows", ["paln", "--json"], {}, /paln/],
  ])("an error %s is one JSON document", async (_, args, env, message, code = 2) => {
    const ended = await signalbox(args, { cwd: project.dir, env: { ...project.env, ...env } });

    const document = json<{ schema: number; error: Record<string, unknown> }>(ended);
    expect(ended.code).toBe(code);
    expect(document).toEqual({
      schema: 1,
      error: {
        kind: code === 2 ? "configuration" : "dbt",
        message: expect.stringMatching(message),
        hint: document.error.hint,
        exitCode: code,
      },
    });
  });

  it("a dbt that is told to write no files is an error that says so", async () => {
    const ended = await signalbox(["ci", "--full", "--mode", "check"], {
      cwd: project.dir,
      env: { ...project.env, FAKE_DBT_LEAVES: "nothing" },
    });

    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/dbt parse ended with 0 and left no manifest\.json\n.*write_json/);
  });

  it("a --json behind -- is dbt's own: no document", async () => {
    const ended = await signalbox(["ci", "--target", "staging", "--", "--json"], {
      cwd: project.dir,
      env: project.env,
    });

    expect([ended.code, ended.stdout]).toEqual([2, ""]);
  });

  it.each([
    ["signalbox.yaml", "rename it, or name it: --config signalbox.yaml"],
    [".signalbox.yml", "rename it"],
    ["signalbox.json", "write it as YAML"],
  ])("a configuration called %s is not passed over in silence", async (name, hint) => {
    project.write({ [name]: project.read("signalbox.yml") });
    rmSync(join(project.dir, "signalbox.yml"));

    const ended = await signalbox(["ci"], { cwd: project.dir, env: project.env });

    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(`${name} is not read`)]);
    expect(ended.stderr).toContain(hint);
  });

  it("a signalbox.yml in a folder above is named, for it is not read", async () => {
    project.write({ "models/staging/x.sql": "select 1\n" });
    const cwd = join(project.dir, "models", "staging");
    // As after a clone: the base branch is known without the file.
    project.git("update-ref", "refs/remotes/origin/main", "HEAD");
    project.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");

    const ended = await signalbox(["ci", "--mode", "check"], { cwd, env: project.env });
    const status = await signalbox(["status"], { cwd, env: project.env });
    const named = await signalbox(["status", "--config", "../../signalbox.yml"], { cwd, env: project.env });

    const advice = `${join(project.dir, "signalbox.yml")} is not read from here: --config ../../signalbox.yml`;
    expect(ended.stderr).toBe(
      `signalbox: there is no signalbox.yml in ${cwd}: check mode needs a dbt target of its own, so that no pull request builds into production\n  → ${advice}\n`,
    );
    expect(ended.code).toBe(2);
    expect(status.stdout).toContain(`config    warning: ${advice}\n`);
    expect(named.stdout).not.toContain("warning");
  });

  it("the mark under a selector stands under what it means", async () => {
    const args = ["plan", "--manifest", "m.json", "--state", "base.json", "--select", "a1", "x,state:modifed"];
    await signalbox(["ci", "--mode", "deploy"], { cwd: project.dir, env: project.env });
    const manifest = project.read("target/manifest.json");
    project.write({ "m.json": manifest, "base.json": manifest });

    const ended = await signalbox(args, { cwd: project.dir, env: project.env });

    const [shown = "", mark = ""] = ended.stderr.split("\n").slice(1);
    expect(ended.code).toBe(2);
    expect(shown).toBe("  → a1 x,state:modifed");
    expect(shown.slice(mark.indexOf("^"), mark.length)).toBe("state:modifed");
  });

  it("a shallow clone is one error that names fetch-depth, before dbt is started", async () => {
    project.git("commit", "--quiet", "--allow-empty", "--message", "two");
    project.git("branch", "feature");
    project.git("commit", "--quiet", "--allow-empty", "--message", "three");
    project.git("clone", "--quiet", "--depth=1", "--no-single-branch", `file://${project.dir}`, "shallow");
    project.git("-C", "shallow", "switch", "--quiet", "feature");

    const ended = await signalbox(["ci"], { cwd: join(project.dir, "shallow"), env: project.env });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("the checkout is too shallow to find where this branch left main");
    expect(ended.stderr).toContain("fetch-depth: 0");
    expect(project.starts()).toEqual([]);
  });

  it("a bundle of another project is exit 3, and nothing is built", async () => {
    const store = join(project.dir, "..", "store");
    const commit = project.git("rev-parse", "HEAD");
    mkdirSync(join(store, commit), { recursive: true });
    const manifest = "{}";
    const sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    const header = {
      schema: 1,
      commit,
      branch: "main",
      createdAt: "2026-11-25T07:00:00Z",
      project: "another",
      adapter: "duckdb",
      dbtVersion: "1.11.16",
      target: "prod",
      files: [{ name: "manifest.json", bytes: 2, sha256 }],
    };
    writeFileSync(join(store, commit, "manifest.json"), manifest);
    writeFileSync(join(store, commit, "state.json"), JSON.stringify(header));
    project.git("switch", "--quiet", "--create", "feature");

    const ended = await signalbox(["ci", "--store", `dir:${store}`], { cwd: project.dir, env: project.env });

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('is of project "another", not of "small"');
    expect(project.starts().map(({ argv }) => argv[0])).toEqual(["parse"]);
  });

  it.each([
    ["no results at all", {}, ["report"], "target/run_results.json does not exist"],
    [
      "a verdict that is none",
      { ".signalbox/.signalbox-work": "", ".signalbox/verdict.json": "{}" },
      ["notify"],
      "verdict.json is no verdict of signalbox",
    ],
    [
      "a plan that is none",
      { ".signalbox/.signalbox-work": "", ".signalbox/plan.json": "[]" },
      ["build"],
      "plan.json is not a plan of signalbox",
    ],
    ["no plan", {}, ["build"], "plan.json does not exist: there is no plan to build"],
    ["no state", {}, ["plan", "--state", "nowhere"], "nowhere does not exist"],
    ["an empty store", {}, ["state", "fetch", "--store", "dir:store"], "the store holds no bundle"],
  ])("%s is exit 3", async (_, files, args, words) => {
    project.write(files);

    const ended = await signalbox(args, { cwd: project.dir, env: project.env });

    expect(ended.stderr).toContain(words);
    expect(ended.code).toBe(3);
  });
});
