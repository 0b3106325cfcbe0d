import type { Node } from "../artifacts/manifest.ts";
import { createMatcher, hasWildcard } from "./wildcard.ts";

/** `fqn:` and bare names: dbt's is_selected_node, with and without the package in front. */
export function createNameMatcher(value: string, wildcardMatchesLeaf: boolean): (node: Node) => boolean {
  const parts = value.split(".");
  const wildcard = parts.findIndex(hasWildcard);
  const fixed = wildcard < 0 ? parts : parts.slice(0, wildcard);
  const matchesRest = createMatcher(parts.slice(fixed.length).join("."));
  const matchesName = (fqn: readonly string[], isVersioned: boolean): boolean => {
    const leaf = fqn.at(isVersioned ? -2 : -1);
    if (leaf === undefined) return false;
    if (leaf === value || (isVersioned && fqn.slice(-2).join("_") === parts.slice(-2).join("_"))) return true;
    const flat = fqn.flatMap((segment) => segment.split("."));
    if (flat.length < parts.length || fixed.some((part, index) => part !== flat[index])) return false;
    if (wildcard < 0 || matchesRest(flat.slice(wildcard).join("."))) return true;
    return wildcardMatchesLeaf && parts.length === 1 && matchesRest(leaf);
  };
  return ({ fqn, type, raw }) => {
    const isVersioned = type === "model" && raw.version != null;
    return matchesName(fqn, isVersioned) || matchesName(fqn.slice(1), isVersioned);
  };
}
