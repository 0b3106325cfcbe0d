import { join } from "node:path";
import type { Entry } from "yauzl";
import { SignalboxError } from "../support/errors.ts";
import { cleanLine } from "../text/clean.ts";
import { BUNDLE_FILES } from "./bundle.ts";
import { MOST_FILE_BYTES, MOST_HEADER_BYTES, saveStream } from "./receive.ts";
import { MOST_RECORD_BYTES } from "./run-record-file.ts";

/** What an archive may hold, and how large each of it may be. */
type Allowed = ReadonlyMap<string, number>;

const OF_BUNDLE: Allowed = new Map([
  ["state.json", MOST_HEADER_BYTES],
  ...BUNDLE_FILES.map((name) => [name, MOST_FILE_BYTES] as const),
]);
const FILE_TYPE = 0xf000;
const REGULAR = 0x8000;
const COMPRESSED = [0, 8];

/**
 * Takes the files of a bundle out of a zip, into an empty folder. Throws an artifacts error for an archive that holds
 * anything but them: another name, one twice, a folder, a link, an encrypted or an oversized one. The sizes that it
 * declares are held against what comes out.
 */
export function unzipBundle(archive: string, folder: string, where: string): Promise<void> {
  return unzip(archive, folder, where, OF_BUNDLE);
}

/** The same for the one file of a run's record, of this name. */
export function unzipRecord(archive: string, folder: string, name: string, where: string): Promise<void> {
  return unzip(archive, folder, where, new Map([[name, MOST_RECORD_BYTES]]));
}

async function unzip(archive: string, folder: string, where: string, allowed: Allowed): Promise<void> {
  const { openPromise } = await import("yauzl");
  const refuse = (error: unknown): never => {
    if (error instanceof SignalboxError) throw error;
    throw foreign(where, error instanceof Error ? error.message : String(error));
  };
  const zip = await openPromise(archive, { strictFileNames: true }).catch(refuse);
  try {
    const seen = new Set<string>();
    for await (const entry of zip.eachEntry()) {
      const mostBytes = acceptEntry(entry, seen, where, allowed);
      const stream = await zip.openReadStreamPromise(entry);
      await saveStream(stream, join(folder, entry.fileName), { mostBytes, where: `${entry.fileName} of ${where}` });
    }
  } catch (error) {
    refuse(error);
  } finally {
    zip.close();
  }
}

/** The size that the entry may have. */
function acceptEntry(entry: Entry, seen: Set<string>, where: string, allowed: Allowed): number {
  const { fileName, uncompressedSize, externalFileAttributes } = entry;
  const mostBytes = allowed.get(fileName);
  // The upper half is the mode on Unix, whatever system the archive says that it was made on; 0: not told.
  const type = (externalFileAttributes >>> 16) & FILE_TYPE;
  const problem =
    mostBytes === undefined
      ? "is none of its files"
      : seen.has(fileName)
        ? "is in it twice"
        : type !== 0 && type !== REGULAR
          ? "is a link or a folder"
          : entry.isEncrypted() || !COMPRESSED.includes(entry.compressionMethod)
            ? "is encrypted or packed in another way than zip does"
            : uncompressedSize > mostBytes
              ? `has ${uncompressedSize} bytes, more than ${mostBytes}`
              : null;
  seen.add(fileName);
  if (problem !== null || mostBytes === undefined)
    throw foreign(where, `${JSON.stringify(cleanLine(fileName, 100))} ${problem}`);
  return Math.min(mostBytes, uncompressedSize);
}

function foreign(where: string, what: string): SignalboxError {
  return new SignalboxError("artifacts", `${where} is nothing that signalbox left: ${cleanLine(what, 200)}`, {
    hint: "it is not used: find out who uploaded it",
  });
}
