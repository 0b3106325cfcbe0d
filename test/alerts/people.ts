import type { Alert, News } from "../../src/alerts/alert.ts";
import { HOUR_MS } from "./build.ts";

/**
 * People who read the messages, and what they have to be told: by the rules of the documentation, in memory, and without
 * asking the code under test.
 */

const DAY_MS = 24 * HOUR_MS;
const SLA_MS = 7 * DAY_MS;

/** What a run says of one problem; `unknown`: it did not look. */
export interface Sight {
  readonly state: "error" | "warn" | "passed" | "gone" | "unknown";
  readonly isMuted?: boolean;
  readonly isDisabled?: boolean;
}

interface Problem {
  /** As the last run that looked at it saw it. */
  state: "open" | "recovered" | "removed";
  since: number;
  /** How bad it was when it failed last. */
  severity: "error" | "warn";
  isMuted: boolean;
  isDisabled: boolean;
  lastBad: number;
  /** When it began or stopped to fail. */
  changes: number[];
  /** What people believe, by what has reached them. */
  believed: "nothing" | "error" | "warn";
  /** When a message reached them last; null: they have never heard of it. */
  heardAt: number | null;
  isFlapping: boolean;
  /** The message that told it, to answer to; null: the board that stands. */
  message: string | null;
  /** Of a warning: from when on its deadline counts. */
  clockFrom: number;
  overdueAt: number;
}

/** What is news to whom: by what people believe, and by what is. */
const NEWS: Readonly<
  Record<Problem["believed"], Readonly<Record<"error" | "warn" | "recovered" | "removed", News | null>>>
> = {
  nothing: { error: "opened", warn: "opened", recovered: null, removed: null },
  error: { error: null, warn: "better", recovered: "recovered", removed: "removed" },
  warn: { error: "worse", warn: null, recovered: "recovered", removed: "removed" },
};

export interface People {
  /** What has to be told in this run, as `opened v1:test.shop.a`. What a run does not name is as it was. */
  see(sights: ReadonlyMap<string, Sight>, now: number): readonly string[];
  /** Another trouble of the run has taken its place: nothing is said of it any more. */
  forget(fingerprint: string): void;
  /** It has arrived as the message `ts`. */
  read(alert: Alert, ts: string, now: number): void;
}

