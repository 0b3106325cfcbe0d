import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { createWorkFolder } from "../work/folder.ts";
import { InUseError, type Lock, type Locker, lockTarget } from "../work/lock.ts";
import type { Context } from "./context.ts";

interface Use {
  /** Nothing is in the work folder before. */
  readonly empty?: boolean;
  /** dbt is started, and writes here. */
  readonly targetPath?: string;
  /** Whoever has waited for its turn waits for the folders too, for as long as the queue may take. */
  readonly waits?: boolean;
}

/**
 * Runs the rest while no other process uses the work folder, nor dbt's target folder where that is named. Throws a
 * configuration error that names the process that has it.
 */
export async function withWork<T>(
  context: Context,
  rest: () => Promise<T>,
  { empty = false, targetPath, waits = false }: Use = {},
): Promise<T> {
  const take = async () => {
    const lock = await context.work.lock(lockerOf(context), { empty });
    if (lock.tookOver !== null)
      context.log.step("work", `${lock.tookOver} ended without a word: its work folder is taken over`);
    return lock;
  };
  return holding(context, { take, waits }, () =>
    targetPath === undefined ? rest() : withTarget(context, targetPath, rest, { waits }),
  );
}

/** Runs the rest while no other signalbox lets dbt write into this target folder. */
export function withTarget<T>(
  context: Context,
  targetPath: string,
  rest: () => Promise<T>,
  { waits = false }: Pick<Use, "waits"> = {},
): Promise<T> {
  return holding(context, { take: () => lockTarget(targetPath, lockerOf(context)), waits }, rest);
}

function lockerOf({ clock, pid, command, startedAt }: Context): Locker {
  return { pid, command, startedAt: clock.now() - (clock.monotonic() - startedAt) };
}

async function holding<T>(
  context: Context,
  { take, waits }: { readonly take: () => Promise<Lock>; readonly waits: boolean },
  rest: () => Promise<T>,
): Promise<T> {
  const { children } = context;
  const lock = waits ? await whenFree(context, take) : await take();
  const forget = children.add(lock);
  try {
    return await rest();
  } finally {
    forget();
    await lock.release();
  }
}

const LOOK_MS = 500;

/** Until the deadline of the queue: a run that has entered is not to end for a `signalbox report` of a second. */
async function whenFree(
  { log, clock, signal, settings, startedAt }: Context,
  take: () => Promise<Lock>,
): Promise<Lock> {
  const { timeout } = settings.config.queue;
  const deadline = timeout === null ? Number.POSITIVE_INFINITY : startedAt + timeout * 1000;
  for (let said = false; ; said = true) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof InUseError) || clock.monotonic() + LOOK_MS > deadline) throw error;
      if (!said) log.step("work", `waits: ${error.message}`);
    }
    await clock.sleep(LOOK_MS, signal);
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
  const work = createWorkFolder(await mkdtemp(join(tmpdir(), "signalbox-work-")), context.redact);
  await work.open();
  return { ...context, work };
}
