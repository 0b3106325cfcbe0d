import type { SeenRun, Ticket } from "../../src/queue/ticket.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { type Family, isMember, type TrueRun, toIsoSecond, triggerOf } from "./ci.ts";
import type { Platform, World } from "./play.ts";

const LONGEST_MS = 20_000;

/** A source that reads the truth without a vendor between: it proves the decision and the loop alone. */
export function connectPlain(world: World): Platform {
  const { ci, time, random, schedule } = world;

  return {
    open: async (run, process) => {
      let calls = 0;
      const request = async <T>(signal: AbortSignal, read: () => T): Promise<T> => {
        calls++;
        const fault = drawFault();
        await process.clock.sleep(
          fault === "hang" ? LONGEST_MS : random.between(0.05, 2 * schedule.faults.slowestSeconds) * 1000,
          signal,
        );
        if (fault !== null) throw new SignalboxError("service", `the CI did not answer: ${fault}`);
        return read();
      };
      const { id, attempt } = run;
      return {
        me: { id, attempt, ticket: ticketOf(run, run.phases.last()?.startedAt ?? run.createdAt) },
        source: {
          scan: async (signal) => {
            const serverTime = schedule.faults.hasDateHeader ? Math.floor(time.now() / 1000) * 1000 : null;
            const readsEarly = random.chance(0.5);
            const early = readsEarly ? readAll() : [];
            return request(signal, () => ({
              runs: readsEarly ? early : readAll(),
              complete: !world.isBadMoment(),
              serverTime,
            }));
          },
          reread: (ids, signal) => request(signal, () => readAll().filter((seen) => ids.includes(seen.id))),
          running: (signal) => request(signal, readAll),
          cancel: (id) => request(process.signal, () => world.cancel(id)),
          calls: () => calls,
        },
      };
    },
  };

  function drawFault(): "hang" | "error" | null {
    if (!world.isBadMoment()) return null;
    return random.pick(["hang", "error", "error"]);
  }

  function readAll(): SeenRun[] {
    return ci.families.flatMap((family) => readFamily(family, ci.readAt(`list ${family.id}`)));
  }
}

/** All attempts that existed then, each as it was. */
function readFamily(family: Family, at: number): SeenRun[] {
  return family.runs.filter(isMember).flatMap((run) => {
    const phase = run.phases.at(at);
    if (phase === null) return [];
    return [
      {
        id: run.id,
        attempt: run.attempt,
        ticket: ticketOf(run, phase.startedAt),
        ended: phase.kind === "ended",
        status: phase.word,
        trigger: triggerOf(run),
        url: null,
        since: toIsoSecond(phase.since),
        tookSeconds: phase.kind === "ended" ? (phase.since - run.createdAt) / 1000 : null,
        quietSince: null,
        title: null,
        author: null,
      },
    ];
  });
}

function ticketOf({ id, attempt, family }: TrueRun, startedAt: number): Ticket {
  const second = Math.floor(Math.max(family.createdAt, startedAt) / 1000);
  return { second, pipeline: 0, createdAt: toIsoSecond(second * 1000), id, attempt };
}
