import { type DecisionPolicy, decide } from "../../src/queue/decide.ts";
import type { Scan, SeenRun } from "../../src/queue/ticket.ts";

/**
 * A world small enough to see all of it: three runs of one group, of which the first may be run again and the last is
 * held for an approval. A second is the smallest step of time; within it
 * everything may happen in any order. Each row of each look is as it is, or as it was when the second before began.
 */
export interface Explored {
  readonly states: number;
  readonly steps: number;
  readonly violations: readonly string[];
}

const LAG = 1;
/** Older than this, only the order of ages matters. */
const OLD = LAG + 1;
const POLICY: DecisionPolicy = { lagSeconds: LAG, settleSeconds: 0, supersede: "none", ignoredRuns: [] };
const NOW = 1_000_000;

type Phase = "none" | "queued" | "held" | "waiting" | "inside" | "ended";

interface Model {
  readonly phase: Phase;
  readonly attempt: number;
  /** Seconds since the ticket of this attempt and of the one before. */
  readonly age: number;
  readonly ageBefore: number;
  /** Seconds since the process began to wait. */
  readonly waited: number;
  /** What a stale look shows: when the second before began. */
  readonly oldPhase: Phase;
  readonly oldAttempt: number;
  /** When this second began. */
  readonly startPhase: Phase;
  readonly startAttempt: number;
}

type State = readonly [Model, Model, Model];

/** What a run becomes; it has not waited in its new phase. */
type Change = Pick<Model, "phase"> & Partial<Pick<Model, "attempt" | "age" | "ageBefore">>;

const ABSENT: Model = {
  phase: "none",
  attempt: 1,
  age: 0,
  ageBefore: 0,
  waited: 0,
  oldPhase: "none",
  oldAttempt: 1,
  startPhase: "none",
  startAttempt: 1,
};

/** Visits every state that can be reached. `knowsTime: false`: the server never tells its time. */
export function explore({ knowsTime }: { knowsTime: boolean }): Explored {
  const first: State = [ABSENT, ABSENT, ABSENT];
  const seen = new Set([encode(first)]);
  const violations = new Set<string>();
  let frontier: State[] = [first];
  let steps = 0;
  while (frontier.length > 0) {
    const next: State[] = [];
    for (const state of frontier) {
      const inside = state.filter(({ phase }) => phase === "inside").length;
      if (inside > 1) violations.add(`two inside: ${encode(state)}`);
      if (isStuck(state, knowsTime)) violations.add(`nobody can go on: ${encode(state)}`);
      for (const successor of successors(state, knowsTime, (what) => violations.add(what))) {
        steps++;
        const key = encode(successor);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(successor);
      }
    }
    frontier = next;
  }
  return { states: seen.size, steps, violations: [...violations] };
}

function* successors(state: State, knowsTime: boolean, accuse: (what: string) => void): Generator<State> {
  yield passSecond(state);
  for (const [index, run] of state.entries()) {
    const become = (phase: Phase) => replace(state, index, { phase });
    switch (run.phase) {
      case "none":
        yield replace(state, index, { phase: index === 2 ? "held" : "queued", age: 0 });
        break;
      case "queued":
      case "held":
        yield become("waiting");
        break;
      case "waiting":
        yield become("ended");
        if (canEnter(state, index, knowsTime)) {
          const ahead = state.filter((other) => other !== run && isActive(other) && isEarlier(state, other, run));
          if (ahead.length > 0) accuse(`run ${index} enters before an earlier one: ${encode(state)}`);
          yield become("inside");
        }
        break;
      case "inside":
        yield become("ended");
        break;
      case "ended":
        if (index === 0 && run.attempt === 1) {
          yield replace(state, index, { phase: "queued", attempt: 2, age: 0, ageBefore: run.age });
        }
        break;
    }
  }
}

/** By some look that a reader may have: each row fresh or stale, where that makes a difference. */
function canEnter(state: State, me: number, knowsTime: boolean): boolean {
  const differs = state.map((run) => outside(run.phase) !== run.oldPhase || run.attempt !== run.oldAttempt);
  for (let stale = 0; stale < 8; stale++) {
    const isStale = (index: number) => (stale & (1 << index)) !== 0;
    if (differs.some((differ, index) => isStale(index) && !differ)) continue;
    if (decideFor(state, me, isStale, knowsTime) === "enter") return true;
  }
  return false;
}

function decideFor(state: State, me: number, isStale: (index: number) => boolean, knowsTime: boolean) {
  const own = state[me];
  if (own === undefined) return "none";
  const runs = state.flatMap((run, index) => show(run, index, isStale(index)));
  const scan: Scan = { runs, complete: true, serverTime: knowsTime ? NOW * 1000 : null };
  const ticket = ticketOf(own, me, own.attempt);
  const now = { time: NOW * 1000, processAgeSeconds: own.waited };
  return decide(scan, { id: String(me), attempt: own.attempt, ticket }, now, POLICY).kind;
}

const STATUS: Readonly<Record<Phase, string>> = {
  none: "",
  queued: "queued",
  held: "waiting",
  waiting: "in_progress",
  inside: "in_progress",
  ended: "success",
};

function show(run: Model, index: number, isStale: boolean): SeenRun[] {
  const phase = isStale ? run.oldPhase : run.phase;
  const attempt = isStale ? run.oldAttempt : run.attempt;
  if (phase === "none") return [];
  return [
    {
      id: String(index),
      attempt,
      ticket: ticketOf(run, index, attempt),
      ended: !isActive({ phase }),
      status: STATUS[phase],
      trigger: "push",
      url: null,
      since: null,
      tookSeconds: null,
      quietSince: null,
      title: null,
      author: null,
    },
  ];
}

