import type { Macro, Manifest, Node } from "../artifacts/manifest.ts";
import { isEqual } from "../support/equal.ts";
import type { Reason } from "./plan.ts";

/** Config keys that dbt does not compare, and those that it compares as the node's relation. */
const NOT_COMPARED = new Set(["tags", "group"]);
const RELATION = new Set(["alias", "schema", "database"]);

/**
 * What of a node itself differs from the baseline, in the words of state:modified. Empty: nothing that can be seen here.
 * It explains a choice of dbt's; it does not make one.
 */
export function changesOf(node: Node, current: Manifest, baseline: Manifest): readonly Reason[] {
  const old = baseline.nodes.get(node.id);
  if (old === undefined) return [{ kind: "new" }];
  const reasons: Reason[] = [];
  const differs = (key: string) => !isEqual(node.raw[key] ?? null, old.raw[key] ?? null);

  if (node.type === "seed" || node.type === "unit_test" ? differs("checksum") : differs("raw_code")) reasons.push({ kind: "body" });
  const keys = changedConfigKeys(node, old);
  const configKeys = keys.filter((key) => !RELATION.has(key));
  if (configKeys.length > 0) reasons.push({ kind: "config", keys: configKeys });
  if (keys.length > configKeys.length) reasons.push({ kind: "relation" });
  if (!isEqual(node.fqn, old.fqn)) reasons.push({ kind: "moved" });
  if (persistsDocs(node) && (differs("description") || !isEqual(columnDescriptions(node), columnDescriptions(old)))) {
    reasons.push({ kind: "description" });
  }
  if (contractOf(node) !== contractOf(old)) reasons.push({ kind: "contract" });
  return [...reasons, ...changedMacros(node, current, baseline)];
}

function changedConfigKeys(node: Node, old: Node): string[] {
  const now = section(node, "unrendered_config");
  const before = section(old, "unrendered_config");
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].filter((key) => !NOT_COMPARED.has(key) && !isEqual(now[key], before[key])).sort();
}

function persistsDocs(node: Node): boolean {
  const persist = section(node, "config").persist_docs;
  return typeof persist === "object" && persist !== null && Object.values(persist).includes(true);
}

function columnDescriptions(node: Node): Record<string, unknown> {
  return Object.fromEntries(Object.entries(section(node, "columns")).map(([name, column]) => [name, (column as { description?: unknown } | null)?.description]));
}

/** The contract's checksum where it is enforced. */
function contractOf(node: Node): unknown {
  const contract = section(node, "contract");
  return contract.enforced === true ? (contract.checksum ?? true) : null;
}

/** Macros that the node reaches, directly or through others, whose text differs or that the baseline does not have. */
function changedMacros(node: Node, current: Manifest, baseline: Manifest): readonly Reason[] {
  const seen = new Set<string>();
  const waiting = [...node.macros];
  const changed: Macro[] = [];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const macro = current.macros.get(id);
    if (macro === undefined || seen.has(id)) continue;
    seen.add(id);
    if (baseline.macros.get(id)?.sql !== macro.sql) changed.push(macro);
    waiting.push(...macro.macros);
  }
  return changed.sort((a, b) => (a.id < b.id ? -1 : 1)).map((macro) => ({ kind: "macro", macro: macro.name, path: macro.path }));
}

function section(node: Node, key: string): Readonly<Record<string, unknown>> {
  const value = node.raw[key];
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
