import type { Manifest, Node } from "../artifacts/manifest.ts";
import { isInNodes } from "./collections.ts";
import { dialectOf, NEWEST } from "./dialect.ts";
import { isBlank } from "./python-equality.ts";

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

/**
 * What a build did not run of its plan, and what it ran beside it. An ephemeral model has no row, nor has a unit test that
 * dbt did not come to before it stopped at the first failure; a hook has one, and no plan names hooks.
 */
export function compareWithPlan(
  ids: readonly string[],
  rows: readonly { readonly id: string }[],
  { manifest, isFailFast }: { readonly manifest: Manifest | null; readonly isFailFast: boolean },
): { readonly onlyPlanned: readonly string[]; readonly onlyRan: readonly string[] } {
  const planned = new Set(ids.filter((id) => manifest?.nodes.get(id)?.materialized !== "ephemeral"));
  const ran = new Set(rows.map(({ id }) => id).filter((id) => !id.startsWith("operation.")));
  return {
    onlyPlanned: [...planned].filter((id) => !ran.has(id) && !(isFailFast && id.startsWith("unit_test."))),
    onlyRan: [...ran].filter((id) => !planned.has(id)),
  };
}
