import type { Manifest, Node } from "../artifacts/manifest.ts";
import { isInNodes } from "./collections.ts";
import { dialectOf, NEWEST } from "./dialect.ts";
import { isBlank } from "./python.ts";

/** Nodes of a project that `dbt build` has a row for: one without code has none, an exposure has one from dbt 1.10 on. */
export function builtNodes({ nodes, dbtVersion }: Manifest): readonly Node[] {
  const { build } = (dialectOf(dbtVersion) ?? NEWEST).types;
  return [...nodes.values()].filter((node) => build.has(node.type) && !isEmpty(node));
}

/** A node without code; dbt builds no table of nothing. Seeds have none and are not empty. */
export function isEmpty({ type, raw }: Node): boolean {
  if (type === "seed" || !isInNodes(type)) return false;
  return typeof raw.raw_code !== "string" || isBlank(raw.raw_code);
}
