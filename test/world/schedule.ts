import type { WaitPolicy } from "../../src/queue/wait.ts";
import type { Mode } from "../../src/run/mode.ts";
import type { Trigger } from "../../src/run/run.ts";
import { createRandom, type Random } from "../support/random.ts";

export type Vendor = "plain" | "github" | "circleci";

/** Everything that happens in one simulated world, drawn from a seed before it is played. Times in seconds. */
export interface Schedule {
  readonly seed: number;
  readonly vendor: Vendor;
  /** What the waiters believe that reads may be stale by, and what they are stale by at most. */
  readonly lagSeconds: number;
  readonly trueLagSeconds: number;
  readonly staleness: "none" | "full" | "extremes" | "each" | "endpoint" | "lists";
  readonly settleSeconds: number;
  readonly supersede: WaitPolicy["supersede"];
  /** A check that works makes way for a newer run. */
  readonly supersedeRunning: boolean;
  /** Why two may be inside at once without anybody being to blame; null: they may not. */
  readonly isVoid: string | null;
  readonly families: readonly FamilyScript[];
  readonly faults: FaultScript;
  /** Rows a page, at most. */
  readonly pageSize: number;
}

/** One run that works for a while; nothing goes wrong. */
export function buildRun(overrides: Partial<RunScript> = {}): RunScript {
  return {
    workflow: "dbt",
    delaySeconds: 0,
    queueSeconds: 1,
    hold: null,
    bootSeconds: 5,
    hasGate: true,
    workSeconds: 60,
    endSeconds: 1,
    outcome: "success",
    cancel: null,
    vanishSeconds: null,
    deleted: null,
    rerun: null,
    timeoutSeconds: null,
    onTimeout: "fail",
    skewSeconds: 0,
    ...overrides,
  };
}

export function buildFamily(overrides: Partial<FamilyScript> = {}): FamilyScript {
  return {
    at: 0,
    branch: BRANCH,
    isFork: false,
    trigger: "push",
    mode: "deploy",
    setupSeconds: null,
    runs: [buildRun()],
    ...overrides,
  };
}

/** A calm world, reads of which are a second old. */
export function buildSchedule(
  vendor: Vendor,
  families: readonly FamilyScript[],
  overrides: Partial<Schedule> = {},
): Schedule {
  return {
    seed: 1,
    vendor,
    lagSeconds: vendor === "circleci" ? 10 : 20,
    trueLagSeconds: 1,
    staleness: "full",
    settleSeconds: 30,
    supersede: "none",
    supersedeRunning: false,
    isVoid: null,
    families,
    faults: { rate: 0, outages: [], blind: [], lost: [], hasDateHeader: true, slowestSeconds: 0.2, requestsLeft: 5000 },
    pageSize: 100,
    ...overrides,
  };
}

export const BAD_WEATHER_SECONDS = 600;

/** The branch of the group, with what is lost or taken for something else where a name is not encoded. */
export const BRANCH = "rel/2026&status=x#1+2 %41";

/** A GitHub run with its attempts, or a CircleCI pipeline with its workflows. */
export interface FamilyScript {
  readonly at: number;
  readonly branch: string;
  readonly isFork: boolean;
  readonly trigger: Trigger;
  /** What its runs are for. */
  readonly mode: Mode;
  /** CircleCI: a set-up workflow runs for so long before the others exist. */
  readonly setupSeconds: number | null;
  readonly runs: readonly [RunScript, ...RunScript[]];
}

export interface RunScript {
  /** In the list of the group, or some other one. */
  readonly workflow: "dbt" | "hourly" | "lint";
  /** After its family, or after the others of its family exist. */
  readonly delaySeconds: number;
  readonly queueSeconds: number;
  /** A person lets it go on. `approval`: a fork's run, which ends and becomes a second attempt. */
  readonly hold: { readonly kind: "hold" | "requeue" | "approval"; readonly seconds: number } | null;
  readonly bootSeconds: number;
  /** false: a re-run from failed in which the job with the gate is not run again. */
  readonly hasGate: boolean;
  readonly workSeconds: number;
  readonly endSeconds: number;
  readonly outcome: "success" | "failed";
  readonly cancel: CancelScript | null;
  /** After its process started it is gone, and the CI never notices. */
  readonly vanishSeconds: number | null;
  /** After its creation a person deletes it: it answers 404 for good, and lists may go on to show it as it was. */
  readonly deleted: { readonly seconds: number; readonly isStillListed: boolean } | null;
  readonly rerun: { readonly seconds: number; readonly run: RunScript } | null;
  readonly timeoutSeconds: number | null;
  readonly onTimeout: WaitPolicy["onTimeout"];
  readonly skewSeconds: number;
}

