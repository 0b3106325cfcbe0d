import { describe, expect, it } from "vitest";
import { createLog } from "../../src/support/log.ts";

function recordLog(options: { quiet?: boolean; color?: boolean; redact?: (text: string) => string } = {}) {
  let text = "";
  const same = (part: string) => part;
  const log = createLog({
    write: (part) => (text += part),
    redact: options.redact ?? same,
    bold: same,
    yellow: same,
    color: options.color ?? false,
    quiet: options.quiet ?? false,
    status: null,
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

  it("hides a secret that has a colour or a character that nobody sees in its middle", () => {
    const { log, read } = recordLog({ color: true, redact: (text) => text.replaceAll("secret", "***") });

    log.pass("\u001b[31mse\u001b[1mcret\u001b[0m");
    log.step("a", "se\u200bcret");

    expect(read()).toBe("***\na         ***\n");
  });

  it.each([
    ["passes on the colours of another program's log, closed", true, "\u001b[32mOK\u001b[0m\n"],
    ["or takes them out", false, "OK\n"],
  ])("%s", (_, color, expected) => {
    const { log, read } = recordLog({ color });

    log.pass("\u001b[32mOK\u001b]52;c;cm0=\u0007");

    expect(read()).toBe(expected);
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
