import { groupBy } from "../support/group-by.ts";
import { isInfrastructure } from "./failure.ts";
import type { KeptRun, NodeRecord, NodeState } from "./run-record.ts";
import type { Finding, HistoryNote, Verdict } from "./verdict.ts";

/** How far back is looked. */
export const MOST_RUNS = 20;

/** Who looks back: a run of production, whose record is the last of the series, or a check of a branch. */
export type LooksBack =
  | { readonly kind: "production"; readonly record: KeptRun }
  | {
      readonly kind: "check";
      /** The branch whose runs the records are of. */
      readonly on: string;
      /** ISO time. */
      readonly at: string;
    };

/** The verdict with what earlier runs tell beside each finding about a node. `records`: in any order. */
export function withHistory(verdict: Verdict, records: readonly KeptRun[], now: LooksBack): Verdict {
  const series = lastRuns(records, now);
  if (series.length === 0) return verdict;
  return {
    ...verdict,
    findings: verdict.findings.map((finding) => {
      const notes = historyOf(finding, series, now);
      return notes.length === 0 ? finding : { ...finding, history: notes };
    }),
  };
}

/**
 * The last runs, oldest first, by the time at which they began: an upload may come late. A run that began after this one is
 * none before it.
 */
export function lastRuns(records: readonly KeptRun[], now: LooksBack): readonly KeptRun[] {
  const own = now.kind === "production" ? now.record : null;
  const before = now.kind === "production" ? now.record.startedAt : now.at;
  const earlier = distinctRuns(records).filter(
    (record) => record.startedAt < before && (own === null || keyOf(record) !== keyOf(own)),
  );
  return own === null ? earlier.slice(-MOST_RUNS) : [...earlier.slice(1 - MOST_RUNS), own];
}

/** Oldest first, one of each attempt of a run: where there are several, the one that began last. */
export function distinctRuns(records: readonly KeptRun[]): readonly KeptRun[] {
  const byKey = new Map([...records].sort(byStart).map((record) => [keyOf(record), record]));
  return [...byKey.values()].sort(byStart);
}

function byStart(a: KeptRun, b: KeptRun): number {
  return Number(a.startedAt > b.startedAt) - Number(a.startedAt < b.startedAt);
}

function keyOf({ id, attempt }: KeptRun): string {
  return `${attempt} ${id}`;
}

/** A result of one node, with the run that it is of. */
interface PastRow extends NodeRecord {
  readonly run: KeptRun;
}

/** A row of which is known whether it was well. */
interface Judged extends PastRow {
  readonly isBad: boolean;
}

function historyOf(finding: Finding, series: readonly KeptRun[], now: LooksBack): readonly HistoryNote[] {
  const { subject, failureClass } = finding;
  if (subject.kind !== "node") return [];
  const rows = series.flatMap((run): PastRow[] => {
    const node = run.nodes.get(subject.id);
    return node === undefined ? [] : [{ ...node, run }];
  });
  const on = now.kind === "check" ? now.on : null;
  // A finding of this run that has left no row, such as a source without an age, has no place in the series.
  if (on === null && rows.at(-1)?.run !== series.at(-1)) return [];
  const slow = now.kind === "check" ? null : slowNote(rows);
  if (isInfrastructure(failureClass)) return present(faultNote(rows, on), slow);
  const judged = judgeRows(rows, finding.severity);
  const last = judged.at(-1);
  // A rule may have made a finding of what dbt passed or only warned of.
  if (on === null && (last?.run !== series.at(-1) || last?.isBad !== true)) return present(slow);
  const growing = on === null && subject.type !== "unit_test" ? growingNote(judged) : null;
  const flaky = growing === null ? flakyNote(judged, on) : null;
  return present(flaky, growing, flaky === null ? failingNote(judged, on) : null, slow);
}

function present(...notes: readonly (HistoryNote | null)[]): readonly HistoryNote[] {
  return notes.filter((note) => note !== null);
}

const BAD: Readonly<Record<Finding["severity"], readonly NodeState[]>> = {
  error: ["f", "e"],
  // What was an error before is a warning now: a threshold or a rule was changed, or it is better.
  warn: ["f", "e", "w"],
};

/**
 * Rows that say whether the node was well. Not those that the infrastructure failed; nor, beside errors, warnings: such a
 * test neither failed nor passed.
 */
function judgeRows(rows: readonly PastRow[], severity: Finding["severity"]): readonly Judged[] {
  const bad = BAD[severity];
  return rows.flatMap((row): Judged[] => {
    if (bad.includes(row.state)) return [{ ...row, isBad: true }];
    return row.state === "p" || row.state === "r" ? [{ ...row, isBad: false }] : [];
  });
}

/** Failures in a row from which on a node is broken, whatever it was before. */
const BROKEN_AFTER = 4;
/** Failures in a row that a flaky node has at most, as a rule. */
const MOST_IN_A_ROW = 2;

/**
 * Flaky is what fails and passes without a reason in its code: it passed when the same commit was run again, or it has come
 * and gone at least twice while its code and all above it stayed the same, each time for a short while. One failure that
 * passed is not enough: new data may have broken it, and a person mended them.
 */
