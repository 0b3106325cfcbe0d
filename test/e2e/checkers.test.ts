import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import "./patience.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Checkers that others wrote, where they are installed: actionlint, shellcheck, zizmor. */
function find(program: string): boolean {
  const isThere = spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
  if (!isThere) console.warn(`skipped: ${program} is not on the PATH`);
  return isThere;
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? "clean" : `${stdout}${stderr}`;
}

describe("our files for CI", () => {
  const workflows = [
    ...readdirSync(join(ROOT, ".github/workflows")).map((name) => `.github/workflows/${name}`),
    "examples/ci/github.yml",
  ];

  it.skipIf(!find("actionlint")).each(workflows)("%s is clean for actionlint", (file) => {
    expect(run("actionlint", file)).toBe("clean");
  });

  it.skipIf(!find("shellcheck"))("the orb's scripts are clean for shellcheck", () => {
    const scripts = readdirSync(join(ROOT, "orb/scripts")).map((name) => `orb/scripts/${name}`);

    expect(run("shellcheck", "--shell=bash", ...scripts)).toBe("clean");
  });

  it.skipIf(!find("zizmor"))("the workflows and the Action are clean for zizmor", () => {
    expect(run("zizmor", "--offline", "--no-progress", ".github/workflows", "action.yml")).toBe("clean");
  });
});
