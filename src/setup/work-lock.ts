import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandName } from "../settings/flags.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import type { Children } from "../support/claims.ts";
import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import type { Redact } from "../support/redact.ts";
import { createWorkFolder, type WorkFolder } from "../work/folder.ts";
import { InUseError, type Lock, type Locker, lockTarget } from "../work/lock.ts";

/** Who holds a folder, and for how long another one's is waited for. */
export interface LockParts {
  readonly command: CommandName;
  readonly settings: SettingsPart<never, "queue">;
  readonly pid: number;
  readonly clock: Clock;
  readonly startedAt: number;
  readonly signal: AbortSignal;
  readonly children: Children;
  readonly log: Pick<Log, "step">;
}

interface FolderUse {
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
  parts: LockParts & { readonly work: Pick<WorkFolder, "lock"> },
  rest: () => Promise<T>,
  { empty = false, targetPath, waits = false }: FolderUse = {},
): Promise<T> {
  const take = async () => {
    const lock = await parts.work.lock(lockerOf(parts), { empty });
    if (lock.tookOver !== null)
      parts.log.step("work", `${lock.tookOver} ended without a word: its work folder is taken over`);
    return lock;
  };
  return holding(parts, { take, waits }, () =>
    targetPath === undefined ? rest() : withTarget(parts, targetPath, rest, { waits }),
  );
}

/** Runs the rest while no other signalbox lets dbt write into this target folder. */
export function withTarget<T>(
  parts: LockParts,
  targetPath: string,
  rest: () => Promise<T>,
  { waits = false }: Pick<FolderUse, "waits"> = {},
): Promise<T> {
  return holding(parts, { take: () => lockTarget(targetPath, lockerOf(parts)), waits }, rest);
}

function lockerOf({ clock, pid, command, startedAt }: LockParts): Locker {
  return { pid, command, startedAt: clock.now() - (clock.monotonic() - startedAt) };
}

async function holding<T>(
  parts: LockParts,
  { take, waits }: { readonly take: () => Promise<Lock>; readonly waits: boolean },
  rest: () => Promise<T>,
): Promise<T> {
  const lock = waits ? await whenFree(parts, take) : await take();
  const forget = parts.children.add(lock);
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
  { log, clock, signal, settings, startedAt }: LockParts,
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
export async function withWorkOrAside<T>(
  parts: LockParts & AsideParts,
  rest: (work: WorkFolder) => Promise<T>,
): Promise<T> {
  let isOurs = false;
  try {
    const inWork = () => {
      isOurs = true;
      return rest(parts.work);
    };
    return await withWork(parts, inWork, { empty: true });
  } catch (error) {
    if (isOurs || !(error instanceof SignalboxError)) throw error;
    const aside = await openAside(parts.redact);
    parts.log.step("work", `${error.message}: the files of this run are in ${aside.dir}`);
    return rest(aside);
  }
}

interface AsideParts {
  readonly work: WorkFolder;
  readonly redact: Redact;
}

/** A new work folder, of this process alone. */
export async function openAside(redact: Redact): Promise<WorkFolder> {
  const work = createWorkFolder(await mkdtemp(join(tmpdir(), "signalbox-work-")), redact);
  await work.open();
  return work;
}
