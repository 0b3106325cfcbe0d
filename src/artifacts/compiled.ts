import { pathOf } from "./fields.ts";
import type { Node } from "./manifest.ts";

/**
 * Where a node's compiled code may lie, the likeliest first: absolute, or from the project's folder. `path` is its file from
 * there. dbt 1 names it; dbt 2 does not, keeps packages under their folder, and generic tests in one of their own.
 */
export function compiledPathsOf(node: Node, path: string | null, targetPath: string): readonly string[] {
  const named = pathOf(node.raw.compiled_path).replaceAll("/./", "/");
  const folder = `${targetPath}/compiled/${node.package}`;
  return [
    ...(named === "" ? [] : [named]),
    ...(node.test === null ? [`${folder}/${node.path}`] : [`${folder}/${node.path}/${node.name}.sql`]),
    ...(path === null || node.test !== null ? [] : [`${folder}/${path}`]),
    ...(node.test === null ? [] : [`${folder}/target/generic_tests/${node.name}.sql`]),
  ];
}
