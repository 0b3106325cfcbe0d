import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { readEngine } from "../../src/dbt/engine.ts";
import { redactStarts } from "../../src/dbt/kept-files.ts";
import { parseList } from "../../src/dbt/list.ts";
import { createDbt, type DbtSetup, type StartRequest } from "../../src/dbt/start.ts";
import type { StartLimits } from "../../src/dbt/watched-run.ts";
import { systemClock } from "../../src/support/clock.ts";
import { aManifest, manifestJson, runResultsJson } from "../artifacts/build.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { writeFakeDbt } from "./fake-dbt.ts";

const dir = useTempDir();
const at = (...names: string[]) => join(dir(), ...names);
const target = () => at("project", "target");

const RESULTS = runResultsJson([{ unique_id: "model.shop.orders", status: "success", execution_time: 1 }]);
const WRITES_ALL = `
  write("manifest.json", ${JSON.stringify(manifestJson())});
  write("run_results.json", ${JSON.stringify(RESULTS)});`;
const PATH = process.env.PATH ?? "";
const SECRET = "a-secret-of-dbt";

/** dbt as signalbox starts it, with a script in its place. */
async function openDbt(body: string, overrides: Partial<DbtSetup> = {}) {
  const program = await writeFakeDbt(at("bin"), body);
  await mkdir(at("project"), { recursive: true });
  const lines: string[] = [];
  const notices: string[] = [];
  const { onLine = () => {}, ...others } = overrides;
  const dbt = createDbt({
    command: [program],
    env: { PATH },
    recordDir: at("work", "dbt"),
    profilesDir: null,
    profile: null,
    extra: [],
    color: false,
    traits: async () => readEngine("dbt 1.11.16", 0, "dbt").traits,
    preload: { take: async () => null },
    clock: systemClock,
    children: { started: () => {}, ended: () => {} },
    signal: never(),
    redact: (text) => text.replaceAll(SECRET, "***"),
    onNotice: (text) => void notices.push(text),
    onProgress: () => false,
    onLine: (line) => {
      lines.push(line);
      onLine(line);
    },
    ...others,
  });
  const start = (request: Partial<StartRequest> = {}) =>
    dbt.start({
      command: ["build"],
      args: [],
      projectDir: at("project"),
      targetPath: target(),
      target: null,
      ...request,
    });
  return { program, start, lines, notices };
}

async function leaveBehind(name: string, text: string, ageSeconds = 3600): Promise<void> {
  await mkdir(target(), { recursive: true });
  await writeFile(join(target(), name), text);
  const then = Date.now() / 1000 - ageSeconds;
  await utimes(join(target(), name), then, then);
}