export interface CancelScript {
  /** After its creation. */
  readonly seconds: number;
  /** Until the CI calls it ended. */
  readonly endSeconds: number;
  /** For so long its queries outlive its end. */
  readonly lingerSeconds: number;
  /** When its process dies, as a part of the two. */
  readonly killShare: number;
}

export interface FaultScript {
  /** Of all requests that fail, until the weather is better: else a whole look might never succeed. */
  readonly rate: number;
  readonly outages: readonly { readonly from: number; readonly to: number }[];
  /** When lists are empty while single runs answer. `active`, `recent`: only GitHub's lists by status, only its unfiltered one. */
  readonly blind: readonly { readonly from: number; readonly to: number; readonly what: "all" | "active" | "recent" }[];
  /** When reads of single things answer 404: those of a run by its id, or (CircleCI) those of a pipeline and its workflows. */
  readonly lost: readonly { readonly from: number; readonly to: number; readonly what: "runs" | "pipelines" }[];
  readonly hasDateHeader: boolean;
  /** Until a request arrives, and again until its answer does, at most. */
  readonly slowestSeconds: number;
  /** Requests that a GitHub token has left in the hour. */
  readonly requestsLeft: number;
}

export function drawSchedule(seed: number, vendor: Vendor): Schedule {
  return withChecks(drawWorld(seed, vendor), createRandom(seed + 0xc4ec));
}

/** What runs are for, out of a second stream: the worlds of the first one stay as they were. */
function withChecks(schedule: Schedule, random: Random): Schedule {
  if (!random.chance(0.3)) return schedule;
  const long = (run: RunScript): RunScript => ({
    ...run,
    workSeconds: random.pick([run.workSeconds, random.between(60, 400)]),
    rerun: run.rerun === null ? null : { ...run.rerun, run: long(run.rerun.run) },
  });
  const families = schedule.families.map((family): FamilyScript => {
    const [first, ...others] = family.runs;
    return {
      ...family,
      mode: random.pick(["check", "check", "check", "deploy", "schedule"]),
      trigger:
        schedule.vendor === "circleci"
          ? family.trigger
          : random.pick([family.trigger, "pull-request", "pull-request", "merge-group"]),
      runs: [long(first), ...others.map(long)],
    };
  });
  return { ...schedule, supersedeRunning: true, families };
}

function drawWorld(seed: number, vendor: Vendor): Schedule {
  const random = createRandom(seed);
  const lagSeconds = vendor === "circleci" ? 10 : 20;
  const settleSeconds = random.pick([0, 10, 30, 30]);
  const isTooSlow = random.chance(0.06);
  const proceeds = !isTooSlow && random.chance(0.06);
  const count = random.whole(2, 6);
  const pattern = random.pick(["burst", "burst", "chain", "spread"]);
  const faults = drawFaults(random);
  const context = { hasDateHeader: faults.hasDateHeader, random, vendor, lagSeconds, settleSeconds, proceeds };
  const families: FamilyScript[] = [];
  let at = random.between(0, 3);
  for (let index = 0; index < count; index++) {
    families.push(drawFamily(context, at, index));
    at +=
      pattern === "burst"
        ? random.between(0, 2.5)
        : pattern === "chain"
          ? random.between(0, 40)
          : random.between(0, 120);
  }
  return {
    seed,
    vendor,
    lagSeconds,
    trueLagSeconds: isTooSlow ? lagSeconds * random.between(1.2, 4) : lagSeconds * random.pick([1, 1, 1, 0.5, 0.1]),
    staleness: random.pick(["none", "full", "extremes", "extremes", "extremes", "each", "each", "endpoint"]),
    settleSeconds,
    supersede: random.pick(["none", "none", "none", "schedule", "all"]),
    supersedeRunning: false,
    isVoid: isTooSlow ? "reads are staler than assumed" : proceeds ? "a run goes on at its time-out" : null,
    families,
    faults,
    // Where lists go blind between two pages of one list, CircleCI's does not show it: it tells no number of items.
    pageSize: faults.blind.length > 0 ? 100 : random.pick([1, 2, 3, 20, 100]),
  };
}

interface Context {
  readonly random: Random;
  readonly vendor: Vendor;
  readonly lagSeconds: number;
  readonly settleSeconds: number;
  readonly proceeds: boolean;
  readonly hasDateHeader: boolean;
}

