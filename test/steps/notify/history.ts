import type { FailureClass, Finding, Verdict } from "../../../src/severity/verdict.ts";
import { failing, HOUR_MS } from "../../alerts/build.ts";
import { aRunFinding, aSubject, aVerdict } from "../../severity/build.ts";

/** A scripted history of runs, and what is true of each problem in each of them. */

export type State = "error" | "warn" | "passed" | "gone" | "disabled";

/** One problem from its first bad run to its last: what a test says in each run of its time. */
export interface Problem {
  readonly id: string;
  readonly kind: string;
  readonly from: number;
  /** The first run in which it is over. */
  readonly to: number;
  readonly stateIn: (run: number) => State;
  readonly isMuted: boolean;
  /** Whether a run looks at it at all. */
  readonly runsIn: (run: number) => boolean;
}

export interface ScriptedRun {
  readonly index: number;
  readonly at: number;
  readonly verdict: Verdict;
  /** Did not compile: says nothing of any test. */
  readonly isBroken: boolean;
}

export interface History {
  readonly runs: readonly ScriptedRun[];
  readonly problems: readonly Problem[];
  /** Spells in which the run itself failed. */
  readonly outages: readonly { readonly from: number; readonly to: number; readonly failureClass: FailureClass }[];
}

/** mulberry32: the same numbers for the same seed, everywhere. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MUTED = { until: "2027-12-15", reason: "DATA-12" };
/** Tests that no problem is about. */
const SOUND = ["test.shop.sound_1", "test.shop.sound_2", "model.shop.orders"];

/** `count` hourly runs from `start` on; about one problem for six of them, of every kind that teams have. */
export function writeHistory(seed: number, count: number, start: number): History {
  const random = createRandom(seed);
  const within = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  const problems: Problem[] = [];
  const outages: { from: number; to: number; failureClass: FailureClass }[] = [];
  const times: number[] = [];
  let hour = 0;
  for (let index = 0; index < count; index += 1) {
    // Once in a while the scheduler rests for half a day; runs come some minutes late.
    hour += index > 0 && random() < 1 / 300 ? within(6, 14) : 1;
    times.push(start + hour * HOUR_MS + within(0, 4) * 60_000);
  }

  const add = (kind: string, from: number, length: number, overrides: Partial<Problem> = {}) => {
    const id = `test.shop.${kind.replaceAll(" ", "_")}_${problems.length}`;
    const to = from + length;
    problems.push({ id, kind, from, to, stateIn: () => "error", isMuted: false, runsIn: () => true, ...overrides });
  };
  for (let from = 5; from < count - 10; from += within(2, 16)) {
    const length = within(1, 50);
    const long = within(30, 320);
    const half = from + Math.ceil(long / 2);
    switch (within(0, 11)) {
      case 0:
      case 1:
        add("error", from, length);
        break;
      case 2: {
        const several = within(3, 9);
        for (let index = 0; index < several; index += 1) add("incident", from, length + (index % 3));
        break;
      }
      case 3:
      case 4:
        add("warning", from, long, { stateIn: () => "warn" });
        break;
      case 5:
        add("escalating", from, long, { stateIn: (run) => (run < half ? "warn" : "error") });
        break;
      case 6:
        add("downgraded", from, long, { stateIn: (run) => (run < half ? "error" : "warn") });
        break;
      case 7:
        add("flapping", from, within(4, 20) * 2 + 1, {
          stateIn: (run) => ((run - from) % 2 === 0 ? "error" : "passed"),
        });
        break;
      case 8:
        add("muted", from, length, { isMuted: true });
        break;
      case 9:
        add("removed", from, length, { stateIn: () => "error" });
        break;
      case 10:
        // A test of the nightly job: the other runs do not select it.
        add("nightly", from, long, {
          runsIn: (run) => new Date(times[run] ?? 0).getUTCHours() === 3,
        });
        break;
      default:
        outages.push({ from, to: from + within(1, 6), failureClass: random() < 0.5 ? "code" : "infrastructure" });
    }
  }
  const runs = times.map((at, index): ScriptedRun => {
    const outage = outages.find(({ from, to }) => index >= from && index < to);
    return {
      index,
      at,
      isBroken: outage !== undefined,
      get verdict() {
        return verdictIn(index, problems, outage?.failureClass);
      },
    };
  });
  return { runs, problems, outages };
}

/** What a problem's test truly is in a run: also where the run does not look at it. */
export function truthIn(problem: Problem, run: number): State {
  if (run >= problem.to) return problem.kind === "removed" ? "gone" : "passed";
  return run < problem.from ? "passed" : problem.stateIn(run);
}

function verdictIn(run: number, problems: readonly Problem[], outage: FailureClass | undefined): Verdict {
  if (outage !== undefined) return aVerdict([aRunFinding("dbt-failed", { failureClass: outage })]);
  const findings: Finding[] = [];
  const passed = [...SOUND];
  const known = [...SOUND];
  for (const problem of problems) {
    const state = truthIn(problem, run);
    // Long after, its test is gone too: nobody remembers the problem.
    if (state === "gone" || run < problem.from - 1 || run > problem.to + 60) continue;
    known.push(problem.id);
    if (!problem.runsIn(run)) continue;
    if (state === "passed") passed.push(problem.id);
    else if (state === "error" || state === "warn") findings.push(findingOf(problem, state));
  }
  return aVerdict(findings, { passed, known });
}

function findingOf({ id, isMuted }: Problem, severity: "error" | "warn"): Finding {
  const name = id.replace("test.shop.", "");
  const subject = aSubject({ id, name, column: name, owner: "data-core" });
  return failing(name, { subject, severity, muted: isMuted ? MUTED : null });
}
