import { lstat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { appendToFile, makeFolder, readFileIfAny, SETTINGS } from "../support/files.ts";
import { type Change, changeOf, keptAsUnread, type WantedFile } from "./files.ts";
import { whyUnread } from "./repository-files.ts";

/** Compares with what is there. Throws a configuration error for a place that cannot hold its file. */
export async function compareFiles(top: string, wanted: readonly WantedFile[]): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const file of wanted) {
    await assertPlace(top, file.path);
    const path = join(top, file.path);
    changes.push(
      await readFileIfAny(path, SETTINGS).then(
        (existing) => changeOf(file, existing),
        (error: unknown) => keptAsUnread(file, whyUnread(error, path)),
      ),
    );
  }
  return changes;
}

/** Writes what does not exist and appends what may be; never opens an existing file for anything else. */
export async function applyChanges(top: string, changes: readonly Change[]): Promise<void> {
  for (const { path, kind, text } of changes) {
    const file = join(top, path);
    try {
      if (kind === "append") await appendToFile(file, text);
      if (kind !== "write") continue;
      await makeFolder(dirname(file));
      await writeFile(file, text, { flag: "wx" });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SignalboxError("configuration", `${path} could not be written: ${why}`, {
        hint: "start init again when that is mended: it goes on from the files that are there",
        cause: error,
      });
    }
  }
}

/** Every part of the path is a folder, or missing; the file is a file, or missing. A link is neither: it may lead out of the repository. */
async function assertPlace(top: string, path: string): Promise<void> {
  const names = path.split("/");
  for (let length = 1; length <= names.length; length++) {
    const part = names.slice(0, length).join("/");
    const found = await lstat(join(top, part)).catch(() => null);
    if (found === null) return;
    const isRight = length === names.length ? found.isFile() : found.isDirectory();
    if (!isRight) {
      throw new SignalboxError(
        "configuration",
        `${part} is ${found.isSymbolicLink() ? "a link and " : ""}no ${length === names.length ? "file" : "folder"}: ${path} has no place there`,
        { hint: "move it away and start init again; nothing was written" },
      );
    }
  }
}
