import { readFileSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { isNodeError } from "./files.ts";

/** The process that holds a claim: a ticket, the lock of a work folder. */
export interface Holder {
  /** The machine since its last start, and the container on it: only there does the process id mean anything. */
  readonly host: string;
  readonly pid: number;
  /** The process's start in the kernel's own unit; null where there is no /proc (macOS). */
  readonly startedAt: string | null;
}

/** A process that its holder started as the leader of a group of its own. */
export interface GroupLeader {
  readonly pid: number;
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
  return { host: await describeHost(), ...describeLeader(pid) };
}

/** At once, since whoever waits may be dead before it knows. */
export function describeLeader(pid: number): GroupLeader {
  try {
    return { pid, startedAt: parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"))?.startedAt ?? null };
  } catch {
    return { pid, startedAt: null };
  }
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

/**
 * Whether a process of this group lives on this machine: the leader, or, of a wrapper that has ended, what it started. While
 * one does, the kernel gives the leader's id to nobody else. Without /proc the id alone tells.
 */
export async function isGroupAlive({ pid, startedAt }: GroupLeader): Promise<boolean> {
  if (!exists(-pid)) return false;
  if (startedAt === null) return true;
  const leader = await readProcess(pid);
  if (leader !== null && leader.startedAt !== startedAt) return false;
  if (leader?.isRunning === true) return true;
  const names = await readdir("/proc").catch(() => []);
  const others = await Promise.all(names.filter((name) => /^[0-9]+$/.test(name)).map((name) => readProcess(name)));
  return others.some((other) => other?.isRunning === true && other.group === `${pid}`);
}

/** A name that two machines, two starts of one machine or two containers on it never share. */
export async function describeHost(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  return [hostname(), boot.trim(), namespace].filter((part) => part !== "").join(" ");
}

/** Of a process, or with a negative number of a group. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isNodeError(error) && error.code === "EPERM";
  }
}

interface ProcessFacts {
  readonly isRunning: boolean;
  readonly group: string;
  readonly startedAt: string;
}

async function readProcess(pid: number | string): Promise<ProcessFacts | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  return text === null ? null : parseStat(text);
}

/** State (field 3), group (5) and start (22). https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function parseStat(text: string): ProcessFacts | null {
  // The name in field 2 may itself hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, group, startedAt] = [fields[0], fields[2], fields[19]];
  if (state === undefined || group === undefined || startedAt === undefined) return null;
  return { isRunning: !["Z", "X"].includes(state), group, startedAt };
}