describe("a start of dbt", () => {
  it("hands every argument on as one word, in the project's folder", async () => {
    const odd = ["--select", "a b; touch x", "$(touch y)", "--vars", `{"k": 'v'}`, "", "*"];
    const { program, start, lines } = await openDbt(`console.log(JSON.stringify([process.cwd(), ...argv]))`, {
      extra: ["--no-partial-parse"],
    });

    const { argv } = await start({ args: odd, target: "prod" });

    expect(argv[0]).toBe(program);
    expect(JSON.parse(lines[0] ?? "")).toEqual([at("project"), ...argv.slice(1)]);
    expect(argv.slice(1, 4)).toEqual(["build", "--target", "prod"]);
    expect(argv).toContain("--no-partial-parse");
    expect(argv.slice(-odd.length)).toEqual(odd);
    expect(await readdir(at("project"))).toEqual([]);
  });

  it.each<[engine: string, asked: string[], has: string[], notices: number]>([
    ["dbt-fusion 2.0.0", ["--log-format", "text", "-x"], ["--log-format", "json"], 1],
    ["dbt-fusion 2.0.0", ["--log-format=text"], ["--log-format", "json"], 1],
    ["dbt-fusion 2.0.0", ["-x"], ["--log-format", "json"], 0],
    ["dbt 1.11.16", ["--log-format", "text"], ["--log-format", "text"], 0],
  ])("reads its log whatever format it is asked for: %s %j", async (engine, asked, has, told) => {
    const { start, notices } = await openDbt("", { traits: async () => readEngine(engine, 0, "dbt").traits });

    const { argv } = await start({ args: asked });

    const at = argv.indexOf("--log-format");
    expect(argv.slice(at, at + 2)).toEqual(has);
    expect(argv.join(" ").match(/--log-format[ =]/g)).toHaveLength(1);
    expect(notices).toHaveLength(told);
  });

  it.each<[what: string, args: string[], log: string, threads: number | null]>([
    ["as dbt says", ["--threads", "8"], `log("ConcurrencyLine", { num_threads: 4 });`, 4],
    ["as it was given where dbt does not say it", ["--threads", "8"], "", 8],
    ["as many as ran at once where nothing says it", [], `for (const id of ["a", "b"]) log("NodeStart", node(id));`, 2],
    ["not known where nothing ran", [], "", null],
  ])("has threads: %s", async (_, args, log, threads) => {
    const { start } = await openDbt(`${log} ${WRITES_ALL}`);

    const { run } = await start({ args });

    expect(run.threads).toBe(threads);
  });

  it("may need several words for the program", async () => {
    const script = await writeFakeDbt(at("elsewhere"), `console.log(argv[0])`);
    const { start, lines } = await openDbt("", { command: [process.execPath, script, "--quiet"] });

    await start();

    expect(lines).toEqual(["--quiet"]);
  });

  it("gets exactly the environment that is given, with the start's own over it", async () => {
    const { start, lines } = await openDbt(`console.log(JSON.stringify(process.env))`, {
      env: { PATH, DBT_KEY: "k", SIGNALBOX_SCHEMA: "ci_x", B: "old" },
    });

    await start({ env: { SIGNALBOX_SCHEMA: undefined, B: "new", EMPTY: "" } });

    expect(JSON.parse(lines[0] ?? "")).toEqual({ PATH, DBT_KEY: "k", B: "new", EMPTY: "" });
  });

  it("gets a numbered folder of its own with what it wrote", async () => {
    const { start } = await openDbt(`${WRITES_ALL}
      write("sources.json", "{}");
      write("partial_parse.msgpack", "x");
      log("MainReportVersion", {});`);

    const parse = await start({ command: ["parse"] });
    const build = await start({ command: ["build"] });
    const freshness = await start({ command: ["source", "freshness"] });

    expect([parse, build, freshness].map(({ dir }) => dir)).toEqual(
      ["01-parse", "02-build", "03-freshness"].map((name) => at("work", "dbt", name)),
    );
    expect((await readdir(build.dir)).sort()).toEqual(["dbt.log", "manifest.json", "run_results.json", "sources.json"]);
    expect(await readFile(join(build.dir, "run_results.json"), "utf8")).toBe(RESULTS);
  });

  it("says and leaves no secret: not in its last words, its messages, its log and its results; a manifest stays as it is", async () => {
    const results = runResultsJson([{ unique_id: "model.shop.orders", status: "error", message: `it is ${SECRET}` }]);
    const { start } = await openDbt(`
      write("manifest.json", JSON.stringify({ ...JSON.parse(${JSON.stringify(manifestJson())}), said: "${SECRET}" }));
      write("run_results.json", ${JSON.stringify(results)});
      log("MainEncounteredError", { exc: "refused: ${SECRET}" });
      fs.writeFileSync(logFile + ".1", "${SECRET}");
      process.exit(2);`);

    const { run, dir } = await start();

    expect(results).toContain(SECRET);
    expect(run.lastWords).toBe("refused: ***");
    expect(JSON.stringify(run)).not.toContain(SECRET);
    for (const name of ["dbt.log", "dbt.log.1", "run_results.json"])
      expect(await readFile(join(dir, name), "utf8")).toMatch(/^(?!.*a-secret-of-dbt).*\*\*\*/s);
    expect(await readFile(join(dir, "manifest.json"), "utf8")).toContain(SECRET);
    await redactStarts(at("work", "dbt"), (text) => text.replaceAll(SECRET, "***"));
    expect(await readFile(join(dir, "manifest.json"), "utf8")).toContain('"said":"***"');
  });

  it("is told as a run with its results, manifest and source", async () => {
    const { start } = await openDbt(`${WRITES_ALL} process.exit(1);`);
    const before = Date.now();

    const { run, dir } = await start();

    expect(run).toMatchObject({ command: "build", exitCode: 1, trouble: "none", lastWords: null });
    expect(run.results?.map(({ id, status }) => [id, status])).toEqual([["model.shop.orders", "success"]]);
    expect(run.manifest?.projectName).toBe(aManifest().projectName);
    expect(run.source).toMatchObject({ file: join(dir, "run_results.json"), command: "build" });
    expect(run.startedAt).toBeGreaterThanOrEqual(before);
    expect(run.seconds).toBeGreaterThan(0);
  });

  it("that Python cannot load says why, although it ends with 1 and leaves no log", async () => {
    const { start } = await openDbt(`
      const frames = Array.from({ length: 30 }, (_, at) => '  File "a.py", line ' + at + ", in f\\n    f()");
      console.error(["Traceback (most recent call last):", ...frames, "ModuleNotFoundError: No module named 'x'"].join("\\n"));
      process.exit(1);`);

    const { run } = await start();

    expect(run.lastWords?.split("\n")).toEqual([
      "ModuleNotFoundError: No module named 'x'",
      ...[27, 28, 29].map((line) => `  at a.py:${line} in f: f()`),
      "  (dbt's log has 27 more frames)",
    ]);
  });

  it("passes its log on, and keeps the answer of dbt ls apart from it", async () => {
    const { start, lines } = await openDbt(`
      console.error("12:00:01  Running with dbt");
      console.log(JSON.stringify({ unique_id: "model.shop.orders", resource_type: "model" }));`);

    const { stdout, argv } = await start({ command: ["ls"], args: ["--select", "orders"], lists: true });

    expect(lines).toEqual(["12:00:01  Running with dbt"]);
    expect(parseList(stdout)).toEqual(["model.shop.orders"]);
    expect(argv.slice(1, 3)).toEqual(["ls", "--quiet"]);
  });

  it("of a program that does not exist is a configuration error, and leaves no timer behind", async () => {
    const clock = createFakeClock({ now: Date.now() });
    const { start } = await openDbt("", { command: [at("no-such-dbt")], clock });

    await expect(start()).rejects.toMatchObject({ kind: "configuration", exitCode: 2 });
    expect(clock.sleepers()).toBe(0);
  });
});

