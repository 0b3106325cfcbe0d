import { describe, expect, it } from "vitest";
import { definitionAsksNewerData, type NamedSelectors, selectorsNamedIn } from "../../src/selection/named-selectors.ts";

const FRESHER = { method: "source_status", value: "fresher", children: true };
const TAG = { method: "tag", value: "source_status:fresher" };
const named = (definitions: Readonly<Record<string, unknown>>): NamedSelectors =>
  new Map(Object.entries(definitions).map(([name, definition]) => [name, { isDefault: false, definition }]));

describe("a selector of selectors.yml", () => {
  it.each<[what: string, definition: unknown, asks: boolean]>([
    ["itself", FRESHER, true],
    ["as a key", { source_status: "fresher" }, true],
    ["as on a command line", "+source_status:fresher+", true],
    ["in a union", { union: [TAG, { intersection: [TAG, FRESHER] }] }, true],
    ["in what is left out", { union: ["tag:nightly", { exclude: ["source_status:fresher"] }] }, true],
    ["by another one", { union: [{ method: "selector", value: "other" }] }, true],
    ["by another one, as on a command line", "tag:nightly,selector:other", true],
    ["by one that names itself, not", { union: [{ method: "selector", value: "nightly" }, TAG] }, false],
    ["by one that is not there, not", { method: "selector", value: "gone" }, false],
    ["with a tag, not", TAG, false],
    ["as what is no definition, not", 7, false],
    ["without a definition, not", undefined, false],
  ])("asks for newer data: %s", (_, definition, asks) => {
    expect(definitionAsksNewerData("nightly", named({ nightly: definition, other: FRESHER }))).toBe(asks);
  });

  it("is read once where anchors repeat it without end", () => {
    let definition: unknown = { union: [TAG] };
    for (let level = 0; level < 60; level += 1) definition = { union: [definition, definition] };

    expect(definitionAsksNewerData("deep", named({ deep: definition }))).toBe(false);
  });

  it.each<[text: string, names: readonly string[]]>([
    ["selector:one", ["one"]],
    ["@selector:one,tag:a 2+selector:two+1 b", ["one", "two"]],
    ["tag:selector:one one", []],
  ])("is named in %j", (text, names) => {
    expect(selectorsNamedIn(text)).toEqual(names);
  });
});
