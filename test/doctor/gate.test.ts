import { describe, expect, it } from "vitest";
import { checkFiles, checkGates, checkGroup, gateOf } from "../../src/doctor/gate.ts";
import { circle, github, levels } from "./build.ts";

const step = (run: string) => `on: push\njobs: { b: { steps: [{ run: ${JSON.stringify(run)} }] } }`;
const OURS = "{ uses: acme/signalbox@v1 }";

describe("a job of GitHub that lets dbt write", () => {
  it.each<[what: string, text: string, gate: string | null | undefined]>([
    ["none", step("dbt parse && dbt docs generate && echo dbt build > x; pytest"), undefined],
    ["a build", step("dbt deps\ndbt build --target prod"), null],
    ["a path and options before the command", step("./venv/bin/dbt --profiles-dir . --no-use-colors run"), null],
    ["a comment", step("# dbt build\necho no"), undefined],
    ["uv", step("uv run dbt snapshot"), null],
    ["the queue around it", step("npx -y signalbox@1 queue -- dbt build"), "own step"],
    ["the queue around it, on two lines", step("npx signalbox queue -- \\\n  dbt build"), "own step"],
    ["the queue in a line before", step("npx signalbox queue\ndbt build"), "own step"],
    ["the queue in a line behind", step("dbt build\nnpx signalbox queue"), null],
    ["signalbox ci", step("npx signalbox ci"), "own step"],
    ["signalbox ci without the queue", step("npx signalbox ci --no-queue"), null],
    ["signalbox build alone", step("signalbox plan && signalbox build"), null],
    ["a word that only looks like it", step("echo not-signalbox queue; dbt build"), null],
    ["the Action", `on: push\njobs: { b: { steps: [${OURS}] } }`, "own step"],
    [
      "the Action's queue, then dbt",
      `on: push\njobs: { b: { steps: [{ uses: acme/signalbox@v1, with: { command: queue } }, { run: dbt build }] } }`,
      "own step",
    ],
    [
      "the Action's report, then dbt",
      `on: push\njobs: { b: { steps: [{ uses: acme/signalbox@v1, with: { command: report } }, { run: dbt build }] } }`,
      null,
    ],
    [
      "the Action without the queue",
      `on: push\njobs: { b: { steps: [{ uses: acme/signalbox@v1, with: { no-queue: true } }] } }`,
      null,
    ],
    ["a lock of the job", `on: push\njobs: { b: { concurrency: prod, steps: [{ run: dbt build }] } }`, "native lock"],
    [
      "a lock of the workflow",
      `on: push\nconcurrency: { group: a }\njobs: { b: { steps: [{ run: dbt build }] } }`,
      "native lock",
    ],
    [
      "the gate two jobs before",
      `on: push\njobs: { b: { needs: c, steps: [{ run: dbt build }] }, c: { needs: [d] }, d: { steps: [${OURS}] } }`,
      "earlier job",
    ],
    [
      "a gate in a job beside it",
      `on: push\njobs: { b: { steps: [{ run: dbt build }] }, d: { steps: [${OURS}] } }`,
      null,
    ],
    [
      "jobs that need each other",
      `on: push\njobs: { b: { needs: c, steps: [{ run: dbt build }] }, c: { needs: b } }`,
      null,
    ],
    ["no steps, no mapping", "on: push\njobs: { b: [1, 2] }", undefined],
  ])("waits or not: %s", (_, text, gate) => {
    const [workflow] = github({ "w.yml": text });
    const job = workflow?.jobs.find(({ name }) => name === "b");

    expect(workflow && job ? gateOf(job, workflow)?.gate : "no job").toBe(gate);
  });

  it("is also one in a workflow of the repository that it calls, whose gate may stand before", () => {
    const build = "on: workflow_call\njobs: { x: { steps: [{ run: dbt build }] } }";
    const call = "uses: ./.github/workflows/build.yml";

    const loose = github({
      "build.yml": build,
      "a.yml": `on: push\njobs: { b: { ${call} }, d: { steps: [${OURS}] } }`,
    });
    const gated = github({
      "build.yml": build,
      "a.yml": `on: push\njobs: { b: { ${call}, needs: d }, d: { steps: [${OURS}] } }`,
    });

    expect(levels(checkGates(loose, ["self"]))).toEqual([
      "ok gate:.github/workflows/a.yml",
      "fail gate:.github/workflows/a.yml#b",
    ]);
    expect(levels(checkGates(gated, ["self"]))).toEqual(["ok gate:.github/workflows/a.yml"]);
  });

  it.each<[group: string[], level: string]>([
    [["self"], "warn"],
    [["self", "nightly.yml"], "fail"],
    [[".github/workflows/nightly.yml"], "fail"],
    [["Nightly"], "fail"],
  ])("fails in the group, and is a warning beside it: %j", (group, level) => {
    const workflows = github({ "nightly.yml": `name: Nightly\n${step("dbt run")}` });

    expect(levels(checkGates(workflows, group))).toEqual([`${level} gate:.github/workflows/nightly.yml#b`]);
  });
});

it.each([
  ["alone", {}, "ok"],
  ["beside signalbox's queue in another workflow", { "a.yml": `on: push\njobs: { b: { steps: [${OURS}] } }` }, "warn"],
])("a lock of the CI's own before dbt, %s", (_, others, level) => {
  const locked = "on: push\nconcurrency: prod\njobs: { b: { steps: [{ run: dbt build }] } }";

  const checks = checkGates(github({ ...others, "z.yml": locked }), ["self"]);

  expect(checks.at(-1)).toMatchObject({ level, found: expect.stringContaining("z.yml: job b") });
});

