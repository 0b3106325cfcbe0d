import fc from "fast-check";
import { expect, it } from "vitest";
import { createLineReader } from "../../src/dbt/lines.ts";

function read(...pieces: readonly string[]): string[] {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  for (const piece of pieces) reader.read(piece);
  reader.end();
  return lines;
}

it("hands on the same lines wherever the text is cut", () => {
  const text = fc
    .array(fc.constantFrom("a", "é", "\n", "\r\n", "b c"), { maxLength: 30 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60)), (whole, places) => {
      const cuts = [0, ...places.filter((at) => at < whole.length).sort((a, b) => a - b), whole.length];
      const pieces = cuts.slice(1).map((end, index) => whole.slice(cuts[index], end));
      const expected = whole.split(/\r?\n/);

      expect(read(...pieces)).toEqual(expected.at(-1) === "" ? expected.slice(0, -1) : expected);
    }),
  );
});

it("cuts a line without an end, and says how long it was", () => {
  const [long = "", ...others] = read(...Array.from({ length: 20 }, () => "x".repeat(100_000)), "\nnext\n");

  expect(long).toBe(`${"x".repeat(1_000_000)}… (a line of 2,000,000 characters)`);
  expect(others).toEqual(["next"]);
});
