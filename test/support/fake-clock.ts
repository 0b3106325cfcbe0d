import type { Clock } from "../../src/support/clock.ts";

export interface FakeClock extends Clock {
  /** Lets `ms` pass: sleepers wake in order, each with time to go on before the next. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, as a correction of the machine's time does. */
  jump(ms: number): void;
  /** Sleepers that have not woken: timers that a real clock would still hold. */
  sleepers(): number;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still until it is advanced. With `auto` it jumps to the next sleeper as soon as nothing else
 * can happen, which suits sources that answer without real I/O.
 */
export function createFakeClock({
  now = Date.UTC(2026, 0, 5, 7),
  auto = false,
}: {
  now?: number;
  auto?: boolean;
} = {}): FakeClock {
  let passed = 0;
  let wall = now;
  let ticking = false;
  const sleeping = new Set<Sleeper>();

  const earliest = (): Sleeper | null =>
    [...sleeping].reduce<Sleeper | null>(
      (first, each) => (first === null || each.due < first.due ? each : first),
      null,
    );

  async function wakeNext(latest: number): Promise<boolean> {
    await settle();
    const next = earliest();
    if (next === null || next.due > latest) return false;
    passTo(next.due);
    next.wake();
    await settle();
    return true;
  }

  function passTo(time: number) {
    wall += Math.max(0, time - passed);
    passed = Math.max(passed, time);
  }

  async function tick() {
    ticking = true;
    while (await wakeNext(Number.POSITIVE_INFINITY));
    ticking = false;
  }

  return {
    now: () => wall,
    monotonic: () => passed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const sleeper: Sleeper = {
          due: passed + Math.max(0, ms),
          wake: () => {
            sleeping.delete(sleeper);
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        const onAbort = () => {
          sleeping.delete(sleeper);
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        sleeping.add(sleeper);
        if (auto && !ticking) void tick();
      }),
    async advance(ms) {
      const latest = passed + ms;
      while (await wakeNext(latest));
      passTo(latest);
      await settle();
    },
    jump: (ms) => {
      wall += ms;
    },
    sleepers: () => sleeping.size,
  };
}

/** Lets every promise that can go on go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
