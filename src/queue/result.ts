import type { Ticket } from "./ticket.ts";

/** How the wait ended: the JSON document of `signalbox queue`. */
export interface QueueResult {
  readonly schema: 1;
  readonly decision: "entered" | "left" | "timed-out" | "skipped";
  readonly reason: string;
  /** Timed out: what a person can do, ready to paste where that is a flag; it stands in the reason too. null: nothing. */
  readonly hint: string | null;
  /** `ticket` is null where the queue was skipped, or the platform never told it. */
  readonly me: { readonly id: string; readonly attempt: number; readonly ticket: Ticket | null };
  readonly group: string;
  readonly waitedSeconds: number;
  /** The place at the last look; 1 is next or inside, 0 where the queue was skipped. */
  readonly position: number;
  /** Every run that was waited for, in the order first seen, as last seen: the first one stays while a backlog drains. */
  readonly blockers: readonly Blocker[];
  readonly calls: number;
  readonly leftFor: string | null;
}

export interface Blocker {
  readonly id: string;
  readonly attempt: number;
  readonly status: string;
  readonly url: string | null;
  readonly since: string | null;
  readonly etaSeconds: number | null;
}

/** The result where the queue is not used; `reason` says why. */
export function skipQueue(me: { id: string; attempt: number }, group: string, reason: string): QueueResult {
  return {
    schema: 1,
    decision: "skipped",
    reason,
    hint: null,
    me: { id: me.id, attempt: me.attempt, ticket: null },
    group,
    waitedSeconds: 0,
    position: 0,
    blockers: [],
    calls: 0,
    leftFor: null,
  };
}
