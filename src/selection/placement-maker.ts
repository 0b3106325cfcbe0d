import { fieldsOf, textOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";

/** What gave a node its place, as far as a manifest tells. */
export type Maker =
  | { readonly kind: "macro"; readonly name: string; readonly path: string; readonly package: string }
  | { readonly kind: "config"; readonly key: string; readonly value: string }
  /** The schema of the target in profiles.yml. */
  | { readonly kind: "target" };

/**
 * What put the node, or with `isFile` the file beside it, where it is: a snapshot's fixed schema, the project's own macro, else a config or the target.
 * https://docs.getdbt.com/docs/build/custom-schemas
 */
export function makerOf(node: Node, isFile: boolean, manifest: Manifest): Maker {
  const config = fieldsOf(node.raw.config);
  const fixed = (key: string): Maker | null => {
    const value = textOf(config[key]);
    return value === null ? null : { kind: "config", key, value };
  };
  if (isFile) {
    const keys = ["location_root", "location", "external_location", "custom_location"];
    return (
      keys.map(fixed).find((maker) => maker !== null) ??
      ownMacro(manifest, "external_location") ?? { kind: "config", key: "external_root", value: "profiles.yml" }
    );
  }
  const ofSnapshot = node.type === "snapshot" ? fixed("target_schema") : null;
  if (ofSnapshot !== null) return ofSnapshot;
  const macro =
    namingMacro(manifest, node, "schema") ??
    namingMacro(manifest, node, "database") ??
    namingMacro(manifest, node, "alias");
  if (macro !== null) return macro;
  return fixed("schema") ?? { kind: "target" };
}

/** The project's own macro of this name, which wins over the adapter's; null: it has none. */
export function ownMacro({ macros, projectName }: Manifest, wanted: string): Maker | null {
  const found = [...macros.values()].find(({ name, package: owner }) => owner === projectName && name === wanted);
  return found === undefined ? null : { kind: "macro", name: found.name, path: found.path, package: found.package };
}

/**
 * The macro that is not dbt's own: the project's first, then the one of the node's package; `default__generate_schema_name`
 * is overridden just so.
 */
function namingMacro(manifest: Manifest, node: Node, part: "schema" | "database" | "alias"): Maker | null {
  const isNaming = new RegExp(`^(?:\\w+__)?generate_${part}_name$`);
  const own = [manifest.projectName, node.package];
  const found = [...manifest.macros.values()]
    .filter(({ name, package: owner }) => isNaming.test(name) && own.includes(owner))
    .sort((one, other) => own.indexOf(one.package) - own.indexOf(other.package))[0];
  return found === undefined ? null : { kind: "macro", name: found.name, path: found.path, package: found.package };
}
