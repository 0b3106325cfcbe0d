import { describe, expect, it } from "vitest";
import { readDbtVersion, readEngine } from "../../src/dbt/engine.ts";
import { SignalboxError } from "../../src/support/errors.ts";

/** As dbt 1.11.16 prints it. */
const CORE = `Core:
  - installed: 1.11.16
  - latest:    1.12.6  - Update available!

  Your version of dbt-core is out of date!

Plugins:
  - duckdb: 1.11.1 - Up to date!
`;

describe("what dbt --version prints", () => {
  it.each<[said: string, words: string | null, adapters: string[] | null]>([
    [CORE, "dbt 1.11.16", ["duckdb"]],
    ["\u001b[1mCore:\u001b[0m\n  - installed: 1.10.2\nPlugins:\n", "dbt 1.10.2", []],
    ["dbt-fusion 2.0.0-preview.196\n", "dbt Fusion 2.0.0-preview.196", null],
    ["  dbt-core 2.0.0-alpha.4\n", "dbt 2.0.0-alpha.4", null],
    ["dbt 2.0.0\n", "dbt 2.0.0", null],
    ["installed version: 0.21.1\n   latest version: 1.12.6\n", "dbt 0.21.1", null],
    ["Traceback (most recent call last)", null, null],
    ["", null, null],
  ])("%j", (said, words, adapters) => {
    const found = readDbtVersion(said);

    expect(found?.words ?? null).toBe(words);
    expect(found?.adapters === null || found === null ? null : [...found.adapters.keys()]).toEqual(adapters);
  });
});

describe("the dbt that is started", () => {
  it.each([
    ["dbt 1.8.0", "words", null],
    ["- installed: 1.12.0", "words", null],
    ["dbt-core 2.0.0-alpha.4", "json", null],
    ["dbt-fusion 2.0.0", "json", null],
    ["- installed: 1.7.3", "words", /^dbt 1\.7\.3 is older than .+: it is started like dbt 1\.8$/],
    ["- installed: 1.13.0b1", "words", /^dbt 1\.13\.0b1 is newer than .+: it is started like dbt 1\.12$/],
    ["dbt 2.1.0", "json", /^dbt 2\.1\.0 is newer than .+ \(dbt 1\.8 to 1\.12 and dbt 2\.0\): .+ like dbt 2\.0$/],
    ["dbt 3.0.0", "json", /^dbt 3\.0\.0 is newer/],
  ])("%s: its output is %s", (said, stdout, note) => {
    const engine = readEngine(said, 0, "dbt");

    expect(engine.traits.log.stdout).toBe(stdout);
    if (note === null) expect(engine.note).toBeNull();
    else expect(engine.note).toMatch(note);
  });

  it.each([
    [
      "dbt 0",
      "installed version: 0.21.1",
      0,
      /^dbt 0\.21\.1 is too old: signalbox starts dbt 1\.8 to 1\.12 and dbt 2\.0$/,
    ],
    ["dbt Cloud's command line", "dbt Cloud CLI - 0.38.22 (abc)", 0, /^dbt is the command line of the dbt platform/],
    ["the same by its new name", "dbt platform CLI - 0.40.1 (abc)", 0, /^dbt is the command line of the dbt platform/],
    ["a Python without dbt", "/v/bin/python: No module named dbt", 1, /^dbt: its Python has no dbt \(/],
    [
      "a Python without a part of it",
      "ModuleNotFoundError: No module named 'dbt.cli'",
      1,
      /^dbt: its Python has no dbt/,
    ],
    ["no version", "hello", 0, /^dbt --version names no version of dbt: it ended with 0 and said "hello"$/],
    ["nothing", "", null, /: it ended with a signal and said "nothing"$/],
  ])("is refused with one error where it is %s", (_, said, exitCode, message) => {
    const refused = () => readEngine(said, exitCode, "dbt");

    expect(refused).toThrow(SignalboxError);
    expect(refused).toThrow(message);
  });
});
