import { progressLine } from "../dbt/running-nodes.ts";
import type { BuildProgress } from "../dbt/watch.ts";
import type { Runner } from "../platforms/ports.ts";
import { grouped } from "../render/words.ts";
import type { Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import type { ProgressDisplay } from "./progress-display.ts";

/** Of a longer log the end is kept: that is where it says why it failed. */
const MOST_HELD = 5_000;
/** Between two lines that tell how far dbt is. */
const PAUSE_SECONDS = 30;

export interface DbtLogParts {
  readonly log: Pick<Log, "pass" | "step" | "more" | "status">;
  readonly runner: Pick<Runner, "openGroup" | "folds">;
  readonly clock: Pick<Clock, "now">;
  readonly display: ProgressDisplay;
}

/** How the log of one start of dbt reaches the reader. */
export interface DbtLog {
  readonly onLine: (line: string) => void;
  /** false: the log is shown, and tells it. */
  readonly onProgress: (progress: BuildProgress, seconds: number) => boolean;
  /** `isTold`: what dbt did is known without its log; `file`: where all of that is, null where nobody knows. */
  end(isTold: boolean, file: string | null): void;
}

/** What dbt does on the way to a build: its log is worth reading where it fails. */
const ON_THE_WAY: ReadonlySet<string> = new Set(["parse", "deps", "ls"]);

/**
 * Opens the log of a start: as it comes, in a group; at its end, folded or not at all, of what is only on the way, and of
 * any start whose reader sees how far it is.
 */
export function openDbtLog(command: readonly string[], { log, runner, clock, display }: DbtLogParts): DbtLog {
  const words = command.join(" ");
  const isOnTheWay = ON_THE_WAY.has(command[0] ?? "");
  if (display === "log" && !isOnTheWay) {
    const close = runner.openGroup(`dbt ${words}`);
    return { onLine: log.pass, onProgress: () => false, end: close };
  }
  const held: string[] = [];
  let dropped = 0;
  const show = (title: string | null) => {
    const close = runner.openGroup(title);
    if (dropped > 0) log.pass(`(${grouped(dropped)} lines before)`);
    for (const line of held) log.pass(line);
    close();
  };
  return {
    onLine: (line) => {
      held.push(line);
      if (held.length <= MOST_HELD) return;
      held.shift();
      dropped += 1;
    },
    onProgress: showProgress(words, isOnTheWay, { log, clock, display }),
    end: (isTold, file) => {
      log.status(null);
      if (held.length > 0 && (!isTold || runner.folds)) show(isTold ? `dbt ${words}` : null);
      else if (file !== null && !isOnTheWay) log.more(`dbt's log: ${file}`);
    },
  };
}

function showProgress(
  command: string,
  isOnTheWay: boolean,
  { log, clock, display }: Pick<DbtLogParts, "log" | "clock" | "display">,
): DbtLog["onProgress"] {
  let seen = 0;
  let toldAt = 0;
  return (progress, seconds) => {
    if (display === "log") return false;
    // Where it fails all of its log is shown.
    for (const text of isOnTheWay ? [] : progress.notable.slice(seen))
      for (const line of text.split("\n")) log.pass(line);
    seen = progress.notable.length;
    const line = progressLine(progress, { command, seconds, now: clock.now() });
    if (display === "line") log.status(line);
    else if (seconds - toldAt >= PAUSE_SECONDS) {
      toldAt = seconds;
      log.step("dbt", line);
    }
    return true;
  };
}
