import { describe, expect, it } from "vitest";
import {
  commonArguments,
  lastOfEach,
  selectionArguments,
  showCommandLine,
  threadsIn,
  withoutOption,
} from "../../src/dbt/arguments.ts";
import { readEngine } from "../../src/dbt/engine.ts";
import { parseList } from "../../src/dbt/list.ts";
import { EVERY_TYPE } from "../../src/selection/resource-types.ts";

const nowhere = {
  targetPath: null,
  logPath: "/l",
  profilesDir: null,
  profile: null,
  target: null,
  color: true,
  extra: [],
  traits: traitsOf("1.11.16"),
};

function traitsOf(version: string) {
  return readEngine(`dbt ${version}`, 0, "dbt").traits;
}

describe("dbt's arguments", () => {
  it("are the same for every start, so that partial parsing holds", () => {
    const places = {
      targetPath: "/p/target",
      logPath: "/w/dbt/01-parse",
      profilesDir: "/p",
      profile: "shop",
      target: "ci",
      color: false,
      extra: ["--vars", "{a: 1}"],
      traits: traitsOf("1.8.0"),
    };

    expect(commonArguments("build", places)).toEqual([
      ...[
        "--profile",
        "shop",
        "--target",
        "ci",
        "--profiles-dir",
        "/p",
        "--target-path",
        "/p/target",
        "--log-path",
        "/w/dbt/01-parse",
      ],
      ...["--log-format-file", "json", "--log-level-file", "debug", "--no-use-colors", "--vars", "{a: 1}"],
    ]);
  });

  it.each([
    ["build", ["--log-path", "/l", "--log-format", "json", "--log-level-file", "debug", "--vars", "{a: 1}"]],
    ["ls", ["--log-path", "/l", "--vars", "{a: 1}"]],
  ])("ask dbt 2 for a log in JSON where %s is no answer to be read, and for no colours", (command, expected) => {
    const traits = traitsOf("2.0.0-preview.196");

    expect(commonArguments(command, { ...nowhere, traits, extra: ["--vars", "{a: 1}"] })).toEqual(expected);
  });

  it.each([
    [
      ["--threads", "4", "-x", "--threads", "2", "--fail-fast"],
      ["--threads", "2", "--fail-fast"],
    ],
    [
      ["--threads=4", "--select", "a", "b", "--threads", "2"],
      ["--select", "a", "b", "--threads", "2"],
    ],
    [
      ["--select", "a", "-s", "b"],
      ["--select", "a", "-s", "b"],
    ],
    [
      ["--resource-type", "model", "--resource-types", "test"],
      ["--resource-type", "model", "--resource-types", "test"],
    ],
    [
      ["a_macro", "--args", "{}"],
      ["a_macro", "--args", "{}"],
    ],
    [
      ["--vars", "{a: 1}", "--vars", "{b: 1}"],
      ["--vars", "{b: 1}"],
    ],
    [[], []],
  ])("hold the last of each alone, as dbt 2 wants it: %j", (words, expected) => {
    expect(lastOfEach(words)).toEqual(expected);
  });

  it("leave out a format of the log, which dbt 2 writes as it is read", () => {
    const words = commonArguments("build", {
      ...nowhere,
      traits: traitsOf("2.0.0"),
      extra: ["--log-format", "text", "--warn-error"],
    });

    expect(words).toEqual(["--log-path", "/l", "--log-format", "json", "--log-level-file", "debug", "--warn-error"]);
  });

  it("name no target folder for dbt deps, which refuses it", () => {
    expect(commonArguments("deps", nowhere)).not.toContain("--target-path");
  });

  it.each([
    ["build", ["--full-refresh", "--event-time-start", "2026-11-01", "--vars", "{a: 1}", "-x"]],
    ["ls", ["--vars", "{a: 1}", "-x"]],
    ["parse", ["--vars", "{a: 1}", "-x"]],
    ["source freshness", ["--vars", "{a: 1}", "-x"]],
  ])("give dbt %s those of dbt.args that it takes", (command, expected) => {
    const extra = [
      "--full-refresh",
      ...["--event-time-start", "2026-11-01"],
      ...["--vars", "{a: 1}"],
      "--resource-type=model",
      "-x",
    ];

    const words = commonArguments(command, { ...nowhere, extra });

    expect(words.slice(words.indexOf("--use-colors") + 1)).toEqual(expected);
  });

  it("defer with --favor-state: left-overs of an earlier push must not win over production", () => {
    const selection = {
      select: ["state:modified+"],
      exclude: ["tag:slow"],
      indirectSelection: null,
      state: "/s",
      deferState: "/d",
      resourceTypes: { only: ["model", "test"], without: ["unit_test"] },
    };

    expect(selectionArguments(selection)).toEqual([
      ...[
        "--select",
        "state:modified+",
        "--exclude",
        "tag:slow",
        ...["--resource-type", "model", "test", "--exclude-resource-type", "unit_test"],
        "--state",
        "/s",
        "--defer",
        "--favor-state",
        "--defer-state",
        "/d",
      ],
    ]);
  });

  it("name a folder once that is both what is compared with and what is deployed", () => {
    const selection = { select: [], exclude: [], indirectSelection: null, state: "/s", deferState: "/s" };

    expect(selectionArguments({ ...selection, resourceTypes: EVERY_TYPE })).toEqual([
      "--state",
      "/s",
      "--defer",
      "--favor-state",
    ]);
  });

  it("are shown so that a shell takes them apart again", () => {
    expect(showCommandLine(["dbt", "build", "--select", "a b", "it's"])).toBe("dbt build --select 'a b' 'it'\\''s'");
  });
});

it.each<[words: string[], threads: number | null, others: string[]]>([
  [["--select", "a", "--threads", "4"], 4, ["--select", "a"]],
  [["--threads", "4", "--threads=8", "-x"], 8, ["-x"]],
  [["--threads", "0"], null, []],
  [["--threads"], null, []],
  [["--threads=many", "a"], null, ["a"]],
  [["--threads-of", "4"], null, ["--threads-of", "4"]],
  [[], null, []],
])("an option is found, and left out: %j", (words, threads, others) => {
  expect(threadsIn(words)).toBe(threads);
  expect(withoutOption(words, "--threads")).toEqual(others);
});

describe("the answer of dbt ls", () => {
  const stdout = [
    "07:00:00  a line of its log",
    '{"unique_id": "model.shop.a", "resource_type": "model"}',
    '{"unique_id": "source.shop.raw.b", "resource_type": "source"}',
    "",
  ].join("\n");

  it("is ids, between lines of its log", () => {
    expect(parseList(stdout)).toEqual(["model.shop.a", "source.shop.raw.b"]);
  });

  it("is an error where a line is no node, never an empty selection", () => {
    expect(() => parseList('{"name": "a"}\n')).toThrow("dbt ls printed a line that is no node");
    expect(() => parseList('{"unique_id": \n')).toThrow("dbt ls printed a line that is no node");
  });
});
