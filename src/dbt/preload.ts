import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Launcher, LauncherPlace } from "./launcher.ts";

/** A dbt of version 1 that is loaded while the one before it works: loading takes seconds, and does nothing else. */
export interface Preload {
  /** Begins to load one, unless one is there. */
  begin(): void;
  /**
   * The one that is there becomes a start of dbt with these arguments, and is the caller's. null: there is none for a start
   * in this folder, or with another environment.
   */
  take(start: PreloadedStart): ChildProcess | null;
  /** Ends the one that nobody has taken, and begins no other. */
  end(): void;
}

export interface PreloadedStart {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Waiting {
  readonly child: ChildProcess;
  readonly channel: Duplex;
  /** It has told that it can hear. */
  isReady: boolean;
}

const PROGRAM = fileURLToPath(new URL("./load-dbt.py", import.meta.url));

/** Each is a process group of its own with the streams of any other start; its arguments go over descriptor 3. */
export function createPreload(launcher: Launcher, { cwd, env }: Omit<LauncherPlace, "command">): Preload {
  const [program = "", ...words] = launcher.python;
  let waiting: Waiting | null = null;
  let hasEnded = false;
  const drop = () => {
    if (waiting === null) return;
    const { child, channel } = waiting;
    waiting = null;
    channel.destroy();
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    try {
      if (child.pid !== undefined && isRunning(child)) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  return {
    begin: () => {
      if (hasEnded || waiting !== null) return;
      waiting = begin(program, [...words, PROGRAM, launcher.dbt], cwd, env);
    },
    take: ({ args, cwd: folder, env: variables }) => {
      if (folder !== cwd || !isSame(variables, env)) return null;
      if (waiting === null || !waiting.isReady || !isRunning(waiting.child)) {
        drop();
        return null;
      }
      const { child, channel } = waiting;
      waiting = null;
      channel.end([...args, ""].map((word) => `${word}\0`).join(""));
      return child;
    },
    end: () => {
      hasEnded = true;
      drop();
    },
  };
}

/** null: it cannot be started, of which the start itself will tell. */
function begin(program: string, args: readonly string[], cwd: string, env: LauncherPlace["env"]): Waiting | null {
  try {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    child.on("error", () => {});
    const channel = child.stdio[3];
    if (!(channel instanceof Duplex)) return null;
    const begun: Waiting = { child, channel, isReady: false };
    channel.on("error", () => {});
    channel.once("data", () => {
      begun.isReady = true;
    });
    return begun;
  } catch {
    return null;
  }
}

function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

function isSame(one: PreloadedStart["env"], other: PreloadedStart["env"]): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}
