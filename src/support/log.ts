import { plainLine, terminalLine } from "../text/terminal-line.ts";
import type { Redact } from "./redact.ts";

/**
 * The log that a person reads: one step a line, its name in the first column, what belongs to it indented below.
 * Every line passes the redactor; none can steer the terminal or be read as a command by a CI's runner.
 */
export interface Log {
  /** A step's line: `queue     entered at once: nobody is ahead on main`. */
  step(name: string, text: string): void;
  /** Lines that belong to the step above. */
  more(lines: string | readonly string[]): void;
  /** Like a step, for what a person should look at although the run goes on. */
  warn(name: string, text: string): void;
  /** A line of another program's log: its colours may pass, nothing else that a terminal would act on. */
  pass(line: string): void;
  /** A line of the command's result: shown also with --quiet. */
  result(line: string): void;
  /** The line at the bottom of a terminal that tells how far the step is; null takes it away. Elsewhere nothing happens. */
  status(line: string | null): void;
}

export interface LogOptions {
  readonly write: (text: string) => void;
  /** null: there is no such line. */
  readonly status: ((line: string | null) => void) | null;
  readonly redact: Redact;
  readonly bold: (text: string) => string;
  readonly yellow: (text: string) => string;
  /** Whether colours are shown, ours and those of other programs. */
  readonly color: boolean;
  readonly quiet: boolean;
}

const COLUMN = 10;

export function createLog({ write, status, redact, bold, yellow, color, quiet }: LogOptions): Log {
  const show = (line: string) => {
    // A secret with a colour in its middle is one all the same, and is no longer once the colour is gone.
    const plain = plainLine(line);
    const redacted = redact(plain);
    write(`${redacted === plain && color ? terminalLine(line, true) : redacted}\n`);
  };
  const put = (line: string) => {
    if (!quiet) show(line);
  };
  const labelled = (name: string, text: string, paint: (text: string) => string) => {
    // As one text: a secret may be broken over its lines.
    const [first = "", ...others] = redact(text).split("\n");
    put(`${paint(name.padEnd(COLUMN))}${first}`);
    for (const line of others) put(`${" ".repeat(COLUMN)}${line}`);
  };
  return {
    step: (name, text) => labelled(name, text, bold),
    warn: (name, text) => labelled(name, `warning: ${text}`, yellow),
    more: (lines) => {
      for (const line of typeof lines === "string" ? redact(lines).split("\n") : lines)
        put(`${" ".repeat(COLUMN)}${line}`);
    },
    pass: put,
    result: show,
    status: (line) => status?.(line === null ? null : redact(plainLine(line))),
  };
}
