import type { Manifest, Node } from "../artifacts/manifest.ts";
import { isInNodes } from "./collections.ts";
import { nearestDialect } from "./dialect.ts";
import { isBlank } from "./python-equality.ts";

/** Nodes of a project that `dbt build` has a row for: one without code has none, an exposure has one in dbt 1.10 to 1.12. */
export function builtNodes({ nodes, dbtVersion }: Manifest): readonly Node[] {
  const { build } = nearestDialect(dbtVersion).types;
  return [...nodes.values()].filter((node) => build.has(node.type) && !isEmpty(node));
}

/** A node without code; dbt builds no table of nothing. Seeds have none and are not empty. */
export function isEmpty({ type, raw }: Node): boolean {
  if (type === "seed" || !isInNodes(type)) return false;
  return typeof raw.raw_code !== "string" || isBlank(raw.raw_code);
}

/**
 * What a build did not run of its plan, and what it ran beside it. An ephemeral model has no row in dbt 1, and in dbt 2 one
 * whether it was selected or not; a unit test that dbt did not come to before it stopped at the first failure has none; a
 * hook has one, and no plan names hooks.
 */
export function compareWithPlan(
  ids: readonly string[],
  rows: readonly { readonly id: string }[],
  { manifest, isFailFast }: { readonly manifest: Manifest | null; readonly isFailFast: boolean },
): { readonly onlyPlanned: readonly string[]; readonly onlyRan: readonly string[] } {
  const isTable = (id: string) => manifest?.nodes.get(id)?.materialized !== "ephemeral";
  const planned = new Set(ids.filter(isTable));
  const ran = new Set(rows.map(({ id }) => id).filter((id) => !id.startsWith("operation.") && isTable(id)));
  return {
    onlyPlanned: [...planned].filter((id) => !ran.has(id) && !(isFailFast && id.startsWith("unit_test."))),
    onlyRan: [...ran].filter((id) => !planned.has(id)),
  };
}
