import { lstat, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix, win32 } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exists, findAbove, isFile, isFolder, pathFrom, removeFile, writtenAt } from "../../src/support/files.ts";
import { useTempDir } from "./temp-dir.ts";

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

describe("the way from one folder to another", () => {
  it.each<[from: string, to: string, on: typeof posix, way: string]>([
    ["C:\\repo", "C:\\repo\\dbt\\shop", win32, "dbt/shop"],
    ["C:\\repo", "C:\\repo", win32, ""],
    ["C:\\repo\\ci", "C:\\repo\\dbt", win32, "../dbt"],
    ["/repo", "/repo/dbt/shop", posix, "dbt/shop"],
    ["/repo", "/repo/odd\\name", posix, "odd\\name"],
  ])("from %s to %s", (from, to, on, way) => {
    expect(pathFrom(from, to, on)).toBe(way);
  });
});

describe("what a name leads to", () => {
  const dirOf = useTempDir();

  it.each<[what: string, name: string, found: readonly [file: boolean, folder: boolean, there: boolean]]>([
    ["a file", "file", [true, false, true]],
    ["a folder", "folder", [false, true, true]],
    ["a link to a file", "link", [true, false, true]],
    ["a link to nothing", "dead", [false, false, false]],
    ["nothing", "none", [false, false, false]],
    ["a name below a file", "file/below", [false, false, false]],
    ["a name that no file can have", "a\0b", [false, false, false]],
  ])("is %s", async (_, name, [file, folder, there]) => {
    const dir = dirOf();
    await mkdir(join(dir, "folder"));
    await writeFile(join(dir, "file"), "");
    await symlink(join(dir, "file"), join(dir, "link"));
    await symlink(join(dir, "gone"), join(dir, "dead"));
    const path = join(dir, name);

    expect([await isFile(path), await isFolder(path), await exists(path), (await writtenAt(path)) !== null]).toEqual([
      ...[file, folder, there, there],
    ]);
  });
});
