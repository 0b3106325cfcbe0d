import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, copyFile, type FileHandle, mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, type PlatformPath, default as path } from "node:path";
import { SignalboxError } from "./errors.ts";

/** What a file that is not as it should be is: an artifact (exit 3), a part of the configuration (2), a store that fails (4). */
export interface FileKind {
  readonly kind: "artifacts" | "configuration" | "service";
  readonly mostBytes: number;
}

const MIB = 1024 ** 2;
/** dbt's files and ours: a text in JavaScript ends at 512 MB, and what is parsed takes several times its size. */
export const ARTIFACT: FileKind = { kind: "artifacts", mostBytes: 500 * MIB };
/** What lies in a store. */
export const STORED: FileKind = { kind: "service", mostBytes: ARTIFACT.mostBytes };
/** What a person writes by hand. */
export const SETTINGS: FileKind = { kind: "configuration", mostBytes: 8 * MIB };

/**
 * The file's text, or null where there is no such file. Throws an error of its kind for what is no file (a folder, a pipe, a
 * device), may not be read, is too large, or is no UTF-8.
 */
export async function readFileIfAny(path: string, of: FileKind = ARTIFACT): Promise<string | null> {
  const bytes = await readBytesIfAny(path, of);
  return bytes === null ? null : decode(bytes, path, of);
}

/** As `readFileIfAny`, with the bytes as they are. */
export async function readBytesIfAny(path: string, of: FileKind = ARTIFACT): Promise<Buffer | null> {
  const file = await openIfAny(path, of);
  if (file === null) return null;
  try {
    return await readAll(file, path, of);
  } catch (error) {
    throw describe(path, of, error);
  } finally {
    await file.close();
  }
}

/**
 * Opens a file to read; null where there is none. Throws as `readFileIfAny` does. A pipe is opened without waiting for who
 * writes it, and then refused.
 */
export async function openIfAny(path: string, of: FileKind = ARTIFACT): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isNodeError(error) && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw describe(path, of, error);
  }
  try {
    const found = await file.stat();
    if (!found.isFile())
      throw refused(
        of,
        `${path} is ${found.isDirectory() ? "a folder" : "a pipe or a device"}, where a file was expected`,
      );
    if (found.size > of.mostBytes) throw tooLarge(path, of, found.size);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Copies a file; false where there is none. Throws as `readFileIfAny` does, and where it cannot be written. */
export async function copyFileIfAny(from: string, to: string, of: FileKind = ARTIFACT): Promise<boolean> {
  const file = await openIfAny(from, of);
  if (file === null) return false;
  await file.close();
  try {
    await copyFile(from, to);
  } catch (error) {
    if (isNodeError(error) && error.code === "ENOENT" && !(await exists(from))) return false;
    throw unwritable(to, error);
  }
  return true;
}

/** What the file says of its size may be less than what it holds, as in /proc. */
async function readAll(file: FileHandle, path: string, of: FileKind): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { size } = await file.stat();
  for (let chunkBytes = Math.max(size + 1, 64 * 1024); ; chunkBytes = MIB) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, null);
    if (bytesRead === 0) return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    bytes += bytesRead;
    if (bytes > of.mostBytes) throw tooLarge(path, of, bytes);
    chunks.push(chunk.subarray(0, bytesRead));
  }
}

function decode(bytes: Buffer, path: string, of: FileKind): string {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16)
    throw refused(
      of,
      `${path} is UTF-16, where UTF-8 was expected`,
      "save it as UTF-8; PowerShell's > writes UTF-16: | Set-Content -Encoding utf8 FILE",
    );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw refused(of, `${path} is not UTF-8`, "save it as UTF-8", error);
  }
}

function tooLarge(path: string, of: FileKind, bytes: number): SignalboxError {
  const most = Math.round(of.mostBytes / MIB);
  return refused(of, `${path} has ${Math.round(bytes / MIB)} MB: signalbox reads ${most} MB at most`);
}

function describe(path: string, of: FileKind, error: unknown): unknown {
  if (!isNodeError(error)) return error;
  return refused(of, `${path} cannot be read: ${error.code}`, "it has to be a file that this user may read", error);
}

function refused({ kind }: FileKind, message: string, hint?: string, cause?: unknown): SignalboxError {
  return new SignalboxError(kind, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Makes a folder with those above it. By itself: Node's own never ends where a folder cannot hold another, as in /proc.
 * https://github.com/nodejs/node/issues/31481
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isNodeError(error)) throw error;
    if (error.code === "EEXIST" && (await stat(path)).isDirectory()) return;
    const above = dirname(path);
    if (error.code !== "ENOENT" || above === path || (await exists(above))) throw error;
    await makeFolder(above);
    await mkdir(path).catch(async (again: unknown) => {
      // Another process made it in between.
      if (!(isNodeError(again) && again.code === "EEXIST" && (await stat(path)).isDirectory())) throw again;
    });
  }
}

/** Who names it wants no file. */
const NOWHERE = "/dev/null";

/**
 * Writes beside the file and renames: a reader sees the old text or the new one, never half of it. Throws a configuration
 * error where that cannot be; what is there and is no file (a pipe, a device) is left as it is.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  if (path === NOWHERE) return;
  await refuseNoFile(path);
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await makeFolder(dirname(path));
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(path, error);
  }
}

/** Appends to a file that others write to as well. Throws as `writeFileAtomic` does. */
export async function appendToFile(path: string, text: string): Promise<void> {
  if (path === NOWHERE) return;
  await refuseNoFile(path);
  try {
    // A pipe that came in between has no reader, and is not waited for.
    const file = await open(
      path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK,
      0o666,
    );
    await file.writeFile(text).finally(() => file.close());
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Removes a file of an earlier run. What lies below a file, or is not there, is gone already. Throws a configuration error
 * where it stays.
 */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    if (!isNodeError(error)) throw error;
    if (error.code === "ENOTDIR") return;
    const isFolder = error.code === "ERR_FS_EISDIR";
    throw new SignalboxError(
      "configuration",
      isFolder ? `${path} is a folder` : `${path} cannot be removed: ${error.code}`,
      {
        hint: isFolder ? "a file has to have this place: remove the folder" : "give this user the right to do so",
        cause: error,
      },
    );
  }
}

async function refuseNoFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.isFile()) return;
  throw new SignalboxError(
    "configuration",
    `${path} is ${found.isDirectory() ? "a folder" : "a pipe or a device"}: it is not written`,
    { hint: "name a file" },
  );
}

function unwritable(path: string, error: unknown): unknown {
  if (!isNodeError(error)) return error;
  return new SignalboxError("configuration", `${path} cannot be written: ${error.code}`, {
    hint:
      error.code === "ENOSPC" || error.code === "EDQUOT"
        ? "make room, and start again"
        : "name a file in a folder that this user may write to",
    cause: error,
  });
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

/** The way from one folder to another as git, dbt and our own files write it: with `/` on every system; empty: the same. */
export function pathFrom(
  from: string,
  to: string,
  { relative, sep }: Pick<PlatformPath, "relative" | "sep"> = path,
): string {
  return relative(from, to).split(sep).join("/");
}

/** Whether anything has the name, of whatever kind. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether there is such a file; a link counts as what it leads to, and what cannot be looked at is none. */
export function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** As `isFile`, for a folder. */
export function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** When it was written last, in milliseconds since the epoch; null where there is nothing. */
export function writtenAt(path: string): Promise<number | null> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  );
}

export function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error;
}
