import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { CONFIG_NAME, isYaml, nearNames } from "../settings/config-name.ts";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError } from "../support/files.ts";

/** The configuration file, as the log and errors name it. */
export interface ConfigFile {
  /** As it was named, from the working directory. */
  readonly name: string;
  /** Whether the settings go by it. */
  readonly exists: boolean;
  /** Where there is none: the absolute path of the one that lies in a folder above and is not read. */
  readonly unread: string | null;
  /** What is wrong with it, where the command goes on all the same. */
  readonly broken: SignalboxError | null;
}

/** The configuration as it was named; `text` is null where there is none and none was asked for. */
export interface FoundConfig {
  readonly name: string;
  readonly text: string | null;
}

export interface ConfigWanted {
  readonly cwd: string;
  /** null: signalbox.yml, if it is there. */
  readonly asked: { readonly name: string; readonly where: string } | null;
  /** Whether one under another name is passed over. */
  readonly ignoresNearNames: boolean;
}

const LARGEST_BYTES = 1024 * 1024;

/**
 * Reads the configuration. Throws a configuration error where the file that was asked for is missing, where one lies there
 * under a near name, which would be passed over in silence, and where it is no text file in UTF-8. Never waits for a file.
 */
export async function readConfig({ cwd, asked, ignoresNearNames }: ConfigWanted): Promise<FoundConfig> {
  const name = asked?.name ?? CONFIG_NAME;
  const path = resolve(cwd, name);
  const text = await readText(path, name);
  if (text !== null) return { name, text };
  await refuseDeadLink(path, name);
  const [near] = nearNames(await filesIn(dirname(path)), basename(name));
  if (asked !== null) throw missing(asked, near);
  if (near !== undefined && !ignoresNearNames) throw passedOver(near);
  return { name, text: null };
}

async function readText(path: string, name: string): Promise<string | null> {
  const found = await stat(path).catch((error: unknown) => {
    if (!isNodeError(error)) throw error;
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw unreadable(`${name} cannot be read: ${error.code}`);
  });
  if (found === null) return null;
  // A pipe without a writer would be waited for for ever.
  if (!found.isFile()) throw unreadable(`${name} is ${found.isDirectory() ? "a folder" : "no ordinary file"}`);
  if (found.size > LARGEST_BYTES) throw unreadable(`${name} has ${found.size} bytes, at most 1 MiB is read`);
  return decode(await readFile(path), name);
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\u0000")) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  throw unreadable(`${name} is ${isUtf16 ? "UTF-16" : "not in UTF-8"}`);
}

function unreadable(found: string): SignalboxError {
  return new SignalboxError("configuration", `${found}: wanted a text file in UTF-8`, {
    hint: "write it anew as YAML in UTF-8, or name another file with --config",
  });
}

async function refuseDeadLink(path: string, name: string): Promise<void> {
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (!isLink) return;
  throw new SignalboxError("configuration", `${name} is a link to a file that is not there`, {
    hint: "correct the link, or name the file with --config",
  });
}

async function filesIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

function missing({ name, where }: { name: string; where: string }, near: string | undefined): SignalboxError {
  const meant = near === undefined ? "" : ` (did you mean ${join(dirname(name), near)}?)`;
  return new SignalboxError("configuration", `${where} is ${JSON.stringify(name)}: there is no such file${meant}`, {
    hint: "name an existing file, or leave it out",
  });
}

function passedOver(near: string): SignalboxError {
  return new SignalboxError("configuration", `${near} is not read: the file is called ${CONFIG_NAME}`, {
    hint: isYaml(near) ? `rename it, or name it: --config ${near}` : "write it as YAML: signalbox init makes one",
  });
}

/** What a person does not expect: started in a sub-folder, signalbox reads no file of a folder above. null: there is none. */
export function describeUnread({ unread }: ConfigFile, cwd: string): string | null {
  return unread === null ? null : `${unread} is not read from here: --config ${relative(cwd, unread)}`;
}

/** For errors whose cause may be that signalbox.yml is not read. */
export function noConfigFile({ name }: ConfigFile, cwd: string): string {
  return `there is no ${name} in ${cwd}`;
}
