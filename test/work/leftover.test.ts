import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { WorkFolder } from "../../src/work/folder.ts";
import { readLeftover } from "../../src/work/leftover.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dirOf = useTempDir();

describe("a work folder without a build", () => {
  /** What it holds, one a minute, in this order; `outcome` is that of ci.json. */
  async function leftover(names: readonly string[], outcome = "superseded") {
    const dir = dirOf();
    for (const [minute, name] of names.entries()) {
      const path = join(dir, name);
      if (name.endsWith(".json")) writeFileSync(path, name === "ci.json" ? JSON.stringify({ outcome }) : "{}");
      else mkdirSync(path, { recursive: true });
      utimesSync(path, minute * 60, minute * 60);
    }
    const work = {
      path: (...parts: string[]) => join(dir, ...parts),
      readJson: async () => ({ outcome }),
    } as Pick<WorkFolder, "path" | "readJson"> as WorkFolder;
    const { kind, ...facts } = await readLeftover(work);
    return "isFine" in facts ? `${kind} ${facts.outcome} ${facts.isFine ? "fine" : "not fine"}` : kind;
  }

  it.each<[what: string, names: readonly string[], outcome: string, found: string]>([
    ["is of none", [], "", "none"],
    ["was cut off while dbt was building", ["run.json", "dbt/01-parse", "dbt/02-build"], "", "cut-off"],
    ["was cut off before that", ["run.json", "dbt/01-parse"], "", "cut-off"],
    [
      "made way for a newer run, and stopped dbt",
      ["run.json", "dbt/02-build", "ci.json"],
      "superseded",
      "ended superseded fine",
    ],
    ["was stopped while dbt was building", ["run.json", "dbt/02-build", "ci.json"], "failed", "cut-off"],
    ["failed before a build", ["run.json", "dbt/01-parse", "ci.json"], "failed", "ended failed not fine"],
    ["is of a build that was cut off behind a ci", ["ci.json", "dbt/01-build"], "superseded", "cut-off"],
  ])("%s", async (_, names, outcome, found) => {
    expect(await leftover(names, outcome)).toBe(found);
  });
});