describe("what an earlier start left behind", () => {
  const OLD = runResultsJson([{ unique_id: "model.shop.old", status: "success" }]);

  it("is gone before dbt starts: dbt leaves it in place when it does not compile", async () => {
    await leaveBehind("run_results.json", OLD, 0);
    const { start, lines } = await openDbt(`
      console.log(fs.existsSync(join(flag("--target-path"), "run_results.json")));
      process.exit(2);`);

    const { run, dir } = await start();

    expect(lines).toEqual(["false"]);
    expect(run).toMatchObject({ exitCode: 2, trouble: "missing", results: null, source: null });
    expect(existsSync(join(dir, "run_results.json"))).toBe(false);
  });

  it("is gone for freshness as well: its results are in sources.json", async () => {
    await leaveBehind("sources.json", `{"results": []}`, 0);
    const { start } = await openDbt(`process.exit(2);`);

    const { run } = await start({ command: ["source", "freshness"] });

    expect(run).toMatchObject({ trouble: "missing", results: null });
  });

  it.each([["parse"], ["ls"], ["deps"]])("stays for dbt %s, which writes no results", async (command) => {
    await leaveBehind("run_results.json", OLD);
    await leaveBehind("manifest.json", manifestJson());
    const { start } = await openDbt("");

    const { run, dir } = await start({ command: [command] });

    expect(run).toMatchObject({ trouble: "none", results: null, manifest: null });
    expect(await readdir(target())).toEqual(["manifest.json", "run_results.json"]);
    expect(await readdir(dir)).toEqual([]);
  });

  it("in the numbered folder, by another signalbox, is never taken for this start's", async () => {
    const folder = at("work", "dbt", "01-build");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "run_results.json"), OLD);
    await writeFile(join(folder, "manifest.json"), manifestJson());
    await writeFile(
      join(folder, "dbt.log"),
      `${JSON.stringify({ info: { name: "MainEncounteredError" }, data: { exc: "of yesterday" } })}\n`,
    );
    const { start } = await openDbt(`process.exit(2);`);

    const { run } = await start();

    expect(run).toMatchObject({ trouble: "missing", results: null, manifest: null, lastWords: null });
  });
});

