import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLI, json } from "./cli.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

/** Files that are none, that have no end, or that are in another encoding; places that cannot be written. */
let project: SmallProject;
beforeEach(() => {
  project = openSmallProject();
});
afterEach(() => project.remove());

const at = (name: string) => join(project.dir, name);

/** A command that hangs is killed, and then has no exit code. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: project.dir,
    env: { ...project.env, ...env },
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 64 * 1024 ** 2,
  });
  return { code: status, stdout, stderr };
}

const makes: Readonly<Record<string, (path: string) => void>> = {
  "a pipe that nobody writes": (path) => execFileSync("mkfifo", [path]),
  "a device without an end": (path) => symlinkSync("/dev/zero", path),
  "a folder": (path) => mkdirSync(path),
  "600 MB": (path) => {
    writeFileSync(path, "");
    truncateSync(path, 600 * 1024 ** 2);
  },
  "UTF-16": (path) => writeFileSync(path, Buffer.from("\ufeffversion: 1\n", "utf16le")),
  "no UTF-8": (path) => writeFileSync(path, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
  "a link to itself": (path) => symlinkSync(path, path),
};

describe("a file to read", () => {
  const places: readonly (readonly [name: string, args: readonly string[], code: 2 | 3])[] = [
    ["signalbox.yml", ["plan"], 2],
    ["dbt_project.yml", ["plan"], 2],
    ["profiles.yml", ["plan"], 2],
    ["m.json", ["plan", "--manifest", "m.json", "--select", "orders"], 3],
    ["results.json", ["report", "results.json"], 3],
    ["verdict.json", ["notify", "--verdict", "verdict.json"], 3],
    ["plan.json", ["build", "--plan", "plan.json"], 3],
  ];

  it.each(places.flatMap(([name, args, code]) => Object.keys(makes).map((what) => [name, what, args, code] as const)))(
    "%s is %s: one error, in time",
    (name, what, args, code) => {
      rmSync(at(name), { force: true });
      makes[what]?.(at(name));

      const ended = run([...args, "--json"]);

      expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(name)]);
      expect(json(ended)).toMatchObject({ error: { exitCode: code } });
    },
  );

  it.each(Object.keys(makes))("of GitHub's event is %s: it says nothing, and the run has no trust", (what) => {
    makes[what]?.(at("event.json"));

    const { code, stdout } = run(["ci", "--full", "--no-queue"], {
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_EVENT_PATH: at("event.json"),
      GITHUB_EVENT_NAME: "push",
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_REF_NAME: "main",
      GITHUB_REF_TYPE: "branch",
      GITHUB_SHA: "a".repeat(40),
      GITHUB_RUN_ID: "1",
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_WORKFLOW_REF: "acme/shop/.github/workflows/dbt.yml@refs/heads/main",
    });

    expect(code).not.toBeNull();
    expect(code).not.toBe(70);
    expect(stdout).not.toMatch(/state bundle of/);
  });

  it("does not show what lies in /proc", () => {
    const ended = run(["plan", "--manifest", "/proc/self/environ", "--json"], { SLACK_BOT_TOKEN: "xoxb-123456789012" });

    expect(ended.code).toBe(3);
    expect(`${ended.stdout}${ended.stderr}`).not.toContain("xoxb-123456789012");
  });
});

describe("a place to write", () => {
  const CHECK = ["ci", "--full", "--mode", "check", "--no-queue"];
  const DEPLOY = ["ci", "--mode", "deploy", "--no-queue", "--no-publish"];
  const failing = {
    FAKE_DBT_ROWS: JSON.stringify([
      { unique_id: "model.small.orders", status: "error", message: "Database Error: no such table" },
    ]),
  };
  /** Places that cannot be a file. */
  const bad: Readonly<Record<string, (path: string) => string>> = {
    "a pipe that nobody reads": (path) => {
      execFileSync("mkfifo", [path]);
      return path;
    },
    "a folder": (path) => {
      mkdirSync(path);
      return path;
    },
    "a full device": () => "/dev/full",
    "below a file": (path) => {
      writeFileSync(path, "");
      return join(path, "x", "out");
    },
    "in /proc": () => "/proc/self/out",
  };

  it.each(
    Object.keys(bad).flatMap((what) =>
      // A folder for JUnit is what is wanted.
      (what === "a folder" ? (["SIGNALBOX_OUTPUT"] as const) : (["SIGNALBOX_OUTPUT", "--junit"] as const)).map(
        (place) => [place, what] as const,
      ),
    ),
  )("%s is %s: the verdict and its exit code stand, and a green run is not green", (place, what) => {
    const target = bad[what]?.(at("out")) ?? "";
    const [flags, env] =
      place === "--junit" ? [["--junit", join(target, "junit")], {}] : [[], { SIGNALBOX_OUTPUT: target }];

    const green = run([...CHECK, ...flags], env);
    const red = run([...DEPLOY, ...flags], { ...env, ...failing });

    expect([green.code, green.stdout]).toEqual([2, expect.stringMatching(/warning: .* is not written: .*/)]);
    expect([red.code, red.stdout]).toEqual([1, expect.stringMatching(/#\S+ · errors|no channel configured · errors/)]);
    expect(JSON.parse(readFileSync(at(".signalbox/verdict.json"), "utf8"))).toMatchObject({ level: "error" });
  });

  it.each<[what: string, junit: string, make: () => void]>([
    ["a file", "results.xml", () => writeFileSync(at("results.xml"), "<mine/>")],
    ["below a file", "file/junit", () => writeFileSync(at("file"), "")],
    ["a folder with a folder in the file's place", "junit", () => mkdirSync(at("junit/dbt.xml"), { recursive: true })],
  ])("--junit of report is %s: it is told once, and the verdict stands", (_, junit, make) => {
    run([...CHECK], failing);
    make();

    const red = run(["report", "--junit", junit]);
    run([...CHECK]);
    const green = run(["report", "--junit", junit]);

    expect([red.code, green.code]).toEqual([1, 2]);
    for (const { stdout } of [red, green]) expect(stdout.match(/the JUnit file is not written/g)).toHaveLength(1);
    expect(red.stdout).toContain("1 error");
    if (junit === "results.xml") expect(readFileSync(at(junit), "utf8")).toBe("<mine/>");
  });

  it("dbt's results are to be written where a folder is: what is in the way is named before dbt is started", () => {
    mkdirSync(at("target/run_results.json"), { recursive: true });

    const ended = run([...CHECK]);

    expect([ended.code, ended.stderr]).toEqual([
      2,
      expect.stringMatching(/target\/run_results\.json is a folder\n {2}→ .*remove the folder/),
    ]);
  });

  it("--summary of report is a device: it is left as it is, and the verdict stands", () => {
    run([...CHECK], failing);
    const before = statSync("/dev/full").isCharacterDevice();

    const ended = run(["report", "--summary", "/dev/full"]);

    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/the summary is not written: \/dev\/full is a pipe or a device/);
    expect(statSync("/dev/full").isCharacterDevice()).toBe(before);
  });

  it("--summary of report is /dev/null: nobody wants it", () => {
    run([...CHECK]);

    const ended = run(["report", "--summary", "/dev/null"]);

    expect([ended.code, ended.stdout]).toEqual([0, expect.not.stringContaining("not written")]);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("on GitHub, summary page and outputs are pipes: the run goes on to its end", () => {
    execFileSync("mkfifo", [at("page"), at("outputs")]);

    run([...CHECK]);

    const { code, stdout } = run(["report"], {
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_STEP_SUMMARY: at("page"),
      GITHUB_OUTPUT: at("outputs"),
    });

    expect(code).toBe(2);
    expect(stdout).toMatch(/the job's summary page is not written/);
  });

  it("dbt's results are a folder: told, with what to do, and no bug of ours", () => {
    mkdirSync(at("target/run_results.json"), { recursive: true });

    const { code, stderr } = run(CHECK);

    expect(code).toBe(2);
    expect(stderr).toMatch(/run_results\.json is a folder\n {2}→ a file has to have this place: remove the folder/);
  });

  it.each([
    ["below a file", () => join(at("signalbox.yml"), "work")],
    ["in /proc", () => "/proc/self/work"],
  ])("the work folder is %s: an error before anything is started", (_, place) => {
    const ended = run([...CHECK, "--work", place()]);

    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("--work")]);
    expect(project.starts()).toEqual([]);
  });
});
