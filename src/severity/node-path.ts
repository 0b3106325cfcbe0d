import type { Manifest, Node } from "../artifacts/manifest.ts";
import { cleanText } from "../text/clean.ts";

/** Where packages lie: the folder of each, by its name, from the project's folder with `/` (`dbt_packages/dbt_utils`). */
export type PackageFolders = ReadonlyMap<string, string>;

export interface ProjectPath {
  readonly folders: PackageFolders;
  /** The one that dbt installs packages in, from the project's folder; absent: not known. */
  readonly packages?: string;
  /** The project's folder from the top of the repository, with `/`; empty: the top itself. */
  readonly projectDir: string;
}

/**
 * The file of a node from the project's folder. dbt's paths start in the folder of the node's own package: for a package
 * whose folder is not known it is null, as the project may have a file of the same name.
 */
export function pathOfNode(
  node: Pick<Node, "package" | "path">,
  manifest: Pick<Manifest, "projectName">,
  { folders, projectDir }: ProjectPath,
): string | null {
  if (node.path === "") return null;
  const folder = folders.get(node.package);
  // Manifests of old versions of dbt do not name their project.
  const isOwn = manifest.projectName === "" || node.package === "" || node.package === manifest.projectName;
  const path = folder !== undefined ? `${folder}/${node.path}` : isOwn ? node.path : null;
  // A manifest may say anything: no place names a file that is not the repository's.
  return path === null || fromRepository(projectDir, path) === null ? null : path;
}

/**
 * The file as it is named from the repository's root; null where it does not lie in there, or cannot be a name at all.
 * `projectDir` is `.` or such as `transform/dbt`; the path is from an artifact, whoever wrote that, on Windows too.
 */
export function fromRepository(projectDir: string, path: string): string | null {
  const slashed = path.replaceAll("\\", "/");
  // A drive or a scheme; what would be another path once it is cleaned.
  if (
    slashed.startsWith("/") ||
    /^[A-Za-z][A-Za-z0-9+.-]*:/.test(slashed) ||
    path.includes("\n") ||
    cleanText(path) !== path
  )
    return null;
  const parts: string[] = [];
  for (const part of `${projectDir.replaceAll("\\", "/")}/${slashed}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.length === 0 ? null : parts.join("/");
}
