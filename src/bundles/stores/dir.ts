import { randomBytes } from "node:crypto";
import { access, constants, copyFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SignalboxError } from "../../support/errors.ts";
import {
  type FileKind,
  isNodeError,
  makeFolder,
  openIfAny,
  readBytesIfAny,
  readFileIfAny,
  STORED,
  writeFileAtomic,
} from "../../support/files.ts";
import { cleanLine } from "../../text/clean.ts";
import { type BundleHeader, filesOf, isCommit, readHeader } from "../bundle.ts";
import { MOST_FILE_BYTES, MOST_HEADER_BYTES, receiveBundle, retryOnce, saveStream } from "../receive.ts";
import { MOST_RECORD_BYTES } from "../run-record-file.ts";
import { type BundleRef, type BundleStore, PROBE, RECORDS, recordFileOf } from "../store.ts";

const LATEST = "latest";
const RECORDED: FileKind = { kind: "service", mostBytes: MOST_RECORD_BYTES };

/**
 * A folder as store: `<commit>/` for each bundle, `latest`, a file with the newest one's commit, and below `runs/` one file
 * for the records of each project and target: of two runs that end at once one may be lost. `notice` hears of a
 * folder that is not there, which a first deploy makes, and which a wrong path never has.
 */
export function createDirStore(root: string, notice: (text: string) => void = () => {}): BundleStore {
  const refOf = (commit: string): BundleRef => ({ commit, where: join(root, commit) });
  const fileOf = (of: string) => join(root, RECORDS, recordFileOf(of));
  const has = async (commit: string) =>
    isCommit(commit) && (await readFileIfAny(join(root, commit, "state.json"), STORED)) !== null;
  let hasTold = false;
  const tellOnce = (text: string) => {
    if (!hasTold) notice(text);
    hasTold = true;
  };
  const findLatest = async () => {
    const latest = (await readFileIfAny(join(root, LATEST), STORED))?.trim();
    if (latest === undefined) return null;
    if (await has(latest)) return refOf(latest);
    tellOnce(`${join(root, LATEST)} names a bundle that is not there: ${cleanLine(latest, 60)}`);
    return null;
  };
  return {
    find: (wanted) =>
      asServiceError(root, "read", async () => {
        if (!(await isThere(root))) tellOnce(`${root} does not exist: the first deploy that publishes makes it`);
        if (wanted === "newest") return findLatest();
        for (const commit of wanted) {
          if (await has(commit)) return refOf(commit);
        }
        return null;
      }),
    // A deploy may replace the bundle while it is read: once more, then.
    read: (ref, into) =>
      asServiceError(root, "read", () =>
        retryOnce(() => receiveBundle(ref, into, (folder) => takeFolder(ref.where, folder))),
      ),
    write: (folder, header) =>
      asServiceError(root, "written", async () => {
        const ref = refOf(header.commit);
        await putFolder(folder, ref.where, header);
        await writeFileAtomic(join(root, LATEST), `${header.commit}\n`);
        return ref;
      }),
    records: {
      async *read(of) {
        const file = fileOf(of);
        const bytes = () => asServiceError(root, "read", () => readBytesIfAny(file, RECORDED));
        yield { where: file, bytes, isVouched: false };
      },
      write: (of, { file }) =>
        asServiceError(root, "written", async () => {
          const where = fileOf(of);
          // What cannot be read is replaced: the record of this run must not be lost with it.
          const replaced = await readBytesIfAny(where, RECORDED).catch(() => null);
          await writeFileAtomic(where, file(replaced));
          return { where };
        }),
    },
    tryOut: () =>
      tryFolder(root).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new SignalboxError("configuration", `the store ${root} cannot be written and read: ${why}`, {
          hint: "is the folder there, and may this user write it?",
          cause,
        });
      }),
  };
}

async function tryFolder(root: string): Promise<string> {
  if (!(await isThere(root))) {
    await access(await nearestFolder(root), constants.W_OK);
    return "it does not exist; the first deploy that publishes makes it, and may";
  }
  const suffix = randomBytes(4).toString("hex");
  const probe = join(root, `${PROBE}.${suffix}`);
  try {
    await writeFileAtomic(probe, suffix);
    const read = await readFileIfAny(probe, STORED);
    if (read !== suffix) throw new Error(`${probe} does not hold what was written`);
  } finally {
    await rm(probe, { force: true });
  }
  const newest = await readFileIfAny(join(root, LATEST), STORED);
  return `can be written and read: ${newest === null ? "it holds no bundle yet" : `the newest bundle is ${cleanLine(newest, 12)}`}`;
}

async function nearestFolder(path: string): Promise<string> {
  for (let folder = dirname(path); ; folder = dirname(folder))
    if ((await isThere(folder)) || folder === dirname(folder)) return folder;
}

/** What the disk says is nobody's bug: a service error, as of any store that fails. */
async function asServiceError<T>(root: string, done: "read" | "written", use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const isOfDisk = error instanceof SignalboxError && ["configuration", "service"].includes(error.kind);
    if (error instanceof SignalboxError && !isOfDisk) throw error;
    throw new SignalboxError(
      "service",
      `the store ${root} cannot be ${done}: ${error instanceof Error ? error.message : String(error)}`,
      { hint: `is the folder there, and may this user ${done === "read" ? "read" : "write"} it?`, cause: error },
    );
  }
}

/** Copies what is to be checked: what the folder held a moment ago tells nothing of what was copied. */
async function takeFolder(bundleDir: string, folder: string): Promise<void> {
  const take = async (name: string, mostBytes: number) => {
    const file = await openIfAny(join(bundleDir, name), STORED);
    if (file === null) return;
    await saveStream(file.createReadStream(), join(folder, name), { mostBytes, where: join(bundleDir, name) });
  };
  await take("state.json", MOST_HEADER_BYTES);
  const { files } = await readHeader(folder, bundleDir);
  for (const { name, bytes } of files) await take(name, Math.min(bytes, MOST_FILE_BYTES));
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => {
      if (!found.isDirectory()) throw new SignalboxError("configuration", `${path} is no folder`);
      return true;
    },
    (error: unknown) => {
      if (isNodeError(error) && error.code === "ENOENT") return false;
      throw error;
    },
  );
}

/** Copies beside it and renames. The bundle of an earlier run of the same commit makes room first. */
async function putFolder(folder: string, bundleDir: string, header: BundleHeader): Promise<void> {
  const suffix = randomBytes(4).toString("hex");
  const fresh = `${bundleDir}.${suffix}.new`;
  const old = `${bundleDir}.${suffix}.old`;
  try {
    await makeFolder(fresh);
    for (const name of filesOf(header)) await copyFile(join(folder, name), join(fresh, name));
    await rename(bundleDir, old).catch((error: unknown) => {
      if (!isNodeError(error) || error.code !== "ENOENT") throw error;
    });
    await rename(fresh, bundleDir);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}
