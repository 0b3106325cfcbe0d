import type { Alert, News } from "../../../src/alerts/alert.ts";
import { fingerprintHash } from "../../../src/slack/packed-ledger.ts";
import { HOUR_MS, WARNINGS } from "../../alerts/build.ts";
import { type History, OUTAGES, type Outage, type Problem, type ScriptedRun, truthIn } from "./history.ts";

/** What goes wrong in a replay, in words, and its figures. */
export interface Score {
  readonly wrongs: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

/** One run with the alerts of which people have read the message. */
export interface Read {
  readonly run: ScriptedRun;
  readonly alerts: readonly Alert[];
  /** Whether the run found something that is not muted. */
  readonly hasProblem: boolean;
}

const SLA_MS = 7 * 24 * HOUR_MS;
const OVERDUE_MS = 3 * 24 * HOUR_MS;

/** Compares what people have read with what is true. `delay`: by how many runs a message may come late. */
export function judgeReplay({ problems }: History, reads: readonly Read[], delay: number): Score {
  const wrongs: string[] = [];
  const top = reads.flatMap(({ alerts }) => alerts.filter(({ address }) => address.kind === "channel"));
  const threads = reads.flatMap(({ alerts }) => alerts.filter(({ address }) => address.kind === "thread"));
  for (const problem of problems) judgeProblem(problem, reads, delay, wrongs);
  const spells = OUTAGES.reduce((sum, outage) => sum + judgeOutage(outage, reads, delay, wrongs), 0);
  const boards = top.filter(({ kind }) => kind === "board");
  for (const { channel } of boards) if (channel !== WARNINGS) wrongs.push(`a board in ${channel}`);
  const weeks = ((reads.at(-1)?.run.at ?? 0) - (reads[0]?.run.at ?? 0)) / (7 * 24 * HOUR_MS);
  if (boards.length > weeks + 2) wrongs.push(`${boards.length} boards in ${Math.round(weeks)} weeks`);
  const count = (kind: Alert["kind"]) => top.filter((alert) => alert.kind === kind).length;
  // Muted ones are none that anybody should hear of.
  const distinct = problems.filter(({ isMuted }) => !isMuted).length + spells;
  return {
    wrongs,
    figures: {
      runs: reads.length,
      "distinct problems": distinct,
      // What a message for each failing run would be, as most tools send it.
      "runs with a problem": reads.filter(({ hasProblem }) => hasProblem).length,
      pings: top.length,
      "pings per problem": round(top.length / distinct),
      threads: threads.length,
      "threads per problem": round(threads.length / distinct),
      "pings: errors": count("problems"),
      "pings: daily": count("daily"),
      "pings: flapping": count("flapping"),
      "pings: board": count("board"),
      "pings: overdue": count("overdue"),
      "pings: gap": count("gap"),
    },
  };
}

function judgeProblem(problem: Problem, reads: readonly Read[], delay: number, wrongs: string[]): void {
  const { id, kind, isMuted, from, to } = problem;
  const fingerprint = `v1:${id}`;
  // Nothing is said of it before it begins, nor long after it is over.
  const near = reads.slice(0, Math.min(reads.length, to + 200));
  const news = near.map((read, run) => (run < from - 2 ? [] : newsIn(read, fingerprint)));
  const wrong = (what: string, run: number) => wrongs.push(`${kind} ${id}, run ${run}: ${what}`);
  const isSeen = (run: number) => reads[run]?.run.outage === null && problem.runsIn(run);
  const last = reads.length - delay - 1;

  // What a run that looked at it saw: the truth, as far as anybody can know.
  const seen: { run: number; state: string }[] = [];
  for (let run = from; run < Math.min(to + 30, reads.length); run += 1) {
    const isGone = truthIn(problem, run) === "gone" && reads[run]?.run.outage?.getsSomethingDone !== false;
    if (isSeen(run) || isGone) seen.push({ run, state: truthIn(problem, run) });
  }
  if (isMuted) {
    for (const [run, said] of news.entries()) if (said.length > 0) wrong(`muted, and told as ${said}`, run);
    return;
  }
  let before = "passed";
  for (const { run, state } of seen) {
    if (run > last) break;
    const expected = changeOf(before, state);
    const isTold = (what: string) =>
      within(reads, run, delay).some((read) => newsIn(read, fingerprint).includes(what as never));
    before = state;
    if (expected === null) continue;
    const isFlap = kind === "flapping" && (expected === "opened" || expected === "recovered");
    if (isFlap ? run === from && !isTold("opened") : !isTold(expected)) wrong(`${expected} is not told`, run);
  }
  let told: { severity: string; at: number } | null = null;
  for (const [run, said] of news.entries()) {
    const at = reads[run]?.run.at ?? 0;
    for (const what of said) {
      const state = truthIn(problem, run);
      // Where its message failed before, it may be told by a run that does not look at it.
      if (what === "recovered" && (state !== "passed" || (delay === 0 && !isSeen(run))))
        wrong("recovered, and it is not so", run);
      if (what === "removed" && state !== "gone") wrong("removed, and it is not so", run);
      if (what === "opened" && told !== null) wrong("opened twice", run);
      if (what === "again" && told !== null && at - told.at < 20 * HOUR_MS)
        wrong(`told twice within ${(at - told.at) / HOUR_MS} h`, run);
      if (what === "again" && told === null) wrong("told again before it was told", run);
      if (what === "recovered" || what === "removed") told = null;
      else if (what !== "overdue") told = { severity: what, at };
    }
  }
  judgeOverdue(problem, reads, news, wrong);
}

/**
 * Each spell of an outage is told when it begins, and that it is over by the first run that gets something done without it;
 * not where another of its kind takes its place. Returns the number of spells.
 */
function judgeOutage(
  { fingerprint, trouble }: Outage,
  reads: readonly Read[],
  delay: number,
  wrongs: string[],
): number {
  let [isOpen, spells] = [false, 0];
  for (const [index, { run }] of reads.entries()) {
    const is = run.outage?.fingerprint === fingerprint;
    const isReplaced = !is && run.outage?.trouble === trouble;
    const isOver = isOpen && !is && !isReplaced && run.outage?.getsSomethingDone !== false;
    const expected = is && !isOpen ? "opened" : isOver ? "recovered" : null;
    const isTold = within(reads, index, delay).some((read) => newsIn(read, fingerprint).includes(expected ?? "again"));
    if (expected !== null && !isTold && index < reads.length - delay - 1)
      wrongs.push(`${expected} of ${fingerprint} in run ${index} is not told`);
    const others = newsIn(reads[index] as Read, fingerprint).filter((news) => news !== "again" && news !== expected);
    if (delay === 0 && others.length > 0) wrongs.push(`${others} of ${fingerprint} in run ${index}, and it is not so`);
    if (expected === "opened") spells += 1;
    isOpen = is || (isOpen && !isReplaced && !isOver);
  }
  return spells;
}

/** A warning of more than a week is told in the error channel, within three days. */
function judgeOverdue(
  { kind, from, to }: Problem,
  reads: readonly Read[],
  news: readonly (readonly string[])[],
  wrong: (what: string, run: number) => void,
): void {
  const begin = reads[from]?.run.at ?? 0;
  const due = reads.findIndex(({ run }) => run.at >= begin + SLA_MS);
  const latest = reads.findIndex(({ run }) => run.at >= begin + SLA_MS + OVERDUE_MS + HOUR_MS);
  const isOverdue = news.some((said) => said.includes("overdue"));
  if (kind === "warning" && latest !== -1 && to > latest && !isOverdue) wrong("overdue is not told", latest);
  if (kind === "warning" && isOverdue && (due === -1 || news.findIndex((said) => said.includes("overdue")) < due))
    wrong("overdue before its time", due);
}

function changeOf(before: string, now: string): string | null {
  if (before === now) return null;
  if (now === "passed") return before === "gone" ? null : "recovered";
  if (now === "gone") return before === "passed" ? null : "removed";
  if (before === "passed") return "opened";
  return now === "error" ? "worse" : "better";
}

function newsIn({ alerts }: Read, fingerprint: string): readonly News[] {
  let known = NEWS.get(alerts);
  if (known === undefined) {
    known = new Map();
    for (const { items, address } of alerts)
      for (const item of address.kind === "edit" ? [] : items)
        if (item.news !== null) known.set(item.fingerprint, [...(known.get(item.fingerprint) ?? []), item.news]);
    NEWS.set(alerts, known);
  }
  // Of a test that is gone from the project a ledger in Slack has its hash.
  return known.get(fingerprint) ?? known.get(`v1:#${fingerprintHash(fingerprint)}`) ?? [];
}

const NEWS = new WeakMap<readonly Alert[], Map<string, readonly News[]>>();

function within(reads: readonly Read[], run: number, delay: number): readonly Read[] {
  return reads.slice(run, run + delay + 1);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
