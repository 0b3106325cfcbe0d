import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRunResults } from "../../src/artifacts/run-results.ts";
import type { DbtStart, StartRequest } from "../../src/dbt/start.ts";
import type { DbtRunner } from "../../src/setup/dbt-runner.ts";
import { buildStep } from "../../src/steps/build.ts";
import { filesOfStarts } from "../../src/steps/publish/bundle-files.ts";
import { createOutputs } from "../../src/support/outputs.ts";
import { foldersOf } from "../../src/work/build-file.ts";
import { aDbtRun, runResultsJson } from "../artifacts/build.ts";
import { plan } from "../render/build.ts";
import { manifest, node } from "../selection/build.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { quietLog } from "../support/quiet-log.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { aConfig, aDbt, someRunSettings } from "./build-parts.ts";

const dirOf = useTempDir();
const MANIFEST = { ...manifest([node("orders"), node("paid")]), adapter: "bigquery" };
const row = (name: string, status: string, message: string | null = null) => ({
  ...{ unique_id: `model.shop.${name}`, status, message, execution_time: 1, adapter_response: { job_id: name } },
});
const FIRST = runResultsJson([row("orders", "success"), row("paid", "error", "Exceeded rate limits: x")]);
const SECOND = runResultsJson([row("paid", "success")]);

/** Two starts of dbt that leave these texts, and `dbt source freshness` behind them. */
async function build(texts: readonly string[]) {
  const [dir, targetPath] = [dirOf(), join(dirOf(), "target")];
  const files = new Map<string, unknown>();
  const told: string[] = [];
  const limits: StartRequest["limits"][] = [];
  mkdirSync(targetPath, { recursive: true });
  let starts = 0;
  const start = async (request: StartRequest): Promise<DbtStart> => {
    limits.push(request.limits);
    const text = request.command[0] === "build" ? (texts[starts] ?? "") : "";
    starts += 1;
    const into = join(dir, "dbt", `0${starts}`);
    mkdirSync(into, { recursive: true });
    writeFileSync(join(into, "run_results.json"), text);
    const results = text === "" ? null : readRunResults(text, "here").results;
    const failed = results?.some(({ status }) => status === "error") ?? false;
    const run = aDbtRun(results, { command: request.command.join(" "), manifest: MANIFEST });
    return { run: { ...run, exitCode: failed ? 1 : 0 }, argv: [], stdout: "", dir: into };
  };
  const dbt: DbtRunner = { ...aDbt(), defaults: { projectDir: dir, targetPath, target: "prod" }, start };
  const work = {
    path: (...names: string[]) => join(dir, ...names),
    writeJson: async (name: string, value: unknown) => void files.set(name, value),
  };
  const outputs = createOutputs((text) => void told.push(text));
  const parts = {
    command: "ci",
    settings: {
      config: aConfig({ build: { retries: 1, retry_pause: "0s" } }),
      rest: [],
      given: { stallAfter: 600, runTimeout: 1800 },
    },
    log: quietLog(),
    ...{ work, outputs, clock: createFakeClock({ auto: true }), signal: never() },
  } as const;
  const built = await buildStep(parts, someRunSettings(), dbt, plan({ kind: "everything", dbt: null }), MANIFEST);
  return {
    built,
    told,
    files,
    limits,
    exitCode: outputs.exitCodeOf(0),
    inTarget: join(targetPath, "run_results.json"),
  };
}
const rowsIn = (file: string) =>
  (JSON.parse(readFileSync(file, "utf8")) as { results: ReturnType<typeof row>[] }).results.map(
    ({ unique_id, status, adapter_response }) => [unique_id.split(".").at(-1), status, adapter_response.job_id],
  );
const WHOLE = [
  ["orders", "success", "orders"],
  ["paid", "success", "paid"],
];

describe("the results of a build and its second start", () => {
  it("are one file, in dbt's target folder, in the work folder, and in what is published", async () => {
    const { built, inTarget, told } = await build([FIRST, SECOND]);

    const published = (await filesOfStarts(foldersOf(built.result), null)).get("run_results.json") ?? "";
    expect([inTarget, published].map(rowsIn)).toEqual([WHOLE, WHOLE]);
    expect([built.result.merged, told]).toEqual([join(dirOf(), "dbt", "merged"), []]);
  });

  it("are one file too where Python wrote numbers that JSON does not know", async () => {
    const { inTarget } = await build([FIRST.replace('"execution_time":1', '"execution_time":NaN'), SECOND]);

    expect(rowsIn(inTarget)).toEqual(WHOLE);
  });

  it("are the first's where the second left none", async () => {
    const { inTarget } = await build([FIRST, ""]);

    expect(rowsIn(inTarget).map(([name, status]) => [name, status])).toEqual([
      ["orders", "success"],
      ["paid", "error"],
    ]);
  });

  it("are recorded where the target folder cannot be written, and that is told", async () => {
    mkdirSync(join(dirOf(), "target", "run_results.json"), { recursive: true });

    const { built, told, files, exitCode } = await build([FIRST, SECOND]);

    expect(files.get("build.json")).toEqual(built.result);
    expect(built.result.starts).toHaveLength(2);
    expect([told.join(), exitCode]).toEqual([
      expect.stringMatching(/run_results\.json is not written: .*is a folder/),
      2,
    ]);
  });

  it("have all of --run-timeout together, which a start takes to its last second", async () => {
    const { limits } = await build([FIRST, SECOND]);

    expect(limits.map((each) => each?.runTimeoutSeconds)).toEqual([1800, 1800]);
  });

  it("are none where dbt was started once", async () => {
    const { built } = await build([SECOND]);

    expect(built.result.merged).toBeNull();
  });
});
