import { sortQueue, whyUnsure } from "../queue/queue-position.ts";
import { renderQueue } from "../render/queue-table.ts";
import type { Context } from "../setup/context.ts";
import { learnRun } from "../setup/run-settings.ts";
import { viewQueue } from "../steps/queue/queue.ts";
import { SignalboxError } from "../support/errors.ts";

/** One look at the queue, without waiting: who is inside, who waits, in their order. */
export async function run(context: Context): Promise<number> {
  const { run: thisRun } = await learnRun(context, { baseBranch: false, trigger: false, trust: false });
  const queue = await viewQueue(context, thisRun);
  if ("why" in queue) throw new SignalboxError("configuration", `there is no queue to look at: ${queue.why}`);
  const { scan } = queue;
  const runs = sortQueue(scan);
  const unsure = whyUnsure(scan, queue.me);
  if (unsure !== null) context.log.warn("status", `${unsure}: look again in some minutes`);
  context.result(
    renderQueue(runs, {
      ref: thisRun.ref.name,
      now: scan.serverTime ?? context.clock.now(),
      paint: context.paint,
      isSure: unsure === null,
    }),
    { schema: 1, group: queue.group, complete: unsure === null, runs },
  );
  return 0;
}
