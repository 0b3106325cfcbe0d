import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findManifestFile } from "../../src/bundles/manifest-file.ts";
import { assertComparable } from "../../src/bundles/trust.ts";
import { aManifest } from "../artifacts/build.ts";

describe("the manifest that --state names", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "signalbox-state-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("is a file of any name, or the manifest.json in a folder", async () => {
    await writeFile(join(dir, "base.json"), "{}");
    await mkdir(join(dir, "state"));
    await writeFile(join(dir, "state/manifest.json"), "{}");

    expect(await findManifestFile(join(dir, "base.json"), "/own")).toBe(join(dir, "base.json"));
    expect(await findManifestFile(join(dir, "state"), "/own")).toBe(join(dir, "state/manifest.json"));
  });

  it.each([
    ["does not exist", "nowhere", "does not exist"],
    ["is a folder without one", ".", "holds no manifest.json"],
  ])("that %s is an artifacts error", async (_, path, words) => {
    await expect(findManifestFile(join(dir, path), "/own")).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(words),
    });
  });

  it("is never the project's own, by whichever way it is reached", async () => {
    await mkdir(join(dir, "target"));
    const own = join(dir, "target/manifest.json");
    await writeFile(own, "{}");
    await symlink(join(dir, "target"), join(dir, "link"));

    for (const path of ["target", "target/manifest.json", "link"]) {
      await expect(findManifestFile(join(dir, path), own)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining("compared with itself"),
      });
    }
  });
});

describe("a baseline", () => {
  it.each([
    ["project", { projectName: "another" }, 'is of project "another", not of "shop"'],
    ["adapter", { adapter: "snowflake" }, 'is of adapter "snowflake"'],
    ["manifest version", { schema: 11 }, 'is of manifest version "11"'],
  ])("of another %s is exit 3", (_, overrides, words) => {
    const current = { ...aManifest([]), projectName: "shop", adapter: "duckdb", schema: 12 };
    const baseline = { ...current, ...overrides };

    expect(() => assertComparable(baseline, current, "base.json")).toThrow(
      expect.objectContaining({ exitCode: 3, message: expect.stringContaining(words) }),
    );
  });
});