describe("a job of CircleCI that lets dbt write", () => {
  const config = (jobs: string, more = "") =>
    `orbs: { sb: acme/signalbox@1 }\n${more}\nworkflows:\n  version: 2\n  dbt:\n    jobs: ${jobs}`;
  const commands =
    "commands: { gate: { steps: [sb/queue] }, all: { steps: [gate, { when: { condition: x, steps: [{ run: dbt build }] } }] }, loop: { steps: [loop, { run: dbt run }] } }";

  it.each<[what: string, text: string, levels: string[]]>([
    ["the orb's job", config("[{ sb/ci: { name: b } }]"), ["ok gate:.circleci/config.yml dbt"]],
    [
      "the orb's job without the queue",
      config("[{ sb/ci: { name: b, no_queue: true } }]"),
      ["warn gate:.circleci/config.yml dbt#b"],
    ],
    [
      "a job of its own",
      config("[b]", "jobs: { b: { steps: [checkout, { run: dbt build }] } }"),
      ["warn gate:.circleci/config.yml dbt#b"],
    ],
    [
      "a job of its own behind the queue",
      config("[b]", "jobs: { b: { steps: [sb/queue, { run: { command: dbt build } }] } }"),
      ["ok gate:.circleci/config.yml dbt"],
    ],
    [
      "commands in commands",
      config("[b]", `jobs: { b: { steps: [all] } }\n${commands}`),
      ["ok gate:.circleci/config.yml dbt"],
    ],
    [
      "a command that calls itself",
      config("[b]", `jobs: { b: { steps: [loop] } }\n${commands}`),
      ["warn gate:.circleci/config.yml dbt#b"],
    ],
    [
      "the gate in a job before",
      config("[{ sb/queue: { name: q } }, { b: { requires: [q] } }]", "jobs: { b: { steps: [{ run: dbt build }] } }"),
      ["ok gate:.circleci/config.yml dbt"],
    ],
    ["another orb", config("[other/ci]"), []],
    ["a job that is called as no one should", config("[constructor, __proto__, { toString: null }]"), []],
  ])("waits or not: %s", (_, text, expected) => {
    expect(levels(checkGates(circle(text), ["self"]))).toEqual(expected);
  });

  it("is read in no time, however often commands call commands", () => {
    const calls = (name: number) => `c${name}: { steps: [${`c${name + 1}, `.repeat(300)}{ run: dbt build }] }`;
    const text = config(
      "[b]",
      `jobs: { b: { steps: [c0] } }\ncommands: { ${[0, 1, 2, 3, 4, 5].map(calls).join(", ")} }`,
    );

    expect(circle(text)[0]?.jobs[0]?.steps.length).toBeLessThanOrEqual(500);
  });
});

describe("the group", () => {
  const ours = `on: push\njobs: { b: { steps: [${OURS}] } }`;

  it.each<[what: string, files: Record<string, string>, group: string[], levels: string[]]>([
    ["one workflow", { "a.yml": ours }, ["self"], []],
    ["two that only see themselves", { "a.yml": ours, "b.yml": ours }, ["self"], ["warn group:github"]],
    ["two that are named", { "a.yml": ours, "b.yml": ours }, ["a.yml", ".github/workflows/b.yml"], []],
    ["a name that is none", { "a.yml": ours }, ["self", "nightly.yml"], ["fail group"]],
    ["no files", {}, ["self", "nightly.yml"], []],
  ])("%s", (_, files, group, expected) => {
    expect(levels(checkGroup(github(files), group))).toEqual(expected);
  });

  it("is never one of two CIs", () => {
    const both = [
      ...github({ "a.yml": ours }),
      ...circle("orbs: { s: acme/signalbox@1 }\nworkflows: { dbt: { jobs: [s/ci] } }"),
    ];

    expect(levels(checkGroup(both, ["self"]))).toEqual(["warn group:two"]);
  });
});

it("says that there are no CI files, that none starts signalbox, and which were not read", () => {
  const none = github({ "a.yml": step("pytest") });
  const unread = [{ path: "x.yml", why: "it is not YAML" }];

  expect(levels(checkFiles([], [], []))).toEqual(["warn ci"]);
  expect(levels(checkFiles(["x.yml"], unread, none))).toEqual(["warn ci:x.yml", "warn ci"]);
  // The folder itself may not be readable.
  expect(levels(checkFiles([], unread, []))).toEqual(["warn ci:x.yml", "warn ci"]);
});

it("does not say that there is no workflow of a name, where a file was not read", () => {
  const files = github({ "a.yml": step("npx signalbox ci") });

  expect(levels(checkGroup(files, ["self", "deploy.yml"]))).toEqual(["fail group"]);
  expect(levels(checkGroup(files, ["self", "deploy.yml"], [".github/workflows/deploy.yml"]))).toEqual([]);
  expect(levels(checkGroup(files, ["self", "Deploy"], [".github/workflows/deploy.yml"]))).toEqual(["warn group"]);
});

it("refuses the placeholder of the examples, which is somebody's account", () => {
  const actions = github({ "a.yml": "on: push\njobs: { b: { steps: [{ uses: OWNER/signalbox@v1 }] } }" });
  const orb = circle("orbs: { s: OWNER/signalbox@1 }\nworkflows: { dbt: { jobs: [s/ci] } }");

  expect(levels(checkFiles(["a.yml"], [], actions))).toEqual(["fail ci:owner"]);
  expect(levels(checkFiles(["c.yml"], [], orb))).toEqual(["fail ci:owner"]);
});
