import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { mutants } from "./mutants.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

it("every mutant still fits the code: its text stands once in its file", () => {
  const found = mutants.map(({ name, file, from }) => ({
    name,
    times: readFileSync(`${ROOT}${file}`, "utf8").split(from).length - 1,
  }));

  expect(found.filter(({ times }) => times !== 1)).toEqual([]);
});

it("those that show fast are found; `npm run mutants` tries all", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["test/mutants/run.mjs", "--quick"], {
    cwd: ROOT,
    encoding: "utf8",
  });

  expect(stderr).toBe("");
  expect(stdout).not.toContain("SURVIVED");
  expect(status).toBe(0);
}, 600_000);
