import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toJson } from "../../src/text/json.ts";
import { hostile } from "../render/build.ts";

describe("JSON for a terminal", () => {
  it("writes what cannot be seen, and what a runner would take for a command, in escapes", () => {
    expect(toJson({ a: "\u001b[2J\u009d0;x\u202e\u200b", b: "##[error]x ##vso[y]", c: "\u{e0041}é👩" })).toBe(
      '{\n  "a": "\\u001b[2J\\u009d0;x\\u202e\\u200b",\n  "b": "#\\u0023[error]x #\\u0023vso[y]",\n  "c": "\\udb40\\udc41é👩"\n}\n',
    );
  });

  it("is the same value for whoever reads it, and steers nothing", () => {
    const text = fc.oneof(hostile, fc.constantFrom("##[error]", "#\\u0023[", "\\", "\u200d", "###[x]"));
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(text), (value, texts) => {
        const given = { value, texts };
        const json = toJson(given);

        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(given)));
        expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}]|[\u2028\u2029]|##[A-Za-z]*\[/u);
      }),
    );
  });
});
