import { expect, it } from "vitest";
import { chooseDisplay, type DisplayFacts, type ProgressDisplay } from "../../src/setup/progress-display.ts";

const TERMINAL: DisplayFacts = {
  ...{ wants: false, json: false, quiet: false, noColor: false, isTerminal: true, platform: "local" },
  env: { TERM: "xterm-256color" },
};

it.each<[what: string, facts: Partial<DisplayFacts>, bare: ProgressDisplay, withFlag: ProgressDisplay]>([
  ["a terminal", {}, "line", "line"],
  ["a pipe or a file", { isTerminal: false }, "log", "lines"],
  ["a terminal that knows no cursor", { env: { TERM: "dumb" } }, "log", "lines"],
  ["one of which nobody knows what it can", { env: {} }, "log", "lines"],
  ["a reader who wants no escapes", { env: { TERM: "xterm", NO_COLOR: "1" } }, "log", "lines"],
  ["the same by --no-color", { noColor: true }, "log", "lines"],
  ["an empty NO_COLOR, which says nothing", { env: { TERM: "xterm", NO_COLOR: "" } }, "line", "line"],
  ["GitHub", { platform: "github", isTerminal: false }, "log", "lines"],
  ["CircleCI, whose steps have a terminal", { platform: "circleci" }, "log", "lines"],
  ["another CI with one", { platform: "unknown" }, "log", "lines"],
  ["--json", { json: true }, "log", "log"],
  ["--quiet", { quiet: true }, "log", "log"],
])("%s", (_, facts, bare, withFlag) => {
  expect(chooseDisplay({ ...TERMINAL, ...facts })).toBe(bare);
  expect(chooseDisplay({ ...TERMINAL, ...facts, wants: true })).toBe(withFlag);
});
