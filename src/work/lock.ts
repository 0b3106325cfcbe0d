import { mkdir, readFile } from "node:fs/promises";
import { z } from "zod";
import { deleteClaims, drawNumber, listNumbers, partPath, readFolderTime } from "../support/claim-files.ts";
import { type ChildWatch, holdClaim, holderShape, readStanding, type Standing } from "../support/claims.ts";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError } from "../support/files.ts";
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

/**
 * Locks `dir`, the work folder, with files in `folder`. Each lock has a number of its own, and the lowest that stands is the
 * holder's: of two that come at once, or take a dead one's over, one wins. Throws a configuration error that names the
 * holder.
 */
export async function lockFolder(dir: string, folder: string, { pid, command, startedAt }: Locker): Promise<Lock> {
  await mkdir(folder, { recursive: true });
  await assertFree(dir, folder, Number.POSITIVE_INFINITY);

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
    await assertFree(dir, folder, number);
    const older = (await listNumbers(folder)).filter((other) => other < number);
    await deleteClaims(folder, older, await readFolderTime(folder));
  } catch (error) {
    await release();
    throw error;
  }
  return { release, started: claim.started, ended: claim.ended };
}

/** Throws where a lock before this number stands. What cannot be read may be one. */
async function assertFree(dir: string, folder: string, before: number): Promise<void> {
  const [here, now] = [await describeHost(), await readFolderTime(folder)];
  for (const number of await listNumbers(folder)) {
    if (number >= before) return;
    const path = partPath(folder, number, "json");
    try {
      const lock = lockFile.parse(JSON.parse(await readFile(path, "utf8")));
      const { standing } = await readStanding(folder, number, { holder: lock.holder, here, now });
      if (standing.kind === "held" || standing.kind === "orphaned") throw inUse(dir, lock, standing, here);
    } catch (error) {
      if (error instanceof SignalboxError) throw error;
      if (isNodeError(error) && error.code === "ENOENT") continue;
      throw new SignalboxError("configuration", `the lock of the work folder ${dir} cannot be read: ${path}`, {
        hint: "if no signalbox works there, delete that file; or name another folder with --work",
        cause: error,
      });
    }
  }
}

function inUse(
  dir: string,
  { holder, command, startedAt }: LockFile,
  standing: Standing,
  here: string,
): SignalboxError {
  const where = holder.host === here ? "" : ` on ${holder.host.split(" ")[0]}`;
  const who = `signalbox ${command} (pid ${holder.pid}${where}, since ${startedAt.slice(0, 19).replace("T", " ")} UTC)`;
  if (standing.kind === "orphaned") {
    const { name, pid } = standing.child;
    return new SignalboxError(
      "configuration",
      `the work folder ${dir} is in use: ${name} (pid ${pid}) still runs, though its ${who} is gone`,
      { hint: `wait until it has ended, or end it: kill -INT -${pid}; or name another folder with --work` },
    );
  }
  return new SignalboxError("configuration", `the work folder ${dir} is in use by ${who}`, {
    hint: "wait until it has ended, or name another folder with --work",
  });
}