describe("a start that gives no results", () => {
  it("tells what dbt said last in its JSON log", async () => {
    const { start } = await openDbt(`
      log("MainReportVersion", {});
      log("MainEncounteredError", { exc: "Compilation Error\\n  Model 'a' depends on 'b' – ümlaut" });
      process.exit(2);`);

    const { run } = await start();

    expect(run).toMatchObject({
      exitCode: 2,
      trouble: "missing",
      lastWords: "Compilation Error\n  Model 'a' depends on 'b' – ümlaut",
    });
  });

  it("tells the last lines that dbt printed where it has no log: wrong arguments are refused before", async () => {
    const { start } = await openDbt(`
      for (let line = 1; line <= 12; line++) console.error("line " + line + "\\n");
      process.exit(2);`);

    const { run } = await start();

    expect(run.lastWords).toBe(Array.from({ length: 8 }, (_, index) => `line ${index + 5}`).join("\n"));
  });

  it.each([0, 1])("has no last words of that kind where dbt ended with %i: it has judged", async (exitCode) => {
    const { start } = await openDbt(`${WRITES_ALL} console.log("Done. PASS=1"); process.exit(${exitCode});`);

    expect((await start()).run.lastWords).toBeNull();
  });

  it.each<[what: string, text: string]>([
    ["cut off", RESULTS.slice(0, 100)],
    ["empty", ""],
    ["no JSON", "Traceback (most recent call last)"],
    ["a manifest", manifestJson()],
  ])("is unreadable where the file is %s, and says so", async (_, text) => {
    const { start } = await openDbt(`write("run_results.json", ${JSON.stringify(text)});`);

    const { run, dir } = await start();

    expect(run).toMatchObject({ exitCode: 0, trouble: "unreadable", results: null });
    expect(run.lastWords).toContain(join(dir, "run_results.json"));
  });

  it("is unreadable where its manifest is", async () => {
    const { start } = await openDbt(`${WRITES_ALL} write("manifest.json", "{");`);

    const { run } = await start();

    expect(run).toMatchObject({ trouble: "unreadable", results: null, manifest: null });
    expect(run.lastWords).toContain("manifest.json");
  });

  it("was killed where a signal ended it", async () => {
    const { start } = await openDbt(`process.kill(process.pid, "SIGKILL"); hang();`);

    const { run } = await start();

    expect(run).toMatchObject({ exitCode: null, trouble: "killed", results: null });
  });
});

describe("dbt that is stopped from outside", () => {
  it("gets SIGINT, and counts as killed whatever its exit code is", async () => {
    const controller = new AbortController();
    const { start } = await openDbt(
      `process.on("SIGINT", () => { ${WRITES_ALL} process.exit(1); });
       console.log("ready");
       hang();`,
      { signal: controller.signal, onLine: () => controller.abort() },
    );

    const { run } = await start();

    expect(run).toMatchObject({ exitCode: 1, trouble: "killed" });
    expect(run.results, "what it wrote on its way out is kept").toHaveLength(1);
  });

  it("is killed also where the stop came before the start", async () => {
    const { start } = await openDbt(`hang();`, { signal: AbortSignal.abort() });

    const { run } = await start();

    expect(run).toMatchObject({ trouble: "killed", results: null });
  });
});

