import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { isNodeError } from "../../support/files.ts";

/** The process that holds a ticket. */
export interface Holder {
  /** The machine since its last start, and the container on it: only there does the process id mean anything. */
  readonly host: string;
  readonly pid: number;
  /** The process's start in the kernel's own unit; null where there is no /proc (macOS). */
  readonly startedAt: string | null;
}

/** How often a holder gives a sign of life. */
export const BEAT_SECONDS = 10;

/**
 * With no sign of life for so long, a holder that cannot be looked at is taken for dead. One whose machine sleeps
 * for longer and then wakes up is inside beside the next: the price of a folder that outlives its machines.
 */
export const LOST_AFTER_SECONDS = 120;

export async function describeProcess(pid: number): Promise<Holder> {
  return { host: await describeHost(), pid, startedAt: (await readProcess(pid))?.startedAt ?? null };
}

/** Whether a holder lives, as seen from `here`. `silentSeconds`: since its last sign of life. */
export async function isAlive(holder: Holder, here: string, silentSeconds: number): Promise<boolean> {
  const isRecent = silentSeconds <= LOST_AFTER_SECONDS;
  if (holder.host !== here) return isRecent;
  if (!exists(holder.pid)) return false;
  const found = await readProcess(holder.pid);
  if (found === null || holder.startedAt === null) return isRecent;
  return found.isRunning && found.startedAt === holder.startedAt;
}

/** A name that two machines, two starts of one machine or two containers on it never share. */
export async function describeHost(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  return [hostname(), boot.trim(), namespace].filter((part) => part !== "").join(" ");
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isNodeError(error) && error.code === "EPERM";
  }
}

/** State (field 3) and start (field 22). https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function readProcess(pid: number): Promise<{ isRunning: boolean; startedAt: string } | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  // The name in field 2 may itself hold blanks and brackets.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, startedAt] = [fields?.[0], fields?.[19]];
  if (state === undefined || startedAt === undefined) return null;
  return { isRunning: !["Z", "X"].includes(state), startedAt };
}
