import { type FileHandle, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { createLogReader, type Invocation } from "../artifacts/dbt-log.ts";
import { SignalboxError } from "../support/errors.ts";
import { openIfAny } from "../support/files.ts";

/** At 10 MB dbt moves its log to dbt.log.1, that one to dbt.log.2, and so on to .5. */
const MOST_BACKUPS = 5;
/** More than all of dbt's own files together; a log without that limit is read from its end. */
const MOST_BYTES = 96 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** A line that is longer is nothing that is looked for. */
const LONGEST_LINE = 1024 * 1024;

export interface LogPlaces {
  /** Absolute folders that may hold a dbt.log. */
  readonly folders: readonly string[];
  /** What paths in the log start from. */
  readonly projectDir: string;
}

/**
 * The invocations in dbt's log files, the oldest first, with absolute paths; a folder without a log has none. No more than
 * the last 96 MB are read: what began before them is not known.
 */
export async function readDbtLogs({ folders, projectDir }: LogPlaces): Promise<readonly Invocation[]> {
  // Also `/shop/target/`, which is the same folder as `/shop/target`.
  const absolute = (path: string | null) => (path === null ? null : resolve(projectDir, path));
  const logs = await Promise.all(folders.map(readLog));
  return logs
    .flat()
    .map((each) => ({ ...each, targetPath: absolute(each.targetPath), wroteIn: absolute(each.wroteIn) }))
    .sort((a, b) => a.startedAt - b.startedAt);
}

async function readLog(folder: string): Promise<readonly Invocation[]> {
  const parts: { readonly file: string; readonly from: number }[] = [];
  let left = MOST_BYTES;
  let writtenAt: number | null = null;
  for (let number = 0; number <= MOST_BACKUPS && left > 0; number++) {
    const file = join(folder, number === 0 ? "dbt.log" : `dbt.log.${number}`);
    // A pipe or a device would never end.
    const found = await stat(file).catch(() => null);
    if (found === null || !found.isFile()) break;
    writtenAt ??= found.mtimeMs;
    parts.unshift({ file, from: Math.max(0, found.size - left) });
    left -= found.size;
  }
  if (writtenAt === null) return [];
  const reader = createLogReader();
  for (const { file, from } of parts) await readLines(file, from, reader.read);
  return reader.invocations(writtenAt);
}

async function readLines(file: string, from: number, onLine: (line: string) => void): Promise<void> {
  const handle = await openIfAny(file).catch((error: unknown) => {
    if (error instanceof SignalboxError) return null;
    throw error;
  });
  if (handle === null) return;
  try {
    await eachLine(handle, from, onLine);
  } finally {
    await handle.close();
  }
}

async function eachLine(handle: FileHandle, from: number, onLine: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder("utf8");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = "";
  let isTooLong = false;
  let offset = from;
  for (let budget = MOST_BYTES; budget > 0; ) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, offset);
    if (bytesRead === 0) break;
    offset += bytesRead;
    budget -= bytesRead;
    const lines = decoder.write(chunk.subarray(0, bytesRead)).split("\n");
    for (const [index, piece] of lines.entries()) {
      if (!isTooLong) rest += piece;
      if (rest.length > LONGEST_LINE) [rest, isTooLong] = ["", true];
      if (index === lines.length - 1) break;
      if (!isTooLong) onLine(rest);
      [rest, isTooLong] = ["", false];
    }
  }
  if (rest !== "" && !isTooLong) onLine(rest);
}
