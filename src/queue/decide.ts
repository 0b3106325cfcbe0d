import type { Trigger } from "../run/run.ts";
import { parseInstant } from "./iso-time.ts";
import { isAtWork, isCutShort, isRunning } from "./status.ts";
import { comparePlaces, compareTickets, type Scan, type SeenRun, type Ticket } from "./ticket.ts";

/** This run, as it was known when the source was made; a scan may know it better. */
export interface Me {
  readonly id: string;
  readonly attempt: number;
  readonly ticket: Ticket;
}

export interface Now {
  /** Milliseconds since the epoch as this machine believes, where the server does not say. */
  readonly time: number;
  /** By the monotonic clock. */
  readonly processAgeSeconds: number;
}

export type Supersede = "none" | "schedule" | "all";

export interface DecisionPolicy {
  /** How stale a read may be. 0 says that every earlier run is visible at once (a folder), so no age is asked of a ticket. */
  readonly lagSeconds: number;
  /** How long the queries of a run that was cut short may outlive it. */
  readonly settleSeconds: number;
  /** Which waiting runs leave when a newer one with the same trigger is running. */
  readonly supersede: Supersede;
  /** Ids that a person named: they never count. */
  readonly ignoredRuns: readonly string[];
}

export type Wait =
  | { readonly kind: "wait"; readonly why: "blockers"; readonly blockers: readonly SeenRun[] }
  | { readonly kind: "wait"; readonly why: "self-not-seen" | "incomplete" }
  /** `after`: the run whose queries may still run; null: an earlier run may not be visible yet. */
  | { readonly kind: "wait"; readonly why: "settling"; readonly seconds: number; readonly after: SeenRun | null };

export type QueueDecision =
  /** `ignored`: active runs that it should have waited for. */
  | { readonly kind: "enter"; readonly ignored: readonly SeenRun[] }
  | Wait
  | { readonly kind: "leave"; readonly by: SeenRun }
  /** This run's own place cannot be read: two such runs would wait for each other. */
  | { readonly kind: "stop"; readonly own: SeenRun };

/** Whether this run may enter, by one look at its group. Whatever is missing or unknown makes it wait. */
export function decide(scan: Scan, me: Me, now: Now, policy: DecisionPolicy): QueueDecision {
  const own = findOwn(scan, me);
  if (own !== null && own.ticket === null) return { kind: "stop", own };

  const ticket = own?.ticket ?? me.ticket;
  const isFresh = own !== null && isFreshAnswer(own, now, policy);
  const others = findOthers(scan, me);
  const [ignored, counted] = split(others, (run) => policy.ignoredRuns.includes(run.id));

  const successor = isFresh ? findSuccessor(own, ticket, counted, policy.supersede) : null;
  if (successor !== null) return { kind: "leave", by: successor };

  const blockers = findBlockers(counted, ticket);
  if (blockers.length > 0) return { kind: "wait", why: "blockers", blockers };
  if (!scan.complete) return { kind: "wait", why: "incomplete" };
  if (!isFresh) return { kind: "wait", why: "self-not-seen" };

  const unripe = { seconds: secondsUntilRipe(ticket, scan, now, policy), after: null };
  const unsettled = counted.map((run) => ({ seconds: secondsUntilSettled(run, scan, now, policy), after: run }));
  const longest = [unripe, ...unsettled].reduce((a, b) => (b.seconds > a.seconds ? b : a));
  if (longest.seconds > 0) return { kind: "wait", why: "settling", ...longest };

  return { kind: "enter", ignored: findBlockers(ignored, ticket) };
}

/** The active runs ahead of a ticket, earliest first. */
export function findBlockers(runs: readonly SeenRun[], ticket: Ticket): SeenRun[] {
  return runs
    .filter((run) => !run.ended && (run.ticket === null || compareTickets(run.ticket, ticket) < 0))
    .sort(comparePlaces);
}

/** This attempt, else the next one that the scan holds in its place; an attempt before it is an old answer. */
export function findOwn(scan: Scan, me: Me): SeenRun | null {
  return scan.runs
    .filter((run) => run.id === me.id && run.attempt >= me.attempt)
    .reduce<SeenRun | null>(
      (nearest, run) => (nearest === null || run.attempt < nearest.attempt ? run : nearest),
      null,
    );
}

/** All other runs. An old answer about this run itself is none of them: it only shows that the scan is old. */
export function findOthers(scan: Scan, me: Me): SeenRun[] {
  const own = findOwn(scan, me);
  return scan.runs.filter((run) => run !== own && (own !== null || run.id !== me.id));
}

/**
 * A run whose process asks is at work. Any other word (queued, held, one that we do not know) may be from before it was
 * queued anew, with an earlier place: the place of an answer that is younger than the process holds.
 */
function isFreshAnswer(own: SeenRun, now: Now, policy: DecisionPolicy): boolean {
  return !own.ended && (isAtWork(own.status) || now.processAgeSeconds > policy.lagSeconds);
}

/**
 * The newest run that will do this one's work: not a failing one, nor one that may never get a machine.
 * The newest, so that a whole backlog leaves for one run.
 */
function findSuccessor(own: SeenRun, ticket: Ticket, runs: readonly SeenRun[], supersede: Supersede): SeenRun | null {
  if (supersede === "none" || own.trigger === "unknown") return null;
  if (supersede === "schedule" && own.trigger !== "schedule") return null;
  return findNewest(runs, ticket, own.trigger);
}

/** The newest run behind a ticket that the same event started, and that is at work and well; null: none. */
export function findNewest(runs: readonly SeenRun[], ticket: Ticket, trigger: Trigger): SeenRun | null {
  return findNewer(runs, ticket).findLast((run) => run.trigger === trigger) ?? null;
}

/** The runs behind a ticket that are at work and well, the newest last. */
export function findNewer(runs: readonly SeenRun[], ticket: Ticket): SeenRun[] {
  return runs
    .filter(
      (run) => !run.ended && isRunning(run.status) && run.ticket !== null && compareTickets(run.ticket, ticket) > 0,
    )
    .sort(comparePlaces);
}

/** One second more than the lag, because tickets are cut to whole seconds. */
function secondsUntilRipe(ticket: Ticket, scan: Scan, now: Now, policy: DecisionPolicy): number {
  if (policy.lagSeconds === 0) return 0;
  const born = Math.max(ticket.second * 1000, parseInstant(ticket.createdAt) ?? 0);
  const ageSeconds = scan.serverTime === null ? now.processAgeSeconds : (scan.serverTime - born) / 1000;
  return policy.lagSeconds + 1 - ageSeconds;
}

/**
 * A run that was cut short at a time that nobody knows counts as cut short now. One second more than told, because the
 * time of its end is cut to whole seconds.
 */
function secondsUntilSettled(run: SeenRun, scan: Scan, now: Now, policy: DecisionPolicy): number {
  if (policy.settleSeconds === 0 || !run.ended || !isCutShort(run.status)) return 0;
  const time = scan.serverTime ?? now.time;
  const endedSecondsAgo = (time - (parseInstant(run.since) ?? time)) / 1000;
  return policy.settleSeconds + 1 - Math.max(0, endedSecondsAgo);
}

function split<T>(items: readonly T[], matches: (item: T) => boolean): [T[], T[]] {
  return [items.filter(matches), items.filter((item) => !matches(item))];
}
