import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRecord, resultsFileOf, type StartRecord } from "../../src/dbt/record.ts";
import { manifestJson, runResultsJson } from "../artifacts/build.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();

function aRecord(overrides: Partial<StartRecord> = {}): StartRecord {
  return {
    command: "build",
    exitCode: 0,
    startedAt: Date.parse("2026-11-25T07:00:00Z"),
    seconds: 10,
    target: null,
    trouble: "none",
    lastWords: null,
    dir: dir(),
    ...overrides,
  };
}
const put = (name: string, text: string) => writeFile(join(dir(), name), text);

const ROW = { unique_id: "model.shop.orders", status: "success" };

describe("the results file of a command", () => {
  it.each<[command: string, file: string | null]>([
    ["build", "run_results.json"],
    ["run", "run_results.json"],
    ["test", "run_results.json"],
    ["source freshness", "sources.json"],
    ["parse", null],
    ["ls", null],
    ["deps", null],
  ])("of dbt %s is %s", (command, file) => {
    expect(resultsFileOf(command)).toBe(file);
  });
});

describe("a start's record", () => {
  it("has its results and its manifest beside what was known of the start", async () => {
    await put("run_results.json", runResultsJson([ROW]));
    await put("manifest.json", manifestJson());

    const { dir: _, target: __, ...facts } = aRecord({ exitCode: 1, lastWords: "one model failed" });
    const run = await readRecord({ ...facts, dir: dir(), target: null });

    expect(run).toMatchObject(facts);
    expect(run.results).toMatchObject([{ id: "model.shop.orders" }]);
    expect(run.manifest?.adapter).toBe("duckdb");
    expect(run.source).toMatchObject({ file: join(dir(), "run_results.json"), command: "build" });
  });

  it.each([
    [{ which: "build", target: "ci" }, "ci"],
    [{ which: "build" }, "prod"],
  ])("has the target that the file tells, else the one that it was told: %j", async (args, target) => {
    await put("run_results.json", runResultsJson([ROW], { args }));

    expect((await readRecord(aRecord({ target: "prod" }))).source?.target).toBe(target);
  });

  it("of freshness has the results that are in sources.json, whatever else is there", async () => {
    await put("run_results.json", "not read");
    await put(
      "sources.json",
      JSON.stringify({ metadata: {}, results: [{ unique_id: "source.shop.billing.payments", status: "warn" }] }),
    );

    const run = await readRecord(aRecord({ command: "source freshness" }));

    expect(run).toMatchObject({ trouble: "none", results: [{ id: "source.shop.billing.payments", status: "warn" }] });
  });

  it("of a parse misses no results", async () => {
    await put("manifest.json", manifestJson());

    expect(await readRecord(aRecord({ command: "parse" }))).toMatchObject({ trouble: "none", results: null });
  });

  it.each<[trouble: StartRecord["trouble"], text: string | null, expected: string]>([
    ["none", null, "missing"],
    ["killed", null, "killed"],
    ["timed-out", null, "timed-out"],
    ["none", "{", "unreadable"],
    ["killed", "{", "killed"],
    ["timed-out", "{", "timed-out"],
    ["killed", runResultsJson([ROW]), "killed"],
  ])("with the trouble %s and the results %j has the trouble %s", async (trouble, text, expected) => {
    if (text !== null) await put("run_results.json", text);

    expect((await readRecord(aRecord({ trouble }))).trouble).toBe(expected);
  });

  it("without results keeps what dbt said last", async () => {
    const run = await readRecord(aRecord({ exitCode: 2, lastWords: "Compilation Error" }));

    expect(run).toMatchObject({ trouble: "missing", lastWords: "Compilation Error", source: null });
  });

  it("with a file that no JavaScript text can hold is unreadable, and says how large it is", async () => {
    await put("run_results.json", "");
    await truncate(join(dir(), "run_results.json"), 600 * 1024 * 1024);

    const run = await readRecord(aRecord());

    expect(run).toMatchObject({ trouble: "unreadable", results: null });
    expect(run.lastWords).toContain("has 600 MB: signalbox reads 500 MB at most");
  });
});
