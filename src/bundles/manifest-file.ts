import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, readManifest } from "../artifacts/manifest.ts";
import { SignalboxError } from "../support/errors.ts";
import { exists, isFile, isFolder, readFileIfAny } from "../support/files.ts";

/** The manifest in a file; null: there is no such file. Throws an artifacts error for one that is no manifest. */
export async function readManifestIfAny(file: string): Promise<Manifest | null> {
  const text = await readFileIfAny(file);
  return text === null ? null : readManifest(text, file);
}

/** The same, but an artifacts error with this hint where there is no such file. */
export async function readManifestFile(file: string, hint?: string): Promise<Manifest> {
  const manifest = await readManifestIfAny(file);
  if (manifest !== null) return manifest;
  throw new SignalboxError("artifacts", `${file} does not exist`, hint === undefined ? {} : { hint });
}

/**
 * The manifest that `--state PATH` names: a file of any name, or a folder that holds manifest.json. Throws an artifacts
 * error where there is none, and a configuration error where it is `own`: the project compared with itself.
 */
export async function findManifestFile(path: string, own: string): Promise<string> {
  const file = (await isFolder(path)) ? join(path, "manifest.json") : path;
  if (!(await isFile(file))) {
    throw new SignalboxError(
      "artifacts",
      (await exists(path)) ? `${path} holds no manifest.json` : `${path} does not exist`,
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
