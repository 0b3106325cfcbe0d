import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Finding, VerdictResult } from "../../src/severity/verdict.ts";
import { readVerdictFile } from "../../src/work/verdict-file.ts";
import { finding as aFinding, facts, richVerdict } from "../render/build.ts";
import { aRunFinding, aVerdict } from "../severity/build.ts";
import { useTempDir } from "../support/temp-dir.ts";

const HISTORY: NonNullable<Finding["history"]> = [
  { kind: "flaky", on: "main", failed: 4, runs: 20, passedAgain: 2, fault: "warehouse" },
  { kind: "growing", counts: [3, 9, 41] },
  {
    ...{ kind: "failing", on: null, runs: 3, isSince: true },
    first: { at: "2026-11-20T07:00:00.000Z", commit: "a".repeat(40) },
  },
  { kind: "slow", seconds: 250, medianSeconds: 104 },
];

const dir = useTempDir();
const file = () => join(dir(), "verdict.json");

function aResult(overrides: Partial<VerdictResult> = {}): VerdictResult {
  return {
    ...richVerdict(),
    schema: 1,
    counts: { error: 3, warn: 2, skipped: 6, passed: 5, muted: 1 },
    sources: [
      {
        file: "target/run_results.json",
        command: "build",
        target: "prod",
        generatedAt: "2026-11-25T07:00:09.000Z",
        ageSeconds: 40,
        withoutRow: [],
      },
    ],
    ...overrides,
  };
}

async function read(value: unknown): Promise<VerdictResult> {
  await writeFile(file(), typeof value === "string" ? value : JSON.stringify(value));
  return readVerdictFile(file());
}

describe("verdict.json", () => {
  it.each<[what: string, result: VerdictResult]>([
    ["with errors, warnings, skips, a mute and everything else", aResult()],
    ["of a run that went wrong itself", aResult(aVerdict([aRunFinding("dbt-failed"), aRunFinding("queue-timeout")]))],
    [
      "of a run that built nothing",
      aResult({ ...aVerdict([], { level: "nothing" }), dbt: { version: null, commands: [], exitCodes: [] } }),
    ],
    ["with what earlier runs tell of a finding", aResult({ findings: [aFinding({ history: HISTORY })] })],
    ["of a dbt that was killed", aResult({ dbt: { version: "1.11.16", commands: ["build"], exitCodes: [null] } })],
    [
      "with nodes of whom little is known",
      aResult({ nodes: { x: facts({ type: null, path: null, attachedTo: null, column: null, startedAt: null }) } }),
    ],
  ])("is read back as it was written: %s", async (_, result) => {
    expect(await read(result)).toEqual(result);
  });

  it("of an earlier signalbox, which said less of what was judged, is read all the same", async () => {
    const source = { file: "x", command: "build", generatedAt: "2026-11-25T07:00:09.000Z" };

    expect((await read({ ...aResult(), sources: [source] })).sources).toEqual([
      { ...source, target: null, ageSeconds: null, withoutRow: [] },
    ]);
  });

  it("of a later signalbox, with more in it, is read for what is known", async () => {
    expect(await read({ ...aResult(), more: { to: "come" } })).toEqual(aResult());
  });

  it("of a later signalbox, with notes on earlier runs that nobody knows, is read without them", async () => {
    const findings = [{ ...aFinding(), history: [{ kind: "haunted" }] }];

    expect((await read({ ...aResult(), findings })).findings).toEqual([aFinding()]);
  });

  it("that is absent is an artifacts error that says what to run", async () => {
    await expect(readVerdictFile(file())).rejects.toMatchObject({
      kind: "artifacts",
      exitCode: 3,
      message: `${file()} does not exist: there is no verdict`,
      hint: expect.stringContaining("signalbox report"),
    });
  });

  const [finding] = aResult().findings;
  it.each<[what: string, value: unknown]>([
    ["empty", ""],
    ["cut off", JSON.stringify(aResult()).slice(0, -20)],
    ["null", null],
    ["a list", []],
    ["dbt's run_results.json", { metadata: {}, results: [], elapsed_time: 1 }],
    ["a report of another program", { level: "error", findings: [] }],
    ["of another schema", { ...aResult(), schema: 2 }],
    ["of a level that is none", { ...aResult(), level: "fatal" }],
    ["with a finding that is none", { ...aResult(), findings: [{}] }],
    ["with a severity that is none", { ...aResult(), findings: [{ ...finding, severity: "info" }] }],
    ["with a subject that is none", { ...aResult(), findings: [{ ...finding, subject: { kind: "run", what: "x" } }] }],
    ["without counts", { ...aResult(), counts: undefined }],
    ["with an exit code as text", { ...aResult(), dbt: { ...aResult().dbt, exitCodes: ["1"] } }],
  ])("that is %s is an artifacts error", async (_, value) => {
    await expect(read(value)).rejects.toMatchObject({
      kind: "artifacts",
      exitCode: 3,
      message: `${file()} is no verdict of signalbox`,
    });
  });

  it("that is a folder is an artifacts error, which says so", async () => {
    await mkdir(file());

    await expect(readVerdictFile(file())).rejects.toMatchObject({
      kind: "artifacts",
      exitCode: 3,
      message: `${file()} is a folder, where a file was expected`,
    });
  });
});
