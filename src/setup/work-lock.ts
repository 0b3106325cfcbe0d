import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { createWorkFolder } from "../work/folder.ts";
import type { Context } from "./context.ts";

/**
 * Runs the rest while no other process uses the work folder; `empty`: nothing is in it before. Throws a configuration error
 * that names the process that has it.
 */
export async function withWork<T>(context: Context, rest: () => Promise<T>, options = { empty: false }): Promise<T> {
  const { work, children, clock, pid, command, startedAt } = context;
  const lock = await work.lock({ pid, command, startedAt: clock.now() - (clock.monotonic() - startedAt) }, options);
  const forget = children.add(lock);
  try {
    return await rest();
  } finally {
    forget();
    await lock.release();
  }
}

/**
 * The same for a run that has something to tell although it did not enter: where another process has the work folder, what
 * it tells goes into a folder of its own, which stays.
 */
export async function withWorkOrAside<T>(context: Context, rest: (context: Context) => Promise<T>): Promise<T> {
  let isOurs = false;
  try {
    const inWork = () => {
      isOurs = true;
      return rest(context);
    };
    return await withWork(context, inWork, { empty: true });
  } catch (error) {
    if (isOurs || !(error instanceof SignalboxError)) throw error;
    const aside = await openAside(context);
    context.log.step("work", `${error.message}: the files of this run are in ${aside.work.dir}`);
    return rest(aside);
  }
}

/** The same context with a new work folder, which nobody else knows. */
export async function openAside(context: Context): Promise<Context> {
  const work = createWorkFolder(await mkdtemp(join(tmpdir(), "signalbox-work-")));
  await work.open();
  return { ...context, work };
}
