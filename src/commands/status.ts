import { sortQueue, whyUnsure } from "../queue/queue-position.ts";
import type { Paint } from "../render/colors.ts";
import { renderQueue } from "../render/queue-table.ts";
import type { Context } from "../setup/context.ts";
import { learnRun, type RunParts } from "../setup/run-settings.ts";
import { type QueueParts, viewQueue } from "../steps/queue/queue.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";

interface StatusParts extends RunParts, QueueParts {
  readonly settings: RunParts["settings"] & QueueParts["settings"];
  readonly log: Pick<Log, "step" | "warn">;
  readonly paint: Paint;
  readonly result: Context["result"];
}

/** One look at the queue, without waiting: who is inside, who waits, in their order. */
export async function run(parts: StatusParts): Promise<number> {
  const { run: thisRun } = await learnRun(parts, { baseBranch: false, trigger: false, trust: false });
  const queue = await viewQueue(parts, thisRun);
  if ("why" in queue) throw new SignalboxError("configuration", `there is no queue to look at: ${queue.why}`);
  const { scan } = queue;
  const runs = sortQueue(scan);
  const unsure = whyUnsure(scan, queue.me);
  if (unsure !== null) parts.log.warn("status", `${unsure}: look again in some minutes`);
  parts.result(
    renderQueue(runs, {
      ref: thisRun.ref.name,
      now: scan.serverTime ?? parts.clock.now(),
      paint: parts.paint,
      isSure: unsure === null,
    }),
    { schema: 1, group: queue.group, complete: unsure === null, runs },
  );
  return 0;
}
