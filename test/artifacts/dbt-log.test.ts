import { describe, expect, it } from "vitest";
import { createLogReader, type Invocation, wasToWrite } from "../../src/artifacts/dbt-log.ts";
import { anInvocation } from "./build.ts";

const LINE = "=".repeat(30);
const WRITTEN = Date.parse("2026-11-25T07:30:00Z");

function read(text: string, writtenAt = WRITTEN): readonly Invocation[] {
  const reader = createLogReader();
  for (const line of text.split("\n")) reader.read(line);
  return reader.invocations(writtenAt);
}

/** Lines of real dbt 1.11's debug format. `lines`: what stands behind the thread. */
function started(clock: string, id: string, command: string, lines: readonly string[] = [], targetPath = "None") {
  return [
    `\n\n${LINE} ${clock}.148885 | ${id} ${LINE}`,
    `\u001b[0m${clock}.148885 [info ] [MainThread]: Running with dbt=1.11.16`,
    `\u001b[0m${clock}.191879 [debug] [MainThread]: running dbt with arguments {'printer_width': '80', 'write_json': 'True', 'invocation_command': '${command}', 'target_path': '${targetPath}', 'quiet': 'False'}`,
    ...lines.map((line) => `\u001b[0m${clock}.999999 [debug] [MainThread]: ${line}`),
  ].join("\n");
}
const MANIFEST = "Wrote artifact WritableManifest to /shop/target/manifest.json";
const RESULTS = "Wrote artifact RunExecutionResult to /shop/target/run_results.json";
const ended = (command: string, how = "succeeded") =>
  `Command \`${command}\` ${how} at 22:09:24.051211 after 2.97 seconds`;

