import { fieldsOf, listOf, textOf } from "../artifacts/fields.ts";
import type { Node } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { failureClassOf } from "./failure.ts";

/** What dbt builds from nothing each time. https://docs.getdbt.com/docs/build/materializations */
const FROM_NOTHING: ReadonlySet<string> = new Set([
  ...["view", "table", "ephemeral", "external", "materialized_view", "dynamic_table", "streaming_table"],
  ...["seed", "test", "unit", "function"],
]);

/** Strategies that take out what they put in. https://docs.getdbt.com/docs/build/incremental-strategy */
const REPLACES: ReadonlySet<string> = new Set(["insert_overwrite", "replace_where"]);
/** The same, where they know by which key. */
const REPLACES_BY_KEY: ReadonlySet<string> = new Set(["merge", "delete+insert", "default", ""]);

/**
 * Why a node that failed is not built again although its failure passes by itself, or null: it can be repeated. What adds
 * to a table may have added already before the connection broke. What the warehouse refused to begin has added nothing,
 * unless the refusal may be of a hook behind it. Where dbt knows no node (a hook), only dbt itself runs it again.
 */
export function whyNotRepeated(row: NodeResult, node: Node | null, adapter: string | null): string | null {
  if (node === null) return row.id.includes("on-run-end") ? "a hook at the end" : null;
  if (row.status === "partial success") return `${MICROBATCH} of which a part is done`;
  const what = whatAdds(node);
  if (what === null) return null;
  const mayBeHook = listOf(fieldsOf(node.raw.config)["post-hook"]).length > 0;
  const isRefused = failureClassOf(row, adapter) === "throttled" && what !== MICROBATCH && !mayBeHook;
  return isRefused ? null : `${what} that had begun`;
}

/** Whether a node that was built can be built once more without adding the same a second time. */
export function isRepeatable(node: Node | null): boolean {
  return node !== null && whatAdds(node) === null;
}

/** Some of its batches may be done, and dbt does not say which. */
const MICROBATCH = "a microbatch model";

function whatAdds({ type, materialized, raw }: Node): string | null {
  if (type === "snapshot") return "a snapshot";
  if (materialized === null || FROM_NOTHING.has(materialized)) return null;
  if (materialized !== "incremental") return `a model with the materialization ${materialized}`;
  const config = fieldsOf(raw.config);
  const strategy = textOf(config.incremental_strategy) ?? "";
  if (strategy === "microbatch") return MICROBATCH;
  const key = config.unique_key;
  const hasKey = Array.isArray(key) ? key.length > 0 : typeof key === "string" && key !== "";
  if (REPLACES.has(strategy) || (hasKey && REPLACES_BY_KEY.has(strategy))) return null;
  return "an incremental model that appends";
}