describe("the watch over a running dbt", () => {
  interface Play {
    /** Lets a second pass and the log be read, so many times. */
    readonly look: (times: number) => Promise<void>;
    /** Lets a second pass after which dbt may have ended. */
    readonly lookLast: () => Promise<void>;
    /** Has dbt do what the body's `onPoke` says, which also makes it say something. */
    readonly poke: () => Promise<void>;
    readonly notices: readonly string[];
  }

  /** Plays with a dbt that has done what the body says and then hangs, and stops it afterwards unless it ends by itself. */
  async function watch(
    body: string,
    limits: Partial<StartLimits>,
    play: (play: Play) => Promise<void>,
    { stops = true }: { stops?: boolean } = {},
  ) {
    const controller = new AbortController();
    const clock = createFakeClock({ now: Date.now() });
    let pid: number | null = null;
    let pokes = 0;
    const { start, notices } = await openDbt(
      `let onPoke = () => {};
       process.on("SIGUSR2", () => { onPoke(); console.log("poked"); });
       ${body}
       console.log("ready " + process.pid);
       hang();`,
      {
        clock,
        signal: controller.signal,
        onLine: (line) => {
          if (line.startsWith("ready ")) pid = Number(line.slice(6));
          if (line === "poked") pokes += 1;
        },
      },
    );
    const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 1 });
    const isWaiting = () => soon(() => expect(clock.sleepers()).toBe(1));
    const started = start({
      limits: {
        ...{ stallAfterSeconds: 3600, usualSeconds: new Map(), nodeTimeoutSeconds: null, runTimeoutSeconds: null },
        plannedNodes: null,
        ...limits,
      },
    });
    await soon(() => expect(pid).not.toBeNull());
    await isWaiting();
    await play({
      notices,
      look: async (times) => {
        for (let count = 0; count < times; count++) {
          await clock.advance(1000);
          await isWaiting();
        }
      },
      lookLast: () => clock.advance(1000),
      poke: async () => {
        const before = pokes;
        process.kill(pid ?? 0, "SIGUSR2");
        await soon(() => expect(pokes).toBe(before + 1));
      },
    });
    if (stops) controller.abort();
    const { run } = await started;
    expect(clock.sleepers(), "no timer is left").toBe(0);
    return { run, notices };
  }
  const RUNS_A = `log("ConcurrencyLine", { node_count: 12 }); log("NodeStart", node("a"));`;

  it("says every minute that dbt still runs, and which nodes", async () => {
    const { notices } = await watch(RUNS_A, {}, ({ look }) => look(125));

    expect(notices).toEqual([
      "still running, 60 s: 0 of 12 nodes done; running: a (59 s)",
      "still running, 120 s: 0 of 12 nodes done; running: a (119 s)",
    ]);
  });

  it("counts that minute from what dbt itself has said last", async () => {
    const { notices } = await watch(RUNS_A, {}, async ({ look, poke, notices }) => {
      await look(50);
      await poke();
      await look(59);
      expect(notices).toEqual([]);
      await look(1);
    });

    expect(notices).toEqual(["still running, 110 s: 0 of 12 nodes done; running: a (109 s)"]);
  });

  it("names a node that does not end, once", async () => {
    const { notices } = await watch(RUNS_A, { stallAfterSeconds: 10 }, ({ look }) => look(40));

    expect(notices).toEqual(["no end yet: model.shop.a (10 s)"]);
  });

  it("names one that takes longer than it did, with the job of BigQuery that it waits for; in the heartbeat too", async () => {
    const page = "https://console.cloud.google.com/bigquery?project=acme&j=bq:US:1a2b&page=queryresults";
    const body = `${RUNS_A} fs.appendFileSync(logFile, JSON.stringify({
      data: { ...node("a"), name: "BigQuery" },
      info: { name: "AdapterEventDebug", msg: "BigQuery adapter: ${page}" },
    }) + "\\n");`;
    const usualSeconds = new Map([["model.shop.a", 5]]);
    const limits = { stallAfterSeconds: 10, usualSeconds, nodeTimeoutSeconds: 80 };

    const play = async ({ look, lookLast }: Play) => {
      await look(80);
      await lookLast();
    };
    const { notices, run } = await watch(body, limits, play, { stops: false });

    expect(notices).toEqual([
      `no end yet: model.shop.a (15 s, usually 5 s, waits for ${page})`,
      `still running, 76 s: 0 of 12 nodes done; running: model.shop.a (75 s, usually 5 s, waits for ${page})`,
      "stopping dbt: --node-timeout of 80 s is over for model.shop.a",
    ]);
    expect(run.results).toMatchObject([
      { status: "stopped", message: `no answer within 80 s: stopped by --node-timeout; it waited for ${page}` },
    ]);
  });

  it("does not name a node that has ended", async () => {
    const body = `${RUNS_A} log("NodeFinished", node("a"));`;

    const { notices } = await watch(body, { stallAfterSeconds: 10, nodeTimeoutSeconds: 20 }, ({ look }) => look(40));

    expect(notices).toEqual([]);
  });

  it.each<[what: string, limits: Partial<StartLimits>, looks: number, trouble: string, words: string, notice: string]>([
    [
      "the whole run",
      { runTimeoutSeconds: 30 },
      30,
      "timed-out",
      "dbt was stopped when it had been running for 29 s",
      "stopping dbt: --run-timeout of 30 s is over; 0 of 12 nodes done; running: a (29 s)",
    ],
    [
      "one node",
      { nodeTimeoutSeconds: 20 },
      21,
      "stalled",
      "no answer within 20 s: stopped by --node-timeout",
      "stopping dbt: --node-timeout of 20 s is over for model.shop.a",
    ],
    [
      "both at once",
      { nodeTimeoutSeconds: 29, runTimeoutSeconds: 30 },
      30,
      "stalled",
      "no answer within 29 s: stopped by --node-timeout",
      "stopping dbt: --node-timeout of 29 s is over for model.shop.a",
    ],
  ])("stops dbt when the time for %s is over, and says so once", async (_, limits, looks, trouble, words, notice) => {
    const body = `process.on("SIGINT", () => { ${WRITES_ALL} process.exit(1); }); ${RUNS_A}`;

    const { run, notices } = await watch(
      body,
      limits,
      async ({ look, lookLast, notices }) => {
        await look(looks - 1);
        expect(notices).toEqual([]);
        await lookLast();
      },
      { stops: false },
    );

    expect(run).toMatchObject({ trouble, exitCode: 1, lastWords: expect.stringContaining("0 of 12 nodes done") });
    expect(run.results, "what it wrote on its way out is kept, and what was running is told").toMatchObject([
      { id: "model.shop.orders", status: "success" },
      { id: "model.shop.a", status: "stopped", message: words },
    ]);
    expect(notices).toEqual([notice]);
  });

  it("follows the log where dbt moves it away at its size limit and starts a new one", async () => {
    const body = `${RUNS_A}
      log("MainReportVersion", { padding: "x".repeat(1000) });
      onPoke = () => {
        log("NodeFinished", node("a"));
        fs.renameSync(logFile, logFile + ".1");
        log("NodeStart", node("b"));
      };`;

    const { notices } = await watch(body, { stallAfterSeconds: 30 }, async ({ look, poke }) => {
      await look(10);
      await poke();
      await look(35);
    });

    expect(notices, "a has ended, b runs").toEqual(["no end yet: model.shop.b (30 s)"]);
  });

  it("reads a character that dbt's buffer has cut in two", async () => {
    const line = JSON.stringify({ info: { name: "MainEncounteredError" }, data: { exc: "Tabelle Bücher fehlt" } });
    const body = `
      const bytes = Buffer.from(${JSON.stringify(`${line}\n`)});
      const cut = bytes.indexOf(0xc3) + 1;
      fs.appendFileSync(logFile, bytes.subarray(0, cut));
      onPoke = () => fs.appendFileSync(logFile, bytes.subarray(cut));`;

    const { run } = await watch(body, {}, async ({ look, poke }) => {
      await look(2);
      await poke();
    });

    expect(run.lastWords).toBe("Tabelle Bücher fehlt");
  });

  it("is harmless to a dbt that writes no log at all", async () => {
    const { notices } = await watch("", { runTimeoutSeconds: 3600 }, ({ look }) => look(60));

    expect(notices).toEqual(["still running, 60 s: 0 nodes done"]);
  });

  it("has as many nodes as were planned where dbt does not say how many", async () => {
    const { notices } = await watch("", { plannedNodes: 7 }, ({ look }) => look(60));

    expect(notices).toEqual(["still running, 60 s: 0 of 7 nodes done"]);
  });
});
