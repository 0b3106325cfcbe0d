import { randomBytes } from "node:crypto";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { SignalboxError } from "../../support/errors.ts";
import { isNodeError, readFileIfAny, writeFileAtomic } from "../../support/files.ts";
import { type BundleHeader, filesOf, readBundle, readHeader } from "../bundle.ts";
import type { BundleRef, BundleStore } from "../store.ts";

const LATEST = "latest";
const COMMIT = /^[0-9a-f]{40,64}$/;

/** A folder as store: `<commit>/` for each bundle, and `latest`, a file with the newest one's commit. */
export function createDirStore(root: string): BundleStore {
  const refOf = (commit: string): BundleRef => ({ commit, where: join(root, commit) });
  const has = async (commit: string) =>
    COMMIT.test(commit) && (await readFileIfAny(join(root, commit, "state.json"))) !== null;
  return {
    find: async (commits) => {
      if (commits.length === 0) {
        const latest = (await readFileIfAny(join(root, LATEST)))?.trim();
        return latest !== undefined && (await has(latest)) ? refOf(latest) : null;
      }
      for (const commit of commits) {
        if (await has(commit)) return refOf(commit);
      }
      return null;
    },
    // A deploy may replace the bundle while it is read: once more, then.
    read: (ref, into) => takeFolder(ref.where, into).catch(() => takeFolder(ref.where, into)),
    write: async (folder, header) => {
      const ref = refOf(header.commit);
      try {
        await putFolder(folder, ref.where, header);
        await writeFileAtomic(join(root, LATEST), `${header.commit}\n`);
      } catch (error) {
        throw new SignalboxError(
          "service",
          `the store ${root} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
          { hint: "is the folder there, and may this user write it?", cause: error },
        );
      }
      return ref;
    },
  };
}

/** Checks the copy, not the place: what it held a moment ago tells nothing of what was copied. */
async function takeFolder(place: string, into: string): Promise<void> {
  const header = await readHeader(place, place);
  for (const name of filesOf(header)) {
    await copyFile(join(place, name), join(into, name)).catch((error: unknown) => {
      if (!isNodeError(error) || error.code !== "ENOENT") throw error;
    });
  }
  await readBundle(into, place);
}

/** Copies beside the place and renames. The bundle of an earlier run of the same commit makes room first. */
async function putFolder(folder: string, place: string, header: BundleHeader): Promise<void> {
  const suffix = randomBytes(4).toString("hex");
  const fresh = `${place}.${suffix}.new`;
  const old = `${place}.${suffix}.old`;
  try {
    await mkdir(fresh, { recursive: true });
    for (const name of filesOf(header)) await copyFile(join(folder, name), join(fresh, name));
    await rename(place, old).catch((error: unknown) => {
      if (!isNodeError(error) || error.code !== "ENOENT") throw error;
    });
    await rename(fresh, place);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}
