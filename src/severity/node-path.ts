import type { Manifest, Node } from "../artifacts/manifest.ts";

/** Where packages lie: the folder of each, by its name, from the project's folder with `/` (`dbt_packages/dbt_utils`). */
export type PackageFolders = ReadonlyMap<string, string>;

/**
 * The file of a node from the project's folder. dbt's paths start in the folder of the node's own package: for a package
 * whose folder is not known it is null, as the project may have a file of the same name.
 */
export function pathOfNode(
  node: Pick<Node, "package" | "path">,
  manifest: Pick<Manifest, "projectName">,
  packages: PackageFolders,
): string | null {
  if (node.path === "") return null;
  const folder = packages.get(node.package);
  if (folder !== undefined) return `${folder}/${node.path}`;
  // Manifests of old versions of dbt do not name their project.
  const isOwn = manifest.projectName === "" || node.package === "" || node.package === manifest.projectName;
  return isOwn ? node.path : null;
}
