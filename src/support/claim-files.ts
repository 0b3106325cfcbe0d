import { randomUUID } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { constants, copyFile, link, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isNodeError } from "./files.ts";

/**
 * A folder of claims, each with a number that only one process gets: the tickets of a group, the locks of a work folder.
 * - `41.json` the claim with the number 41, never changed
 * - `41.beat` rewritten by its holder as a sign of life; only the time of the file counts
 * - `41.child.json` the group of processes that its holder has started, as long as it runs
 * - `41.end.json` how the claim ended; the time of the file says when
 * - `pruned-40` numbers up to 40 may have been deleted and are not given again
 * - `.….tmp` a file that is being written
 */
export type ClaimFile = "json" | "beat" | "child.json" | "end.json";

const PARTS: readonly ClaimFile[] = ["json", "beat", "child.json", "end.json"];

export function partPath(folder: string, number: number, part: ClaimFile): string {
  return join(folder, `${number}.${part}`);
}

/** What dead processes left half-written is deleted after so long. */
const LEFTOVER_MS = 24 * 3600 * 1000;

/** The numbers of all claims, in order. */
export async function listNumbers(folder: string): Promise<number[]> {
  return numbersOf(await readdir(folder), "json");
}

/** The file's time as the folder's own machine tells it, in milliseconds since the epoch; null where there is no file. */
export async function readFileTime(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isNodeError(error) && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Now, by the clock of the machine that keeps the folder: it is the only one that all holders share. */
export async function readFolderTime(folder: string): Promise<number> {
  const probe = join(folder, temporaryName());
  try {
    await writeFile(probe, "");
    return (await stat(probe)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}

/**
 * Stores a claim under the next number, which no claim had before and none gets again.
 * A number is there for all to see before the next one can be drawn, since the next is tried only after it.
 */
export async function drawNumber(folder: string, content: string): Promise<number> {
  const temporary = join(folder, temporaryName());
  // On the disk before it has a name: a power cut would leave it empty, and what cannot be read stops every later run.
  await writeFile(temporary, content, { flag: "wx", flush: true });
  try {
    for (let number = 0; ; ) {
      number = Math.max(number, await findLastNumber(folder)) + 1;
      if (await claimNumber(folder, temporary, number)) return number;
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Gives the file at `from` a number; false where the number belongs to another, or did: between a look at the folder
 * and this claim, it may have been drawn, used and deleted.
 */
export async function claimNumber(folder: string, from: string, number: number): Promise<boolean> {
  const path = partPath(folder, number, "json");
  if (!(await linkNew(from, path))) return false;
  if (number > (await findPrunedNumber(folder))) return true;
  await rm(path, { force: true });
  return false;
}

/** Writes a file that must not exist yet, whole or not at all; false where it exists. */
export async function writeNew(folder: string, path: string, content: string): Promise<boolean> {
  const temporary = join(folder, temporaryName());
  try {
    await writeFile(temporary, content, { flag: "wx" });
    return await linkNew(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes a file that only its owner writes, at once: whole or not at all. */
export function replaceAtOnce(folder: string, path: string, content: string): void {
  const temporary = join(folder, temporaryName());
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** Deletes claims and whatever dead processes left half-written. Their numbers are not given again. */
export async function deleteClaims(folder: string, numbers: readonly number[], now: number): Promise<void> {
  // The mark comes first: whoever draws a deleted number finds it.
  if (numbers.length > 0) await writeFile(join(folder, `pruned-${Math.max(...numbers)}`), "");
  for (const number of numbers) {
    for (const part of PARTS) await rm(partPath(folder, number, part), { force: true });
  }
  await removeLeftovers(folder, now);
}

async function removeLeftovers(folder: string, now: number): Promise<void> {
  const names = await readdir(folder);
  const pruned = prunedNumbers(names);
  for (const number of pruned.slice(0, -1)) await rm(join(folder, `pruned-${number}`), { force: true });
  for (const name of names.filter((each) => each.startsWith(".") && each.endsWith(".tmp"))) {
    const time = await readFileTime(join(folder, name));
    if (time !== null && now - time > LEFTOVER_MS) await rm(join(folder, name), { force: true });
  }
}

async function findLastNumber(folder: string): Promise<number> {
  const names = await readdir(folder);
  return Math.max(0, ...numbersOf(names, "json").slice(-1), ...prunedNumbers(names).slice(-1));
}

async function findPrunedNumber(folder: string): Promise<number> {
  return prunedNumbers(await readdir(folder)).at(-1) ?? 0;
}

/** https://man7.org/linux/man-pages/man2/link.2.html#ERRORS */
const NO_HARD_LINKS: readonly string[] = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * `link` is the one call that creates a whole file under a name only if the name is free. On a file system without hard
 * links a copy does it, which may for a moment, and after a crash for good, be seen half-written: unreadable is never free.
 */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch((error: unknown) => {
      if (!isNodeError(error) || !NO_HARD_LINKS.includes(error.code ?? "")) throw error;
      return copyFile(from, to, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if (!isNodeError(error) || error.code !== "EEXIST") throw error;
    // NFS may lose the answer of a link that succeeded; a second name tells. https://man7.org/linux/man-pages/man2/open.2.html (O_EXCL)
    return await isSameFile(from, to);
  }
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([stat(a), stat(b)]);
    return one.ino === other.ino && one.dev === other.dev;
  } catch (error) {
    if (isNodeError(error) && error.code === "ENOENT") return false;
    throw error;
  }
}

function numbersOf(names: readonly string[], part: ClaimFile): number[] {
  return readNumbers(names, new RegExp(`^([1-9][0-9]{0,14})\\.${part}$`));
}

function prunedNumbers(names: readonly string[]): number[] {
  return readNumbers(names, /^pruned-([1-9][0-9]{0,14})$/);
}

function readNumbers(names: readonly string[], pattern: RegExp): number[] {
  return names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function temporaryName(): string {
  return `.${randomUUID()}.tmp`;
}
