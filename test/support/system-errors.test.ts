import { existsSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { knownOf } from "../../src/support/system-errors.ts";

const systemError = (code: string, syscall?: string) =>
  Object.assign(new Error(`${code}: as the system says it, ${syscall}`), { code, syscall });

describe("an error of the system", () => {
  it.each(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EMFILE"])("is the machine owner's: %s", (code) => {
    expect(knownOf(systemError(code, "write"))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`${code}: as the system says it`),
    });
  });

  it.each(["ENAMETOOLONG", "ELOOP", "ENOTDIR", "EISDIR", "ERR_FS_EISDIR"])("is of a name: %s", (code) => {
    expect(knownOf(systemError(code, "stat"))).toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("that name"),
    });
  });

  it("is of a name where a file has the place of a folder to be made", () => {
    expect(knownOf(systemError("EEXIST", "mkdir"))).toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("that name"),
    });
    expect(knownOf(systemError("EEXIST", "open"))).toMatchObject({ code: "EEXIST" });
  });

  it("shows no path that is too long as a whole", async () => {
    const error = await stat(`/${"x".repeat(5000)}`).catch((thrown: unknown) => thrown);

    expect(String(knownOf(error))).toMatch(/ENAMETOOLONG/);
    expect(String(knownOf(error)).length).toBeLessThan(500);
  });

  it.skipIf(!existsSync("/dev/full"))("is a full disk, as the system tells it", async () => {
    const error = await writeFile("/dev/full", "text").catch((thrown: unknown) => thrown);

    expect(knownOf(error)).toMatchObject({ exitCode: 2, message: expect.stringContaining("ENOSPC") });
  });

  it("names TMPDIR where there is no folder for temporary files", () => {
    expect(knownOf(systemError("ENOENT", "mkdtemp"))).toMatchObject({ hint: expect.stringContaining("TMPDIR") });
  });

  it("names the working directory that somebody has deleted", () => {
    expect(knownOf(systemError("ENOENT", "uv_cwd"))).toMatchObject({
      exitCode: 2,
      message: "the folder in which this was started is not there any more",
    });
  });

  it.each([
    ["a file that is missing, which may be our own fault", systemError("ENOENT", "open")],
    ["a code without a call of the system", systemError("EACCES")],
    ["a bug", new TypeError("x is not a function")],
    ["no error at all", "text"],
  ])("stays what it is: %s", (_, error) => {
    expect(knownOf(error)).toBe(error);
  });
});
