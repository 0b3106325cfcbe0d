import { describe, expect, it } from "vitest";
import type { DbtRun } from "../../src/artifacts/dbt-run.ts";
import { readRunResults } from "../../src/artifacts/run-results.ts";
import type { DbtStart } from "../../src/dbt/start.ts";
import { type BuildExtras, buildStep, describeBuild } from "../../src/steps/build.ts";
import { systemClock } from "../../src/support/clock.ts";
import { aManifest, aNode, aResult, aSource, runResultsJson } from "../artifacts/build.ts";
import { plan } from "../render/build.ts";
import { quietLog } from "../support/quiet-log.ts";
import { never } from "../support/signals.ts";
import { aConfig, aDbt, someOutputs, someRunSettings } from "./build-parts.ts";

const EVERYTHING = plan({ kind: "everything", dbt: null });
/** A look at the sources that found the one of `visits` too old. */
const STALE: Partial<DbtRun> = {
  command: "source freshness",
  exitCode: 1,
  results: [aResult("source.shop.raw.events", "error", { message: "loaded 7 h ago; error after 6 h" })],
  manifest: aManifest([
    aSource("events", { hasFreshness: true, raw: { source_name: "raw" } }),
    aNode("visits", { parents: ["source.shop.raw.events"], raw: { raw_code: "select 1" } }),
    aNode("orders", { raw: { raw_code: "select 1" } }),
  ]),
};
/** The gate asks for every source, whatever a default selector or fail_fast says. */
const LOOK = "source freshness --select source:* --no-fail-fast";
const WITH_DEFAULT = aManifest([...(STALE.manifest?.nodes.values() ?? [])], { defaultSelector: { name: "nightly" } });
const aStart = { command: ["source", "freshness"], args: [], projectDir: "/shop", targetPath: "/t", target: null };
const ORDERS = plan({ kind: "selected", ids: ["model.shop.orders"] });

interface World {
  readonly mode?: "check" | "deploy" | "schedule";
  readonly freshness?: boolean | "report" | "gate";
  readonly looked?: Partial<DbtRun>;
  readonly threads?: Partial<Record<"mode" | "all", number>>;
  readonly rest?: readonly string[];
  readonly deps?: Partial<DbtRun> | null;
  readonly build?: Partial<DbtRun>;
  readonly plan?: typeof EVERYTHING;
  /** A check selects by source_status:. */
  readonly keepsLook?: boolean;
  readonly look?: DbtStart;
  readonly runTimeout?: number;
  readonly newest?: BuildExtras["readNewest"];
}

/** How long each look at the sources takes. */
const LOOK_SECONDS = 400;

async function build(world: World) {
  const {
    mode = "deploy",
    freshness = false,
    looked = {},
    rest = [],
    deps = null,
    build: ended = {},
    threads = {},
  } = world;
  const lines: string[] = [];
  const { work, outputs, files } = someOutputs();
  let passedMs = 0;
  /** What each start had left of --run-timeout. */
  const secondsLeft: (number | null | undefined)[] = [];
  const dbt = aDbt(({ command, limits }) => {
    secondsLeft.push(limits?.runTimeoutSeconds);
    if (command[0] === "source") passedMs += LOOK_SECONDS * 1000;
    return command[0] === "build" ? ended : command[0] === "source" ? looked : {};
  }, deps);
  const config = aConfig({
    modes: {
      ...(world.keepsLook ? { check: { select: "state:modified+ source_status:fresher+" } } : {}),
      schedule: { freshness },
      [mode]: {
        ...(world.keepsLook && mode === "check" ? { select: "source_status:fresher+" } : {}),
        ...(mode === "schedule" ? { freshness } : {}),
        threads: threads.mode,
      },
    },
    dbt: { threads: threads.all },
    build: { retries: 0 },
  });
  const parts = {
    command: "ci",
    settings: {
      config,
      rest,
      given: { stallAfter: 600, ...(world.runTimeout === undefined ? {} : { runTimeout: world.runTimeout }) },
    },
    log: quietLog(lines),
    work,
    outputs,
    // What is learned while dbt runs is learned at once.
    clock: {
      ...{ ...systemClock, monotonic: () => passedMs },
      ...(world.newest == null ? {} : { sleep: async () => {} }),
    },
    signal: never(),
  } as const;
  const settings = someRunSettings({ mode });
  const built = await buildStep(parts, settings, dbt, world.plan ?? EVERYTHING, null, {
    ...{ look: world.look ?? null, readNewest: world.newest ?? null },
  });
  return { built, started: dbt.started, secondsLeft, log: lines.join(""), files };
}

