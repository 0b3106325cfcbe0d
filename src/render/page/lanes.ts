import type { NodeRow, State } from "./node-rows.ts";

/** A node, or several short ones side by side, as a bar. */
export interface Bar {
  readonly lane: number;
  /** Seconds from the first node's start. */
  readonly start: number;
  readonly end: number;
  /** The worst of its nodes. */
  readonly state: State;
  readonly nodes: readonly NodeRow[];
  readonly isOnChain: boolean;
}

export interface Lanes {
  /** Of the first `MOST_LANES` lanes. */
  readonly bars: readonly Bar[];
  /** Nodes that ran at once at most. */
  readonly lanes: number;
  /** Nodes that run in further lanes. */
  readonly unplaced: number;
  /** From the first start to the last end. */
  readonly seconds: number;
  /** Nodes of which dbt does not say when they began. */
  readonly untimed: number;
}

/** So many are laid out: a free one is looked for among them for each node. */
export const MOST_LANES = 64;

interface Timed {
  readonly row: NodeRow;
  readonly start: number;
  readonly end: number;
}

/**
 * Lays nodes into lanes so that no two of a lane run at once: each into the first one that is free. dbt's own names of
 * threads are no help: they can be empty, and the times of one can overlap. Neighbours that would be no wider than
 * `narrowest` (a part of the whole) become one bar.
 */
export function layLanes(rows: readonly NodeRow[], chain: ReadonlySet<string>, narrowest: number): Lanes {
  const timed = rows.flatMap((row): Timed[] =>
    row.startedAt === null || row.seconds <= 0
      ? []
      : [{ row, start: row.startedAt / 1000, end: row.startedAt / 1000 + row.seconds }],
  );
  const first = timed.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  const last = timed.reduce((most, { end }) => Math.max(most, end), Number.NEGATIVE_INFINITY);
  const seconds = timed.length === 0 ? 0 : last - first;
  const lanes: OpenBar[][] = [];
  let unplaced = 0;
  const least = seconds * narrowest;
  for (const { row, start, end } of [...timed].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const free = lanes.findIndex((lane) => (lane.at(-1)?.end ?? 0) <= start - first);
    const lane = free === -1 ? lanes.length : free;
    if (lane >= MOST_LANES) {
      unplaced += 1;
      continue;
    }
    const bars = lanes[lane] ?? [];
    lanes[lane] = bars;
    const isOnChain = chain.has(row.id);
    const bar: OpenBar = {
      ...{ lane, start: start - first, end: end - first, state: row.state, nodes: [row], isOnChain },
    };
    const before = bars.at(-1);
    if (before !== undefined && isOneWith(before, bar, least)) {
      before.end = bar.end;
      before.nodes.push(row);
    } else bars.push(bar);
  }
  return { bars: lanes.flat(), lanes: mostAtOnce(timed), unplaced, seconds, untimed: rows.length - timed.length };
}

type OpenBar = Omit<Bar, "end" | "nodes"> & { end: number; readonly nodes: NodeRow[] };

/** One that begins when another ends is not beside it. */
function mostAtOnce(timed: readonly Timed[]): number {
  const starts = timed.map(({ start }) => start).sort((a, b) => a - b);
  const ends = timed.map(({ end }) => end).sort((a, b) => a - b);
  let [ended, most] = [0, 0];
  for (const [index, start] of starts.entries()) {
    while ((ends[ended] ?? Number.POSITIVE_INFINITY) <= start) ended += 1;
    most = Math.max(most, index + 1 - ended);
  }
  return most;
}

function isOneWith(before: Bar, bar: Bar, least: number): boolean {
  return before.state === bar.state && before.isOnChain === bar.isOnChain && bar.end - before.start <= least;
}

/**
 * What the run's time was made of: from the node that ended last back to the parent that ended last, and so on. Ids, in the
 * order of time.
 */
export function longestChain(
  nodes: Readonly<Record<string, { readonly startedAt: string | null; readonly seconds: number }>>,
  parentsOf: (id: string) => readonly string[],
): readonly string[] {
  const endOf = (id: string) => {
    const start = Date.parse(nodes[id]?.startedAt ?? "");
    return Number.isNaN(start) ? Number.NEGATIVE_INFINITY : start / 1000 + (nodes[id]?.seconds ?? 0);
  };
  const lastOf = (ids: readonly string[]) =>
    ids.reduce<string | null>(
      (last, id) => (endOf(id) > (last === null ? Number.NEGATIVE_INFINITY : endOf(last)) ? id : last),
      null,
    );
  const chain: string[] = [];
  const seen = new Set<string>();
  for (
    let id = lastOf(Object.keys(nodes));
    id !== null && !seen.has(id);
    id = lastOf(parentsOf(id).filter((parent) => Object.hasOwn(nodes, parent)))
  ) {
    seen.add(id);
    chain.unshift(id);
  }
  return chain;
}
