import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Change } from "../../src/init/files.ts";
import { applyChanges, compareFiles } from "../../src/init/write.ts";
import { useTempDir } from "../support/temp-dir.ts";

const tempDir = useTempDir();

const write = (path: string): Change => ({ path, kind: "write", text: "ours\n", difference: [] });
const wanted = (path: string) => ({ path, content: "ours\n", isCovered: false, isAddition: false });

describe("writing", () => {
  it("makes the folders of a file", async () => {
    await applyChanges(tempDir(), [write("a/b/c.yml")]);

    expect(readFileSync(join(tempDir(), "a/b/c.yml"), "utf8")).toBe("ours\n");
  });

  it("does not touch a file that somebody made after the comparison", async () => {
    writeFileSync(join(tempDir(), "a.yml"), "theirs\n");

    const applied = applyChanges(tempDir(), [write("a.yml")]);

    await expect(applied).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("a.yml could not be written: EEXIST"),
    });
    expect(readFileSync(join(tempDir(), "a.yml"), "utf8")).toBe("theirs\n");
  });

  it("appends to what is there", async () => {
    writeFileSync(join(tempDir(), ".gitignore"), "target/\n");

    await applyChanges(tempDir(), [{ ...write(".gitignore"), kind: "append" }]);

    expect(readFileSync(join(tempDir(), ".gitignore"), "utf8")).toBe("target/\nours\n");
  });

  it("refuses a folder that is a link: it may lead out of the repository", async () => {
    mkdirSync(join(tempDir(), "elsewhere"));
    symlinkSync(join(tempDir(), "elsewhere"), join(tempDir(), "macros"));

    const compared = compareFiles(tempDir(), [wanted("macros/clean.sql")]);

    await expect(compared).rejects.toMatchObject({
      message: expect.stringContaining("macros is a link and no folder"),
    });
  });
});
