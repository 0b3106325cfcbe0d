import { describe, expect, it } from "vitest";
import { createGitHubRunner } from "../../src/platforms/github/runner.ts";
import { createPlainRunner } from "../../src/platforms/plain-runner.ts";
import { openDbtLog } from "../../src/setup/dbt-log.ts";

/** What a reader sees of a start that writes these lines; `before` its end, and in all. */
function readerOf(command: string[], platform: "github" | "plain", lines: readonly string[], isGood: boolean) {
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  const runner = platform === "github" ? createGitHubRunner({}, write) : createPlainRunner({});
  const log = openDbtLog(command, (line) => write(`${line}\n`), runner);
  for (const line of lines) log.onLine(line);
  const before = text;
  log.end(isGood);
  return { before, text };
}

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
