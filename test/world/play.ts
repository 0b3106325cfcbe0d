import type { Me } from "../../src/queue/decide.ts";
import { describeEvent } from "../../src/queue/log-lines.ts";
import { waitForRelief } from "../../src/queue/relief.ts";
import type { QueueResult } from "../../src/queue/result.ts";
import type { RunSource } from "../../src/queue/source.ts";
import type { Scan } from "../../src/queue/ticket.ts";
import { waitForTurn } from "../../src/queue/wait.ts";
import type { Config } from "../../src/settings/file.ts";
import { lookoutOf } from "../../src/steps/queue/make-way.ts";
import type { Turn } from "../../src/steps/queue/turn.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { createRandom, type Random } from "../support/random.ts";
import {
  addFamily,
  addRun,
  type Ci,
  createCi,
  type Family,
  isActive,
  isBefore,
  isMember,
  type Phase,
  placeOf,
  type TrueRun,
  triggerOf,
} from "./ci.ts";
import { BAD_WEATHER_SECONDS, type FamilyScript, type RunScript, type Schedule, type Vendor } from "./schedule.ts";
import { createTime, type ProcessClock, type Time } from "./time.ts";

/** How the processes of a world reach its CI. */
export interface Platform {
  /** What `signalbox queue` does before it waits: the source of this process, and its own place. */
  open(run: TrueRun, process: Process): Promise<{ readonly source: RunSource; readonly me: Me }>;
}

export interface Process {
  readonly clock: ProcessClock;
  readonly signal: AbortSignal;
  /** By the clock's monotonic time. */
  readonly startedAt: number;
  /** When the first request of the present look reached the server. */
  firstServedAt: number | null;
}

export interface World {
  readonly schedule: Schedule;
  readonly time: Time;
  readonly ci: Ci;
  /** Whether a request that is sent now fails. */
  isBadMoment(): boolean;
  /** Whether lists of a kind are empty now. */
  isBlind(kind: "active" | "recent"): boolean;
  /** Whether reads of single things answer 404 now. */
  isLost(kind: "runs" | "pipelines"): boolean;
  /** For the network and the servers. */
  readonly random: Random;
  /** Something that no process may do to it. */
  accuse(what: string): void;
  /** What a person or `--on-timeout cancel` asks the CI for. */
  cancel(id: string): void;
}

export interface Played {
  readonly violations: readonly string[];
  /** What happened, one line each. */
  readonly trace: readonly string[];
  readonly endings: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly looks: number;
  /** Spent in the queue, by all runs together. */
  readonly waitedSeconds: number;
  /** From the end of the last run ahead to the entry of the next, in seconds. */
  readonly handOvers: readonly number[];
}

const START = Date.UTC(2026, 0, 5, 7, 0, 0, 137);
const LIMIT_SECONDS = 48 * 3600;
/** A person finds a run that hangs and cancels it. */
const FOUND_SECONDS = 1500;
const POLL_SECONDS = 5;
const LONGEST_REQUEST_SECONDS = 60;

