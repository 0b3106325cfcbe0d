import type { Finding, Verdict } from "../../../src/severity/verdict.ts";
import { failing, HOUR_MS } from "../../alerts/build.ts";
import { aRunFinding, aSubject, aVerdict } from "../../severity/build.ts";
import { createRandom } from "../../support/random.ts";

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
  /** What is wrong with the run itself: it says nothing of any test. */
  readonly outage: Outage | null;
}

/** One way in which a run itself fails. */
export interface Outage {
  readonly fingerprint: string;
  readonly finding: Finding;
  /** Another one of the same takes its place without a word. */
  readonly trouble: string;
  /** Whether the run had a manifest, and got something done all the same: then every other outage is over. */
  readonly getsSomethingDone: boolean;
}

export interface History {
  readonly runs: readonly ScriptedRun[];
  readonly problems: readonly Problem[];
}

export const OUTAGES: readonly [Outage, ...Outage[]] = [
  {
    fingerprint: "v1:run:dbt-failed:code",
    finding: aRunFinding("dbt-failed", { failureClass: "code" }),
    trouble: "dbt-failed",
    getsSomethingDone: false,
  },
  {
    fingerprint: "v1:run:dbt-failed:infrastructure",
    finding: aRunFinding("dbt-failed", { failureClass: "infrastructure" }),
    trouble: "dbt-failed",
    getsSomethingDone: false,
  },
  {
    fingerprint: "v1:run:dbt-failed:stopped",
    finding: aRunFinding("dbt-failed", { failureClass: "stopped" }),
    trouble: "dbt-failed",
    getsSomethingDone: true,
  },
  {
    fingerprint: "v1:run:warehouse:throttled:BigQuery quota",
    finding: aRunFinding("warehouse", { failureClass: "throttled", status: "BigQuery quota" }),
    trouble: "warehouse",
    getsSomethingDone: true,
  },
];

const MUTED = { until: "2027-12-15", reason: "DATA-12" };
/** Tests that no problem is about. */
const SOUND = ["test.shop.sound_1", "test.shop.sound_2", "model.shop.orders"];

/** `count` hourly runs from `start` on; about one problem for six of them, of every kind that teams have. */
export function writeHistory(seed: number, count: number, start: number): History {
  const random = createRandom(seed);
  const within = random.whole;
  const problems: Problem[] = [];
  const outages: { from: number; to: number; outage: Outage }[] = [];
  const times: number[] = [];
  let hour = 0;
  for (let index = 0; index < count; index += 1) {
    // Once in a while the scheduler rests for half a day; runs come some minutes late.
    hour += index > 0 && random.chance(1 / 300) ? within(6, 14) : 1;
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
        outages.push({ from, to: from + within(1, 6), outage: random.pick(OUTAGES) });
    }
  }
  const runs = times.map((at, index): ScriptedRun => {
    const outage = outages.find(({ from, to }) => index >= from && index < to)?.outage ?? null;
    return {
      index,
      at,
      outage,
      get verdict() {
        return verdictIn(index, problems, outage);
      },
    };
  });
  return { runs, problems };
}

/** What a problem's test truly is in a run: also where the run does not look at it. */
export function truthIn(problem: Problem, run: number): State {
  if (run >= problem.to) return problem.kind === "removed" ? "gone" : "passed";
  return run < problem.from ? "passed" : problem.stateIn(run);
}

function verdictIn(run: number, problems: readonly Problem[], outage: Outage | null): Verdict {
  if (outage?.getsSomethingDone === false) return aVerdict([outage.finding]);
  const findings: Finding[] = [];
  const passed = [...SOUND];
  const known = [...SOUND];
  for (const problem of problems) {
    const state = truthIn(problem, run);
    // Long after, its test is gone too: nobody remembers the problem.
    if (state === "gone" || run < problem.from - 1 || run > problem.to + 60) continue;
    known.push(problem.id);
    if (outage !== null || !problem.runsIn(run)) continue;
    if (state === "passed") passed.push(problem.id);
    else if (state === "error" || state === "warn") findings.push(findingOf(problem, state));
  }
  return aVerdict(outage === null ? findings : [outage.finding], { passed, known });
}

function findingOf({ id, isMuted }: Problem, severity: "error" | "warn"): Finding {
  const name = id.replace("test.shop.", "");
  const subject = aSubject({ id, name, column: name, owner: "data-core" });
  return failing(name, { subject, severity, muted: isMuted ? MUTED : null });
}
