import fc from "fast-check";
import type { DecisionPolicy, Me, Now } from "../../src/queue/decide.ts";
import type { RunSource } from "../../src/queue/source.ts";
import type { Scan, SeenRun, Ticket } from "../../src/queue/ticket.ts";

/** The moment at which the tests play: 07:00:00 UTC. */
export const NOW = Date.UTC(2026, 0, 5, 7);

export function secondsAgo(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

export function buildTicket(overrides: Partial<Ticket> = {}): Ticket {
  return { second: NOW / 1000 - 300, pipeline: 0, createdAt: secondsAgo(300), id: "42", attempt: 1, ...overrides };
}

/** A running run with a ticket `age` seconds old. */
export function buildRun(id: string, age: number, overrides: Partial<SeenRun> = {}): SeenRun {
  return {
    id,
    attempt: 1,
    ticket: buildTicket({
      id,
      second: Math.floor(NOW / 1000 - age),
      createdAt: secondsAgo(age),
      attempt: overrides.attempt ?? 1,
    }),
    ended: false,
    status: "in_progress",
    trigger: "push",
    url: `https://github.test/runs/${id}`,
    since: secondsAgo(age),
    tookSeconds: null,
    quietSince: null,
    title: null,
    author: null,
    ...overrides,
  };
}

export const me: Me = { id: "42", attempt: 1, ticket: buildTicket() };

export function buildScan(runs: readonly SeenRun[], overrides: Partial<Scan> = {}): Scan {
  return { runs, complete: true, serverTime: NOW, ...overrides };
}

export function buildPolicy(overrides: Partial<DecisionPolicy> = {}): DecisionPolicy {
  return { lagSeconds: 20, settleSeconds: 30, supersede: "none", ignoredRuns: [], ...overrides };
}

export function buildNow(overrides: Partial<Now> = {}): Now {
  return { time: NOW, processAgeSeconds: 5, ...overrides };
}

export interface ScriptedSource extends RunSource {
  /** What was asked, in order: `scan`, `reread 41`, `cancel 42`. */
  readonly asked: string[];
}

type Answer<T> = T | Error | Promise<T>;

/** Answers whole looks by `scan` and single ones by `reread`; both may depend on what was asked before. */
export function buildSource(
  scan: (looks: number) => Answer<Scan>,
  reread: (ids: readonly string[], looks: number) => Answer<readonly SeenRun[]> = () => [],
  cancel: () => Answer<void> = () => undefined,
): ScriptedSource {
  const asked: string[] = [];
  let [scans, rereads] = [0, 0];
  const answer = async <T>(value: Answer<T>): Promise<T> => {
    if (value instanceof Error) throw value;
    return value;
  };
  return {
    asked,
    scan() {
      asked.push("scan");
      return answer(scan(scans++));
    },
    reread(ids) {
      asked.push(`reread ${ids.join(" ")}`);
      return answer(reread(ids, rereads++));
    },
    running: async () => [],
    cancel(id) {
      asked.push(`cancel ${id}`);
      return answer(cancel());
    },
    calls: () => asked.length,
  };
}

/** Tickets that often collide in every part. */
export const anyTicket: fc.Arbitrary<Ticket> = fc.record({
  second: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constant(Number.NaN)),
  pipeline: fc.oneof(fc.constantFrom(0, 9, 10, 100), fc.constant(Number.NaN)),
  createdAt: fc.constantFrom(
    "2026-01-05T07:00:00Z",
    "2026-01-05T07:00:00.999Z",
    "2026-01-05T08:00:00+01:00",
    "2026-01-05T07:00:01Z",
    "2026-01-05T07:00:00",
    "",
    "yesterday",
  ),
  id: fc.oneof(
    fc.constantFrom("9", "10", "010", "0", "00", "", "a", "B", "1a", "12345678901234567890", "12345678901234567891"),
    fc.string({ maxLength: 3 }),
  ),
  attempt: fc.integer({ min: 1, max: 3 }),
});

/** Runs of a small group around the moment of the tests, some without a place, some with words that nobody knows. */
export const anyRun: fc.Arbitrary<SeenRun> = fc
  .record({
    id: fc.constantFrom("7", "40", "41", "42", "43", "x"),
    attempt: fc.integer({ min: 1, max: 2 }),
    age: fc.integer({ min: -5, max: 60 }),
    hasTicket: fc.boolean(),
    state: fc.constantFrom("in_progress", "queued", "on_hold", "held-by-dragons", "success", "cancelled", "timed_out"),
    trigger: fc.constantFrom("push" as const, "schedule" as const, "unknown" as const),
    endedAgo: fc.option(fc.integer({ min: -5, max: 60 })),
  })
  .map(({ id, attempt, age, hasTicket, state, trigger, endedAgo }) => {
    const ended = ["success", "cancelled", "timed_out"].includes(state);
    const run = buildRun(id, age, {
      attempt,
      status: state,
      trigger,
      ended,
      since: endedAgo === null ? null : secondsAgo(endedAgo),
    });
    return hasTicket ? run : { ...run, ticket: null };
  });

export const anyScan: fc.Arbitrary<Scan> = fc.record({
  runs: fc.uniqueArray(anyRun, { maxLength: 6, selector: (run) => `${run.id}/${run.attempt}` }),
  complete: fc.boolean(),
  serverTime: fc.option(fc.integer({ min: NOW - 3000, max: NOW + 60_000 })),
});

export const anyNow: fc.Arbitrary<Now> = fc.record({
  time: fc.constant(NOW),
  processAgeSeconds: fc.integer({ min: 0, max: 60 }),
});

export const anyPolicy: fc.Arbitrary<DecisionPolicy> = fc.record({
  lagSeconds: fc.constantFrom(0, 10, 20),
  settleSeconds: fc.constantFrom(0, 30),
  supersede: fc.constantFrom("none" as const, "schedule" as const, "all" as const),
  ignoredRuns: fc.subarray(["7", "40"]),
});
