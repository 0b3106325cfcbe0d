import type { Run } from "../run/run.ts";
import type { Environment } from "../support/secrets.ts";

/**
 * How a reader sees how far dbt is: `log`: in dbt's own log; `line`: in a line at the bottom of a terminal, rewritten in
 * place; `lines`: in a line of the log now and then. With the last two, dbt's own log is not shown.
 */
export type ProgressDisplay = "log" | "line" | "lines";

export interface DisplayFacts {
  /** --progress */
  readonly wants: boolean;
  /** With --json and --quiet nobody is told. */
  readonly json: boolean;
  readonly quiet: boolean;
  readonly noColor: boolean;
  readonly isTerminal: boolean;
  readonly platform: Run["platform"];
  readonly env: Environment;
}

/** A line is rewritten on a person's terminal alone: CIs have terminals too, and keep every state of it. */
export function chooseDisplay(facts: DisplayFacts): ProgressDisplay {
  const { wants, json, quiet, noColor, isTerminal, platform, env } = facts;
  if (json || quiet) return "log";
  // https://no-color.org; TERM as ncurses has it: a dumb terminal knows no cursor.
  const isPlain = noColor || Boolean(env.NO_COLOR) || !env.TERM || env.TERM === "dumb";
  if (isTerminal && platform === "local" && !isPlain) return "line";
  return wants ? "lines" : "log";
}
