import { expect, it } from "vitest";
import { READINGS } from "../../src/support/readings.ts";

it("reads a character that begins nothing as it is written, in each reading", () => {
  for (const { sign, first, read } of READINGS) {
    const others = Array.from({ length: 0x1_0000 }, (_, code) => code).filter(
      (code) => !first.includes(String.fromCharCode(code)),
    );
    const odd = others.filter((code) => read(`${String.fromCharCode(code)}25n'\\''amp;`, 0) !== 0x1_0000 + code);
    expect(odd, `sign ${sign}`).toEqual([]);
    expect(first.length).toBeLessThanOrEqual(2);
  }
});
