import { lstat, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findAbove, removeFile } from "../../src/support/files.ts";

describe("a file above", () => {
  let root: string;
  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), "signalbox-files-")));
    await mkdir(join(root, "repo", "a", "b"), { recursive: true });
    await writeFile(join(root, "x.yml"), "");
  });
  afterEach(() => rm(root, { recursive: true, force: true }));
  const inRepo = (...names: string[]) => join(root, "repo", ...names);

  it("is the nearest one up to the top of the repository", async () => {
    await mkdir(inRepo(".git"));
    await writeFile(inRepo("x.yml"), "");
    expect(await findAbove(inRepo("a", "b"), "x.yml")).toBe(inRepo("x.yml"));

    await writeFile(inRepo("a", "x.yml"), "");
    expect(await findAbove(inRepo("a", "b"), "x.yml")).toBe(inRepo("a", "x.yml"));
  });

  it("is none beyond the top, nor where there is no repository", async () => {
    expect(await findAbove(inRepo("a", "b"), "x.yml")).toBeNull();

    await writeFile(inRepo(".git"), "gitdir: elsewhere");
    expect(await findAbove(inRepo("a", "b"), "x.yml")).toBeNull();
    expect(await findAbove(inRepo(), "x.yml")).toBeNull();
  });
});

describe("a file that an earlier run left", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), "signalbox-files-")));
    await writeFile(join(dir, "file"), "");
    await mkdir(join(dir, "folder"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it.each([["file"], ["none"], ["none/below"], ["file/below"], ["file/below/it"]])("is gone: %s", async (name) => {
    for (const _ of ["once", "and once more"]) {
      await removeFile(join(dir, name));
      await expect(lstat(join(dir, name))).rejects.toThrow(/ENOENT|ENOTDIR/);
    }
  });

  it("is no folder, which stays", async () => {
    await expect(removeFile(join(dir, "folder"))).rejects.toMatchObject({
      kind: "configuration",
      message: `${join(dir, "folder")} is a folder`,
    });
  });
});
