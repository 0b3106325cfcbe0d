import { lstat, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError, makeFolder, readFileIfAny, writeFileAtomic } from "../support/files.ts";
import { type Redact, redactAll } from "../support/redact.ts";
import { toJson } from "../text/json.ts";
import { type Lock, type Locker, lockFolder } from "./lock.ts";

/** The work folder: every value of a run as a file, so that `plan`, later `report`, later `notify` go on from there. */
export interface WorkFolder {
  readonly dir: string;
  path(...names: string[]): string;
  /** Makes the folder and marks it as ours. Throws a configuration error for a folder that holds something else. */
  open(): Promise<void>;
  /**
   * Opens it for this process alone; with `empty`, nothing else is left in it. Throws a configuration error where another
   * process has it.
   */
  lock(locker: Locker, options?: { readonly empty?: boolean }): Promise<Lock>;
  /** The value without the secrets in it. */
  writeJson(name: string, value: unknown): Promise<void>;
  /** null: no such file. Throws an artifacts error for one that is not JSON. */
  readJson(name: string): Promise<unknown>;
}

const MARKER = ".signalbox-work";
const LOCK = ".lock";

export function createWorkFolder(dir: string, redact: Redact): WorkFolder {
  const assertOurs = async () => {
    const names = await readdir(dir).catch((error: unknown): string[] => {
      if (isNodeError(error) && error.code === "ENOENT") return [];
      throw new SignalboxError(
        "configuration",
        `${dir} cannot be the work folder: ${error instanceof Error ? error.message : String(error)}`,
        { hint: "name another folder with --work", cause: error },
      );
    });
    if (names.length === 0 || names.includes(MARKER)) return;
    throw new SignalboxError(
      "configuration",
      `${dir} is not a work folder of signalbox: it holds ${names.slice(0, 3).join(", ")} and not our marker ${MARKER}`,
      {
        hint: "name another folder with --work, or move what is in it",
      },
    );
  };
  const mark = async () => {
    await makeFolder(dir);
    await writeFile(join(dir, MARKER), "This folder is emptied by `signalbox ci`.\n");
    await writeFile(join(dir, ".gitignore"), "*\n");
  };
  const open = async () => {
    await assertOurs();
    await writing(dir, mark);
  };
  const lock = async (locker: Locker) => {
    await open();
    return writing(dir, () =>
      lockFolder(
        { name: `the work folder ${dir}`, otherwise: "name another folder with --work" },
        join(dir, LOCK),
        locker,
      ),
    );
  };
  return {
    dir,
    path: (...names) => join(dir, ...names),
    open,
    lock: async (locker, { empty = false } = {}) => {
      const held = await lock(locker);
      if (!empty) return held;
      try {
        if (!(await lstat(dir)).isSymbolicLink()) {
          await writing(dir, () => removeAllBut(dir, [MARKER, ".gitignore", LOCK]));
          return held;
        }
      } catch (error) {
        await held.release();
        throw error;
      }
      // Not through a link: it makes room, what it points to stays.
      await writing(dir, () => rm(dir));
      await held.release();
      return lock(locker);
    },
    writeJson: async (name, value) => {
      // Deleted under a run, it is made again: the next run is to know it for ours.
      if ((await readFileIfAny(join(dir, MARKER))) === null) await mark();
      await writeFileAtomic(join(dir, name), toJson(redactAll(value, redact)));
    },
    readJson: async (name) => {
      const text = await readFileIfAny(join(dir, name));
      if (text === null) return null;
      try {
        return JSON.parse(text);
      } catch (error) {
        throw new SignalboxError("artifacts", `${join(dir, name)} is not JSON`, {
          hint: "run the step that writes it again",
          cause: error,
        });
      }
    },
  };
}

async function removeAllBut(dir: string, kept: readonly string[]): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!kept.includes(name)) await rm(join(dir, name), { recursive: true, force: true });
  }
}

/** A folder that cannot be written is for a person to fix. */
async function writing<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNodeError(error)) throw error;
    throw new SignalboxError("configuration", `the work folder ${dir} cannot be written: ${error.message}`, {
      hint: "make it writable, or name another folder with --work",
      cause: error,
    });
  }
}
