/** What queries took, as dbt's results tell it; null: they do not. Of a node that is its main statement alone. */
export interface Amounts {
  /** Of the nodes, one after the other: what several threads did at once counts for each. */
  readonly seconds: number;
  readonly bytesBilled: number | null;
  readonly bytesProcessed: number | null;
  readonly slotMs: number | null;
}

/**
 * How a node's cost stands to the one that it had when the baseline was built. `same`: both are of the same work. `new`: it
 * was not built then. `from-start`: an incremental model, snapshot or the like was built from the start, now or then.
 * `unclear`: such a node, and nothing tells whether it was. `unfinished`: it failed, was skipped or had nothing to do, now or then.
 */
export const SHARES = ["same", "new", "from-start", "unclear", "unfinished"] as const;
export type Share = (typeof SHARES)[number];

export interface NodeCost extends Amounts {
  /** null: nothing to compare with, or no node of a build. */
  readonly share: Share | null;
  /** When the baseline was built; null unless both are of the same work. */
  readonly before: Amounts | null;
  /** The page of BigQuery's last job. */
  readonly jobUrl: string | null;
  readonly queryId: string | null;
}

export interface ShareCost extends Amounts {
  readonly nodes: number;
}

/** What a run took, in all and by node, and beside it what production's last build took for the same. */
export interface Cost {
  readonly total: Amounts;
  /** null: there is no build to compare with, or this one saw a part of the rows. */
  readonly against: {
    /** When that build ended, as an ISO time; null: it does not say. */
    readonly at: string | null;
    /** What that build took for the nodes of `same`. */
    readonly before: Amounts;
    readonly shares: Readonly<Record<Share, ShareCost>>;
  } | null;
  /** By id, every node that has a row in dbt's results. */
  readonly nodes: Readonly<Record<string, NodeCost>>;
}

/** What counts for money: what is billed, else what was read; null: nothing tells. */
export function bytesOf({ bytesBilled, bytesProcessed }: Amounts): number | null {
  return bytesBilled ?? bytesProcessed;
}
