import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/artifacts/json.ts";
import { SignalboxError } from "../../src/support/errors.ts";

const BOM = "\uFEFF";

function failureOf(text: string): SignalboxError {
  try {
    parseJson(text, "target/run_results.json");
  } catch (error) {
    if (error instanceof SignalboxError) return error;
    throw error;
  }
  throw new Error("it was read");
}

describe("parseJson", () => {
  it("reads an object behind a byte order mark", () => {
    expect(parseJson(`${BOM}{"a": 1}\n`, "x")).toEqual({ a: 1 });
  });

  it("makes null of Python's NaN and infinities, and leaves texts that spell them alone", () => {
    const text = String.raw`{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN \"Infinity\" \\", "NaN": -Infinity}`;

    expect(parseJson(text, "x")).toEqual({ a: null, b: [null, null], c: 'NaN "Infinity" \\', NaN: null });
  });

  it("reads a string of many megabytes beside a NaN", () => {
    const long = "x\\n".repeat(3_000_000);

    const value = parseJson(`{"sql": "${long}", "failures": NaN}`, "x");

    expect(value.failures).toBeNull();
    expect(String(value.sql)).toHaveLength(6_000_000);
  });

  it.each([
    ["an empty file", "", "is empty"],
    ["a file of spaces behind a byte order mark", `${BOM} \n`, "is empty"],
    ["a file that was cut off", '{"results": [{"status": "pa', "is cut off"],
    ["a web page", "<!DOCTYPE html>", "is cut off or is no JSON"],
    ["a file with a broken middle", '{"results": [,]}', "is not valid JSON"],
    ["a file with a NaN and a broken middle", '{"a": NaN, "b": }', "is not valid JSON"],
    ["a list", '[{"a": 1}]', "holds JSON, but not an object"],
    ["a number", "NaN", "holds JSON, but not an object"],
  ])("names the file and what was found: %s", (_, text, found) => {
    const error = failureOf(text);

    expect(error.kind).toBe("artifacts");
    expect(error.exitCode).toBe(3);
    expect(error.message).toMatch(/^target\/run_results\.json /);
    expect(error.message).toContain(found);
    expect(error.hint).not.toBeNull();
  });

  it("reads whatever Python's json module writes for floats, anywhere", () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.constantFrom("NaN", '"', "\\", '\\"', "Infinity\\\\", "-Infinity"),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    );
    const document = fc.dictionary(fc.string(), fc.oneof(scalar, fc.array(scalar), fc.dictionary(fc.string(), scalar)));

    fc.assert(
      fc.property(document, (value) => {
        // JSON.stringify makes null of a number that is not finite: exactly what is wanted.
        expect(parseJson(pythonDumps(value), "x")).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("ends every other text with an artifacts error", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseJson(text, "x");
        } catch (error) {
          expect(error).toBeInstanceOf(SignalboxError);
        }
      }),
    );
  });
});

function pythonDumps(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map(pythonDumps).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${pythonDumps(item)}`)
    .join(", ")}}`;
}
