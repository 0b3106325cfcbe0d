import type { Environment } from "../support/secrets.ts";

/**
 * dbt reads every option from a variable too, `DBT_X` and since 1.11 `DBT_ENGINE_X`, which wins. An empty one counts as
 * absent. https://github.com/dbt-labs/dbt-core/blob/v1.11.16/core/dbt/cli/params.py
 */
export function dbtVariable(env: Environment, name: string): { readonly name: string; readonly value: string } | null {
  for (const full of [`DBT_ENGINE_${name}`, `DBT_${name}`]) {
    const value = env[full];
    if (value !== undefined && value !== "") return { name: full, value };
  }
  return null;
}

/** The plan says these by arguments. The old names win over arguments, so that they must not be there at all. */
const DECIDED: readonly string[] = [
  ...["STATE", "DEFER", "DEFER_STATE", "FAVOR_STATE"],
  ...["ARTIFACT_STATE_PATH", "DEFER_TO_STATE", "FAVOR_STATE_MODE"],
];
/** In a work tree of the base, dbt would read the checkout instead, and nothing would look changed. */
const PLACES: readonly string[] = ["PROJECT_DIR"];
/** Without its files there is nothing to judge; a baseline that is updated from another parse is not its commit's. */
const FILES: readonly string[] = ["WRITE_JSON", "PARTIAL_PARSE_FILE_PATH"];
/** These are honoured: the plan reads them, and every start gets them as arguments. */
const HONOURED: readonly string[] = ["RESOURCE_TYPES", "EXCLUDE_RESOURCE_TYPES", "INDIRECT_SELECTION"];

/** dbt's environment without the variables that would decide beside the plan. `dropped`: those that have no effect now. */
export function withoutChoices(env: Readonly<Record<string, string>>): {
  readonly env: Record<string, string>;
  readonly dropped: readonly string[];
} {
  const kept: Record<string, string> = {};
  const dropped: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    const option = /^DBT_(?:ENGINE_)?(.+)$/.exec(name)?.[1] ?? "";
    const isDropped = [DECIDED, PLACES, FILES].some((names) => names.includes(option));
    if (isDropped && value !== "") dropped.push(name);
    if (!isDropped && !HONOURED.includes(option)) kept[name] = value;
  }
  return { env: kept, dropped };
}
