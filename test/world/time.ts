import type { Clock } from "../../src/support/clock.ts";

/** The time of a simulated world: events in order, each followed by everything that can go on because of it. */
export interface Time {
  /** Milliseconds since the epoch, as the servers of this world have it. */
  now(): number;
  at(instant: number, event: () => void): Timer;
  after(ms: number, event: () => void): Timer;
  /** The clock of one process whose wall clock is wrong by `skewMs`. */
  createClock(skewMs: number): ProcessClock;
  /** Plays events until `isDone`, or until none is left or `latest` is past; the answer says whether it was done. */
  play(latest: number, isDone: () => boolean): Promise<boolean>;
}

export interface ProcessClock extends Clock {
  /** Timers that the process has not given back. */
  sleepers(): number;
}

export interface Timer {
  readonly due: number;
  readonly order: number;
  cancel(): void;
}

type Event = Timer & { readonly run: () => void; cancelled: boolean };

export function createTime(start: number): Time {
  const events: Event[] = [];
  let now = start;
  let order = 0;

  const at = (instant: number, run: () => void): Timer => {
    const event: Event = {
      due: Math.max(now, Math.ceil(instant)),
      order: order++,
      run,
      cancelled: false,
      cancel: () => {
        event.cancelled = true;
      },
    };
    push(events, event);
    return event;
  };

  return {
    now: () => now,
    at,
    after: (ms, event) => at(now + ms, event),
    createClock(skewMs) {
      let sleepers = 0;
      return {
        now: () => now + skewMs,
        monotonic: () => now - start,
        sleepers: () => sleepers,
        sleep: (ms, signal) =>
          new Promise((resolve, reject) => {
            if (signal?.aborted) {
              reject(signal.reason);
              return;
            }
            sleepers++;
            const onAbort = () => {
              sleepers--;
              timer.cancel();
              reject(signal?.reason);
            };
            // Whole milliseconds, as of a real timer: a sleep of almost nothing would else not move the time.
            const timer = at(now + Math.ceil(Math.max(0, ms)), () => {
              sleepers--;
              signal?.removeEventListener("abort", onAbort);
              resolve();
            });
            signal?.addEventListener("abort", onAbort, { once: true });
          }),
      };
    },
    async play(latest, isDone) {
      await settle();
      while (!isDone()) {
        const event = pop(events);
        if (event === null || event.due > latest) return false;
        if (event.cancelled) continue;
        now = event.due;
        event.run();
        await settle();
      }
      return true;
    },
  };
}

/** Every promise that can go on has gone on when the event loop comes round: nothing in a world does real I/O. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A binary heap, earliest event first. */
function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || isBefore(above, event)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = event;
}

function pop(heap: Event[]): Event | null {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined) return null;
  if (heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    let below = heap[child];
    const right = heap[child + 1];
    if (below !== undefined && right !== undefined && isBefore(right, below)) {
      child++;
      below = right;
    }
    if (below === undefined || isBefore(last, below)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
  return first;
}

function isBefore(a: Event, b: Event): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
