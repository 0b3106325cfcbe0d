import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesOfStarts } from "../../../src/steps/publish/bundle-files.ts";
import { useTempDir } from "../../support/temp-dir.ts";

const dirOf = useTempDir();

it.each<[what: string, starts: readonly (readonly [name: string, file: string])[], kept: string | undefined]>([
  [
    "of a look before the build",
    [
      ["look", "sources.json"],
      ["build", "run_results.json"],
    ],
    "look",
  ],
  [
    "of no look behind it",
    [
      ["build", "run_results.json"],
      ["look", "sources.json"],
    ],
    undefined,
  ],
  [
    "of the one before, where there are both",
    [
      ["look", "sources.json"],
      ["build", "run_results.json"],
      ["again", "run_results.json"],
      ["late", "sources.json"],
    ],
    "look",
  ],
  [
    "of a folder with both",
    [
      ["target", "sources.json"],
      ["target", "run_results.json"],
    ],
    "target",
  ],
])("a bundle has the sources.json %s", async (_, starts, kept) => {
  for (const [name, file] of starts) {
    mkdirSync(join(dirOf(), name), { recursive: true });
    writeFileSync(join(dirOf(), name, file), "{}");
  }
  const dirs = [...new Set(starts.map(([name]) => join(dirOf(), name)))];

  const files = await filesOfStarts(dirs, null);

  expect(files.get("sources.json")).toBe(kept === undefined ? undefined : join(dirOf(), kept, "sources.json"));
});