function ticketOf(run: Model, index: number, attempt: number) {
  const age = attempt === run.attempt ? run.age : run.ageBefore;
  return { second: NOW - age, pipeline: 0, createdAt: at(age), id: String(index), attempt };
}

const TIMES = Array.from({ length: 40 }, (_, age) => new Date((NOW - age) * 1000).toISOString());

function at(age: number): string {
  return TIMES[age] ?? "";
}

function isActive({ phase }: Pick<Model, "phase">): boolean {
  return phase === "queued" || phase === "held" || phase === "waiting" || phase === "inside";
}

function isEarlier(state: State, a: Model, b: Model): boolean {
  return a.age !== b.age ? a.age > b.age : state.indexOf(a) < state.indexOf(b);
}

/** All that are active wait, and have for so long that no look is stale: the first of them has to be let in. */
function isStuck(state: State, knowsTime: boolean): boolean {
  const active = state.filter(isActive);
  const isQuiet = state.every((run) => run.phase !== "waiting" || run.waited >= OLD);
  if (active.length === 0 || !isQuiet || active.some((run) => run.phase !== "waiting")) return false;
  const first = active.reduce((a, b) => (isEarlier(state, b, a) ? b : a));
  return decideFor(state, state.indexOf(first), () => false, knowsTime) !== "enter";
}

function passSecond(state: State): State {
  const [a, b, c] = state;
  return normalize(passSecondOf(a), passSecondOf(b), passSecondOf(c));
}

function passSecondOf(run: Model): Model {
  if (run.phase === "none") return ABSENT;
  return {
    phase: run.phase,
    attempt: run.attempt,
    age: run.age + 1,
    ageBefore: run.ageBefore + 1,
    waited: run.waited + 1,
    oldPhase: run.startPhase,
    oldAttempt: run.startAttempt,
    startPhase: run.phase,
    startAttempt: run.attempt,
  };
}

function replace([a, b, c]: State, index: number, change: Change): State {
  return normalize(
    index === 0 ? changed(a, change) : a,
    index === 1 ? changed(b, change) : b,
    index === 2 ? changed(c, change) : c,
  );
}

// Each field by its name: a million states are made, and spreads take three times as long.
function changed(
  run: Model,
  { phase, attempt = run.attempt, age = run.age, ageBefore = run.ageBefore }: Change,
): Model {
  return {
    phase,
    attempt,
    age,
    ageBefore,
    waited: 0,
    oldPhase: run.oldPhase,
    oldAttempt: run.oldAttempt,
    startPhase: run.startPhase,
    startAttempt: run.startAttempt,
  };
}

/** Drops what no later step can tell apart. */
function normalize(...[a, b, c]: State): State {
  const runs: State = [withoutPast(a), withoutPast(b), withoutPast(c)];
  const ages: number[] = [];
  for (const { age, ageBefore } of runs) {
    if (age > OLD && !ages.includes(age)) ages.push(age);
    if (ageBefore > OLD && !ages.includes(ageBefore)) ages.push(ageBefore);
  }
  if (ages.length === 0) return runs;
  ages.sort((left, right) => left - right);
  return [withRanks(runs[0], ages), withRanks(runs[1], ages), withRanks(runs[2], ages)];
}

function withoutPast(run: Model): Model {
  const isOver = run.phase === "ended" && run.startPhase === "ended" && run.oldPhase === "ended";
  const hasOtherAttempt = run.startAttempt !== run.attempt || run.oldAttempt !== run.attempt;
  return {
    phase: run.phase,
    attempt: run.attempt,
    age: isOver ? 0 : run.age,
    ageBefore: hasOtherAttempt ? run.ageBefore : 0,
    waited: run.phase === "waiting" ? Math.min(run.waited, OLD) : 0,
    oldPhase: outside(run.oldPhase),
    oldAttempt: run.oldAttempt,
    startPhase: outside(run.startPhase),
    startAttempt: run.startAttempt,
  };
}

/** Of ages that are old only the order matters. */
function withRanks(run: Model, ages: readonly number[]): Model {
  return {
    phase: run.phase,
    attempt: run.attempt,
    age: run.age > OLD ? OLD + 1 + ages.indexOf(run.age) : run.age,
    ageBefore: run.ageBefore > OLD ? OLD + 1 + ages.indexOf(run.ageBefore) : run.ageBefore,
    waited: run.waited,
    oldPhase: run.oldPhase,
    oldAttempt: run.oldAttempt,
    startPhase: run.startPhase,
    startAttempt: run.startAttempt,
  };
}

/** No reader can tell whether a run that is in progress is inside. */
function outside(phase: Phase): Phase {
  return phase === "inside" ? "waiting" : phase;
}

const PHASES: readonly Phase[] = ["none", "queued", "held", "waiting", "inside", "ended"];

function encode(state: State): string {
  let key = "";
  for (const run of state) {
    key += PHASES.indexOf(run.phase) + 6 * PHASES.indexOf(run.oldPhase) + 36 * PHASES.indexOf(run.startPhase);
    key += `:${run.attempt + 2 * run.oldAttempt + 4 * run.startAttempt},${run.age},${run.ageBefore},${run.waited} `;
  }
  return key;
}