export function createPeople(): People {
  const problems = new Map<string, Problem>();
  let hasBoard = false;
  let dailyAt: number | null = null;
  let lastRun: number | null = null;

  const isLoud = ({ state, isMuted, isDisabled }: Problem) => state === "open" && !isMuted && !isDisabled;

  function look(
    problem: Problem,
    { state, isMuted = false, isDisabled = false }: Sight,
    canFlap: boolean,
    now: number,
  ) {
    problem.changes = problem.changes.filter((change) => now - change < DAY_MS);
    problem.isDisabled = isDisabled;
    const wasOpen = problem.state === "open";
    const isBad = state === "error" || state === "warn";
    if (canFlap && (wasOpen ? state === "passed" : isBad)) problem.changes.push(now);
    const pausedMs = now - (lastRun ?? now);
    if (isBad) {
      if (!wasOpen || problem.severity === "error") Object.assign(problem, { clockFrom: now, overdueAt: 0 });
      else if (isMuted) problem.clockFrom += pausedMs;
      if (!wasOpen) problem.since = now;
      Object.assign(problem, { state: "open", severity: state, isMuted, lastBad: now });
      // A day of nothing but failures is a plain failure.
      if (problem.changes.length === 0) problem.isFlapping = false;
    } else if (state === "passed" && problem.state !== "recovered") {
      Object.assign(problem, { state: "recovered", since: now });
    } else if (state === "gone" && wasOpen) {
      Object.assign(problem, { state: "removed", since: now, isFlapping: false });
    } else if (wasOpen && problem.isMuted) {
      problem.clockFrom += pausedMs;
    }
  }

  function newsOf(problem: Problem, hasPassed: boolean, now: number): News | null {
    const { state, severity, believed, isMuted, isFlapping, changes, heardAt, lastBad } = problem;
    const news = NEWS[believed][state === "open" ? severity : state];
    if (isMuted) return null;
    if (news === "worse") return news;
    if (isFlapping) return hasPassed && now - lastBad >= DAY_MS ? "recovered" : null;
    // Of a warning while it fails: the board lists what is open.
    const canBegin = state === "open" || (state === "recovered" && severity === "error");
    if (heardAt !== null && changes.length >= 3 && canBegin) return "flapping";
    return news;
  }

  /** It is over, and people know so for a while, or have never heard of it; but while its message tells of others. */
  function isForgotten({ state, severity, believed, isFlapping, heardAt, since, message }: Problem, now: number) {
    if (state === "open") return false;
    if (heardAt === null) return true;
    if (believed !== "nothing" || isFlapping) return false;
    const sharesMessage = [...problems.values()].some(
      (other) => other.believed === "error" && other.message === message,
    );
    if (severity === "error" && message !== null && sharesMessage) return false;
    return now - since >= (state === "removed" ? 7 : 1) * DAY_MS;
  }

  /** What is over while it is muted, or where there is no message to answer to, goes without a word. */
  function isOverQuietly(problem: Problem): boolean {
    const { state, severity, isMuted, believed, message } = problem;
    if (believed === "nothing") return false;
    if (isMuted && state === "open" && severity === "warn") problem.believed = "warn";
    if (state === "open" || !(isMuted || (message === null && !hasBoard))) return false;
    Object.assign(problem, { believed: "nothing", isFlapping: false });
    return true;
  }

  function agains(quiet: readonly [string, Problem][], now: number): readonly string[] {
    // 09:00 in UTC.
    const nine = Math.floor((now - 9 * HOUR_MS) / DAY_MS) * DAY_MS + 9 * HOUR_MS;
    if (dailyAt !== null && dailyAt >= nine) return [];
    const due = quiet.filter(
      ([, problem]) =>
        dailyAt !== null &&
        problem.severity === "error" &&
        problem.believed === "error" &&
        isLoud(problem) &&
        now - (problem.heardAt ?? 0) >= 20 * HOUR_MS,
    );
    if (due.length === 0) dailyAt = now;
    return due.map(([fingerprint]) => `again ${fingerprint}`);
  }

  function overdues(quiet: readonly [string, Problem][], now: number): readonly string[] {
    const due = quiet.filter(
      ([, problem]) => problem.severity === "warn" && isLoud(problem) && now - problem.clockFrom >= SLA_MS,
    );
    const isTold = due.some(([, { overdueAt }]) => now - overdueAt < 3 * DAY_MS);
    return isTold ? [] : due.map(([fingerprint]) => `overdue ${fingerprint}`);
  }

  return {
    see: (sights, now) => {
      for (const [fingerprint, sight] of sights) {
        const { state, isMuted = false } = sight;
        const known = problems.get(fingerprint);
        const canFlap = !fingerprint.startsWith("v1:run:");
        if (known !== undefined) look(known, sight, canFlap, now);
        else if (state === "error" || state === "warn")
          problems.set(fingerprint, {
            state: "open",
            since: now,
            severity: state,
            isMuted,
            isDisabled: false,
            lastBad: now,
            changes: canFlap ? [now] : [],
            believed: "nothing",
            heardAt: null,
            isFlapping: false,
            message: null,
            clockFrom: now,
            overdueAt: 0,
          });
      }
      lastRun = now;
      const quiet: [string, Problem][] = [];
      const told: string[] = [];
      for (const [fingerprint, problem] of problems) {
        if (isForgotten(problem, now)) problems.delete(fingerprint);
        const news = newsOf(problem, sights.get(fingerprint)?.state === "passed", now);
        if (isOverQuietly(problem)) continue;
        if (news === null) quiet.push([fingerprint, problem]);
        else told.push(`${news} ${fingerprint}`);
      }
      return [...told, ...agains(quiet, now), ...overdues(quiet, now)];
    },
    forget: (fingerprint) => void problems.delete(fingerprint),
    read: ({ kind, address, items, ...alert }, ts, now) => {
      const parent = address.kind === "channel" ? ts : address.ts;
      const isNewBoard = kind === "board" && address.kind === "channel";
      if (isNewBoard) hasBoard = true;
      if (kind === "board" && "state" in alert && alert.state === "closed") hasBoard = false;
      if (address.kind === "edit") {
        // What is only a warning now has its message where the board lists it.
        for (const problem of kind === "board" ? items.map(({ fingerprint }) => problems.get(fingerprint)) : [])
          if (problem?.severity === "warn" && problem.believed === "warn") problem.message ??= address.ts;
        return;
      }
      for (const { fingerprint, news } of items) {
        const problem = problems.get(fingerprint);
        if (problem === undefined) continue;
        if (isNewBoard && problem.severity === "warn" && problem.believed === "warn") problem.message = ts;
        if (news === "overdue") problem.overdueAt = now;
        if (news === null || news === "overdue") continue;
        problem.heardAt = now;
        if (news === "again") {
          dailyAt = now;
          continue;
        }
        const isOver = news === "recovered" || news === "removed";
        if (isOver) Object.assign(problem, { believed: "nothing", isFlapping: false });
        else problem.believed = problem.severity;
        if (news === "flapping") problem.isFlapping = true;
        // What is only a warning now stands on the board, not under the message that told the error.
        if (!isOver) problem.message = news === "better" && !isNewBoard ? null : parent;
      }
    },
  };
}
