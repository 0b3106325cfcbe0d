import { expect, it } from "vitest";
import { resolve } from "../../src/settings/resolve.ts";
import { salvage } from "../../src/settings/salvage.ts";

const read = (text: string | null) =>
  resolve({ command: "doctor", flags: {}, words: [], rest: [], env: {}, file: { name: "signalbox.yml", text }, now: 0 })
    .config;

it.each<[what: string, text: string, kept: object]>([
  ["a key that nobody knows", "version: 1\nbase_brnch: x\nbase_branch: trunk", { baseBranch: "trunk" }],
  [
    "a value of another kind",
    "version: 1\nmodes: { check: { target: ci, select: [1] } }",
    { modes: { check: { target: "ci" } } },
  ],
  [
    "several at once",
    "version: 1\nslack: { error: '#x', warn: C0WARNINGS }\nfoo: 1\nstore: {}",
    { slack: { warn: "C0WARNINGS" } },
  ],
  ["one item of a list", "version: 1\nqueue: { workflows: [a, 5] }", { queue: { workflows: ["a"] } }],
  ["another version", "version: 7\nbase_branch: trunk", { baseBranch: "trunk" }],
])("of a signalbox.yml with %s the rest is kept", (_, text, kept) => {
  expect(read(salvage(text, "signalbox.yml"))).toMatchObject(kept);
});

it.each(["version: [", "just words", "- 1", "[".repeat(40_000)])("of %s nothing can be used", (text) => {
  expect(salvage(text.slice(0, 50_000), "signalbox.yml")).toBeNull();
});
