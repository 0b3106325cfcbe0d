import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { SignalboxError } from "../support/errors.ts";

/**
 * The manifest that `--state PATH` names: a file of any name, or a folder that holds manifest.json. Throws an artifacts
 * error where there is none, and a configuration error where it is `own`: the project compared with itself.
 */
export async function findManifestFile(path: string, own: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  const file = found?.isDirectory() ? join(path, "manifest.json") : path;
  const isThere = await stat(file).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!isThere) {
    throw new SignalboxError(
      "artifacts",
      found === null ? `${path} does not exist` : `${path} holds no manifest.json`,
      {
        hint: "name a manifest.json, or the folder that holds one",
      },
    );
  }
  if ((await realpath(file)) === (await realpath(own).catch(() => own))) {
    throw new SignalboxError(
      "configuration",
      `${path} is the project's own manifest: it would be compared with itself`,
      {
        hint: "copy the manifest of the base elsewhere, and name that",
      },
    );
  }
  return file;
}
