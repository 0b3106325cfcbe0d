import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { Duplex, finished, type Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Launcher, LauncherPlace } from "./launcher.ts";
import type { RunningProcess } from "./process.ts";

/** A dbt of version 1 that is loaded once for all starts: loading takes seconds, and does nothing else. */
export interface Preload {
  /** Whether nothing will come from it any more. */
  isOver(): boolean;
  /**
   * A start of dbt with these arguments, as soon as dbt is loaded. null: there is none for a start in this folder, with
   * another environment or beside another start, and none where dbt cannot be loaded so. Aborting `signal` ends the waiting.
   */
  take(start: PreloadedStart, signal: AbortSignal): Promise<RunningProcess | null>;
  /** Ends what is loaded. A start that is not over goes on, and nobody hears how it ends: it counts as killed. */
  end(): void;
}

export interface PreloadedStart {
  /** Where another follows, that loads the rest of what it needs beside this one. */
  readonly isLast: boolean;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface LoaderPlace extends Omit<LauncherPlace, "command"> {
  /** Those that a start may want; null: not known, and all are loaded. */
  readonly adapters: readonly string[] | null;
}

const PROGRAM = fileURLToPath(new URL("./load-dbt.py", import.meta.url));
/** As many as a run has: packages, two parses, a look at the sources, a build and three more of it. */
const MOST_STARTS = 8;

/** Begins to load it. Each start is a process group of its own, and has the streams that any other start has. */
export function createPreload(launcher: Launcher, place: LoaderPlace): Preload {
  const child = spawnLoader(launcher, place);
  const stdio: readonly unknown[] = child?.stdio ?? [];
  const streams = stdio.slice(3).filter((stream) => stream instanceof Duplex);
  const [channel, ...outputs] = streams;
  if (child === null || channel === undefined) return { isOver: () => true, take: async () => null, end: () => {} };
  let isOver = false;
  let asked: ((start: RunningProcess | null) => void) | null = null;
  let running: Fork | null = null;
  const answer = (start: RunningProcess | null) => {
    asked?.(start);
    asked = null;
  };
  const end = () => {
    if (isOver) return;
    isOver = true;
    answer(null);
    running?.ends(-constants.signals.SIGKILL);
    for (const stream of outputs) stream.destroy();
    if (child.exitCode === null && child.signalCode === null) killGroup(child.pid);
  };
  // What loading prints any start would print: it stands before what the first one says.
  const loading: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.on("data", (chunk: Buffer) => void loading[name].push(chunk)).on("error", () => {});
  child.on("error", end);
  for (const stream of streams) stream.on("error", () => {});
  createInterface({ input: channel })
    .on("line", (line) => {
      const pid = Number(/^started (\d{1,9})$/.exec(line)?.[1] ?? 0);
      // A signal to group 0 or 1 would be for others.
      const isStart = pid > 1;
      const code = /^ended (-?\d{1,3})$/.exec(line)?.[1];
      // It had left the group before that was killed.
      if (isOver) killGroup(isStart ? pid : undefined);
      else if (isStart && running === null) {
        const [stdout = null, stderr = null] = outputs.splice(0, 2);
        stdout?.unshift(Buffer.concat(loading.stdout.splice(0)));
        stderr?.unshift(Buffer.concat(loading.stderr.splice(0)));
        running = new Fork(pid, stdout, stderr);
        answer(running);
      } else if (code !== undefined && running !== null) {
        running.ends(Number(code));
        running = null;
      } else end();
    })
    .on("error", end)
    .on("close", end);
  return {
    isOver: () => isOver,
    take: ({ args, cwd, env, isLast }, signal) => {
      const isFree = !isOver && asked === null && running === null && outputs.length > 0;
      if (!isFree || cwd !== place.cwd || !isSame(env, place.env)) return Promise.resolve(null);
      const words = Buffer.from(args.map((word) => `${word}\0`).join(""));
      channel.write(Buffer.concat([Buffer.from(`${isLast ? "last" : "more"} ${words.length}\n`), words]));
      return new Promise((resolve) => {
        asked = resolve;
        const giveUp = () => {
          if (asked === resolve) end();
        };
        if (signal.aborted) giveUp();
        else signal.addEventListener("abort", giveUp, { once: true });
      });
    },
    end,
  };
}

/** One start, as its parent tells of it. */
class Fork extends EventEmitter implements RunningProcess {
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;

  constructor(pid: number, stdout: Readable | null, stderr: Readable | null) {
    super();
    this.pid = pid;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** `code`: its exit code, or the number of the signal that ended it with a minus. */
  ends(code: number): void {
    const signal = Object.entries(constants.signals).find(([, number]) => number === -code)?.[0] ?? null;
    const end = [code < 0 ? null : code, signal] as const;
    // Whoever took it listens by then.
    setImmediate(() => {
      this.emit("exit", ...end);
      void Promise.all([this.stdout, this.stderr].map(untilRead)).then(() => this.emit("close", ...end));
    });
  }
}

function untilRead(stream: Readable | null): Promise<void> {
  return new Promise((resolve) => {
    if (stream === null) resolve();
    else finished(stream, { writable: false }, () => resolve());
  });
}

/** null: it cannot be started, of which the start itself will tell. */
function spawnLoader(
  { python: [program = "", ...words], dbt }: Launcher,
  { cwd, env, adapters }: LoaderPlace,
): ChildProcess | null {
  const pipes = Array.from({ length: 1 + 2 * MOST_STARTS }, () => "pipe" as const);
  const args = [...words, PROGRAM, dbt, String(MOST_STARTS), adapters?.join(",") ?? ""];
  try {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe", ...pipes] });
    child.on("error", () => {});
    return child;
  } catch {
    return null;
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

function isSame(one: PreloadedStart["env"], other: PreloadedStart["env"]): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}