/** Plays a whole schedule with the real `waitForTurn` in each of its processes, and judges what they did. */
export async function playSchedule(schedule: Schedule, connect: (world: World) => Platform): Promise<Played> {
  const random = createRandom(schedule.seed + 0x5eed);
  const time = createTime(START);
  const ci = createCi(schedule, time, random);
  const violations: string[] = [];
  const trace: string[] = [];
  const endings: Record<string, number> = {};
  const handOvers: number[] = [];
  const inside = new Set<TrueRun>();
  const waiting = new Set<TrueRun>();
  const killers = new Map<TrueRun, AbortController>();
  let [pending, calls, looks, waitedSeconds] = [0, 0, 0, 0];
  let lastEndAt = 0;

  const seconds = () => ((time.now() - START) / 1000).toFixed(3);
  const log = (run: TrueRun, what: string) => trace.push(`${seconds()} ${nameOf(run)} ${what}`);
  const accuse = (run: TrueRun, what: string) => {
    violations.push(`${seconds()} ${nameOf(run)} ${what}`);
    log(run, `VIOLATION: ${what}`);
  };
  /** Every event of a script keeps the world going. */
  const later = (afterSeconds: number, event: () => void) => {
    pending++;
    time.after(afterSeconds * 1000, () => {
      pending--;
      event();
    });
  };

  const world: World = {
    schedule,
    time,
    ci,
    random,
    cancel,
    isBadMoment,
    isBlind,
    isLost,
    accuse: (what) => violations.push(`${seconds()} ${what}`),
  };
  const platform = connect(world);
  for (const script of schedule.families) later(script.at, () => createFamily(script));
  const isDone = await time.play(START + LIMIT_SECONDS * 1000, () => pending === 0 && waiting.size === 0);
  if (!isDone) {
    const left = [...waiting].map(nameOf).join(", ");
    violations.push(`after ${LIMIT_SECONDS} s there are still processes: ${left}`);
  }
  return { violations, trace, endings, calls, looks, waitedSeconds, handOvers };

  function isBadMoment(): boolean {
    const { rate, outages } = schedule.faults;
    const age = (time.now() - START) / 1000;
    if (outages.some(({ from, to }) => age >= from && age < to)) return true;
    return age < BAD_WEATHER_SECONDS && random.chance(rate);
  }

  function isBlind(kind: "active" | "recent"): boolean {
    const age = (time.now() - START) / 1000;
    return schedule.faults.blind.some(
      ({ from, to, what }) => age >= from && age < to && (what === "all" || what === kind),
    );
  }

  function isLost(kind: "runs" | "pipelines"): boolean {
    const age = (time.now() - START) / 1000;
    return schedule.faults.lost.some(({ from, to, what }) => age >= from && age < to && what === kind);
  }

  function createFamily(script: FamilyScript) {
    const family = addFamily(ci, script, time.now());
    const createRuns = () => {
      family.state.set(time.now(), "created");
      for (const run of script.runs) later(run.delaySeconds, () => createRun(family, run));
    };
    if (script.setupSeconds === null) {
      family.state.set(time.now(), "pending");
      later(ci.vendor === "circleci" ? random.between(0, 2) : 0, createRuns);
      return;
    }
    family.state.set(time.now(), "setup-pending");
    later(script.setupSeconds / 2, () => family.state.set(time.now(), random.pick(["setup", "pending"])));
    later(script.setupSeconds, createRuns);
  }

  function createRun(family: Family, script: RunScript) {
    const run = addRun(ci, family, script, time.now(), random);
    const { hold, cancel: cancelled, deleted } = script;
    if (deleted !== null) later(deleted.seconds, () => deleteRun(run));
    if (cancelled !== null) later(cancelled.seconds, () => cancelRun(run));
    if (hold?.kind === "approval") {
      setPhase(run, "ended", ENDED.action_required[ci.vendor]);
      later(hold.seconds, () => createRun(family, { ...script, hold: null }));
      return;
    }
    enter(run, "queued");
    if (hold === null) {
      later(script.queueSeconds, () => start(run));
      return;
    }
    if (hold.kind === "hold") later(script.queueSeconds / 2, () => isActive(run) && enter(run, "held"));
    later(script.queueSeconds / 2 + hold.seconds, () => {
      if (!isActive(run)) return;
      enter(run, "queued", ci.vendor === "circleci" ? run.createdAt : time.now());
      later(script.queueSeconds / 2, () => start(run));
    });
  }

  function start(run: TrueRun) {
    if (!isActive(run)) return;
    enter(run, "running");
    later(run.script.bootSeconds, () => {
      if (!isActive(run)) return;
      if (run.script.hasGate && isMember(run)) startProcess(run);
      else later(run.script.workSeconds, () => endRun(run, run.script.outcome));
    });
  }

  function startProcess(run: TrueRun) {
    const { signal } = killerOf(run);
    if (signal.aborted) return;
    waiting.add(run);
    log(run, "starts");
    if (run.script.vanishSeconds !== null) {
      later(run.script.vanishSeconds, () => {
        if (!isActive(run)) return;
        log(run, "vanishes");
        kill(run);
        inside.delete(run);
        later(FOUND_SECONDS, () => endRun(run, "cancelled"));
      });
    }
    void waitInQueue(run, signal).then(({ decision, reason, turn }) => {
      waiting.delete(run);
      endings[decision] = (endings[decision] ?? 0) + 1;
      log(run, `${decision}: ${reason}`);
      if (decision === "entered") work(run, signal, turn);
      else if (decision !== "killed")
        later(run.script.endSeconds, () => endRun(run, decision === "left" ? "success" : "failed"));
    });
  }

  function work(run: TrueRun, signal: AbortSignal, turn: PlayedTurn | null) {
    inside.add(run);
    if (schedule.isVoid === null) {
      const others = [...inside].filter((other) => other !== run);
      if (others.length > 0) accuse(run, `is inside together with ${others.map(nameOf).join(", ")}`);
    }
    const { workSeconds, endSeconds, outcome } = run.script;
    const looks = new AbortController();
    const ended = (what: string, how: "success" | "failed") => {
      if (signal.aborted || looks.signal.aborted) return;
      looks.abort();
      inside.delete(run);
      if (how === "failed" && isActive(run)) enter(run, "failing");
      log(run, what);
      later(endSeconds, () => endRun(run, how));
    };
    later(workSeconds, () => ended("has done its work", outcome));
    if (turn !== null) void makeWay(run, turn, AbortSignal.any([signal, looks.signal]), ended);
  }

  /** As `ci` does beside dbt, with the real looks; dbt takes a while to stop. */
  async function makeWay(
    run: TrueRun,
    { clock, result, lookout }: PlayedTurn,
    signal: AbortSignal,
    ended: (what: string, how: "success") => void,
  ) {
    const config = { queue: { supersedeRunning: schedule.supersedeRunning } } as Config;
    const turn: Turn = { result, lookout, outlivesProcess: true, env: {}, end: async () => {} };
    const found = lookoutOf({ config, given: {} }, run.family.script.mode, turn);
    if (found === null) return;
    const begunAt = time.now();
    let looks = 0;
    const source = {
      ...found.source,
      running: (within: AbortSignal) => {
        looks++;
        return found.source.running(within);
      },
    };
    const note = (text: string) => log(run, `says: ${text}`);
    const relief = await waitForRelief({ ...found, source, clock, random: random.next, signal, note }).catch(
      (error: unknown) => {
        if (!signal.aborted) accuse(run, `ended its looks with a bug: ${String(error)}`);
        return null;
      },
    );
    if (looks > (time.now() - begunAt) / 48_000 + 0.001) accuse(run, `looked ${looks} times for a newer run`);
    if (clock.sleepers() > 0) accuse(run, `left ${clock.sleepers()} timers behind its looks`);
    if (relief === null || signal.aborted) return;
    log(run, `makes way for ${relief.id}`);
    const { mode, trigger } = run.family.script;
    if (mode !== "check" || ["merge-group", "schedule"].includes(trigger))
      accuse(run, `is stopped, and is a ${mode} by ${trigger}`);
    if (schedule.isVoid === null) judgeLeaving(run, relief.id);
    endings.superseded = (endings.superseded ?? 0) + 1;
    later(random.between(0, 7), () => ended("has stopped dbt", "success"));
  }

  async function waitInQueue(
    run: TrueRun,
    signal: AbortSignal,
  ): Promise<{ decision: string; reason: string; turn: PlayedTurn | null }> {
    const { script } = run;
    const clock = time.createClock(script.skewSeconds * 1000);
    const startedAt = clock.monotonic();
    const seen: Seen = { looks: 0, last: null };
    let source: RunSource | null = null;
    try {
      const process: Process = { clock, signal, startedAt, firstServedAt: null };
      const opened = await platform.open(run, process);
      source = opened.source;
      const result = await waitForTurn({
        source: observe(source, seen, process, (what) => accuse(run, what)),
        me: opened.me,
        group: "group",
        ref: "main",
        policy: {
          lagSeconds: schedule.lagSeconds,
          settleSeconds: schedule.settleSeconds,
          supersede: schedule.supersede,
          ignoredRuns: [],
          timeoutSeconds: script.timeoutSeconds,
          onTimeout: script.onTimeout,
          pollSeconds: POLL_SECONDS,
          maxPollSeconds: ci.vendor === "github" ? 60 : 30,
        },
        clock,
        random: random.next,
        signal,
        startedAt,
        report: (event) => log(run, `says: ${describeEvent(event)}`),
      });
      judge(run, result, seen, (clock.monotonic() - startedAt) / 1000);
      const me = { ...opened.me, ...result.me, ticket: result.me.ticket ?? opened.me.ticket };
      return { ...result, turn: { clock, result, lookout: { source, me, everySeconds: 60 } } };
    } catch (error) {
      if (signal.aborted) return { decision: "killed", reason: "", turn: null };
      judgeAge(run, (clock.monotonic() - startedAt) / 1000, 0);
      const isConfiguration = error instanceof SignalboxError && error.kind === "configuration";
      // An old run that is not found itself is refused, as one that the token may not see.
      const isLostItself = schedule.faults.lost.length > 0 && /answered 404/.test(String(error));
      if (isConfiguration && schedule.isVoid === null && !isLostItself) accuse(run, `was refused: ${error.message}`);
      if (error instanceof SignalboxError)
        return { decision: `error: ${error.kind}`, reason: error.message, turn: null };
      accuse(run, `ended with a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return { decision: "bug", reason: "", turn: null };
    } finally {
      calls += source?.calls() ?? 0;
      looks += seen.looks;
      waitedSeconds += (clock.monotonic() - startedAt) / 1000;
      if (clock.sleepers() > 0) accuse(run, `left ${clock.sleepers()} timers behind`);
    }
  }

  function judge(run: TrueRun, result: QueueResult, seen: Seen, ageSeconds: number) {
    const isLate = result.reason.startsWith("timed out") || result.reason.startsWith("goes on without");
    judgeAge(run, ageSeconds, isLate && run.script.onTimeout === "cancel" ? LONGEST_REQUEST_SECONDS : 0);
    // Some looks close together around the end of each run; else never closer than a poll.
    const mostLooks = 6 + 20 * allRuns().length + ageSeconds / (POLL_SECONDS * 0.8);
    if (seen.looks > mostLooks) accuse(run, `looked ${seen.looks} times in ${ageSeconds} s`);
    if (/answered 202/.test(result.reason)) accuse(run, `took an answer for a failure: ${result.reason}`);
    if (schedule.isVoid !== null) return;
    if (result.decision === "left") judgeLeaving(run, result.leftFor);
    if (result.decision === "entered" && !isLate) judgeEntry(run, seen.last, ageSeconds);
  }

  function judgeAge(run: TrueRun, ageSeconds: number, moreSeconds: number) {
    const { timeoutSeconds } = run.script;
    if (timeoutSeconds === null || timeoutSeconds === 0 || ageSeconds <= timeoutSeconds + moreSeconds + 0.001) return;
    accuse(run, `ended ${ageSeconds} s after its start`);
  }

  function judgeEntry(run: TrueRun, scan: Scan | null, ageSeconds: number) {
    const own = scan?.runs.find((each) => each.id === run.id && each.attempt === run.attempt);
    if (scan === null) accuse(run, "entered after a look that failed, or without a whole one");
    else if (!scan.complete) accuse(run, "entered on an incomplete look");
    if (own === undefined || own.ended) accuse(run, "entered without having been seen");
    const place = placeOf(ci.vendor, run);
    for (const other of allRuns()) {
      if (other === run || !isMember(other) || !isActive(other)) continue;
      if (isBefore(placeOf(ci.vendor, other), place)) accuse(run, `entered before ${nameOf(other)}`);
    }
    const hasWaited = lastEndAt > time.now() - ageSeconds * 1000;
    if (hasWaited) handOvers.push((time.now() - lastEndAt) / 1000);
  }

  function judgeLeaving(run: TrueRun, id: string | null) {
    const oldest = time.now() - (schedule.trueLagSeconds + LONGEST_REQUEST_SECONDS) * 1000;
    const isJust = allRuns().some((other) => {
      const phase = other.phases.last();
      const wasThere = phase?.kind !== "ended" || phase.since > oldest;
      const isNewer = isBefore(placeOf(ci.vendor, run), placeOf(ci.vendor, other));
      return other.id === id && wasThere && isNewer && triggerOf(other) === triggerOf(run);
    });
    if (!isJust) accuse(run, `left for ${id}, which is no newer run at work`);
  }

  function allRuns(): TrueRun[] {
    return ci.families.flatMap((family) => family.runs);
  }

  function cancel(id: string) {
    const run = allRuns()
      .filter((each) => each.id === id)
      .at(-1);
    if (run !== undefined) later(random.between(0, 3), () => endRun(run, "cancelled"));
  }

  function cancelRun(run: TrueRun) {
    if (!isActive(run) || run.script.cancel === null) return;
    const { endSeconds, lingerSeconds, killShare } = run.script.cancel;
    log(run, "is cancelled");
    later((endSeconds + lingerSeconds) * killShare, () => kill(run));
    later(endSeconds, () => endRun(run, "cancelled"));
    // Until then its queries go on in the warehouse.
    later(endSeconds + lingerSeconds, () => {
      if (inside.delete(run)) log(run, "has no query left");
    });
  }

  /** Nothing of it is left at that moment. An ended one is of no interest; an approval would bring it back. */
  function deleteRun(run: TrueRun) {
    if (!isActive(run) || ci.vendor === "plain") return;
    log(run, "is deleted");
    kill(run);
    inside.delete(run);
    run.deletedAt = time.now();
    setPhase(run, "ended", ENDED.cancelled[ci.vendor]);
    if (isMember(run)) lastEndAt = time.now();
  }

  function kill(run: TrueRun) {
    killerOf(run).abort(new SignalboxError("interrupted", "killed"));
  }

  function killerOf(run: TrueRun): AbortController {
    const killer = killers.get(run) ?? new AbortController();
    killers.set(run, killer);
    return killer;
  }

  function endRun(run: TrueRun, outcome: "success" | "failed" | "cancelled") {
    if (!isActive(run)) return;
    setPhase(run, "ended", ENDED[outcome][ci.vendor]);
    if (isMember(run)) lastEndAt = time.now();
    const { rerun } = run.script;
    if (rerun !== null) later(rerun.seconds, () => createRun(run.family, rerun.run));
  }

  function enter(run: TrueRun, kind: Exclude<Phase["kind"], "ended">, startedAt?: number) {
    setPhase(run, kind, random.pick(WORDS[kind][ci.vendor]), startedAt);
  }

  function setPhase(run: TrueRun, kind: Phase["kind"], word: string, startedAt?: number) {
    const [now, before] = [time.now(), run.phases.last()];
    run.phases.set(now, { kind, word, startedAt: startedAt ?? before?.startedAt ?? now, since: now });
    log(run, word);
  }
}

interface PlayedTurn extends Pick<Turn, "result" | "lookout"> {
  readonly clock: ProcessClock;
}

interface Seen {
  looks: number;
  /** The answer of the last look, where it was a whole one and did not fail. */
  last: Scan | null;
}

function observe(source: RunSource, seen: Seen, process: Process, accuse: (what: string) => void): RunSource {
  const begin = () => {
    seen.looks++;
    seen.last = null;
    process.firstServedAt = null;
  };
  return {
    ...source,
    scan: async (signal) => {
      begin();
      const scan = await source.scan(signal);
      const isLater = process.firstServedAt !== null && (scan.serverTime ?? 0) > process.firstServedAt;
      if (isLater) accuse("takes the time of a later request for that of the first");
      seen.last = scan;
      return scan;
    },
    reread: (ids, signal) => {
      begin();
      return source.reread(ids, signal);
    },
  };
}

function nameOf(run: TrueRun): string {
  return `${run.script.workflow} ${run.family.number}/${run.id.slice(0, 12)}${run.attempt > 1 ? `#${run.attempt}` : ""}`;
}

type Words = Readonly<Record<Vendor, readonly [string, ...string[]]>>;

const GITHUB_QUEUED = ["queued", "queued", "queued", "requested", "pending"] as const;
const WORDS: Readonly<Record<Exclude<Phase["kind"], "ended">, Words>> = {
  queued: {
    plain: GITHUB_QUEUED,
    github: GITHUB_QUEUED,
    circleci: ["running", "running", "queued", "held-by-dragons"],
  },
  held: { plain: ["waiting"], github: ["waiting"], circleci: ["on_hold"] },
  running: { plain: ["in_progress"], github: ["in_progress"], circleci: ["running"] },
  failing: { plain: ["in_progress"], github: ["in_progress"], circleci: ["failing"] },
};
const ENDED: Readonly<
  Record<"success" | "failed" | "cancelled" | "action_required", Readonly<Record<Vendor, string>>>
> = {
  success: { plain: "success", github: "success", circleci: "success" },
  failed: { plain: "failure", github: "failure", circleci: "failed" },
  cancelled: { plain: "cancelled", github: "cancelled", circleci: "canceled" },
  action_required: { plain: "action_required", github: "action_required", circleci: "not_run" },
};
