import { randomBytes } from "node:crypto";
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SignalboxError } from "./errors.ts";

/** Writes beside the file and renames: a reader sees the old text or the new one, never half of it. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The file's text, or null where there is no such file. Every other failure is thrown. */
export async function readFileIfAny(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isNodeError(error) && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    if (isNodeError(error) && error.code === "EISDIR") {
      throw new SignalboxError("artifacts", `${path} is a folder, where a file was expected`, { cause: error });
    }
    throw error;
  }
}

/** The nearest file of this name in a folder above `dir`, up to the top of its repository; null where there is none. */
export async function findAbove(dir: string, name: string): Promise<string | null> {
  let found: string | null = null;
  for (let folder = dir; !(await exists(join(folder, ".git"))); ) {
    const above = dirname(folder);
    if (above === folder) return null;
    folder = above;
    if (found === null && (await exists(join(folder, name)))) found = join(folder, name);
  }
  return found;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error;
}
