import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { type NodeResult, sawPart } from "../artifacts/run-results.ts";
import { mergeAttempts } from "./attempts.ts";
import { failureClassOf, isInfrastructure } from "./failure.ts";
import { hasOwnResults } from "./run-findings.ts";
import { kindOf, passedWithoutWork } from "./status.ts";
import type { Verdict } from "./verdict.ts";

/** Which run a record is of, and what it built. */
export interface RunFacts {
  /** The CI's id of it; with the attempt it is the record's key. */
  readonly id: string;
  readonly attempt: number;
  readonly mode: "deploy" | "schedule";
  /** The whole hash. */
  readonly commit: string;
  /** dbt's project, its folder from the repository's top (empty: it is that), and the target; null: the profile's own. */
  readonly project: string;
  readonly folder: string;
  readonly target: string | null;
  /** ISO time at which dbt was started first. */
  readonly startedAt: string;
}

/** What a run of production leaves for later ones to look back at. Never a baseline. */
export interface KeptRun extends RunFacts {
  readonly level: Verdict["level"];
  /** By id; what was skipped, held back, not selected, or said something unknown is not among them: it tells nothing. */
  readonly nodes: ReadonlyMap<string, NodeRecord>;
}

/**
 * One letter for each: passed, warned, failed on data, error of its code (or one that no rule knows), failed by the
 * infrastructure (the warehouse, the network), and passed in a second start after the infrastructure had failed it.
 */
export const NODE_STATES = ["p", "w", "f", "e", "i", "r"] as const;
export type NodeState = (typeof NODE_STATES)[number];

export interface NodeRecord {
  readonly state: NodeState;
  /** To a tenth; null where it did not come to its end, and of a full refresh. */
  readonly seconds: number | null;
  /** As dbt counts them; null where it does not. */
  readonly failures: number | null;
  /** The same while its code, and that of all above it, is the same; null: not known. */
  readonly version: string | null;
}

/** Nodes of one record: what failed comes first, then what takes long. */
export const MOST_NODES = 20_000;
/** Of a node's id; a longer one is left out. */
export const MOST_ID = 400;

export interface RecordInput {
  readonly facts: RunFacts;
  readonly level: Verdict["level"];
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
  /** A short hash of a text; only ever compared with another of its own. */
  readonly hash: (text: string) => string;
}

/** The record of a run. Rows of a build without data (`--empty`, `--sample`) tell nothing of its nodes. */
export function recordOf({ facts, level, runs, manifest, hash }: RecordInput): KeptRun {
  const isPart = runs.some(({ flags }) => sawPart(flags));
  // An incremental model that is built anew takes as long as it never does.
  const isRefresh = runs.some(({ flags }) => flags?.fullRefresh === true);
  const ordered = [...runs].sort((a, b) => a.startedAt - b.startedAt);
  const { runs: merged, retried } = mergeAttempts(ordered, manifest);
  const rows = merged.flatMap((run) => (hasOwnResults(run) && !isPart ? (run.results ?? []) : []));
  const versionOf = createVersions(manifest, hash);
  const adapter = manifest?.adapter ?? null;
  const nodes = [...new Map(rows.map((row) => [row.id, row])).values()].flatMap((row): [string, NodeRecord][] => {
    const state = stateOf(row, adapter, Object.hasOwn(retried?.nodes ?? {}, row.id));
    if (state === null || row.id.length > MOST_ID) return [];
    const seconds = state === "e" || state === "i" || isRefresh ? null : round(row.seconds);
    const { failures } = row;
    const isCount = failures !== null && Number.isSafeInteger(failures) && failures > 0 && state !== "p";
    return [[row.id, { state, seconds, failures: isCount ? failures : null, version: versionOf(row.id) }]];
  });
  if (nodes.length > MOST_NODES)
    nodes.sort(([, a], [, b]) => weight(b) - weight(a) || (b.seconds ?? 0) - (a.seconds ?? 0));
  return { ...facts, level, nodes: new Map(nodes.slice(0, MOST_NODES)) };
}

function weight({ state }: NodeRecord): number {
  return state === "p" ? 0 : 1;
}

function round(seconds: number): number | null {
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 10) / 10 : null;
}

/** null: the row tells nothing of the node. */
function stateOf(row: NodeResult, adapter: string | null, wasRepeated: boolean): NodeState | null {
  if (passedWithoutWork(row)) return null;
  switch (kindOf(row.status)) {
    case "passed":
      return wasRepeated ? "r" : "p";
    case "warned":
      return "w";
    case "failed": {
      const failureClass = failureClassOf(row, adapter);
      return failureClass === "data" ? "f" : isInfrastructure(failureClass) ? "i" : "e";
    }
    case "skipped":
    case "unknown":
      return null;
  }
}

/** What a node's own code is, as far as dbt's manifest has it. */
const OWN_KEYS = [
  "raw_code",
  "raw_sql",
  "checksum",
  "unrendered_config",
  "test_metadata",
  "given",
  "expect",
  "freshness",
  "loaded_at_field",
] as const;

/**
 * A function that answers with the version of a node: one text for its code, its config, the macros that it calls and all
 * that is above it. null: the manifest does not have it.
 */
export function createVersions(
  manifest: Manifest | null,
  hash: (text: string) => string,
): (id: string) => string | null {
  if (manifest === null) return () => null;
  const ofMacro = memoized(
    (id) => manifest.macros.get(id)?.macros ?? [],
    (id, calls) => hash([manifest.macros.get(id)?.sql ?? "", ...calls].join("\n")),
  );
  const ofNode = memoized(
    (id) => manifest.nodes.get(id)?.parents ?? [],
    (id, parents) => {
      const node = manifest.nodes.get(id);
      const own = JSON.stringify(OWN_KEYS.map((key) => node?.raw[key] ?? null));
      return hash([own, ...(node?.macros ?? []).map(ofMacro).sort(), ...parents].join("\n"));
    },
  );
  return (id) => (manifest.nodes.has(id) ? ofNode(id) : null);
}

/** A value of each id that is made of those of the ids below it. Ways that lead back to an id end there. */
function memoized(
  below: (id: string) => readonly string[],
  make: (id: string, ofThose: readonly string[]) => string,
): (id: string) => string {
  const known = new Map<string, string>();
  return (wanted) => {
    // By hand: a chain of nodes may be longer than calls can be deep.
    const open = new Set<string>();
    const waiting = [wanted];
    for (let id = waiting.at(-1); id !== undefined; id = waiting.at(-1)) {
      const missing =
        known.has(id) || open.has(id) ? [] : below(id).filter((each) => !known.has(each) && !open.has(each));
      open.add(id);
      if (missing.length > 0) {
        waiting.push(...missing);
        continue;
      }
      waiting.pop();
      if (!known.has(id))
        known.set(
          id,
          make(
            id,
            below(id)
              .map((each) => known.get(each) ?? "")
              .sort(),
          ),
        );
    }
    return known.get(wanted) ?? "";
  };
}
