import { describe, expect, it } from "vitest";
import { conclude, endWithoutBuild, finish, startProgress, type WithoutBuild } from "../../src/commands/ci-ending.ts";
import { createPaint } from "../../src/render/colors.ts";
import type { Mode } from "../../src/run/mode.ts";
import { aboutRun } from "../../src/severity/run-verdict.ts";
import type { Outcome, VerdictResult } from "../../src/severity/verdict.ts";
import type { Notified } from "../../src/steps/notify/notify.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { aFinding, aVerdict } from "../severity/build.ts";
import { aConfig, someOutputs, someRunSettings } from "../steps/build-parts.ts";
import { quietLog } from "../support/quiet-log.ts";

function judged(overrides: Partial<VerdictResult> = {}): VerdictResult {
  const counts = { error: 0, warn: 0, skipped: 0, passed: 1, muted: 0 };
  return { schema: 1, ...aVerdict([], { level: "pass" }), counts, sources: [], ...overrides };
}

interface World {
  readonly outcome: Outcome;
  readonly verdict?: VerdictResult | null;
  readonly isSilent?: boolean;
  readonly exitCodes?: { readonly notify?: Notified["exitCode"]; readonly publish?: 0 | 2 | 3 };
}

function open() {
  const done: string[] = [];
  const values: Record<string, string>[] = [];
  const { work, files, outputs } = someOutputs();
  const comment = { put: async () => void done.push("comment") };
  const parts = {
    settings: { given: { quiet: false, json: true }, config: aConfig() },
    cwd: "/shop",
    clock: { now: () => 0 },
    env: {},
    ...{ work, outputs },
    runner: {
      summary: async () => {},
      outputs: async (each: Readonly<Record<string, string>>) => void values.push(each),
    },
    log: quietLog(),
    paint: createPaint(false),
    redact: (text: string) => text,
    result: (_: readonly string[], json: unknown) => void done.push(`result ${(json as { outcome: string }).outcome}`),
  };
  return { parts, comment, done, values, files };
}

async function end({ outcome, verdict = null, isSilent = false, exitCodes = {} }: World) {
  const { parts, comment, done, values, files } = open();
  const progress = startProgress("shop", comment);
  progress.verdict = verdict;
  const notified = { result: { schema: 1 }, exitCode: exitCodes.notify ?? 0 } as unknown as Notified;
  const exitCode = await finish(parts, {
    ...{ runSettings: someRunSettings(), progress, outcome, words: "It ended." },
    notify: isSilent
      ? null
      : async () => {
          done.push("notify");
          return notified;
        },
    total: () => 12,
    publish: async () => {
      done.push("publish");
      return { published: null, exitCode: exitCodes.publish ?? 0, why: "no store" };
    },
    remember: async (_, said) => {
      done.push("remember");
      const upload = { path: "/nowhere/run-record/shop.json.gz", artifact: "signalbox-runs-shop" };
      return { where: "there", ...(said === null || said === "no store" ? { upload } : {}) };
    },
  });
  return { exitCode, done, values: values[0], files };
}

describe("the end of ci", () => {
  const green = judged();
  const red = judged({ level: "error", findings: [aFinding({ severity: "error" })] });

  it.each<[what: string, world: World, exitCode: number, done: readonly string[]]>([
    [
      "green",
      { outcome: { kind: "verdict", verdict: green }, verdict: green },
      0,
      ["notify", "publish", "remember", "comment", "result pass"],
    ],
    [
      "red",
      { outcome: { kind: "verdict", verdict: red }, verdict: red },
      1,
      ["notify", "publish", "remember", "comment", "result error"],
    ],
    [
      "silent",
      { outcome: { kind: "verdict", verdict: green }, verdict: green, isSilent: true },
      0,
      ["publish", "remember", "comment", "result pass"],
    ],
    ["nothing to build", { outcome: { kind: "nothing" } }, 0, ["comment", "result nothing"]],
    [
      "nothing to build, and told to whoever hears of runs",
      { outcome: { kind: "nothing" }, verdict: judged({ level: "nothing" }) },
      0,
      ["notify", "comment", "result nothing"],
    ],
    ["superseded: the newer run's comment stays", { outcome: { kind: "superseded" } }, 0, ["result superseded"]],
    [
      "timed out in the queue",
      { outcome: { kind: "failed", finding: aboutRun("queue-timeout", "infrastructure", "no turn") } },
      4,
      ["notify", "comment", "result failed"],
    ],
    [
      "green, and an alert that did not arrive",
      { outcome: { kind: "verdict", verdict: green }, verdict: green, exitCodes: { notify: 5 } },
      5,
      ["notify", "publish", "remember", "comment", "result pass"],
    ],
    [
      "red, and an alert that did not arrive: the worse one",
      { outcome: { kind: "verdict", verdict: red }, verdict: red, exitCodes: { notify: 5 } },
      1,
      ["notify", "publish", "remember", "comment", "result error"],
    ],
    [
      "red, and a store that cannot be written",
      { outcome: { kind: "verdict", verdict: red }, verdict: red, exitCodes: { publish: 3 } },
      3,
      ["notify", "publish", "remember", "comment", "result error"],
    ],
  ])("%s", async (_, world, exitCode, done) => {
    const ended = await end(world);

    expect([ended.exitCode, ended.done]).toEqual([exitCode, done]);
    expect(ended.files.get("ci.json")).toMatchObject({ exitCode });
  });

  it("has a verdict also where the run itself failed, with what dbt had to say before", async () => {
    const outcome: Outcome = { kind: "failed", finding: aboutRun("artifacts", "unknown", "nothing was built") };

    const { files, values } = await end({ outcome, verdict: red });

    expect(files.get("verdict.json")).toMatchObject({
      level: "error",
      findings: [{ message: "nothing was built" }, red.findings[0]],
    });
    expect(values).toMatchObject({ "record-name": "signalbox-runs-shop" });
    expect(values).toMatchObject({ outcome: "failed", errors: "2", "junit-path": expect.stringContaining("dbt.xml") });
  });

  it("of an error has its fields in ci.json, and no file that was not written among the outputs", async () => {
    const { parts, comment, values, files } = open();
    const error = new SignalboxError("configuration", "no target", { hint: "name one" });

    await conclude(parts, {
      ...{
        runSettings: someRunSettings(),
        progress: startProgress("shop", comment),
        outcome: "failed",
        words: "no target",
      },
      ...{ exitCode: error.exitCode, error },
    });

    expect(files.get("ci.json")).toMatchObject({ exitCode: 2, error: { message: "no target", hint: "name one" } });
    expect(values[0]).toMatchObject({ "junit-path": "", "bundle-path": "" });
  });
});

describe("a plan that holds nothing", () => {
  it.each<[mode: Mode, isNewer: boolean, hasToolNews: boolean, WithoutBuild["kind"], isHeard: boolean]>([
    ["check", false, false, "nothing", false],
    ["check", true, false, "nothing", false],
    ["check", false, true, "tools", false],
    ["deploy", false, false, "failed", false],
    ["deploy", true, false, "nothing", true],
    ["schedule", false, false, "failed", false],
    ["schedule", true, false, "nothing", true],
  ])("in %s, asked for newer data: %s, news of tools: %s: %s", (mode, isNewer, hasToolNews, kind, isHeard) => {
    const ending = endWithoutBuild({ mode, select: "x" }, isNewer ? { newer: [] } : {}, hasToolNews);

    expect(ending).toMatchObject(kind === "nothing" ? { kind, isHeard } : { kind });
  });
});