function flakyNote(rows: readonly Judged[], on: string | null): HistoryNote | null {
  const failed = rows.filter(({ isBad }) => isBad).length;
  const passedAgain = [...groupBy(rows, tryOf).values()].reduce((sum, tries) => sum + failuresAmong(tries), 0);
  const { closed, streak } = episodesOf(rows);
  if (streak.length >= BROKEN_AFTER) return null;
  const turns = rows.flatMap((row, index) => {
    const before = rows[index - 1];
    return before !== undefined && before.isBad !== row.isBad && isSameCode(before, row) ? [row] : [];
  });
  const recoveries = turns.filter(({ isBad }) => !isBad).length;
  const relapses = turns.length - recoveries;
  const isShort = closed.length > 0 && closed.reduce((sum, each) => sum + each, 0) / closed.length <= MOST_IN_A_ROW;
  const comesAndGoes = isShort && recoveries >= 2 && relapses >= 2;
  const isFlaky = passedAgain >= 2 || (passedAgain >= 1 && recoveries >= 2) || comesAndGoes;
  return isFlaky ? { kind: "flaky", on, failed, runs: rows.length, passedAgain, fault: "own" } : null;
}

/** What attempts of one run share, and deploys of one commit: somebody started it again. Schedules of one commit have other data. */
function tryOf({ run: { mode, commit, id } }: PastRow): string {
  return mode === "deploy" ? commit : id;
}

/** How many times it failed where it passed, too; several failures in a row are one. */
function failuresAmong(tries: readonly Judged[]): number {
  const { closed, streak } = episodesOf(tries);
  return tries.every(({ isBad }) => isBad) ? 0 : closed.length + (streak.length > 0 ? 1 : 0);
}

function isSameCode(a: PastRow, b: PastRow): boolean {
  return a.run.commit === b.run.commit || (a.version !== null && a.version === b.version);
}

/** How long each time was that it failed and passed again, in rows; and the rows that have failed in a row up to now. */
function episodesOf(rows: readonly Judged[]): {
  readonly closed: readonly number[];
  readonly streak: readonly Judged[];
} {
  const closed: number[] = [];
  let streak: Judged[] = [];
  for (const row of rows) {
    if (row.isBad) streak.push(row);
    else if (streak.length > 0) {
      closed.push(streak.length);
      streak = [];
    }
  }
  return { closed, streak };
}

/** Of one that the infrastructure failed now, how often it does. */
function faultNote(rows: readonly PastRow[], on: string | null): HistoryNote | null {
  const passedAgain = rows.filter(({ state }) => state === "r").length;
  const failed = rows.filter(({ state }) => state === "i").length + passedAgain;
  return failed < 2 ? null : { kind: "flaky", on, failed, runs: rows.length, passedAgain, fault: "warehouse" };
}

const GROWS_OVER = 3;
/** Three numbers are in order by chance once in six times: they have to grow by half at least, or there are more of them. */
const GROWS_BY = 1.5;
const GROWS_SURELY_OVER = 5;

/** Counts that have become larger and larger while it failed. What stayed the same (no new data) counts once. */
function growingNote(rows: readonly Judged[]): HistoryNote | null {
  const { streak } = episodesOf(rows);
  if (streak.at(-1)?.failures == null) return null;
  const counts: number[] = [];
  for (const { failures } of streak) {
    if (failures === null) continue;
    const last = counts.at(-1);
    if (failures === last) continue;
    if (last !== undefined && failures < last) counts.length = 0;
    counts.push(failures);
  }
  const [first = 0, last = 0] = [counts[0], counts.at(-1)];
  const grows = counts.length >= GROWS_SURELY_OVER || (counts.length >= GROWS_OVER && last >= first * GROWS_BY);
  return grows ? { kind: "growing", counts } : null;
}

/** Failures in a row up to now: at least two; to a check one of production is news. */
function failingNote(rows: readonly Judged[], on: string | null): HistoryNote | null {
  const { streak } = episodesOf(rows);
  const [first] = streak;
  if (first === undefined || streak.length < (on === null ? 2 : 1)) return null;
  const { startedAt: at, commit } = first.run;
  return { kind: "failing", on, runs: streak.length, first: { at, commit }, isSince: streak.length < rows.length };
}

const MEDIAN_OF = 5;
const SLOWER_BY = 2;
const SLOWER_BY_SECONDS = 10;

/** Slower than half of its earlier runs by far, and than all of them but one: a time that is often long is usual. */
function slowNote(rows: readonly PastRow[]): HistoryNote | null {
  const seconds = rows.at(-1)?.seconds ?? null;
  const earlier = rows
    .slice(0, -1)
    .flatMap((row) => row.seconds ?? [])
    .sort((a, b) => a - b);
  if (seconds === null || earlier.length < MEDIAN_OF) return null;
  const medianSeconds = median(earlier);
  const isSlow =
    seconds >= medianSeconds * SLOWER_BY &&
    seconds - medianSeconds >= SLOWER_BY_SECONDS &&
    seconds > (earlier.at(-2) ?? 0);
  return isSlow ? { kind: "slow", seconds, medianSeconds } : null;
}

/** Of numbers in their order. */
function median(ordered: readonly number[]): number {
  const middle = ordered.length / 2;
  return ((ordered[Math.ceil(middle) - 1] ?? 0) + (ordered[Math.floor(middle)] ?? 0)) / 2;
}
