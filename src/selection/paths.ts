import type { Manifest, Node } from "../artifacts/manifest.ts";
import { createPathMatcher } from "./wildcard.ts";

/**
 * `path:`. dbt looks for files in the root project's folder; here they are the files that the manifest names: a node of
 * a package matches where the root project has a file or folder of the same path. null: only dbt can read the pattern.
 */
export function createPathTest(pattern: string, manifest: Manifest): ((node: Node) => boolean) | null {
  const matches = createPathMatcher(pattern);
  if (matches === null) return null;
  const isOfRoot = (entry: { readonly package: string }) => entry.package === manifest.projectName;
  const nodes = [...manifest.nodes.values()].filter(isOfRoot);
  const macros = [...manifest.macros.values()].filter(isOfRoot);
  const files = [
    ...nodes.flatMap(({ path, patchPath }) => [path, patchPath ?? path]),
    ...macros.map(({ path }) => path),
  ];
  const places = new Set([...new Set(files)].flatMap(withFolders));
  const found = new Set([...places].filter(matches));
  return ({ path, patchPath }) =>
    withFolders(path).some((place) => found.has(place)) || (patchPath !== null && found.has(patchPath));
}

/** A path, the folders above it, and the project's own folder. */
function withFolders(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("/")).concat("");
}
