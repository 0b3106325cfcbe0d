import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { shortName } from "../artifacts/node-name.ts";
import type { NodeResult } from "../artifacts/run-results.ts";

/** A source that has newer rows than when the baseline was built; times sort as time does. */
export interface NewerSource {
  readonly source: string;
  /** null: the baseline's look has no row of it. */
  readonly from: string | null;
  readonly to: string;
}

export type NewerData =
  | { readonly kind: "known"; readonly sources: readonly NewerSource[] }
  /** Nobody can tell which sources have newer rows: no node may be left out for it. */
  | { readonly kind: "unknown"; readonly why: string };

/**
 * What `source_status:fresher` finds, as dbt has it: sources whose newest row is later than at the baseline's look, or that
 * had none there. dbt takes a source that could not be asked for one without news; here nothing is known then. `before`:
 * rows of the baseline's sources.json.
 */
export function findNewer(
  look: Pick<DbtRun, "results" | "trouble">,
  before: readonly NodeResult[],
  manifest: Manifest,
): NewerData {
  if (look.trouble !== "none" || look.results === null)
    return { kind: "unknown", why: "dbt source freshness left no results" };
  const now = loadsOf(look.results);
  const unknown = [...manifest.nodes.values()].filter(({ id, hasFreshness }) => hasFreshness && !now.has(id));
  const [first] = unknown.map(({ id }) => id).sort();
  if (first !== undefined) {
    const more = unknown.length > 1 ? `, and ${unknown.length - 1} more` : "";
    return { kind: "unknown", why: `how new ${shortName(first)} is could not be asked${more}` };
  }
  const then = loadsOf(before);
  const sources = [...now]
    .map(([source, to]): NewerSource => ({ source, from: then.get(source) ?? null, to }))
    .filter(({ from, to }) => from === null || to > from)
    .sort((a, b) => (a.source < b.source ? -1 : 1));
  return { kind: "known", sources };
}

function loadsOf(rows: readonly NodeResult[]): ReadonlyMap<string, string> {
  return new Map(rows.flatMap(({ id, loadedAt }) => (loadedAt === undefined ? [] : [[id, loadedAt] as const])));
}
