import { describe, expect, it } from "vitest";
import { skipQueue } from "../../../src/queue/result.ts";
import type { Run } from "../../../src/run/run.ts";
import { joinQueue, type QueueParts } from "../../../src/steps/queue/queue.ts";
import { supersedeOf, type Turn, takeTurn, withTurn } from "../../../src/steps/queue/turn.ts";
import { createChildren } from "../../../src/support/claims.ts";
import { type ExitCode, SignalboxError } from "../../../src/support/errors.ts";
import { aGitHubRun } from "../../setup/build.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { never } from "../../support/signals.ts";
import { aConfig } from "../build-parts.ts";

function parts(
  env: Readonly<Record<string, string>>,
  given: QueueParts["settings"]["given"] = someGiven(),
  lines: string[] = [],
) {
  return {
    env,
    clock: createFakeClock(),
    openFetch: async () => null,
    settings: { given: { ...given, settle: 0, ignoreRun: [] }, config: aConfig() },
    cwd: "/shop",
    signal: never(),
    startedAt: 0,
    log: quietLog(lines),
    children: createChildren(),
    runner: { annotate: () => {} },
  };
}

function someGiven(overrides: Partial<QueueParts["settings"]["given"]> = {}): QueueParts["settings"]["given"] {
  return { circleUrl: "https://circleci.com", ...overrides };
}

describe("a run without a token", () => {
  it.each<[what: string, run: Partial<Run>, name: string, hint: RegExp]>([
    ["of GitHub", { platform: "github" }, "GITHUB_TOKEN", /actions: read/],
    ["of CircleCI", { platform: "circleci" }, "CIRCLE_TOKEN", /personal API token/],
  ])("is refused: %s", async (_, run, name, hint) => {
    await expect(joinQueue(parts({}), aGitHubRun(run), null)).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringMatching(new RegExp(`^${name} is not set`)),
      hint: expect.stringMatching(hint),
    });
  });

  it("does not wait where it is of a fork, which has none", async () => {
    const lines: string[] = [];

    const turn = await takeTurn(parts({}, someGiven(), lines), {
      run: aGitHubRun({ trust: "fork", headRepository: "stranger/shop" }),
      mode: "check",
      supersede: "none",
    });

    expect(turn.result).toMatchObject({ decision: "skipped", position: 0, blockers: [] });
    expect(lines.join("")).toContain("queue     warning: the run comes from a fork, and GITHUB_TOKEN is not set");
  });
});

it("on a CI that is not known a run does not wait, and is told of --ticket-dir", async () => {
  expect(await joinQueue(parts({}), aGitHubRun({ platform: "unknown" }), null)).toMatchObject({
    kind: "none",
    why: expect.stringContaining("--ticket-dir DIR"),
  });
});

it("an API that is never quite fresh refuses a lag of nothing", async () => {
  const given = someGiven({ apiLag: 0 });

  await expect(joinQueue(parts({ GITHUB_TOKEN: "t" }, given), aGitHubRun(), null)).rejects.toMatchObject({
    message: expect.stringContaining("--api-lag"),
  });
});

describe("the end of a turn", () => {
  const turnOf = (decision: Turn["result"]["decision"]) => {
    const ends: string[] = [];
    const result = { ...skipQueue({ id: "1", attempt: 1 }, "g", ""), decision };
    const end = async (status: string) => void ends.push(status);
    const turn: Turn = { result, outlivesProcess: false, env: {}, end, lookout: null };
    return { turn, ends };
  };

  it.each<[decision: Turn["result"]["decision"], exitCode: ExitCode, status: string]>([
    ["entered", 0, "success"],
    ["entered", 1, "failed"],
    ["skipped", 0, "success"],
    ["left", 0, "left"],
    ["timed-out", 4, "left"],
  ])("of a run that %s and exits with %i is %s", async (decision, exitCode, status) => {
    const { turn, ends } = turnOf(decision);

    expect(await withTurn(turn, async () => exitCode)).toBe(exitCode);
    expect(ends).toEqual([status]);
  });

  it.each<[what: string, error: Error, status: string]>([
    ["stopped", new SignalboxError("interrupted", "stopped by SIGINT", { exitCode: 130 }), "cancelled"],
    ["that fails", new SignalboxError("dbt", "no"), "failed"],
    ["with a bug", new TypeError("x"), "failed"],
  ])("of a run %s lets the next one in too", async (_, error, status) => {
    const { turn, ends } = turnOf("entered");

    await expect(withTurn(turn, () => Promise.reject(error))).rejects.toBe(error);
    expect(ends).toEqual([status]);
  });
});

it("a flag decides for which newer runs a run leaves, else its mode", () => {
  const config = aConfig({ queue: { supersede: { check: "all" } } });

  expect(supersedeOf({ given: {}, config }, "check")).toBe("all");
  expect(supersedeOf({ given: { supersede: "none" }, config }, "check")).toBe("none");
  expect(supersedeOf({ given: {}, config }, "deploy")).toBe(config.queue.supersede.deploy);
});
