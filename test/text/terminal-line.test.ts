import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineReader } from "../../src/dbt/lines.ts";
import { defuse, terminalLine } from "../../src/text/terminal-line.ts";

const ESC = "\u001b";

describe("a line for the terminal", () => {
  it.each([
    ["a colour, closed by itself", `${ESC}[31mERROR${ESC}[0m x`, `${ESC}[31mERROR${ESC}[0m x`],
    ["a colour that is left open", `a ${ESC}[1;31mERROR`, `a ${ESC}[1;31mERROR${ESC}[0m`],
    ["our own paint", `${ESC}[1mqueue${ESC}[22m x`, `${ESC}[1mqueue${ESC}[22m x`],
    ["letters and their background", `${ESC}[31;41mhidden`, "hidden"],
    ["hidden letters", `${ESC}[8mhidden${ESC}[0m`, `hidden${ESC}[0m`],
    ["a colour by number", `${ESC}[38;5;0mx`, "x"],
    ["a colour of the 8-bit codes", "\u009b31mx", "x"],
    ["a link", `${ESC}]8;;https://evil.example${ESC}\\here${ESC}]8;;${ESC}\\`, "here"],
    ["the clipboard", `x${ESC}]52;c;cm0=\u0007y`, "xy"],
    ["a title of the 8-bit codes", "x\u009d0;t\u009cy", "xy"],
    ["a device's string", `x${ESC}Pq${ESC}\\y`, "xy"],
    ["a cleared screen and a moved cursor", `x${ESC}[2J${ESC}[1;1H${ESC}[Ay`, "xy"],
    ["a reset of the terminal", `x${ESC}cy`, "xy"],
    ["a back-space and a bell", "x\u0008\u0007y", "xy"],
    ["a line that is turned around", "x\u202ey\u2066z", "xyz"],
    ["other line breaks", "a\rb\u0085c\u2028d", "a b c d"],
  ])("takes %s as far as it is harmless", (_, line, expected) => {
    expect(terminalLine(line, true)).toBe(expected);
  });

  it("has no colours where none are wanted", () => {
    expect(terminalLine(`${ESC}[31mERROR${ESC}[0m x`, false)).toBe("ERROR x");
  });

  it("does nothing but colour, and closes what it opens, whatever it is made of", () => {
    fc.assert(
      fc.property(hostileLine, fc.boolean(), (line, isColourful) => {
        const shown = terminalLine(line, isColourful);
        const text = shown.replace(/\u001b\[[0-9;]*m/g, "");

        expect(text).not.toMatch(/(?!\t)\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\ufeff]|\p{Cs}/u);
        expect(shown === text || isColourful).toBe(true);
        expect(stateAfter(shown)).toBe("");
        expectHarmless(shown);
        expect(terminalLine(shown, isColourful)).toBe(shown);
      }),
      { numRuns: 500 },
    );
  });

  it("is the same however the log comes in pieces, also with sequences that go on over lines", () => {
    fc.assert(
      fc.property(fc.array(hostileLine, { maxLength: 4 }), fc.array(fc.nat(200)), (lines, cuts) => {
        const text = lines.join("\n");
        const shown: string[] = [];
        const reader = createLineReader((line) => shown.push(terminalLine(line, true)));
        let from = 0;
        for (const cut of [...cuts].sort((a, b) => a - b)) {
          reader.read(text.slice(from, cut));
          from = Math.max(from, cut);
        }
        reader.read(text.slice(from));
        reader.end();

        expect(shown.join("\n").replace(/\u001b\[[0-9;]*m/g, "")).not.toMatch(/(?!\n|\t)\p{Cc}/u);
      }),
    );
  });
});

const hostileLine = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ESC,
        `${ESC}[`,
        `${ESC}]`,
        `${ESC}P`,
        `${ESC}_`,
        `${ESC}\\`,
        "\u009b",
        "\u009d",
        "\u009c",
        "\u0090",
        "31",
        "1;",
        "0",
        "m",
        "8",
        "2J",
        "52;c;",
        "\u0007",
        "::",
        "##[",
        "\r",
        "\t",
        "error",
        "\u202e",
        "\u200b",
        "\u200d",
        "\ufe0f",
        "é",
        "👩",
        "#",
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    ),
  )
  .map((parts) => parts.join("").replaceAll("\n", " "));

/** The styles that a terminal would still show behind the line. */
function stateAfter(line: string): string {
  const open = new Set<string>();
  for (const [, codes = ""] of line.matchAll(/\u001b\[([0-9;]*)m/g)) {
    for (const code of codes.split(";").map(Number)) {
      if (code === 0) open.clear();
      else if (code === 22) {
        open.delete("1");
        open.delete("2");
      } else if (code === 23) open.delete("3");
      else if (code === 24) open.delete("4");
      else if (code === 39) open.delete("colour");
      else open.add(code < 10 ? String(code) : "colour");
    }
  }
  return [...open].join();
}

describe("a line from outside", () => {
  it.each([
    "::error::x",
    "  ::add-mask::x",
    "\t::stop-commands::x",
    "\u001b[31m::error::x",
    "##[error]x",
    "a ##[group]b",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[message text='x']",
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
});

/** As the runners read: lines, trimmed; `::` at the start, `##[` anywhere. Some consumers drop colours first. */
function expectHarmless(text: string): void {
  for (const line of text.replace(/\u001b\[[0-9;]*m/g, "").split(/[\r\n]/)) {
    expect(line.replace(/^[\s\u0085]+/, "").startsWith("::")).toBe(false);
    expect(line).not.toMatch(/##[A-Za-z]{0,20}\[/);
  }
}