describe("a build", () => {
  it.each<[what: string, world: World, started: readonly string[]]>([
    ["starts dbt build, with what stands behind --", { rest: ["--full-refresh"] }, ["build --full-refresh"]],
    [
      "asks for source freshness in schedule mode",
      { mode: "schedule", freshness: true },
      ["build", "source freshness"],
    ],
    ["asks for it before the build where it gates", { mode: "schedule", freshness: "gate" }, [LOOK, "build"]],
    [
      "leaves out what lies below a stale source",
      { mode: "schedule", freshness: "gate", looked: STALE },
      [LOOK, "build --exclude source:shop.raw.events+"],
    ],
    [
      "starts no build where nothing else was planned",
      {
        mode: "schedule",
        freshness: "gate",
        looked: STALE,
        plan: plan({ kind: "selected", ids: ["model.shop.visits"] }),
      },
      [LOOK],
    ],
    [
      "begins no build where the look at the sources took all of --run-timeout",
      { mode: "schedule", freshness: "gate", looked: { exitCode: null, results: null, trouble: "timed-out" } },
      [LOOK],
    ],
    [
      "keeps to a default selector, which dbt drops for an --exclude",
      { mode: "schedule", freshness: "gate", looked: { ...STALE, manifest: WITH_DEFAULT } },
      [LOOK, "build"],
    ],
    ["asks for it in no other mode", { mode: "deploy", freshness: true }, ["build"]],
    ["asks for it only where the file says so", { mode: "schedule" }, ["build"]],
    ["has the threads of the mode", { threads: { mode: 2, all: 8 } }, ["build --threads 2"]],
    ["has dbt's threads where the mode says none", { threads: { all: 8 } }, ["build --threads 8"]],
    ["goes on behind packages that were installed", { deps: { exitCode: 0 } }, ["build"]],
    ["ends with packages that cannot be installed", { deps: { exitCode: 2 } }, []],
  ])("%s", async (_, world, started) => {
    expect((await build(world)).started).toEqual(started);
  });

  it("that is compared with nothing has the newest bundle's build beside it for its cost, where there is one", async () => {
    const newest = readRunResults(runResultsJson([{ unique_id: "model.shop.orders", status: "success" }]), "newest");
    const baseOf = async (world: World) => (await build(world)).built.baseBuild;

    expect(await baseOf({ newest: async () => newest })).toBe(newest);
    expect(await baseOf({ newest: () => Promise.reject(new Error("503")) })).toBeNull();
    expect(await baseOf({})).toBeNull();
  });

  it.each<[what: string, world: World, matches: boolean | null, said: RegExp | null]>([
    ["dbt ran what was planned", { plan: ORDERS, build: { results: [aResult("model.shop.orders")] } }, true, null],
    [
      "dbt ran something else",
      { plan: ORDERS, build: { results: [aResult("model.shop.customers")] } },
      false,
      /not run model\.shop\.orders; not planned model\.shop\.customers/,
    ],
    ["everything was planned", { build: { results: [aResult("model.shop.orders")] } }, null, null],
    ["dbt left no results", { plan: ORDERS, build: { results: null, exitCode: 2 } }, null, null],
    [
      "dbt was stopped",
      { plan: ORDERS, build: { results: [], trouble: "killed" } },
      null,
      /not started again: --retries is 0/,
    ],
  ])("tells in build.json whether the plan was kept: %s", async (_, world, matches, said) => {
    const { files, log } = await build(world);

    expect(files.get("build.json")).toMatchObject({ planMatchesRun: matches, mode: "deploy", target: "prod" });
    expect(said === null ? log === "" : said.test(log), log).toBe(true);
  });

  it("warns of a build that was told to leave rows out", async () => {
    const flags = { empty: true, sample: false, failFast: false, fullRefresh: false };

    const { log } = await build({ build: { flags: flags as NonNullable<DbtRun["flags"]> } });

    expect(log).toContain("dbt build was told --empty: its tests saw tables without a row");
  });

  it("warns of words that leave something out where everything is built, and refuses them where nodes were chosen", async () => {
    const rest = ["--exclude", "orders"];

    expect((await build({ rest })).log).toContain("dbt takes what --exclude orders leaves of everything");
    await expect(build({ rest, plan: ORDERS })).rejects.toMatchObject({ kind: "configuration" });
  });

  it.each<[what: string, hasFreshness: boolean | null, said: string]>([
    [
      "no source says freshness: a warning",
      false,
      "modes.schedule.freshness is set, and no source of the project says",
    ],
    ["one does", true, ""],
    ["nobody knows the sources", null, ""],
  ])("looks at freshness where %s", async (_, hasFreshness, said) => {
    const source = hasFreshness === null ? null : aManifest([aNode("raw", { type: "source", hasFreshness })]);

    const { log, started } = await build({ mode: "schedule", freshness: true, build: { manifest: source } });

    expect(started).toEqual(["build", "source freshness"]);
    expect(said === "" ? log === "" : log.includes(said), log).toBe(true);
  });

  it("tells what is held back, keeps it with the look at the sources, and tells where nothing is known", async () => {
    const gated = await build({ mode: "schedule", freshness: "gate", looked: STALE });
    const blind = await build({
      mode: "schedule",
      freshness: "gate",
      looked: { ...STALE, results: null, trouble: "missing" },
    });

    expect(gated.log).toContain(
      "not rebuilt: raw.events loaded 7 h ago; error after 6 h; 1 node keeps its last state: visits",
    );
    expect(gated.built.result.starts[0]?.held).toEqual([
      { source: "source.shop.raw.events", ids: ["model.shop.visits"] },
    ]);
    expect(blind.log).toContain("everything is built: dbt source freshness left no results");
    expect(blind.started).toEqual([LOOK, "build"]);
  });

  it.each<[what: string, world: World, started: readonly string[], judged: readonly string[]]>([
    [
      "a deploy looks first, where a mode asks for newer data, and tells nothing of it",
      { keepsLook: true, looked: STALE },
      [LOOK, "build"],
      ["build"],
    ],
    [
      "a schedule that reports tells of this look, and asks no second time",
      { mode: "schedule", freshness: "report", keepsLook: true, looked: STALE },
      [LOOK, "build"],
      ["source freshness", "build"],
    ],
    ["a check does not look here: its plan did", { mode: "check", keepsLook: true }, ["build"], ["build"]],
    [
      "a look that took all of the time is told",
      { keepsLook: true, looked: { ...STALE, trouble: "timed-out" } },
      [LOOK],
      ["source freshness"],
    ],
  ])("%s", async (_, world, started, judged) => {
    const { built, started: all } = await build(world);

    expect(all).toEqual(started);
    expect(built.runs.map(({ command }) => command)).toEqual(judged);
    // Its file is part of a bundle all the same.
    expect(built.result.starts).toHaveLength(started.length);
  });

  it("takes the look that its plan was made with", async () => {
    const look = { ...(await aDbt(() => STALE).start(aStart)), dir: "/work/dbt/look" };
    const gated = await build({ mode: "schedule", freshness: "gate", look });
    const plain = await build({ mode: "check", plan: ORDERS, look });

    expect(gated.started).toEqual(["build --exclude source:shop.raw.events+"]);
    expect(plain.built.runs.map(({ command }) => command)).toEqual(["build"]);
    expect(plain.built.result.starts).toMatchObject([{ isForSelection: true }, { command: "build" }]);
  });

  it("takes the time of a look before it from --run-timeout", async () => {
    const gated = await build({ mode: "schedule", freshness: "gate", runTimeout: 600 });

    expect(gated.secondsLeft).toEqual([600, 600 - LOOK_SECONDS]);
  });

  it("refuses a plan that asks for newer data, where dbt's look is gone", async () => {
    const asks = { ...ORDERS, newer: [] };

    await expect(build({ mode: "check", plan: asks })).rejects.toThrow(/the plan asks for source_status:/);
  });

  it("is told in one line", async () => {
    const { built } = await build({ deps: {}, build: { exitCode: null, results: null, seconds: 3 } });

    expect(describeBuild(built.starts)).toBe(
      "dbt deps: exit 0 after 10.0 s, 0 nodes; dbt build: exit by a signal after 3.0 s",
    );
  });
});
