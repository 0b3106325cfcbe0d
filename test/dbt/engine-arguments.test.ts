import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { commonArguments, selectionArguments } from "../../src/dbt/arguments.ts";
import { readEngine } from "../../src/dbt/engine.ts";
import { LIST_FORMAT } from "../../src/dbt/list.ts";

/** What each dbt takes, as test/engines/collect.mjs found it: `all`, or names of engines, with a `!` after a warning. */
interface Matrix {
  readonly engines: readonly string[];
  readonly options: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
const file = new URL("../engines/arguments.json", import.meta.url);
const { engines, options }: Matrix = JSON.parse(readFileSync(file, "utf8"));
const COMMANDS = ["build", "parse", "ls", "source freshness", "run-operation", "deps"];

const traitsOf = (engine: string) => readEngine(`dbt ${engine.replace(/-.*/, "")}.0`, 0, "dbt").traits;
/** `!`: with a warning. */
const takes = (engine: string, command: string, option: string) => {
  const names = options[option]?.[command]?.split(" ") ?? [];
  return names.includes("all") || names.includes(engine) ? "yes" : names.includes(`${engine}!`) ? "!" : "no";
};

describe.each(engines)("dbt %s", (engine) => {
  const traits = traitsOf(engine);
  const start = (command: string, extra: readonly string[]) => ({
    targetPath: command === "deps" ? null : "/t",
    ...{ logPath: "/l", profilesDir: "/p", profile: "p", target: "t", color: true, traits, extra },
  });
  const selection = selectionArguments({
    ...{ select: ["a"], exclude: ["b"], indirectSelection: "eager", state: "/s", deferState: "/d" },
    resourceTypes: { only: ["model"], without: ["test"] },
  });
  const own: Readonly<Record<string, readonly string[]>> = {
    build: [...selection, "--threads", "4"],
    parse: [],
    ls: ["--quiet", ...selection, ...LIST_FORMAT],
    "source freshness": ["--threads", "4"],
    "run-operation": ["--args", "{}"],
    deps: [],
  };

  it.each(COMMANDS)("takes what %s is told, without a warning", (command) => {
    const words = [...commonArguments(command, start(command, [])), ...(own[command] ?? [])];

    const named = words.filter((word) => word.startsWith("--"));

    expect(named.filter((word) => takes(engine, command, word) !== "yes")).toEqual([]);
  });

  it("gets no option of dbt.args that one of its commands refuses where build takes it", () => {
    const ofBuild = Object.keys(options).filter((option) => takes(engine, "build", option) !== "no");

    const wrong = COMMANDS.flatMap((command) =>
      ofBuild
        // Refused in dbt.args, or no option of a start.
        .filter(
          (option) =>
            !/^-(?:[smo]|-(?:select|exclude|selector|models?|output|target-path)|[hvV]|-help|-version)$/.test(option),
        )
        .filter((option) => takes(engine, command, option) === "no")
        .filter((option) => commonArguments(command, start(command, [option])).includes(option))
        .map((option) => `${command} ${option}`),
    );

    expect(wrong).toEqual([]);
  });
});
