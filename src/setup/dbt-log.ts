import type { Runner } from "../platforms/ports.ts";
import { grouped } from "../render/words.ts";

/** Of a longer log the end is kept: that is where it says why it failed. */
const MOST_HELD = 5_000;

/** How the log of one start of dbt reaches the reader. */
export interface DbtLog {
  readonly onLine: (line: string) => void;
  /** `isGood`: dbt did what it was to do. */
  end(isGood: boolean): void;
}

/** What dbt does on the way to a build: its log is worth reading where it fails. */
const ON_THE_WAY: ReadonlySet<string> = new Set(["parse", "deps", "ls"]);

/** Opens the log of a start: as it comes, in a group; of what is only on the way, at its end, folded or not at all. */
export function openDbtLog(
  command: readonly string[],
  pass: (line: string) => void,
  runner: Pick<Runner, "openGroup" | "folds">,
): DbtLog {
  const title = `dbt ${command.join(" ")}`;
  if (!ON_THE_WAY.has(command[0] ?? "")) {
    const close = runner.openGroup(title);
    return { onLine: pass, end: close };
  }
  const held: string[] = [];
  let dropped = 0;
  return {
    onLine: (line) => {
      held.push(line);
      if (held.length <= MOST_HELD) return;
      held.shift();
      dropped += 1;
    },
    end: (isGood) => {
      if (held.length === 0 || (isGood && !runner.folds)) return;
      const close = runner.openGroup(isGood ? title : null);
      if (dropped > 0) pass(`(${grouped(dropped)} lines before)`);
      for (const line of held) pass(line);
      close();
    },
  };
}
