import { join } from "node:path";
import { z } from "zod";
import { deleteClaims, drawNumber, listNumbers, partPath, readFolderTime } from "../support/claim-files.ts";
import { type ChildWatch, holdClaim, holderShape, readStanding, type Standing } from "../support/claims.ts";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError, makeFolder, readFileIfAny } from "../support/files.ts";
import { describeHost, describeProcess } from "../support/processes.ts";

/** Who locks a work folder, for the others. */
export interface Locker {
  readonly pid: number;
  /** `ci`. */
  readonly command: string;
  /** When the process was started, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/** It stands while a group of processes runs that its holder has started, although the holder itself is gone. */
export interface Lock extends ChildWatch {
  /** Who had it before and died with it: `signalbox ci (pid 7, since …)`; null: nobody. */
  readonly tookOver: string | null;
  release(): Promise<void>;
}

/** What is printed of another process's file. */
const printable = z.string().regex(/^[\x20-\x7e]{1,200}$/);
const lockFile = z.object({
  schema: z.literal(1),
  holder: holderShape.extend({ host: printable }),
  command: printable,
  startedAt: printable,
});
type LockFile = z.infer<typeof lockFile>;

/** What is locked: its name for people (`the work folder /repo/.signalbox`), and how to do without it. */
export interface Locked {
  readonly name: string;
  readonly otherwise: string;
}

/** Another process has what is to be locked, and may let it go. */
export class InUseError extends SignalboxError {}

/**
 * Locks a folder with files in `folder`. Each lock has a number of its own, and the lowest that stands is the holder's: of
 * two that come at once, or take a dead one's over, one wins. Throws an InUseError that names the holder.
 */
export async function lockFolder(locked: Locked, folder: string, { pid, command, startedAt }: Locker): Promise<Lock> {
  await makeFolder(folder);
  const tookOver = await assertFree(locked, folder, Number.POSITIVE_INFINITY);

  const content: LockFile = {
    schema: 1,
    holder: await describeProcess(pid),
    command,
    startedAt: new Date(startedAt).toISOString(),
  };
  const number = await drawNumber(folder, `${JSON.stringify(content)}\n`);
  const claim = await holdClaim(folder, number);
  const release = async () => {
    // Where that cannot be written, the end of this process tells it.
    await claim.release("released").catch((error: unknown) => {
      if (!isNodeError(error)) throw error;
    });
  };
  try {
    await assertFree(locked, folder, number);
    const older = (await listNumbers(folder)).filter((other) => other < number);
    await deleteClaims(folder, older, await readFolderTime(folder));
  } catch (error) {
    await release();
    throw error;
  }
  return { tookOver, release, started: claim.started, ended: claim.ended };
}

/** Throws where a lock before this number stands. What cannot be read may be one. The answer: the last that died with it. */
async function assertFree(locked: Locked, folder: string, before: number): Promise<string | null> {
  const [here, now] = [await describeHost(), await readFolderTime(folder)];
  let dead: string | null = null;
  for (const number of await listNumbers(folder)) {
    if (number >= before) return dead;
    const path = partPath(folder, number, "json");
    try {
      const text = await readFileIfAny(path);
      if (text === null) continue;
      const lock = lockFile.parse(JSON.parse(text));
      const { standing } = await readStanding(folder, number, { holder: lock.holder, here, now });
      if (standing.kind === "held" || standing.kind === "orphaned") throw inUse(locked, lock, standing, here);
      if (standing.kind === "abandoned") dead = describeHolder(lock, here);
    } catch (error) {
      if (error instanceof SignalboxError) throw error;
      if (isNodeError(error) && error.code === "ENOENT") continue;
      throw new SignalboxError("configuration", `the lock of ${locked.name} cannot be read: ${path}`, {
        hint: `if no signalbox works there, delete that file; or ${locked.otherwise}`,
        cause: error,
      });
    }
  }
  return dead;
}

function inUse({ name: what, otherwise }: Locked, lock: LockFile, standing: Standing, here: string): InUseError {
  const who = describeHolder(lock, here);
  if (standing.kind === "orphaned") {
    const { name, pid } = standing.child;
    return new InUseError(
      "configuration",
      `${what} is in use: ${name} (pid ${pid}) still runs, though its ${who} is gone`,
      { hint: `wait until it has ended, or end it: kill -INT -${pid}; or ${otherwise}` },
    );
  }
  return new InUseError("configuration", `${what} is in use by ${who}`, {
    hint: `wait until it has ended, or ${otherwise}`,
  });
}

function describeHolder({ holder, command, startedAt }: LockFile, here: string): string {
  const where = holder.host === here ? "" : ` on ${holder.host.split(" ")[0]}`;
  return `signalbox ${command} (pid ${holder.pid}${where}, since ${startedAt.slice(0, 19).replace("T", " ")} UTC)`;
}

const TARGET_LOCK = ".signalbox-lock";

/**
 * Locks dbt's target folder: of two dbt that write one, each would be taken to have built what the other did. Throws a
 * configuration error where it cannot be written.
 */
export async function lockTarget(dir: string, locker: Locker): Promise<Lock> {
  const locked = { name: `dbt's target folder ${dir}`, otherwise: "name another one with DBT_TARGET_PATH" };
  try {
    return await lockFolder(locked, join(dir, TARGET_LOCK), locker);
  } catch (error) {
    if (!isNodeError(error)) throw error;
    throw new SignalboxError("configuration", `${locked.name} cannot be written: ${error.message}`, {
      hint: `make it writable, or ${locked.otherwise}`,
      cause: error,
    });
  }
}
