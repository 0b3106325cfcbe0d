import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { copyFileIfAny, makeFolder, writeFileAtomic, writtenAt } from "../support/files.ts";
import type { Redact } from "../support/redact.ts";
import { knownOf } from "../support/system-errors.ts";

const ARTIFACTS = ["manifest.json", "run_results.json", "sources.json"] as const;

/** dbt moves its log on at 10 MB. What is larger than a text can be is not kept unread. */
const MOST_BYTES = 256 * 1024 * 1024;

/** dbt's log and results in a start's folder: CIs keep them as artifacts. Its manifest may still be needed as it is. */
export const LOG_AND_RESULTS = /^(?:dbt\.log(?:\.\d+)?|run_results\.json|sources\.json)$/;
/** Everything that dbt left there. */
export const ALL_FILES = /\.(?:json|log(?:\.\d+)?)$/;

/**
 * Copies what this start wrote; files from before it stay where they are. Times of files can be whole seconds. The answer:
 * why they could not be kept (a disk that is full), or null. What dbt did is told all the same.
 */
export async function keepArtifacts(targetPath: string, dir: string, startedAt: number): Promise<string | null> {
  for (const name of ARTIFACTS) {
    const file = join(targetPath, name);
    const written = await writtenAt(file);
    if (written === null || written < Math.floor(startedAt / 1000) * 1000) continue;
    // Whoever cleans a checkout while dbt builds takes the work folder along: what dbt has built is told all the same.
    try {
      await makeFolder(dir);
      await copyFileIfAny(file, join(dir, name));
    } catch (error) {
      const known = knownOf(error);
      if (!(known instanceof SignalboxError)) throw error;
      return `dbt's ${name} could not be kept: ${known.message}`;
    }
  }
  return null;
}

/** Takes the secrets out of the copies of dbt's files in a folder. One that cannot be read or written anew is deleted. */
export async function redactFiles(dir: string, names: RegExp, redact: Redact): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const file = join(dir, entry.name);
    if (!entry.isFile() || !names.test(entry.name)) continue;
    try {
      if ((await stat(file)).size > MOST_BYTES) throw new Error("too large");
      const text = await readFile(file, "utf8");
      const redacted = redact(text);
      if (redacted !== text) await writeFileAtomic(file, redacted);
    } catch {
      await rm(file, { force: true });
    }
  }
}

/** The same in every start's folder. */
export async function redactStarts(recordDir: string, redact: Redact): Promise<void> {
  const entries = await readdir(recordDir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries)
    if (entry.isDirectory()) await redactFiles(join(recordDir, entry.name), ALL_FILES, redact);
}
