import { describe, expect, it } from "vitest";
import { readYaml } from "../../src/support/yaml.ts";

const NESTED = `${"[".repeat(50)}${"]".repeat(50)}`;

describe("YAML from outside", () => {
  it.each<[what: string, text: string, value: unknown]>([
    ["nothing", "", null],
    ["a mapping", "a: { b: [1, two] }", { a: { b: [1, "two"] } }],
    ["a key that is there twice, as PyYAML reads it", "a: 1\na: 2", { a: 2 }],
    ["an alias", "a: &x [1]\nb: *x", { a: [1], b: [1] }],
    ["what is nested as deep as people do", `a: ${NESTED}`, { a: JSON.parse(NESTED) }],
  ])("is %s", (_, text, value) => {
    expect(readYaml(text)).toEqual({ kind: "read", value });
  });

  it("merges with << where that is asked for", () => {
    const text = "a: &a { x: 1 }\nb: { <<: *a, y: 2 }";

    expect(readYaml(text, { merge: true })).toMatchObject({ value: { b: { x: 1, y: 2 } } });
  });

  it.each<[what: string, text: string, why: RegExp]>([
    ["no YAML", "a: 1\nb: {", /^is not YAML: line 2: /],
    ["an alias without its anchor", "a: *b", /^is not YAML: /],
    ["a bomb of aliases", `a: &a [x, x]\n${bomb(12)}`, /^is not YAML: /],
    ["a value that holds itself", "a: &a [*a]", /^is not YAML: a value holds itself/],
    ["two documents", "a: 1\n---\nb: 2", /^is not YAML: /],
    // A parser of these ends the whole process.
    ["brackets without end", "[".repeat(40_000), /^is not read: it is nested/],
    ["braces without end", "{a: ".repeat(10_000), /^is not read: it is nested/],
    ["lists in one line", "- ".repeat(20_000), /^is not read: it is nested/],
    ["too much", "a".repeat(1_000_001), /^has 1000001 characters/],
  ])("says why it holds nothing: %s", (_, text, why) => {
    expect(readYaml(text)).toEqual({ kind: "refused", why: expect.stringMatching(why) });
  });
});

function bomb(levels: number): string {
  const names = [..."abcdefghijklmnop"].slice(0, levels);
  return names
    .slice(1)
    .map((name, index) => `${name}: &${name} [${`*${names[index]}, `.repeat(9)}]`)
    .join("\n");
}
