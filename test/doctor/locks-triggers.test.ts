import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checkLocks } from "../../src/doctor/locks.ts";
import { checkTriggers } from "../../src/doctor/triggers.ts";
import { concurrencyLine } from "../../src/init/concurrency.ts";
import { triggerOfEvent as triggerOf } from "../../src/platforms/github/run.ts";
import { circle, github, levels } from "./build.ts";

const withOurs = (on: string, input = "") =>
  github({ "d.yml": `on: ${on}\njobs: { b: { steps: [{ uses: acme/signalbox@v1${input} }] } }` });
const modesOf = (on: string, input = "") =>
  checkTriggers(withOurs(on, input), "main", triggerOf).map(
    ({ level, found }) => `${level} ${found.replace(".github/workflows/d.yml: ", "")}`,
  );

describe("the mode of each trigger", () => {
  it.each<[on: string, found: string[]]>([
    ["{ push: { branches: [main] } }", ["ok push to main → deploy"]],
    ["push", ["ok push to main → deploy, push to another branch → check"]],
    ["[push, pull_request]", ["ok push to main → deploy, push to another branch → check, pull_request → check"]],
    ["{ push: { branches: ['ma*', 'rel/**'] } }", ["ok push to main → deploy, push to another branch → check"]],
    [
      "{ push: { branches-ignore: [main] }, workflow_dispatch: }",
      ["ok push to another branch → check, workflow_dispatch on main → deploy"],
    ],
    [
      "{ push: { branches: [main] }, schedule: [{ cron: '7 * * * *' }], merge_group: }",
      ["ok push to main → deploy, schedule on main → schedule, merge_group → check"],
    ],
  ])("%s", (on, found) => {
    expect(modesOf(on)).toEqual(found);
  });

  it.each<[on: string, level: RegExp]>([
    ["pull_request", /^warn no trigger .* deploys/],
    ["{ push: { tags: ['v*'] } }", /^warn no trigger .* deploys/],
    ["pull_request_target", /^fail pull_request_target: signalbox refuses it/],
    ["workflow_run", /^fail workflow_run: .* its mode cannot be told/],
    ["constructor", /^fail constructor: /],
  ])("says what no mode, or no deploy, comes of: %s", (on, expected) => {
    expect(modesOf(on)).toContainEqual(expect.stringMatching(expected));
  });

  it("goes by the input mode, and is nothing without signalbox ci", () => {
    expect(modesOf("workflow_run", ", with: { mode: deploy }")).toEqual([
      "ok deploy for every trigger, as --mode says",
    ]);
    expect(modesOf("workflow_run", ", with: { command: report }")).toEqual([]);
    expect(levels(checkTriggers(withOurs("push"), null, triggerOf))).toEqual(["warn mode"]);
  });

  it("is that of CircleCI's pushes and schedules", () => {
    const config = (more: string) =>
      circle(`orbs: { s: acme/signalbox@1 }\nworkflows: { dbt: { jobs: [s/ci]${more} } }`);
    const found = (more: string) => checkTriggers(config(more), "main", triggerOf)[0]?.found;

    expect(found("")).toContain("push to main → deploy, push to another branch → check, schedule on main → schedule");
    expect(found(", triggers: [{ schedule: { cron: '0 * * * *', filters: { branches: { only: main } } } }]")).toBe(
      ".circleci/config.yml dbt: schedule on main → schedule",
    );
  });
});

describe("locks beside the queue", () => {
  const lock = (concurrency: string, on = "push") =>
    checkLocks(
      github({
        "d.yml": `on: ${on}\nconcurrency: ${concurrency}\njobs: { b: { steps: [{ uses: acme/signalbox@v1 }] } }`,
      }),
    );

  it.each<[concurrency: string, on: string, level: string, found: RegExp]>([
    ["{ group: 'dbt-${{ github.ref }}', cancel-in-progress: true }", "push", "warn", /stops a deploy/],
    ["{ group: 'dbt-${{ github.ref }}' }", "push", "warn", /keeps one run waiting/],
    ["dbt", "push", "warn", /keeps one run waiting/],
    ["{ group: dbt, queue: max }", "push", "ok", /keeps all/],
    ["{ group: 'dbt-${{ github.ref }}', cancel-in-progress: true }", "pull_request", "ok", /pull requests alone/],
    [
      `{ group: "dbt-\${{ github.event_name == 'pull_request' && github.ref || github.run_id }}", cancel-in-progress: "\${{ github.event_name == 'pull_request' }}" }`,
      "[push, pull_request]",
      "ok",
      /drops no deploy/,
    ],
  ])("%s on %s", (concurrency, on, level, found) => {
    const checks = lock(concurrency, on);

    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({ level, found: expect.stringMatching(found) });
  });

  it("that doctor and init recommend are the README's, and fine for doctor", () => {
    const line = concurrencyLine("dbt");
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

    expect(readme.split("\n")).toContain(line);
    expect(parse(readFileSync(new URL("../../examples/ci/github.yml", import.meta.url), "utf8")).concurrency).toEqual(
      parse(line).concurrency,
    );
    const files = github({ "a.yml": `on: push\n${line}\njobs: { b: { steps: [{ run: npx signalbox ci }] } }` });
    expect(levels(checkLocks(files))).toEqual(["ok lock:.github/workflows/a.yml"]);
  });

  it("are none, or CircleCI's with the note on auto-cancel", () => {
    const config = "orbs: { s: acme/signalbox@1 }\nworkflows: { dbt: { jobs: [{ s/ci: { serial-group: prod } }] } }";

    expect(levels(checkLocks(withOurs("push")))).toEqual(["ok lock"]);
    expect(levels(checkLocks(circle(config)))).toEqual([
      "warn lock:.circleci/config.yml dbt job s/ci",
      "ok lock:auto-cancel",
    ]);
    expect(checkLocks([])).toEqual([]);
  });
});
