import type { FakeClock } from "../support/fake-clock.ts";

/** Waits for something that makes real requests, letting the fake clock run while it sleeps between them. */
export async function drive<T>(clock: FakeClock, task: Promise<T>): Promise<T> {
  let done = false;
  const ended = () => {
    done = true;
  };
  task.then(ended, ended);
  while (!done) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    // Small steps: a request that is under way must not run into its time-out.
    if (!done && clock.sleepers() > 0) await clock.advance(200);
  }
  return task;
}
