import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { compiledPathsOf } from "../../artifacts/compiled.ts";
import type { Manifest } from "../../artifacts/manifest.ts";
import type { DbtFolders } from "../../dbt/folders.ts";
import type { CompiledCode } from "../../render/page/page-facts.ts";
import type { PackageFolders } from "../../severity/node-path.ts";
import type { Finding, Verdict } from "../../severity/verdict.ts";
import { pathFrom } from "../../support/files.ts";

/** Names come out of artifacts: one that is no plain word leads to no folder. */
const PLAIN = /^\w{1,200}$/;

/**
 * The folders of the manifest's packages, from the project's folder; of a local one, which dbt links, the one in the
 * repository. `top`: the repository's root; what lies outside of it has none.
 */
export async function findPackageFolders(
  { projectDir, projectName, packagesPath }: Pick<DbtFolders, "projectDir" | "projectName" | "packagesPath">,
  top: string,
  manifest: Manifest | null,
): Promise<PackageFolders> {
  const own = manifest?.projectName || projectName;
  const names = new Set([...(manifest?.nodes.values() ?? [])].map((node) => node.package));
  // What is compared is where folders really are: the temporary folders of some machines are links.
  const real = (path: string) => realpath(path).catch(() => null);
  const [realTop, realProject] = await Promise.all([real(top), real(projectDir)]);
  const found = await Promise.all(
    [...names]
      .filter((name) => name !== own && PLAIN.test(name))
      .map(async (name): Promise<[string, string] | null> => {
        const folder = await real(join(packagesPath, name));
        const isInside = folder !== null && realTop !== null && folder.startsWith(`${realTop}${sep}`);
        return isInside && realProject !== null ? [name, pathFrom(realProject, folder)] : null;
      }),
  );
  return new Map(found.filter((each) => each !== null));
}

/** The verdict with the compiled code of each finding, where dbt has left one. */
export function nameCompiled(
  verdict: Verdict,
  manifest: Manifest | null,
  { projectDir, targetPath }: Pick<DbtFolders, "projectDir" | "targetPath">,
  top: string,
): Verdict {
  const shown = (path: string) => {
    const full = resolve(projectDir, path);
    return full.startsWith(`${top}${sep}`) ? pathFrom(projectDir, full) : withSlashes(full);
  };
  const name = (finding: Finding): Finding => {
    const { subject } = finding;
    const node = subject.kind !== "node" ? undefined : manifest?.nodes.get(subject.id);
    if (subject.kind !== "node" || node === undefined || node.type === "source") return finding;
    const path = compiledPathsOf(node, subject.path, targetPath).find((each) => isFileOf(targetPath, projectDir, each));
    return path === undefined ? finding : { ...finding, subject: { ...subject, compiled: shown(path) } };
  };
  return { ...verdict, findings: verdict.findings.map(name) };
}

/** A manifest may name any file: only what lies in a target folder is compiled code. */
function isFileOf(targetPath: string, projectDir: string, path: string): boolean {
  const full = resolve(projectDir, path);
  return (full.startsWith(`${targetPath}${sep}`) || full.startsWith(`${projectDir}${sep}`)) && isFile(full);
}

const MOST_CODE_BYTES = 64 * 1024;

/**
 * The compiled code that a finding names, or its beginning; null for a file that is gone, and for one that really lies
 * elsewhere: what a link in the target folder points to is nobody's compiled code.
 */
export function readCompiled(
  { projectDir, targetPath }: Pick<DbtFolders, "projectDir" | "targetPath">,
  path: string,
): CompiledCode | null {
  try {
    const full = realpathSync(resolve(projectDir, path));
    const found = statSync(full);
    const isOwn = [projectDir, targetPath].some((folder) => full.startsWith(`${realpathSync(folder)}${sep}`));
    if (!isOwn || !found.isFile()) return null;
    const buffer = Buffer.alloc(Math.min(found.size, MOST_CODE_BYTES));
    const file = openSync(full, "r");
    try {
      const read = readSync(file, buffer, 0, buffer.length, 0);
      return { text: buffer.toString("utf8", 0, read), bytes: found.size, isWhole: read >= found.size };
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

/** A path that no file can have (too long, a NUL character) names none. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** No file that people write is longer; a line in it is not worth the memory. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Reads files by paths that come out of artifacts, from the project's folder: nothing outside the repository (`top`), also
 * behind links, and nothing that is no file, such as a pipe without an end.
 */
export function createReader(projectDir: string, top: string): (path: string) => string | null {
  return (path) => {
    try {
      const full = realpathSync(resolve(projectDir, path.replaceAll("\\", "/")));
      if (!full.startsWith(`${realpathSync(top)}${sep}`)) return null;
      const found = statSync(full);
      return found.isFile() && found.size <= MOST_BYTES ? readFileSync(full, "utf8") : null;
    } catch {
      return null;
    }
  };
}

function withSlashes(path: string): string {
  return path.replaceAll(sep, "/");
}
