import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMatcher, createPathMatcher } from "../../src/selection/wildcard.ts";

describe("fnmatch", () => {
  // Each row is what Python 3.11 answers.
  it.each<[string, string, boolean]>([
    ["stg_*", "stg_orders", true],
    ["stg_*", "STG_ORDERS", false],
    ["*", "", true],
    ["?", "", false],
    ["?", "é", true],
    ["a*b*c", "abcbc", true],
    ["a*b*c", "abcb", false],
    ["[a-c]x", "bx", true],
    ["[!a-c]x", "bx", false],
    ["[!a-c]x", "dx", true],
    ["[]x]", "]", true],
    ["[!]x]", "y", true],
    ["[", "[", true],
    ["[a", "[a", true],
    ["[]", "[]", true],
    ["[b-a]", "a", false],
    ["[!b-a]", "a", true],
    ["[a-]", "-", true],
    ["[-a]", "-", true],
    ["[--0]", "/", true],
    ["[a-c-e]", "-", true],
    ["[a-c-e]", "d", false],
    ["[^a]", "^", true],
    ["[\\]", "\\", true],
    [".", "a", false],
    ["a\nb", "a\nb", true],
    ["**", "anything", true],
  ])("%j on %j: %s", (pattern, text, expected) => {
    expect(createMatcher(pattern)(text)).toBe(expected);
  });

  it("matches every text with itself once its wildcards are in brackets", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(createMatcher(text.replace(/[*?[]/g, "[$&]"))(text)).toBe(true);
      }),
    );
  });

  it("takes a pattern of many stars on a long text", () => {
    expect(createMatcher(`${"*a".repeat(200)}b`)("a".repeat(20_000))).toBe(false);
  });
});

describe("paths", () => {
  it.each<[string, string, boolean]>([
    ["models/*", "models/a.sql", true],
    ["models/*", "models/staging/a.sql", false],
    ["models/**/*.sql", "models/a.sql", true],
    ["models/**/*.sql", "models/x/y/a.sql", true],
    ["./models//staging/", "models/staging", true],
    ["**", "", true],
    ["**", "models/staging", true],
    ["*", "", false],
  ])("%s on %j: %s", (pattern, path, expected) => {
    expect(createPathMatcher(pattern)?.(path)).toBe(expected);
  });

  it.each(["/models", "../models", "models/../seeds", "models/**.sql", "", "."])("leaves %j to dbt", (pattern) => {
    expect(createPathMatcher(pattern)).toBeNull();
  });
});
