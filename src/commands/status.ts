import { sortQueue, whyUnsure } from "../queue/queue-position.ts";
import { renderQueue } from "../render/queue-table.ts";
import type { Context } from "../setup/context.ts";
import { learnRun } from "../setup/run-settings.ts";
import { viewQueue } from "../steps/queue/queue.ts";
import { SignalboxError } from "../support/errors.ts";

/** One look at the line, without waiting: who is inside, who waits, in their order. */
export async function run(context: Context): Promise<number> {
  const { run: thisRun } = await learnRun(context, { baseBranch: false, trigger: false, trust: false });
  const line = await viewQueue(context, thisRun);
  if ("why" in line) throw new SignalboxError("configuration", `there is no line to look at: ${line.why}`);
  const scan = await line.source.scan(context.signal);
  const runs = sortQueue(scan);
  const unsure = whyUnsure(scan, line.me);
  if (unsure !== null) context.log.warn("status", `${unsure}: look again in some minutes`);
  context.result(
    renderQueue(runs, {
      ref: thisRun.ref.name,
      now: scan.serverTime ?? context.clock.now(),
      paint: context.paint,
      isSure: unsure === null,
    }),
    { schema: 1, group: line.group, complete: unsure === null, runs },
  );
  return 0;
}
