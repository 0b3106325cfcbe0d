import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSelectorsFile } from "../../src/dbt/selectors-file.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();

describe("selectors.yml", () => {
  it("is read as it is written, with its anchors", async () => {
    writeFileSync(
      join(dir(), "selectors.yml"),
      `selectors:
  - name: fresh
    default: true
    definition: &fresh { source_status: fresher }
  - name: both
    default: "{{ target.name == 'prod' }}"
    definition: { union: [*fresh, "tag:a"] }
  - 7
  - definition: "tag:b"
`,
    );

    expect([...(await readSelectorsFile(dir()))]).toEqual([
      ["fresh", { isDefault: true, definition: { source_status: "fresher" } }],
      ["both", { isDefault: false, definition: { union: [{ source_status: "fresher" }, "tag:a"] } }],
    ]);
  });

  it.each<[what: string, text: string | null]>([
    ["does not exist", null],
    ["is no YAML", "selectors: [\n"],
    ["holds something else", "- name: x\n"],
    [
      "holds a bomb",
      `a: &a [x, x, x]\n${"bcdefghi".split("").reduce((text, name, index) => `${text}${name}: &${name} [${`*${"abcdefgh"[index]}, `.repeat(9)}x]\n`, "")}`,
    ],
  ])("has none where it %s", async (_, text) => {
    if (text !== null) writeFileSync(join(dir(), "selectors.yml"), text);

    expect((await readSelectorsFile(dir())).size).toBe(0);
  });
});
