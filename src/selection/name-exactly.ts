import type { Manifest } from "../artifacts/manifest.ts";
import { select } from "./select.ts";

export interface ExactNames {
  readonly select: readonly string[];
  readonly exclude: readonly string[];
}

/** Linux takes about 2 MiB in all, the environment among it. https://man7.org/linux/man-pages/man2/execve.2.html */
const MOST_CHARACTERS = 100_000;

/**
 * Selectors for `--indirect-selection empty` that select these nodes and no other; null where there are none, or too many
 * for a command line. dbt has none for a single node, so the answer is evaluated; where that cannot be (dbt 2), the names
 * alone have to do.
 */
export function nameExactly(ids: readonly string[], manifest: Manifest): ExactNames | null {
  const names = { select: tokensFor(ids, manifest), exclude: [] };
  const surplus = surplusOf(names, ids, manifest);
  if (surplus === null || surplus === "lacking") return surplus === null ? short(names) : null;
  if (surplus.length === 0) return short(names);
  const without = { ...names, exclude: tokensFor(surplus, manifest) };
  return surplusOf(without, ids, manifest)?.length === 0 ? short(without) : null;
}

function short(names: ExactNames): ExactNames | null {
  const length = [...names.select, ...names.exclude].reduce((sum, token) => sum + token.length + 1, 0);
  return length <= MOST_CHARACTERS ? names : null;
}

/** Of a folder that is called as a model is, and of a test as a model, the type tells one from the other. */
function tokensFor(ids: readonly string[], { nodes }: Manifest): string[] {
  return ids.map((id) => {
    const node = nodes.get(id);
    return node === undefined ? `fqn:${id}` : `fqn:${node.fqn.join(".")},resource_type:${node.type}`;
  });
}

/** What the names select beside the ids; null: it cannot be told. */
function surplusOf(
  names: ExactNames,
  ids: readonly string[],
  manifest: Manifest,
): readonly string[] | "lacking" | null {
  const found = select(manifest, null, { ...names, indirectSelection: "empty", as: "build" });
  if (found.kind === "unsupported") return null;
  const wanted = new Set(ids);
  const selected = new Set(found.ids);
  return ids.every((id) => selected.has(id)) ? found.ids.filter((id) => !wanted.has(id)) : "lacking";
}
