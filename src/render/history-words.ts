import type { Finding, HistoryNote } from "../severity/verdict.ts";
import { cleanLine } from "../text/clean.ts";
import { count, duration, grouped, times } from "./words.ts";

/** Counts shown of a series that grows; a longer one is cut in its middle. */
const MOST_COUNTS = 5;

type Told = Pick<Finding, "severity" | "history">;

/** What earlier runs tell of a finding, in one clean line; null: nothing. */
export function describeHistory({ severity, history = [] }: Told): string | null {
  return history.length === 0 ? null : cleanLine(history.map((note) => noteWords(note, severity)).join("; "), 300);
}

/** As a message has it: since when a problem is open is told there by what people have been told of it. */
export function describePattern(finding: Told | null): string | null {
  if (finding === null) return null;
  return describeHistory({ ...finding, history: finding.history?.filter(({ kind }) => kind !== "failing") });
}

function noteWords(note: HistoryNote, severity: Finding["severity"]): string {
  switch (note.kind) {
    case "flaky":
      return flakyWords(note, severity);
    case "growing":
      return `failures ${series(note.counts)}: growing`;
    case "failing":
      return failingWords(note, severity);
    case "slow":
      return `took ${duration(note.seconds)}, ${times(note.seconds / note.medianSeconds)} its median`;
  }
}

function flakyWords(
  { on, failed, runs, passedAgain, fault }: Extract<HistoryNote, { kind: "flaky" }>,
  severity: Finding["severity"],
): string {
  const often = `${grouped(failed)} of the last ${count(runs, "run")}${where(on)}`;
  if (fault === "warehouse") return `the warehouse or network failed it in ${often}`;
  const again =
    passedAgain === 0
      ? "and passed in between without a change"
      : `${howOften(passedAgain)} on a commit that passed too`;
  return `${severity === "warn" ? "warned in" : "failed"} ${often}, ${again}: flaky`;
}

function failingWords(
  { on, runs, first, isSince }: Extract<HistoryNote, { kind: "failing" }>,
  severity: Finding["severity"],
): string {
  const verb = severity === "warn" ? "warning" : "failing";
  const also = on === null ? verb : `also ${verb}${where(on)}`;
  const when = `${first.at.slice(0, 10)} (${first.commit.slice(0, 12)})`;
  if (isSince) return `${also} since ${when}: ${runs === 1 ? "in its last run" : `${count(runs, "run")} in a row`}`;
  // One run tells that it fails, and not for how long.
  if (runs === 1) return `${also}, seen in one run: ${when}`;
  return `${also} at least since ${when}: in all of the last ${count(runs, "run")}`;
}

function where(on: string | null): string {
  return on === null ? "" : ` on ${cleanLine(on, 60)}`;
}

function howOften(number: number): string {
  return number === 1 ? "once" : number === 2 ? "twice" : `${grouped(number)} times`;
}

/** `3 → 9 → 41`; of a long series the first and the last. */
function series(counts: readonly number[]): string {
  const shown = counts.map(grouped);
  const kept = shown.length <= MOST_COUNTS ? shown : [...shown.slice(0, 1), "…", ...shown.slice(2 - MOST_COUNTS)];
  return kept.join(" → ");
}
