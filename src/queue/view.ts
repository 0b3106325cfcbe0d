import type { Clock } from "../support/clock.ts";
import { type DecisionPolicy, decide, findOwn, type Me, type Now, type QueueDecision } from "./decide.ts";
import { lookAhead, type Outlook } from "./queue-position.ts";
import type { RunSource } from "./source.ts";
import type { Scan, SeenRun } from "./ticket.ts";

/** What this run knows of its group, kept up to date with as few reads as the decision needs. */
export interface View {
  /** One read. null: the run ahead has ended, and another read has to follow at once: of the next one, else a whole look. */
  look(signal: AbortSignal): Promise<QueueDecision | null>;
  runs(): readonly SeenRun[];
  /** This run as last seen; null: not yet. */
  own(): SeenRun | null;
  /** With the ages of now; null before the first look. */
  outlook(): Outlook | null;
  /** The server's time now, as far as known, in milliseconds since the epoch. */
  time(): number;
}

export interface ViewOptions {
  readonly source: RunSource;
  readonly me: Me;
  readonly policy: DecisionPolicy;
  readonly clock: Clock;
  readonly startedAt: number;
}

/** A waiter that may leave looks for newer runs this often; any other only when the run ahead has ended. */
const RESCAN_MS = 5 * 60_000;

export function createView({ source, me, policy, clock, startedAt }: ViewOptions): View {
  let scan: Scan | null = null;
  let scannedAt = 0;
  /** The first run ahead. Until it has ended nothing behind it matters, so that it alone is read again. */
  let holder: SeenRun | null = null;

  const now = (): Now => ({ time: clock.now(), processAgeSeconds: (clock.monotonic() - startedAt) / 1000 });

  async function scanAll(signal: AbortSignal): Promise<QueueDecision> {
    const [begunAt, begun] = [clock.monotonic(), now()];
    scan = await source.scan(signal);
    scannedAt = begunAt;
    const decision = decide(scan, me, begun, policy);
    return decision.kind === "leave" ? confirmLeaving(scan, decision.by, begun, signal) : settleOn(decision);
  }

  /** A list may still show a run that is deleted or has ended: whoever leaves for it leaves the work to nobody. */
  async function confirmLeaving(known: Scan, by: SeenRun, begun: Now, signal: AbortSignal): Promise<QueueDecision> {
    scan = { ...withReads(known, by.id, await source.reread([by.id], signal)), complete: false };
    const decision = decide(scan, me, begun, policy);
    const isStale = decision.kind === "wait" && decision.why === "incomplete";
    // The list is older than this answer: only another whole look may let in, and a moment later.
    return settleOn(
      isStale ? { ...decision, why: "settling", seconds: Math.max(1, policy.lagSeconds), after: null } : decision,
    );
  }

  async function rereadHolder(known: Scan, held: SeenRun, signal: AbortSignal): Promise<QueueDecision | null> {
    scan = { ...withReads(known, held.id, await source.reread([held.id], signal)), complete: false };
    const decision = settleOn(decide(scan, me, now(), policy));
    return holder?.id === held.id ? decision : null;
  }

  function withReads(known: Scan, id: string, reads: readonly SeenRun[]): Scan {
    return { ...known, runs: [...known.runs.filter((run) => run.id !== id), ...reads] };
  }

  function settleOn(decision: QueueDecision): QueueDecision {
    holder = decision.kind === "wait" && decision.why === "blockers" ? (decision.blockers[0] ?? null) : null;
    return decision;
  }

  const time = () =>
    scan === null || scan.serverTime === null ? clock.now() : scan.serverTime + clock.monotonic() - scannedAt;

  return {
    look(signal) {
      const isScanDue = policy.supersede !== "none" && clock.monotonic() - scannedAt >= RESCAN_MS;
      return scan === null || holder === null || isScanDue ? scanAll(signal) : rereadHolder(scan, holder, signal);
    },
    runs: () => scan?.runs ?? [],
    own: () => (scan === null ? null : findOwn(scan, me)),
    outlook: () => (scan === null ? null : lookAhead(scan, me, time(), policy.ignoredRuns)),
    time,
  };
}
