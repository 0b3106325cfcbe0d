import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLog, defuse } from "../../src/support/log.ts";

function recordLog(options: { quiet?: boolean; redact?: (text: string) => string } = {}) {
  let text = "";
  const same = (part: string) => part;
  const log = createLog({
    write: (part) => (text += part),
    redact: options.redact ?? same,
    bold: same,
    yellow: same,
    quiet: options.quiet ?? false,
  });
  return { log, read: () => text };
}

describe("the log", () => {
  it("puts the step's name in the first column and the rest below it", () => {
    const { log, read } = recordLog();

    log.step("queue", "waits for run 41\nsince 09:12");
    log.more(["place 2 of 2"]);
    log.warn("plan", "no baseline");

    expect(read()).toBe(
      "queue     waits for run 41\n          since 09:12\n          place 2 of 2\nplan      warning: no baseline\n",
    );
  });

  it("says only the result with --quiet", () => {
    const { log, read } = recordLog({ quiet: true });

    log.step("queue", "waits");
    log.pass("dbt says");
    log.result("done");

    expect(read()).toBe("done\n");
  });

  it("redacts every line, whichever way it comes in", () => {
    const { log, read } = recordLog({ redact: (text) => text.replaceAll("secret", "***") });

    log.step("a", "secret");
    log.more("secret");
    log.warn("b", "secret");
    log.pass("secret");
    log.result("secret");

    expect(read()).not.toContain("secret");
  });
});

describe("a line from outside", () => {
  it.each([
    "::error::x",
    "  ::add-mask::x",
    "\t::stop-commands::x",
    "\u001b[31m::error::x",
    "##[error]x",
    "a ##[group]b",
    "::error::x\n::error::y",
    "\r::error::x",
  ])("%j is no command for the runner", (line) => {
    expectHarmless(defuse(line));
  });

  it("is never a command, whatever it is made of", () => {
    const parts = fc.constantFrom(
      "::",
      "##[",
      "\n",
      "\r",
      " ",
      "\t",
      "error",
      "::error::",
      "\u001b[0m",
      "·",
      "\u00a0",
      "\u2028",
      "\u0085",
      "\ufeff",
    );
    fc.assert(fc.property(fc.array(parts), (words) => expectHarmless(defuse(words.join("")))));
  });

  /** As the runner reads: lines, trimmed; `::` at the start, `##[` anywhere. Some consumers drop colours first. */
  function expectHarmless(text: string): void {
    for (const line of text.replace(/\u001b\[[0-9;]*m/g, "").split(/[\r\n]/)) {
      expect(line.replace(/^[\s\u0085]+/, "").startsWith("::")).toBe(false);
      expect(line).not.toContain("##[");
    }
  }
});