describe("dbt's log, in its debug format", () => {
  it("tells of each start what it was, where it worked, what it left and how it ended", () => {
    const lines = ["Concurrency: 1 threads (target='ci')", MANIFEST, RESULTS, ended("dbt build", "failed")];

    expect(read(started("07:10:00", "a-1", "dbt --quiet build -s x", lines))).toEqual([
      {
        id: "a-1",
        startedAt: Date.parse("2026-11-25T07:10:00.148Z"),
        command: "build",
        targetPath: null,
        target: "ci",
        wroteIn: "/shop/target",
        left: new Set(["run_results.json"]),
        end: "failed",
        error: null,
      },
    ]);
  });

  it("tells why a start failed, in the first line of its error", () => {
    const log = started("07:10:00", "a-1", "dbt build", ["Encountered an error:"]);

    expect(
      read(`${log}\nCompilation Error in model c (models/c.sql)\n  more\n${started("07:11:00", "b", "dbt ls")}`),
    ).toMatchObject([
      { error: "Compilation Error in model c (models/c.sql)", end: null, left: new Set() },
      { error: null },
    ]);
  });

  it("knows of a start by its error where the log holds errors alone", () => {
    const error = (clock: string) => `\u001b[0m${clock}.1 [error] [MainThread]: Encountered an error:`;
    const log = [
      error("07:05:00"),
      "Compilation Error in model a",
      started("07:10:00", "a-1", "dbt build", [RESULTS, ended("dbt build")]),
      error("07:11:00"),
      "Compilation Error in model c",
      error("07:12:00"),
      "Compilation Error in model d",
    ];

    const found = read(log.join("\n"));

    expect(found).toMatchObject([
      { id: null, command: null, error: "Compilation Error in model a" },
      { id: "a-1", error: null },
      { id: null, command: null, startedAt: Date.parse("2026-11-25T07:11:00.100Z") },
      { id: null, error: "Compilation Error in model d" },
    ]);
    expect(found.map((each) => wasToWrite(each, "run_results.json") && each.left.size === 0)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it.each([
    ["dbt run", "run"],
    ["dbt ls --output json", "ls"],
    ["dbt list", "ls"],
    ["dbt source freshness -s a", "source freshness"],
    ["dbt docs generate", "docs generate"],
    ["dbt --log-format json test", "test"],
    ["dbt --target debug build", "build"],
    ["dbt -t run --profile show ls", "ls"],
    ["dbt --target=debug --project-dir clean source freshness", "source freshness"],
    ["dbt --debug run", "run"],
    ["dbt x y", null],
  ])("knows the command of `%s`", (command, known) => {
    expect(read(started("07:10:00", "a", command))[0]?.command).toBe(known);
  });

  it("believes the end's word for a command that was called from Python", () => {
    expect(read(started("07:10:00", "a", "dbt x y", [ended("cli build")]))).toMatchObject([
      { command: "build", end: "succeeded" },
    ]);
  });

  it("reads a command that Python put into double quotes", () => {
    const log = started("07:10:00", "a", "dbt ls").replace("'dbt ls'", `"dbt build --vars '{a: 1}'"`);

    expect(read(log)[0]?.command).toBe("build");
  });

  it("tells the lines of two dbt at once apart by the command that they name", () => {
    const log = [
      started("07:10:00", "build", "dbt build", [MANIFEST]),
      started("07:11:00", "list", "dbt ls", [RESULTS, ended("dbt build"), ended("dbt ls")]),
    ].join("\n");

    expect(read(log)).toMatchObject([
      { id: "build", end: "succeeded", left: new Set(["run_results.json"]) },
      { id: "list", end: "succeeded", left: new Set() },
    ]);
  });

  it("tells two builds at once apart by the folders that they write to, and their ends by what they wrote last", () => {
    const wrote = (place: string) => `Wrote artifact RunExecutionResult to /shop/${place}/run_results.json`;
    const builds = (...lines: string[]) =>
      read(
        [
          started("07:10:00", "eu", "dbt build --target eu", [], "eu/"),
          started("07:10:01", "us", "dbt build --target us", lines, "./us"),
        ].join("\n"),
      );
    const results = new Set(["run_results.json"]);

    // The later one was killed.
    expect(builds(wrote("eu"), ended("dbt build"))).toMatchObject([
      { id: "eu", end: "succeeded", wroteIn: "/shop/eu", left: results },
      { id: "us", end: null, wroteIn: null, left: new Set() },
    ]);
    expect(builds(wrote("eu"), ended("dbt build"), wrote("us"), ended("dbt build", "failed"))).toMatchObject([
      { id: "eu", end: "succeeded" },
      { id: "us", end: "failed", wroteIn: "/shop/us", left: results },
    ]);
    expect(builds(wrote("us"), ended("dbt build", "failed"), wrote("eu"), ended("dbt build"))).toMatchObject([
      { id: "eu", end: "succeeded" },
      { id: "us", end: "failed" },
    ]);
  });

  it.each<[what: string, lines: string[], command: string | null, isLeft: boolean]>([
    ["a build that was killed", ["1 of 2 START sql view model ci.a ... [RUN]"], "build", false],
    ["a build that came to its end", ["1 of 1 START test t ... [RUN]", "Done. PASS=1 WARN=0 TOTAL=1"], "build", true],
    ["a compile", ["Compiled node 'a' is:"], null, false],
    ["a look at freshness", ["1 of 1 START freshness of raw.orders ... [RUN]"], null, false],
  ])("knows by the nodes that it started, where nothing names its command: %s", (_, lines, command, isLeft) => {
    const log = started("07:10:00", "a", "dbt ls", lines);
    const atInfo = log.split("\n").filter((line) => !line.includes("running dbt with"));
    const [found] = read(atInfo.join("\n"));

    expect([found?.command, found?.left.has("run_results.json")]).toEqual([command, isLeft]);
    expect(read(log)[0]?.command).toBe("ls");
  });

  it("works out the days backwards from the time at which the file was last written", () => {
    const log = [
      started("08:00:00", "a", "dbt build"),
      started("23:59:00", "b", "dbt build"),
      started("07:29:59", "c", "dbt build"),
    ].join("\n");

    expect(read(log).map(({ startedAt }) => new Date(startedAt).toISOString().slice(0, 16))).toEqual([
      "2026-11-24T08:00",
      "2026-11-24T23:59",
      "2026-11-25T07:29",
    ]);
  });

  it("knows of dbt before 1.8, which does not log what it writes, that it left results where it came to its totals", () => {
    const done = "Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1";

    expect(read(started("07:10:00", "a", "dbt build", [done]))[0]?.left).toEqual(new Set(["run_results.json"]));
    expect(
      read(started("07:10:00", "a", "dbt build", [done]).replace("'write_json': 'True'", "'write_json': 'False'"))[0]
        ?.left,
    ).toEqual(new Set());
  });

  it("takes nothing in a message of several lines for a line of dbt's", () => {
    const log = started("07:10:00", "a", "dbt build", ["On model.shop.a: /* */"]);

    expect(read(`${log}\n  ${ended("dbt build")}\nRunning with dbt=1.11.16\n${RESULTS}`)).toMatchObject([
      { end: null, left: new Set() },
    ]);
  });

  it("reads on through lines that make no sense, and in linear time", () => {
    const noise = [`${LINE} x | y ${LINE}`, "\u0000".repeat(99), `Command \`${"a".repeat(90_000)}`, "{", '{"info": 3}'];
    const from = performance.now();
    for (let round = 0; round < 50; round++) read([...noise, started("07:10:00", "a", "'".repeat(3000))].join("\n"));

    expect(performance.now() - from).toBeLessThan(2000);
    expect(read([...noise, started("07:10:00", "a", "dbt build")].join("\n"))).toHaveLength(1);
  });
});

describe("dbt's log, in its other formats", () => {
  it("has no ids in plain text", () => {
    const log = [
      "\u001b[0m07:10:00  Running with dbt=1.11.16",
      "\u001b[0m07:10:01  running dbt with arguments {'invocation_command': 'dbt build --log-format-file text', 'target_path': '/tmp/t'}",
      `\u001b[0m07:10:02  ${RESULTS}`,
      `\u001b[0m07:10:03  ${ended("dbt build", "failed")}`,
    ].join("\n");

    expect(read(log)).toMatchObject([
      { id: null, command: "build", targetPath: "/tmp/t", left: new Set(["run_results.json"]), end: "failed" },
    ]);
  });

  const json = (name: string, data: unknown, id = "j-1", ts = "2026-11-25T07:12:17.560790Z") =>
    JSON.stringify({ data, info: { invocation_id: id, msg: "", name, ts } });
  const opens = (id: string) => [
    json("MainReportVersion", { version: "=1.11.16" }, id),
    json("MainReportArgs", { args: { invocation_command: "dbt build", target_path: "None", write_json: "True" } }, id),
  ];

  it("tells all in JSON, with whole times, and of two dbt at once by their ids", () => {
    const log = [
      ...opens("a"),
      ...opens("b"),
      json("ConcurrencyLine", { target_name: "prod" }, "a"),
      json(
        "ArtifactWritten",
        { artifact_type: "RunExecutionResult", artifact_path: "/s/target/run_results.json" },
        "a",
      ),
      json("MainEncounteredError", { exc: "Compilation Error\n  in c" }, "b"),
      json("CommandCompleted", { command: "dbt build", success: false }, "b"),
      json("CommandCompleted", { command: "dbt build", success: true }, "a"),
    ].join("\n");

    expect(read(log, Date.parse("2027-01-01T00:00:00Z"))).toMatchObject([
      {
        id: "a",
        startedAt: Date.parse("2026-11-25T07:12:17.560Z"),
        target: "prod",
        end: "succeeded",
        wroteIn: "/s/target",
      },
      { id: "b", error: "Compilation Error", end: "failed", left: new Set() },
    ]);
  });

  it("knows in JSON too of a start by its error, where the log holds errors alone", () => {
    expect(read(json("MainEncounteredError", { exc: "Compilation Error" }, "c"))).toMatchObject([
      { id: "c", command: null, error: "Compilation Error", startedAt: Date.parse("2026-11-25T07:12:17.560Z") },
    ]);
  });

  it("knows in JSON too of a build by the nodes that it started", () => {
    const of = (description: string) =>
      read([json("MainReportVersion", {}), json("LogStartLine", { description })].join("\n"))[0]?.command;

    expect([of("sql view model ci.a"), of("freshness of raw.orders")]).toEqual(["build", null]);
  });

  it("may change within one file", () => {
    const log = [started("07:01:00", "a", "dbt build"), ...opens("b"), started("07:20:00", "c", "dbt ls")].join("\n");

    expect(read(log).map(({ id, command }) => [id, command])).toEqual([
      ["a", "build"],
      ["b", "build"],
      ["c", "ls"],
    ]);
  });
});

describe("wasToWrite", () => {
  it.each([
    ["build", "run_results.json", true],
    ["clone", "run_results.json", true],
    ["source freshness", "run_results.json", false],
    ["source freshness", "sources.json", true],
    ["build", "sources.json", false],
    ["run-operation", "run_results.json", false],
    [null, "run_results.json", false],
  ] as const)("`dbt %s` and %s: %s", (command, file, answer) => {
    expect(wasToWrite(anInvocation({ command }), file)).toBe(answer);
  });
});

describe("the log of dbt 2", () => {
  const AT = "2026-11-29T21:24:37.181166Z";
  const text = (...lines: readonly string[]) => {
    const reader = createLogReader();
    for (const line of [
      `==================== ${AT} | 01a22932-12ba ====================`,
      "21:24:37.181381 [info ]: dbt-fusion 2.0.0-preview.196",
      ...lines,
    ])
      reader.read(line);
    return reader.invocations(Date.parse(AT) + 60_000);
  };

  it.each<[what: string, line: string, end: string, command: string]>([
    ["ends well", "Finished 'build' successfully for target 'prod' [1.2s]", "succeeded", "build"],
    ["warns", "Finished 'build' with 2 warnings for target 'prod' [553ms]", "succeeded", "build"],
    ["fails", "Finished 'build' with 1 warning and 1 error for target 'prod' [1.2s]", "failed", "build"],
    ["fails at parsing", "Finished 'parse' with 12 errors [1.2s]", "failed", "parse"],
    ["lists", "Finished 'list' successfully for target 'ci' [610ms]", "succeeded", "ls"],
    ["looks at freshness", "Finished 'freshness' with 1 error for target 'prod' [2.6s]", "failed", "source freshness"],
  ])("in text tells of a start that %s", (_, line, end, command) => {
    expect(
      text("21:24:38.394182 [info ]: ", "==================== Execution Summary =====================", line),
    ).toMatchObject([{ id: "01a22932-12ba", startedAt: Date.parse(AT), end, command }]);
  });

  it("in text tells why a project does not compile, by the first error, and that its results are there", () => {
    const [start] = text(
      "21:24:38.032415 [error]: [JinjaError (dbt1501)]: `nofunc` is unknown",
      "  --> models/bad.sql:1:8",
      "21:24:38.032416 [error]: [Other (dbt1)]: y",
      "Finished 'build' with 2 errors for target 'prod' [1.2s]",
    );

    expect(start?.error).toBe("[JinjaError (dbt1501)]: `nofunc` is unknown");
    expect(start?.left.has("run_results.json")).toBe(true);
  });

  it("in text tells of a start that was killed that it has no end, and left nothing", () => {
    expect(text("21:24:38.032415 [debug]: x")).toMatchObject([{ end: null, error: null, left: new Set() }]);
  });

  it("in JSON names the command once, at its start", () => {
    const event = (name: string, data: object, level = "info", msg = "") =>
      JSON.stringify({ data, info: { name, level, msg, invocation_id: "01a2", ts: AT } });
    const reader = createLogReader();
    for (const line of [
      event("MainReportVersion", { version: "=2.0.0-preview.196" }),
      event("MainReportArgs", { args: { invocation_command: "dbt build -s a", target_path: "t", write_json: "true" } }),
      event("Generic", {}, "error", "[error] [JinjaError (dbt1501)]: x\n  --> a.sql:1:2"),
      event("CommandCompleted", { success: false }),
    ])
      reader.read(line);

    expect(reader.invocations(Date.parse(AT))).toMatchObject([
      { id: "01a2", command: "build", targetPath: "t", end: "failed", error: "[JinjaError (dbt1501)]: x" },
    ]);
  });
});
