import type { Trigger } from "../../src/run/run.ts";
import type { Random } from "../support/random.ts";
import { createHistory, type History } from "./history.ts";
import { BRANCH, type FamilyScript, type RunScript, type Schedule, type Vendor } from "./schedule.ts";
import type { Time } from "./time.ts";

/** The truth of a simulated CI: what is, and what it was a while ago. */
export interface Ci {
  readonly vendor: Vendor;
  readonly families: Family[];
  /** The moment that one row of one answer of an endpoint shows. */
  readAt(endpoint: string): number;
}

/** A GitHub run with its attempts, or a CircleCI pipeline with its workflows. */
export interface Family {
  readonly id: string;
  readonly number: number;
  readonly createdAt: number;
  readonly script: FamilyScript;
  readonly runs: TrueRun[];
  /** CircleCI: the state of the pipeline. */
  readonly state: History<string>;
}

/** One attempt of a run, or one workflow. */
export interface TrueRun {
  readonly id: string;
  readonly attempt: number;
  readonly family: Family;
  readonly script: RunScript;
  readonly createdAt: number;
  readonly phases: History<Phase>;
  /** When a person deleted it. */
  deletedAt: number | null;
}

export interface Phase {
  readonly kind: "queued" | "held" | "running" | "failing" | "ended";
  /** The vendor's own word; of an ended GitHub run its conclusion. */
  readonly word: string;
  /** GitHub's `run_started_at`: when this attempt was queued last. */
  readonly startedAt: number;
  readonly since: number;
}

/** The place of a run as the specification has it, worked out here anew: it is the judge of the code's own. */
export type TruePlace = readonly [second: number, pipeline: number, createdSecond: number, id: string, attempt: number];

export function createCi(schedule: Schedule, time: Time, random: Random): Ci {
  const fixed = new Map<string, number>();
  const draw = () => random.between(0, schedule.trueLagSeconds * 1000);
  return {
    vendor: schedule.vendor,
    families: [],
    readAt(endpoint) {
      switch (schedule.staleness) {
        case "none":
          return time.now();
        case "lists":
          return endpoint === "workflows" ? time.now() - schedule.trueLagSeconds * 1000 : time.now();
        case "full":
          return time.now() - schedule.trueLagSeconds * 1000;
        case "extremes":
          return time.now() - (random.chance(0.5) ? schedule.trueLagSeconds * 1000 : 0);
        case "each":
          return time.now() - draw();
        case "endpoint": {
          const lag = fixed.get(endpoint) ?? draw();
          fixed.set(endpoint, lag);
          return time.now() - lag;
        }
      }
    },
  };
}

export function addFamily(ci: Ci, script: FamilyScript, now: number): Family {
  const count = ci.families.length;
  // Both pass a power of ten, where an order by text turns round.
  const family: Family = {
    id: ci.vendor === "circleci" ? `pipeline-${count}` : String(9_999_999_998 + count),
    number: 98 + count,
    createdAt: now,
    script,
    runs: [],
    state: createHistory(),
  };
  ci.families.push(family);
  return family;
}

export function addRun(ci: Ci, family: Family, script: RunScript, now: number, random: Random): TrueRun {
  const run: TrueRun = {
    id: ci.vendor === "circleci" ? drawUuid(random) : family.id,
    attempt: ci.vendor === "circleci" ? 1 : family.runs.length + 1,
    family,
    script,
    createdAt: now,
    phases: createHistory(),
    deletedAt: null,
  };
  family.runs.push(run);
  return run;
}

export function isActive(run: TrueRun): boolean {
  return run.phases.last()?.kind !== "ended";
}

/** The moment of a run that a list shows which was asked for `at`; null: none. */
export function listedAt({ deletedAt, script }: TrueRun, at: number): number | null {
  if (deletedAt === null || at < deletedAt) return at;
  return script.deleted?.isStillListed ? deletedAt - 1 : null;
}

/** The moment of a run that an answer by its id shows; null: not found. */
export function foundAt({ deletedAt }: TrueRun, at: number): number | null {
  return deletedAt === null || at < deletedAt ? at : null;
}

/** The group of the tests: one branch of the repository itself, workflows dbt and hourly. */
export function isMember({ family: { script }, script: { workflow } }: TrueRun): boolean {
  return script.branch === BRANCH && !script.isFork && workflow !== "lint";
}

/** Later workflows of a pipeline that has waited for so long are at the tail. */
const LATE_SECONDS = 600;

export function placeOf(vendor: Vendor, run: TrueRun): TruePlace {
  if (vendor !== "circleci") {
    const startedAt = run.phases.last()?.startedAt ?? run.createdAt;
    return [cut(Math.max(run.family.createdAt, startedAt)), 0, 0, run.id.padStart(20, "0"), run.attempt];
  }
  const { family, script, createdAt, id } = run;
  const isFirst = family.runs.find((each) => each.script.workflow === script.workflow) === run;
  const isInTime = cut(createdAt) - cut(family.createdAt) <= LATE_SECONDS;
  const born = isFirst && isInTime ? family.createdAt : createdAt;
  return [cut(born), family.number, cut(createdAt), id, 1];
}

export function isBefore(a: TruePlace, b: TruePlace): boolean {
  const index = a.findIndex((part, at) => part !== b[at]);
  const [left, right] = [a[index], b[index]];
  return left !== undefined && right !== undefined && left < right;
}

export function triggerOf(run: TrueRun): Trigger {
  return run.family.script.trigger;
}

export function toIso(instant: number): string {
  return new Date(instant).toISOString();
}

/** As GitHub tells times: no part of a second. */
export function toIsoSecond(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

function cut(instant: number): number {
  return Math.floor(instant / 1000);
}

function drawUuid(random: Random): string {
  const hex = () => random.whole(0, 0xffff).toString(16).padStart(4, "0");
  return `${hex()}${hex()}-${hex()}-4${hex().slice(1)}-a${hex().slice(1)}-${hex()}${hex()}${hex()}`;
}
