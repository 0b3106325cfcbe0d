import { describe, expect, it } from "vitest";
import { exitCodeOf, fail, ok, summaryOf, warn } from "../../src/doctor/check.ts";
import type { Platform, Seen, StoreFacts } from "../../src/doctor/facts.ts";
import { checkBaseBranch, checkConfig, checkDbt, checkGit, checkNode } from "../../src/doctor/machine.ts";
import { renderChecks } from "../../src/doctor/render.ts";
import { checkStore } from "../../src/doctor/store.ts";
import { createPaint } from "../../src/render/colors.ts";
import { failed, github, levels, seen } from "./build.ts";

/** As dbt 1.11.16 prints it. */
const CORE = `Core:
  - installed: 1.11.16
  - latest:    1.12.6  - Update available!

  Your version of dbt-core is out of date!

Plugins:
  - duckdb: 1.11.1 - Up to date!
`;

describe("dbt", () => {
  const answer = (said: string) => seen({ command: ["dbt"], said, exitCode: 0 });

  it.each([
    ["its adapter is there", answer(CORE), ["duckdb"], "ok"],
    ["its adapter is missing", answer(CORE), ["snowflake"], "fail"],
    ["Fusion has its own", answer("dbt-fusion 2.0.0"), ["snowflake"], "ok"],
    ["it answers something else", answer("hello"), [], "fail"],
    ["it is dbt Cloud's command line", answer("dbt Cloud CLI - 0.38.22"), [], "fail"],
    ["it is newer than what is known", answer("dbt 2.7.0"), [], "warn"],
    ["it is not installed", failed("there is no program dbt"), [], "fail"],
    ["it hangs", failed("dbt --version did not answer", true), [], "warn"],
  ] as const)("%s", (_, found, adapters, level) => {
    expect(checkDbt(found, { command: ["dbt"], adapters, installs: null }).level).toBe(level);
  });
});

it("names the command that the project's lock file installs, where dbt is not there", () => {
  const installs = { command: ["uv", "run", "dbt"], file: "uv.lock" };
  const fixOf = (command: string[]) => checkDbt(failed("no dbt"), { command, adapters: [], installs }).fix;

  expect(fixOf(["dbt"])).toContain("uv.lock installs it: in signalbox.yml, dbt: { command: [uv, run, dbt] }");
  expect(fixOf(["uv", "run", "dbt"])).not.toContain("command:");
});

it.each([
  ["v20.19.0", "ok"],
  ["v24.1.0", "ok"],
  ["v20.18.3", "fail"],
  ["v18.20.0", "fail"],
])("Node %s", (version, level) => {
  expect(checkNode(version).level).toBe(level);
});

it("tells where signalbox.yml is", () => {
  const file = { name: "signalbox.yml", exists: false, unread: null, broken: null };

  expect(levels(checkConfig({ ...file, exists: true }))).toEqual(["ok config"]);
  expect(checkConfig(file)).toMatchObject([{ level: "fail", fix: "signalbox init writes one" }]);
  expect(checkConfig({ ...file, unread: "/repo/signalbox.yml" })[0]?.fix).toContain("--config /repo/signalbox.yml");
});

it("tells each thing that is wrong with signalbox.yml, and whether the rest of it was used", () => {
  const file = { name: "signalbox.yml", exists: true, unread: null };
  const one = { message: "signalbox.yml is UTF-16: wanted a text file in UTF-8", hint: "write it anew" };
  const two = { message: "2 problems:\n- signalbox.yml:2 vers is no key\n- signalbox.yml:3 x is 1: no", hint: null };

  expect(checkConfig({ ...file, exists: false, broken: one })).toMatchObject([
    { level: "fail", found: one.message, fix: expect.stringMatching(/^write it anew; .*nothing of the file/) },
  ]);
  expect(checkConfig({ ...file, broken: two })).toMatchObject([
    { id: "config", found: "signalbox.yml:2 vers is no key", fix: expect.stringContaining("the rest of the file") },
    { id: "config:2", found: "signalbox.yml:3 x is 1: no" },
  ]);
});

describe("git", () => {
  const ours = (checkout: string, command = "ci") =>
    github({
      "d.yml": `on: push\njobs: { b: { steps: [{ uses: actions/checkout@v5${checkout} }, { uses: acme/signalbox@v1, with: { command: ${command} } }] } }`,
    });

  it.each([
    ["whole", { isShallow: false }, "", "ci", ["ok git", "warn git:.github/workflows/d.yml#b"]],
    ["deep in CI", { isShallow: false }, ", with: { fetch-depth: 0 }", "ci", ["ok git"]],
    ["a queue alone", { isShallow: false }, "", "queue", ["ok git"]],
    ["shallow", { isShallow: true }, ", with: { fetch-depth: '0' }", "ci", ["warn git"]],
  ] as const)("%s", (_, clone, checkout, command, expected) => {
    expect(levels(checkGit(seen(clone), "local", ours(checkout, command)))).toEqual(expected);
  });

  it("tells why it reads no clone", () => {
    const found = failed("git finds no checkout in /repo");

    expect(levels(checkGit(found, "local", []))).toEqual(["fail git"]);
  });

  it("tells the base branch, a note on it, and that nothing tells it", () => {
    expect(checkBaseBranch(seen({ name: "main", isHere: true, notes: [] })).level).toBe("ok");
    expect(checkBaseBranch(seen({ name: "main", isHere: true, notes: ["base_branch: dev is not used"] })).level).toBe(
      "warn",
    );
    expect(checkBaseBranch(seen({ name: null, isHere: false, notes: [] })).level).toBe("fail");
    expect(checkBaseBranch(seen({ name: "main", isHere: false, notes: [] }))).toMatchObject({
      level: "fail",
      found: "the base branch main is not in this checkout: neither origin/main nor main exists",
      fix: expect.stringContaining("git fetch origin +refs/heads/main:refs/remotes/origin/main"),
    });
    expect(checkBaseBranch(failed("the remote did not answer", true)).level).toBe("warn");
  });
});

it.each<[Platform, Seen<StoreFacts>, string]>([
  ["local", failed("no credentials"), "warn"],
  ["github", failed("no credentials"), "fail"],
  ["github", failed("did not answer", true), "warn"],
  ["local", seen({ kind: "none", why: "store: auto" }), "ok"],
  ["local", seen({ kind: "readable", name: "https://x", newest: null }), "ok"],
  ["circleci", seen({ kind: "tried", name: "s3://x", found: "can be written and read" }), "ok"],
])("the store on %s: %j is %s", (platform, found, level) => {
  expect(checkStore(found, platform).level).toBe(level);
});

describe("what doctor prints", () => {
  const checks = [
    ok("node", "Node 24"),
    warn("gate:x", "waits for\nnobody \u001b[31m", "put the queue before it"),
    fail("slack", "no", "yes"),
  ];

  it("is one line a check with the fix below it, and a sum", () => {
    expect(renderChecks(checks, createPaint(false))).toEqual([
      "ok    node   Node 24",
      "WARN  gate   waits for nobody",
      "             → put the queue before it",
      "FAIL  slack  no",
      "             → yes",
      "",
      "3 checks: 1 problem, 1 warning, 1 fine; exit 1",
    ]);
  });

  it("ends with 1 where something fails, and with 0 for warnings", () => {
    expect(exitCodeOf(checks)).toBe(1);
    expect(exitCodeOf(checks.slice(0, 2))).toBe(0);
    expect(summaryOf([ok("a", "b")])).toBe("1 check: 1 fine");
  });
});
