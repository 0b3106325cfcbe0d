import { describe, expect, it } from "vitest";
import { parseArgv } from "../../src/settings/argv.ts";

describe("a command line", () => {
  it("is taken apart into command, flags, words and what stands behind --", () => {
    const parsed = parseArgv([
      "queue",
      "--timeout",
      "5m",
      "--workflows",
      "a",
      "b",
      "--json",
      "--",
      "dbt",
      "build",
      "--threads",
      "4",
    ]);

    expect(parsed).toEqual({
      command: "queue",
      help: false,
      version: false,
      flags: { timeout: "5m", workflows: ["a", "b"], json: true },
      words: [],
      rest: ["dbt", "build", "--threads", "4"],
    });
  });

  it("keeps numbers and dates as the texts that were typed", () => {
    const { flags, words } = parseArgv(["report", "007.json", "--dbt-exit", "01", "--since=2026-01-01"]);

    expect({ flags, words }).toEqual({ flags: { "dbt-exit": "01", since: "2026-01-01" }, words: ["007.json"] });
  });

  it("does not turn --no-queue into the negation of a flag queue", () => {
    expect(parseArgv(["ci", "--no-queue"]).flags).toEqual({ "no-queue": true });
  });

  it("keeps an unknown flag, so that all problems can be told at once", () => {
    expect(parseArgv(["ci", "--dryrun"]).flags).toEqual({ dryrun: true });
  });

  it("does not let a boolean swallow the word behind it", () => {
    const { flags, words } = parseArgv(["report", "--json", "run_results.json"]);

    expect({ flags, words }).toEqual({ flags: { json: true }, words: ["run_results.json"] });
  });

  it.each([
    [["--json=1"], "1"],
    [["--json=maybe"], "maybe"],
    [["--json="], ""],
    [["--json=false"], "false"],
    [["--json", "--json=true"], "true"],
    [
      ["--json", "--json=0"],
      ["true", "0"],
    ],
  ])("keeps the value of a flag that takes none as it was typed: %j", (argv, json) => {
    expect(parseArgv(["status", ...argv, "--", "--json=2"]).flags).toEqual({ json });
  });

  it("gathers the words of a flag that takes several, however they are given", () => {
    const { flags, words } = parseArgv([
      "ci",
      "--select",
      "a",
      "b",
      "--json",
      "--exclude=c",
      "--select",
      "d",
      "--exclude",
      "e",
    ]);

    expect({ flags, words }).toEqual({
      flags: { select: ["a", "b", "d"], exclude: ["c", "e"], json: true },
      words: [],
    });
    expect(parseArgv(["queue", "--ignore-run", "1", "--ignore-run", "2", "3"]).flags).toEqual({
      "ignore-run": ["1", "2", "3"],
    });
  });

  it("keeps both values of a flag that takes one, so that neither is lost in silence", () => {
    expect(parseArgv(["ci", "--work", "a", "--work", "b"]).flags).toEqual({ work: ["a", "b"] });
    expect(parseArgv(["ci", "--work", "a", "--json", "--work", "a", "--json"]).flags).toEqual({
      work: "a",
      json: true,
    });
  });

  it("keeps a flag with one dash as it was typed", () => {
    expect(parseArgv(["ci", "-x"]).flags).toEqual({ "-x": true });
  });

  it("takes what is no flag of ours for the value of the flag before it", () => {
    expect(parseArgv(["ci", "--select", "-x", "--work", "--foo", "--", "-y"])).toMatchObject({
      flags: { select: ["-x"], work: "--foo" },
      rest: ["-y"],
    });
    expect(parseArgv(["ci", "--select", "--json"]).flags).toEqual({ select: [], json: true });
    expect(parseArgv(["ci", "--select", "-h"]).help).toBe(true);
    expect(parseArgv(["queue", "--timeout", "--", "dbt"])).toMatchObject({ flags: { timeout: "" }, rest: ["dbt"] });
  });

  it("refuses a queue whose command is an empty variable: it would run nothing, and be green", () => {
    expect(() => parseArgv(["queue", "--"])).toThrow("-- is followed by no command");
    expect(parseArgv(["queue"]).rest).toEqual([]);
    expect(parseArgv(["ci", "--"]).rest).toEqual([]);
    expect(parseArgv(["queue", "--", "--"]).rest).toEqual(["--"]);
  });

  it("keeps a flag that is named like a part of every object", () => {
    expect(parseArgv(["ci", "--constructor"]).flags).toEqual({ constructor: true });
  });

  it("refuses a command that does not exist, with the one that was probably meant", () => {
    expect(() => parseArgv(["biuld"])).toThrow("biuld is no command of signalbox (did you mean build?)");
    expect(() => parseArgv(["hlep"])).toThrow("hlep is no command of signalbox (did you mean help?)");
    expect(() => parseArgv(["stauts"])).toThrow("stauts is no command of signalbox (did you mean status?)");
  });

  it.each([[["--josn", "ci"]], [["--josn"]], [["--josn", "ci", "--quiet"]], [["--josn", "x", "nothing"]]])(
    "names a flag that nobody knows, also where it took the command for its value: %j",
    (argv) => {
      expect(() => parseArgv(argv)).toThrow("--josn is no flag of signalbox (did you mean --json?)");
    },
  );

  it("takes help for a word too", () => {
    expect(parseArgv(["help"])).toMatchObject({ command: null, help: true });
    expect(parseArgv(["help", "queue"])).toMatchObject({ command: "queue", help: true, words: [] });
    expect(() => parseArgv(["help", "biuld"])).toThrow("did you mean build?");
  });
});
