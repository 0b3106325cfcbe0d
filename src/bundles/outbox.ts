import { copyFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { makeFolder, writeFileAtomic } from "../support/files.ts";
import { type BundleHeader, filesOf } from "./bundle.ts";
import { type BundleRef, recordFileOf } from "./store.ts";

/** Puts a file of records where a later step of the CI takes it from. Answers with its path. */
export async function putRecordInOutbox(outbox: string, of: string, bytes: Uint8Array): Promise<string> {
  const path = join(outbox, recordFileOf(of));
  await writeFileAtomic(path, bytes);
  return path;
}

/** Puts a bundle where a later step of the CI takes it from. `how` says which step that is. */
export async function putInOutbox(
  folder: string,
  header: BundleHeader,
  outbox: string,
  how: string,
): Promise<BundleRef> {
  try {
    await makeFolder(outbox);
    for (const name of filesOf(header)) {
      if (resolve(folder) === resolve(outbox)) await stat(join(folder, name));
      else await copyFile(join(folder, name), join(outbox, name));
    }
  } catch (cause) {
    throw new SignalboxError("service", `the bundle could not be put into ${outbox}`, {
      hint: "is there room, and may this user write it?",
      cause,
    });
  }
  return { commit: header.commit, where: `${outbox}, ${how}` };
}
