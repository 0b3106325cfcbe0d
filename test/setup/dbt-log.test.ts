import { describe, expect, it } from "vitest";
import { type BuildProgress, NOTHING_SEEN } from "../../src/dbt/watch.ts";
import { createGitHubRunner } from "../../src/platforms/github/runner.ts";
import { createPlainRunner } from "../../src/platforms/plain-runner.ts";
import { openDbtLog } from "../../src/setup/dbt-log.ts";
import { quietLog } from "../support/quiet-log.ts";

/** What a reader sees of a start that writes these lines; `before` its end, and in all. */
function readerOf(command: string[], platform: "github" | "plain", lines: readonly string[], isGood: boolean) {
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  const runner = platform === "github" ? createGitHubRunner({}, write) : createPlainRunner({});
  const reader = { ...quietLog(), pass: (line: string) => write(`${line}\n`) };
  const log = openDbtLog(command, { log: reader, runner, clock: { now: () => 0 }, display: "log" });
  for (const line of lines) log.onLine(line);
  const before = text;
  log.end(isGood, null);
  return { before, text };
}

/** What a reader of the progress sees; `status`: each state of the line at the bottom. */
function watcherOf(command: string[], display: "line" | "lines") {
  const lines: string[] = [];
  const status: (string | null)[] = [];
  const log = openDbtLog(command, {
    log: { ...quietLog(lines), status: (line) => void status.push(line) },
    runner: createPlainRunner({}),
    clock: { now: () => 10_000 },
    display,
  });
  return { log, lines, status };
}

const HALF: BuildProgress = {
  ...NOTHING_SEEN,
  ...{ total: 52, finished: 12 },
  running: new Map([["model.shop.orders", { name: "orders", since: 7_000, job: null }]]),
};

describe("the log of a start", () => {
  it.each([["build"], ["source freshness"]])("that builds is shown as it comes: %s", (command) => {
    expect(readerOf(command.split(" "), "plain", ["a"], false).before).toBe("a\n");
    expect(readerOf(command.split(" "), "github", ["a"], true).text).toMatch(
      new RegExp(`^::group::dbt ${command}\\n::stop-commands::(\\w+)\\na\\n::\\1::\\n::endgroup::\\n$`),
    );
  });

  describe.each([["parse"], ["deps"], ["ls"]])("of dbt %s", (command) => {
    it("is not shown where it went well, or folded", () => {
      expect(readerOf([command], "plain", ["a"], true).text).toBe("");
      expect(readerOf([command], "github", ["a"], true)).toMatchObject({
        before: "",
        text: expect.stringMatching(
          new RegExp(`^::group::dbt ${command}\\n::stop-commands::(\\w+)\\na\\n::\\1::\\n::endgroup::\\n$`),
        ),
      });
    });

    it("is shown unfolded where it failed, and no line of it is a command", () => {
      expect(readerOf([command], "plain", ["a", "b"], false).text).toBe("a\nb\n");
      expect(readerOf([command], "github", ["::error::x"], false).text).toMatch(
        /^::stop-commands::(\w+)\n::error::x\n::\1::\n$/,
      );
    });

    it("keeps the end of a very long one", () => {
      const lines = Array.from({ length: 5_002 }, (_, index) => String(index));
      const shown = readerOf([command], "plain", lines, false).text.split("\n");

      expect([shown[0], shown[1], shown.at(-2)]).toEqual(["(2 lines before)", "2", "5001"]);
    });

    it("is nothing where dbt wrote nothing", () => {
      expect(readerOf([command], "github", [], false).text).toBe("");
    });
  });
});

describe("how far dbt is, in place of its log", () => {
  it("stands in one line, below what failed or warned", () => {
    const { log, lines, status } = watcherOf(["build"], "line");

    log.onLine("1 of 52 OK created sql view model ci.customers");
    log.onProgress(HALF, 3);
    const notable = ["13 of 52 FAIL 4 unique_orders"];
    log.onProgress({ ...HALF, finished: 13, notable }, 4);
    log.onProgress({ ...HALF, finished: 13, notable }, 5);
    log.end(true, ".signalbox/dbt/02-build/dbt.log");

    expect(status).toEqual(["12/52 · orders 3 s", "13/52 · orders 3 s", "13/52 · orders 3 s", null]);
    expect(lines).toEqual([
      "13 of 52 FAIL 4 unique_orders\n",
      "          dbt's log: .signalbox/dbt/02-build/dbt.log\n",
    ]);
  });

  it("is told each half minute where no line can be rewritten", () => {
    const { log, lines, status } = watcherOf(["build"], "lines");

    for (let seconds = 1; seconds <= 75; seconds++) log.onProgress(HALF, seconds);

    expect(lines).toEqual(["dbt       12/52 · orders 3 s\n", "dbt       12/52 · orders 3 s\n"]);
    expect(status).toEqual([]);
  });

  it("is followed by all of the log where nothing else tells what dbt did", () => {
    const { log, lines } = watcherOf(["build"], "line");

    log.onLine("Compilation Error");
    log.end(false, "dbt.log");

    expect(lines).toEqual(["Compilation Error\n"]);
  });

  it("is told of a parse too, whose warnings its build says again", () => {
    const { log, lines, status } = watcherOf(["parse"], "line");

    log.onProgress({ ...NOTHING_SEEN, notable: ["[WARNING]: deprecated"] }, 4);
    log.end(true, "dbt.log");

    expect(status).toEqual(["dbt parse · 4 s", null]);
    expect(lines).toEqual([]);
  });
});
