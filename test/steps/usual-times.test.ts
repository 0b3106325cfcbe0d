import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRunResults } from "../../src/artifacts/run-results.ts";
import { learnNewestBuild, type ReadNewest, readBaseBuild, usualSecondsOf } from "../../src/steps/usual-times.ts";
import { systemClock } from "../../src/support/clock.ts";
import { runResultsJson } from "../artifacts/build.ts";
import { quietLog } from "../support/quiet-log.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dirOf = useTempDir();
const row = (name: string, status: string, seconds: number) => ({
  ...{ unique_id: `model.shop.${name}`, status, execution_time: seconds },
});

describe("how long nodes take otherwise", () => {
  const read = async (texts: { readonly state?: string; readonly deferral?: string }) => {
    const lines: string[] = [];
    const folderOf = (name: string, text: string | undefined) => {
      if (text === undefined) return null;
      mkdirSync(join(dirOf(), name));
      if (text !== "") writeFileSync(join(dirOf(), name, "run_results.json"), text);
      return join(dirOf(), name);
    };
    const [state, deferState] = [folderOf("state", texts.state), folderOf("deferral", texts.deferral)];
    const build = await readBaseBuild(quietLog(lines), {
      dbt: { select: [], exclude: [], indirectSelection: null, state, deferState },
    });
    return { found: Object.fromEntries(usualSecondsOf(build?.results ?? [])), log: lines.join("") };
  };
  const results = (...rows: ReturnType<typeof row>[]) => runResultsJson(rows);

  it.each<[what: string, texts: Parameters<typeof read>[0], found: Record<string, number>]>([
    ["what the project is compared with tells it", { state: results(row("a", "success", 7)) }, { "model.shop.a": 7 }],
    [
      "before what is deployed",
      { state: results(row("a", "success", 7)), deferral: results(row("a", "success", 9)) },
      { "model.shop.a": 7 },
    ],
    [
      "what is deployed, where the other has no results",
      { state: "", deferral: results(row("a", "success", 9)) },
      { "model.shop.a": 9 },
    ],
    [
      "a test that failed took its time, what broke or was skipped did not",
      {
        state: results(
          ...[row("t", "fail", 3), row("w", "warn", 2), row("e", "error", 600), row("s", "skipped", 0)],
          row("r", "runtime error", 9),
        ),
      },
      { "model.shop.t": 3, "model.shop.w": 2 },
    ],
    ["nobody", {}, {}],
  ])("%s", async (_, texts, found) => {
    expect(await read(texts)).toEqual({ found, log: "" });
  });

  it("is not known from what is damaged, which is said", async () => {
    const { found, log } = await read({ state: "{" });

    expect([found, log]).toEqual([{}, expect.stringContaining("without it there are no usual times")]);
  });
});

describe("the newest build beside one where everything is built", () => {
  const build = readRunResults(runResultsJson([row("a", "success", 7), row("e", "error", 600)]), "newest");
  const learn = async (readNewest: ReadNewest, signal = never()) => {
    const learned = learnNewestBuild({ clock: systemClock, signal }, 0.001, readNewest);
    await systemClock.sleep(20, never());
    return learned;
  };

  it("is read from the newest bundle while that runs", async () => {
    const atOnce = learnNewestBuild({ clock: systemClock, signal: never() }, 0.001, async () => build);

    expect([[...atOnce.seconds], atOnce.build()]).toEqual([[], null]);

    const learned = await learn(async () => build);
    expect([[...learned.seconds], learned.build()]).toEqual([[["model.shop.a", 7]], build]);
  });

  it.each<[what: string, readNewest: ReadNewest]>([
    ["there is no bundle", async () => null],
    ["the store fails", () => Promise.reject(new Error("503"))],
    ["the store does not answer", () => new Promise(() => {})],
  ])("is not known, without a word, where %s", async (_, readNewest) => {
    const learned = await learn(readNewest);

    expect([learned.seconds.size, learned.build()]).toEqual([0, null]);
  });

  it("is asked of nobody once the build is over, or the run was stopped", async () => {
    let asked = 0;
    const readNewest: ReadNewest = async () => {
      asked += 1;
      return build;
    };
    learnNewestBuild({ clock: systemClock, signal: never() }, 0.001, readNewest).stop();
    await learn(readNewest, AbortSignal.abort());

    expect(asked).toBe(0);
  });
});