function drawFamily(context: Context, at: number, index: number): FamilyScript {
  const { random, vendor } = context;
  const isStranger = index > 0 && random.chance(0.15);
  const hasSetup = vendor === "circleci" && random.chance(0.2);
  const runs: [RunScript, ...RunScript[]] = [drawRun(context)];
  // Names are different in a pipeline, except for re-runs.
  for (const workflow of ["dbt", "hourly", "lint"] as const) {
    const isNew = runs.every((run) => run.workflow !== workflow);
    if (vendor === "circleci" && isNew && random.chance(0.2)) runs.push(drawRun(context, 0, workflow));
  }
  return {
    at,
    branch: isStranger && random.chance(0.5) ? "main" : BRANCH,
    isFork: isStranger && random.chance(0.5),
    trigger: random.pick(["push", "push", "schedule", "manual"]),
    mode: "deploy",
    setupSeconds: hasSetup
      ? random.pick([random.between(2, 60), random.between(2, 60), random.between(540, 640)])
      : null,
    runs,
  };
}

const LONGEST_CHAIN = 2;

function drawWorkflow(random: Random): RunScript["workflow"] {
  return random.pick(["dbt", "dbt", "dbt", "hourly", "lint"]);
}

function drawRun(context: Context, depth = 0, workflow = drawWorkflow(context.random)): RunScript {
  const { random, vendor, settleSeconds, proceeds, hasDateHeader } = context;
  const hasRerun = depth < LONGEST_CHAIN && random.chance(0.25);
  return {
    workflow,
    delaySeconds: random.pick([0, random.between(0, 2)]),
    queueSeconds: random.pick([0.2, random.between(0, 5), random.between(0, 30)]),
    hold: random.chance(0.2)
      ? {
          kind: vendor === "circleci" || depth > 0 ? "hold" : random.pick(["hold", "requeue", "approval"]),
          seconds: random.pick([random.between(1, 20), random.between(1, 90)]),
        }
      : null,
    bootSeconds: random.pick([0.5, random.between(0, 4), random.between(0, 25)]),
    hasGate: depth === 0 || random.chance(0.75),
    workSeconds: random.pick([0.5, random.between(1, 20), random.between(1, 90)]),
    endSeconds: random.between(0, 4),
    outcome: random.pick(["success", "success", "failed"]),
    cancel: random.chance(0.2)
      ? {
          seconds: random.between(0, 120),
          endSeconds: random.between(0, 8),
          lingerSeconds: random.pick([0, settleSeconds, random.between(0, settleSeconds)]),
          killShare: random.next(),
        }
      : null,
    vanishSeconds: random.chance(0.04) ? random.between(0, 60) : null,
    deleted: random.chance(0.03) ? { seconds: random.between(0, 120), isStillListed: random.chance(0.7) } : null,
    rerun: hasRerun
      ? {
          seconds: random.pick([0.2, random.between(0, 10), random.between(0, 60)]),
          run: drawRun(context, depth + 1, workflow),
        }
      : null,
    timeoutSeconds: random.pick([null, null, 3600, 3600, random.between(1, 600), random.between(1, 60), 0]),
    onTimeout: proceeds ? "proceed" : random.pick(["fail", "fail", "cancel"]),
    // A clock that is wrong does not matter where the server tells the time.
    skewSeconds: hasDateHeader ? random.pick([0, 0, random.between(-3600, 3600)]) : 0,
  };
}

function drawFaults(random: Random): FaultScript {
  const rate = random.pick([0, 0, 0.01, 0.05, 0.2]);
  const outages: { from: number; to: number }[] = [];
  while (random.chance(0.15)) {
    const from = random.between(0, 300);
    outages.push({ from, to: from + random.between(5, 200) });
  }
  const blind: FaultScript["blind"][number][] = [];
  while (random.chance(0.15)) {
    const from = random.between(0, 300);
    const what = random.pick(["all", "all", "active", "recent"] as const);
    blind.push({ from, to: from + random.between(20, 300), what });
  }
  const lost: FaultScript["lost"][number][] = [];
  while (random.chance(0.2)) {
    const from = random.between(0, 200);
    lost.push({ from, to: from + random.between(10, 200), what: random.pick(["runs", "pipelines"] as const) });
  }
  const slowestSeconds = random.pick([0.15, 0.15, 0.15, 1, 4]);
  return {
    rate,
    outages,
    blind,
    lost,
    hasDateHeader: random.chance(0.95),
    slowestSeconds,
    requestsLeft: random.pick([5000, 1000, 1000, 300]),
  };
}
