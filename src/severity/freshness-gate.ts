import type { DbtRun, Held } from "../artifacts/dbt-run.ts";
import type { DefaultSelector, Manifest } from "../artifacts/manifest.ts";
import { nameInSelector, shortName } from "../artifacts/node-name.ts";
import { builtNodes } from "../selection/buildable-nodes.ts";
import { buildGraph, reach } from "../selection/graph.ts";
import { nameExactly } from "../selection/name-exactly.ts";
import type { PlanResult } from "../selection/plan.ts";
import { select } from "../selection/select.ts";
import { hasOwnResults } from "./run-findings.ts";
import { kindOf } from "./status.ts";

export interface FreshnessGateRequest {
  /** The start of `dbt source freshness`. */
  readonly freshness: DbtRun;
  /** null: nobody knows the project. */
  readonly manifest: Manifest | null;
  /** What the plan builds; null: nobody knows but dbt. */
  readonly planned: readonly string[] | null;
  /** dbt's default selector, where it alone chooses what is built: dbt drops it for an --exclude. null: there is none. */
  readonly defaultSelector: DefaultSelector | null;
}

export type FreshnessGate =
  /** Everything is built; `why`: what is not known, so that nothing can be held back. null: every source is fresh enough. */
  | { readonly kind: "open"; readonly why: string | null }
  | {
      readonly kind: "held";
      /** By source; a node below two of them stands at the first. */
      readonly held: readonly Held[];
      /** dbt's words for all that lies below these sources. */
      readonly exclude: readonly string[];
      /** Whether something of the plan is left to be built. */
      readonly isAnyLeft: boolean;
    };

/**
 * What is held back behind stale sources: all that lies below one that is older than its `error_after`, so that every node
 * that is built is what a full build would make of it. Where the age of a source is not known, nothing is held back.
 */
export function decideGate({ freshness, manifest, planned, defaultSelector }: FreshnessGateRequest): FreshnessGate {
  const open = (why: string | null): FreshnessGate => ({ kind: "open", why });
  if (!hasOwnResults(freshness) || freshness.results === null) return open("dbt source freshness left no results");
  if (manifest === null) return open("the project's manifest is not known");
  const rows = new Map(freshness.results.map((row) => [row.id, row]));
  const unknown = [...manifest.nodes.values()]
    .filter(({ id, hasFreshness }) => hasFreshness && isUnknown(rows.get(id)?.status))
    .map(({ id }) => id);
  const [first] = unknown.sort();
  if (first !== undefined)
    return open(
      `how old ${shortName(first)} is could not be asked${unknown.length > 1 ? `, and ${unknown.length - 1} more` : ""}`,
    );
  const stale = freshness.results
    .filter(({ status }) => kindOf(status) === "failed")
    .map(({ id }) => id)
    .sort();
  if (stale.length === 0) return open(null);
  if (defaultSelector !== null) return open(whyNoExclude(defaultSelector));

  const { childrenOf } = buildGraph(manifest.nodes);
  const below = reach(stale, childrenOf);
  const all = selectedIn(manifest, []);
  const exclude = namesFor(stale, below, manifest, all);
  if (exclude === null) return open(`no selector names what lies below ${stale.map(shortName).join(", ")}`);
  const wanted = planned ?? all ?? builtNodes(manifest).map(({ id }) => id);
  const isAnyLeft = wanted.some((id) => !below.has(id)) || planned === null;
  const left = new Set(wanted.filter((id) => below.has(id)));
  const held = stale.map((source): Held => {
    const ids = [...reach([source], childrenOf)].filter((id) => left.delete(id)).sort();
    return { source, ids };
  });
  return { kind: "held", held, exclude, isAnyLeft };
}

function whyNoExclude({ name }: DefaultSelector): string {
  return name === null
    ? "dbt 2 does not tell whether a selector of selectors.yml is the default one, which it drops for an --exclude (name what is built in modes.schedule.select)"
    : `dbt builds what its default selector ${name} chooses, and takes no --exclude beside it`;
}

/** The plan without what is held back. */
export function withoutHeld(
  plan: PlanResult,
  { held, exclude, isAnyLeft }: Pick<Extract<FreshnessGate, { kind: "held" }>, "held" | "exclude" | "isAnyLeft">,
): PlanResult {
  const out = new Set(held.flatMap(({ ids }) => ids));
  return {
    ...plan,
    kind: isAnyLeft ? plan.kind : "nothing",
    ids: plan.ids.filter((id) => !out.has(id)),
    nodes: plan.nodes.filter(({ id }) => !out.has(id)),
    choosing: { ...plan.choosing, exclude: [...plan.choosing.exclude, ...exclude] },
  };
}

/** Whether the age of a source is not known by this status of its row; undefined: it has none. */
function isUnknown(status: string | undefined): boolean {
  // `runtime error`: the query failed. dbt since 1.8 leaves the row out.
  return status === undefined || ["unknown", "skipped"].includes(kindOf(status)) || /runtime/i.test(status);
}

/** What a build without these builds; null: only dbt can tell. */
function selectedIn(manifest: Manifest, exclude: readonly string[]): readonly string[] | null {
  const found = select(manifest, null, { select: [], exclude, indirectSelection: "eager", as: "build" });
  return found.kind === "selected" ? found.ids : null;
}

/** Package, source and table. A wildcard or a blank would leave more out, or less; a fourth part dbt refuses. */
const NAMES_ONE = /^source:[^\s,+@*?[\].]+\.[^\s,+@*?[\].]+\.[^\s,+@*?[\].]+\+$/;

/** Selectors for --exclude: of the sources, or else of each node below them; null: there are none. `all`: what a build builds. */
function namesFor(
  stale: readonly string[],
  below: ReadonlySet<string>,
  manifest: Manifest,
  all: readonly string[] | null,
): readonly string[] | null {
  /** Whether they leave out all that lies below, and nothing else. */
  const isExact = (exclude: readonly string[]) => {
    const kept = selectedIn(manifest, exclude);
    // Of a manifest that only dbt selects from, the names alone have to do.
    if (all === null || kept === null) return true;
    const left = new Set(kept);
    return all.every((id) => left.has(id) !== below.has(id));
  };
  const ofSources = stale.map((id) => `source:${nameInSelector(id)}+`);
  if (ofSources.every((token) => NAMES_ONE.test(token)) && isExact(ofSources)) return ofSources;
  const built = all?.filter((id) => below.has(id)) ?? null;
  const ofNodes = built === null ? null : (nameExactly(built, manifest)?.select ?? null);
  return ofNodes !== null && isExact(ofNodes) ? ofNodes : null;
}
