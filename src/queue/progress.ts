import type { Wait } from "./decide.ts";
import type { QueueEvent } from "./events.ts";
import { parseInstant } from "./iso-time.ts";
import type { Ahead, Outlook } from "./queue-position.ts";
import type { Blocker } from "./result.ts";
import type { Scan, SeenRun } from "./ticket.ts";

/** What one wait has seen so far. It tells each change once, and what still holds when asked to. */
export interface QueueProgress {
  /** A look that ended with waiting. */
  note(wait: Wait, outlook: Outlook, time: number): void;
  /** The present state of the runs that were waited for. */
  update(runs: Scan["runs"]): void;
  noteFailure(message: string): void;
  /** Says again what still holds, with the ages of now. */
  repeat(outlook: Outlook | null): void;
  hasWaited(): boolean;
  /** The runs that were waited for, in the order first seen. */
  waitedFor(): readonly SeenRun[];
  blockers(): readonly Blocker[];
  /** The last look that ended with waiting; null: there was none. */
  lastWait(): Wait | null;
  /** Why the last read failed; null: it did not. */
  failure(): string | null;
}

/** An event before it is told: `Omit` over each member of the union. */
export type Untimed<T> = T extends unknown ? Omit<T, "ref" | "waitedSeconds"> : never;

/** With no job at work and nothing updated for so long, a run is called dead. */
const QUIET_SECONDS = 90 * 60;

export function createProgress(tell: (event: Untimed<QueueEvent>) => void): QueueProgress {
  const seen = new Map<string, Ahead>();
  const toldQuiet = new Set<string>();
  let wait: Wait | null = null;
  let failure: string | null = null;
  let told = "";

  const tellOnce = (event: Untimed<QueueEvent>, change: string) => {
    if (change !== told) tell(event);
    told = change;
  };

  return {
    note(now, outlook, time) {
      wait = now;
      failure = null;
      for (const ahead of outlook.ahead) seen.set(key(ahead.run), ahead);
      tellOnce({ kind: "waiting", wait: now, outlook }, describeChange(now, outlook));
      for (const { run } of outlook.ahead) {
        const quietSince = parseInstant(run.quietSince);
        const quietSeconds = quietSince === null ? 0 : (time - quietSince) / 1000;
        if (quietSeconds < QUIET_SECONDS || toldQuiet.has(key(run))) continue;
        toldQuiet.add(key(run));
        tell({ kind: "quiet", run, quietSeconds });
      }
    },
    update(runs) {
      for (const run of runs) {
        const known = seen.get(key(run));
        if (known !== undefined) seen.set(key(run), { ...known, run, etaSeconds: run.ended ? null : known.etaSeconds });
      }
    },
    noteFailure(message) {
      failure = message;
      tellOnce({ kind: "unanswered", message }, message);
    },
    repeat(outlook) {
      if (failure !== null) tell({ kind: "unanswered", message: failure });
      else if (wait !== null && outlook !== null) tell({ kind: "still-waiting", wait, outlook });
      else tell({ kind: "unanswered", message: "the first look at the queue is not finished" });
    },
    hasWaited: () => told !== "",
    waitedFor: () => [...seen.values()].map(({ run }) => run),
    blockers: () =>
      [...seen.values()].map(({ run: { id, attempt, status, url, since }, etaSeconds }) => ({
        id,
        attempt,
        status,
        url,
        since,
        etaSeconds,
      })),
    lastWait: () => wait,
    failure: () => failure,
  };
}

function key(run: SeenRun): string {
  return `${run.id}/${run.attempt}`;
}

/** Alike as long as nothing changed but time. */
function describeChange(wait: Wait, outlook: Outlook): string {
  const after = wait.why === "settling" && wait.after !== null ? key(wait.after) : "";
  return JSON.stringify([wait.why, after, outlook.place, outlook.ahead.map(({ run }) => [key(run), run.status])]);
}
