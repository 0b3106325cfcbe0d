import type { Trigger } from "../run/run.ts";
import { parseInstant } from "./iso-time.ts";

/** The place of a run in the one strict order that every reader computes alike. */
export interface Ticket {
  /** Whole seconds since the epoch. Local: 0, because machines' clocks differ and the number alone decides. */
  readonly second: number;
  /** CircleCI: the pipeline's number. GitHub: 0. Local: the number drawn from the folder. */
  readonly pipeline: number;
  /** CircleCI: when the workflow was created. GitHub: the time that `second` was made from. */
  readonly createdAt: string;
  readonly id: string;
  readonly attempt: number;
}

/** A run of the group as a scan saw it. */
export interface SeenRun {
  readonly id: string;
  readonly attempt: number;
  /** null: a field was missing or unreadable; such a run counts as earlier than everyone. */
  readonly ticket: Ticket | null;
  readonly ended: boolean;
  /** The platform's own word; of an ended GitHub run its conclusion. A word that we do not know is an active one. */
  readonly status: string;
  readonly trigger: Trigger;
  readonly url: string | null;
  /** When its present status began: of a running run its start, of an ended one its end. */
  readonly since: string | null;
  /** How long an ended run took; null while it is active or where the platform does not say. */
  readonly tookSeconds: number | null;
  /** The last sign of life of an active run that shows none now (no job of it runs); null: it lives, or was not looked at. */
  readonly quietSince: string | null;
  /** Who and what, for the log: commit title and author as the platform tells them. From outside: never trusted. */
  readonly title: string | null;
  readonly author: string | null;
}

/** One look at the group. `complete: false` never lets anyone in. */
export interface Scan {
  readonly runs: readonly SeenRun[];
  readonly complete: boolean;
  /** The server's clock at the first request of the scan, in milliseconds since the epoch; null: it did not say. */
  readonly serverTime: number | null;
}

/**
 * Negative where `a` comes before `b`. Total and transitive over all tickets; zero only where every part is alike.
 * `createdAt` counts as an instant in whole seconds, as `second` does: one endpoint of a vendor tells milliseconds
 * and another does not, and two readers of one run must not come to two orders.
 */
export function compareTickets(a: Ticket, b: Ticket): number {
  return (
    compareNumbers(a.second, b.second) ||
    compareNumbers(a.pipeline, b.pipeline) ||
    compareNumbers(wholeSecond(a.createdAt), wholeSecond(b.createdAt)) ||
    compareIds(a.id, b.id) ||
    compareNumbers(a.attempt, b.attempt)
  );
}

/** Earliest first; a run without a ticket is earlier than all that have one. */
export function comparePlaces(a: SeenRun, b: SeenRun): number {
  if (a.ticket !== null && b.ticket !== null) return compareTickets(a.ticket, b.ticket);
  if (a.ticket !== null) return 1;
  if (b.ticket !== null) return -1;
  return compareIds(a.id, b.id) || compareNumbers(a.attempt, b.attempt);
}

/** NaN is put before all numbers: compared as it is, it would be equal to each of them. */
function compareNumbers(a: number, b: number): number {
  const [left, right] = [a, b].map((value) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value)) as [
    number,
    number,
  ];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Ids of digits go by their value (GitHub: 9 before 10) and before all others, which go by code units. */
function compareIds(a: string, b: string): number {
  const [left, right] = [digits(a), digits(b)];
  if (left === null || right === null) {
    return compareNumbers(left === null ? 1 : 0, right === null ? 1 : 0) || compareText(a, b);
  }
  return compareNumbers(left.length, right.length) || compareText(left, right) || compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function digits(id: string): string | null {
  return /^[0-9]+$/.test(id) ? id.replace(/^0+/, "") : null;
}

function wholeSecond(time: string): number {
  const instant = parseInstant(time);
  return instant === null ? Number.NaN : Math.floor(instant / 1000);
}
