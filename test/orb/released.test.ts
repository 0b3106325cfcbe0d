import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { useTempDir } from "../support/temp-dir.ts";
import type { Orb } from "./packed.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const integrity = `sha512-${"Az0+/9".repeat(14)}Az==`;
const dir = useTempDir();

/** Packs the orb in a copy of the repository, with what a release wrote into its tag; null: it wrote nothing. */
function pack(released: unknown, ...args: string[]) {
  for (const name of ["orb", "package.json"]) cpSync(name, join(dir(), name), { recursive: true });
  mkdirSync(join(dir(), ".ci"));
  cpSync(".ci/pack-orb.mjs", join(dir(), ".ci/pack-orb.mjs"));
  symlinkSync(resolve("node_modules"), join(dir(), "node_modules"));
  if (released !== null) writeFileSync(join(dir(), ".ci/released.json"), JSON.stringify(released));
  return spawnSync(process.execPath, [".ci/pack-orb.mjs", ...args], { cwd: dir(), encoding: "utf8" });
}

it("holds the hash of the package that was released with it, in each component that takes one", () => {
  const { commands, jobs } = parse(pack({ version, integrity }, "--release").stdout) as Orb;

  expect(commands.setup?.parameters?.integrity?.default).toBe(integrity);
  expect(jobs.ci?.parameters?.integrity?.default).toBe(integrity);
});

it.each([
  ["without one", null],
  ["with that of another version", { version: "99.0.0", integrity }],
  ["with half of one", { version, integrity: integrity.slice(0, 40) }],
])("is not published %s", (_, released) => {
  const { status, stdout, stderr } = pack(released, "--release");

  expect(status).not.toBe(0);
  expect(stdout).toBe("");
  expect(stderr).toContain("the release workflow writes it");
});
