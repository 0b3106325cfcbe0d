import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError, readFileIfAny, writeFileAtomic } from "../support/files.ts";

/** The work folder: every value of a run as a file, so that `plan`, later `report`, later `notify` go on from there. */
export interface WorkFolder {
  readonly dir: string;
  path(...names: string[]): string;
  /** Makes the folder and marks it as ours. Throws a configuration error for a folder that holds something else. */
  open(): Promise<void>;
  /** Empties it; only a folder that is marked as ours. */
  empty(): Promise<void>;
  writeJson(name: string, value: unknown): Promise<void>;
  /** null: no such file. Throws an artifacts error for one that is not JSON. */
  readJson(name: string): Promise<unknown>;
}

const MARKER = ".signalbox-work";

export function createWorkFolder(dir: string): WorkFolder {
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
  const open = async () => {
    await assertOurs();
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, MARKER), "This folder is emptied by `signalbox ci`.\n");
    await writeFile(join(dir, ".gitignore"), "*\n");
  };
  return {
    dir,
    path: (...names) => join(dir, ...names),
    open,
    empty: async () => {
      await assertOurs();
      await rm(dir, { recursive: true, force: true });
      await open();
    },
    writeJson: (name, value) => writeFileAtomic(join(dir, name), `${JSON.stringify(value, null, 2)}\n`),
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
