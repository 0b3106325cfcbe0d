/** Time, handed in, so that a test can play a year in a second. */
export interface Clock {
  /** Milliseconds since the epoch, as this machine believes. */
  now(): number;
  /** Milliseconds that only ever grow; for deadlines. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. Leaves no timer behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay that a timer takes; above it Node fires at once. https://nodejs.org/api/timers.html */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        },
        Math.min(Math.max(ms, 0), LONGEST_DELAY_MS),
      );
      signal?.addEventListener("abort", stop, { once: true });
    }),
};
