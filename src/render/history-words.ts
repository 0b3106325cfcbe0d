import type { HistoryNote } from "../severity/verdict.ts";
import { cleanLine } from "../text/clean.ts";
import { count, duration, grouped } from "./words.ts";

/** Counts shown of a series that grows; a longer one is cut in its middle. */
const MOST_COUNTS = 5;

/** What earlier runs tell of a finding, in one clean line; null: nothing. */
export function describeHistory(notes: readonly HistoryNote[] | undefined): string | null {
  return notes === undefined || notes.length === 0 ? null : cleanLine(notes.map(noteWords).join("; "), 300);
}

/** As a message has it: since when a problem is open is told there by what people have been told of it. */
export function describePattern(notes: readonly HistoryNote[] | undefined): string | null {
  return describeHistory(notes?.filter(({ kind }) => kind !== "failing"));
}

function noteWords(note: HistoryNote): string {
  switch (note.kind) {
    case "flaky":
      return flakyWords(note);
    case "growing":
      return `failures ${series(note.counts)}: growing`;
    case "failing":
      return failingWords(note);
    case "slow":
      return `took ${duration(note.seconds)}, ${times(note.seconds / note.medianSeconds)} its median`;
  }
}

function flakyWords({ on, failed, runs, passedAgain, fault }: Extract<HistoryNote, { kind: "flaky" }>): string {
  const often = `${grouped(failed)} of the last ${count(runs, "run")}${where(on)}`;
  if (fault === "warehouse") return `the warehouse or network failed it in ${often}`;
  const again =
    passedAgain === 0
      ? "and passed in between without a change"
      : `${howOften(passedAgain)} on a commit that passed too`;
  return `failed ${often}, ${again}: flaky`;
}

function failingWords({ on, runs, since }: Extract<HistoryNote, { kind: "failing" }>): string {
  const also = on === null ? "failing" : `also failing${where(on)}`;
  if (since === null) return `${also} in all of the last ${count(runs, "run")}`;
  return `${also} since ${since.at.slice(0, 10)} (${since.commit.slice(0, 12)}): ${count(runs, "run")} in a row`;
}

function where(on: string | null): string {
  return on === null ? "" : ` on ${cleanLine(on, 60)}`;
}

function howOften(number: number): string {
  return number === 1 ? "once" : number === 2 ? "twice" : `${grouped(number)} times`;
}

/** `2.4 ×`, `12 ×`. */
function times(ratio: number): string {
  return `${ratio < 9.95 ? ratio.toFixed(1) : grouped(Math.round(ratio))} ×`;
}

/** `3 → 9 → 41`; of a long series the first and the last. */
function series(counts: readonly number[]): string {
  const shown = counts.map(grouped);
  const kept = shown.length <= MOST_COUNTS ? shown : [...shown.slice(0, 1), "…", ...shown.slice(2 - MOST_COUNTS)];
  return kept.join(" → ");
}
