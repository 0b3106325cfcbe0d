import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError, readFileIfAny, SETTINGS } from "../support/files.ts";
import type { Ci, CiFile, Unread } from "./facts.ts";
import { joinPath } from "./facts.ts";

/** Reads files of a repository. One that cannot be read says nothing of the others: it is kept, with why. */
export interface RepositoryFiles {
  /** By its path from the top. null: there is no such file, or it is one of `unread`. */
  read(path: string): Promise<string | null>;
  /** In the order in which they were found. */
  unread(): readonly Unread[];
  note(path: string, why: string): void;
}

export function openRepositoryFiles(top: string): RepositoryFiles {
  const unread = new Map<string, string>();
  return {
    read: async (path) => {
      try {
        return await readFileIfAny(join(top, path), SETTINGS);
      } catch (error) {
        unread.set(path, whyUnread(error, join(top, path)));
        return null;
      }
    },
    unread: () => [...unread].map(([path, why]) => ({ path, why })),
    note: (path, why) => void unread.set(path, why),
  };
}

/** The words of an error about a file behind its name. Rethrows a bug of ours. */
export function whyUnread(error: unknown, path: string): string {
  if (!(error instanceof SignalboxError)) throw error;
  return error.message.startsWith(`${path} `) ? error.message.slice(path.length + 1) : `is not read: ${error.message}`;
}

/** The CI files of a repository, each with its text; one that cannot be read is there as well, without. */
export async function readCiFiles(files: RepositoryFiles, top: string): Promise<readonly CiFile[]> {
  const folder = ".github/workflows";
  const names = await readdir(join(top, folder)).catch((error: unknown) => {
    if (!isNodeError(error)) throw error;
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") files.note(folder, `cannot be read: ${error.code}`);
    return [] as string[];
  });
  const paths: readonly (readonly [Ci, string])[] = [
    ...names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => ["github", joinPath(folder, name)] as const),
    ["circleci", ".circleci/config.yml"],
  ];
  const texts = await Promise.all(paths.map(([, path]) => files.read(path)));
  const unread = files.unread();
  return paths.flatMap(([ci, path], index) => {
    const text = texts[index] ?? null;
    const why = unread.find((each) => each.path === path)?.why ?? null;
    return text === null && why === null ? [] : [{ ci, path, text: text ?? "", why }];
  });
}
