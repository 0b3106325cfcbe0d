import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("every mutant still fits the code, and those that show fast are found; `npm run bench -- queue` tries all", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["test/mutants/run.mjs", "--quick"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    encoding: "utf8",
  });

  expect(stderr).toBe("");
  expect(stdout).not.toContain("SURVIVED");
  expect(status).toBe(0);
}, 600_000);
