/**
 * The log that a person reads: one step a line, its name in the first column, what belongs to it indented below.
 * Every line passes the redactor, and none can be read as a command by a CI's runner.
 */
export interface Log {
  /** A step's line: `queue     entered at once: nobody is ahead on main`. */
  step(name: string, text: string): void;
  /** Lines that belong to the step above. */
  more(lines: string | readonly string[]): void;
  /** Like a step, for what a person should look at although the run goes on. */
  warn(name: string, text: string): void;
  /** A line of another program's log, passed on as it is but redacted and defused. */
  pass(line: string): void;
  /** A line of the command's result: shown also with --quiet. */
  result(line: string): void;
}

export interface LogOptions {
  readonly write: (text: string) => void;
  readonly redact: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly quiet: boolean;
}

const COLUMN = 10;

export function createLog({ write, redact, bold, yellow, quiet }: LogOptions): Log {
  const show = (line: string) => write(`${defuse(redact(line))}\n`);
  const put = (line: string) => {
    if (!quiet) show(line);
  };
  const labelled = (name: string, text: string, paint: (text: string) => string) => {
    const [first = "", ...others] = text.split("\n");
    put(`${paint(name.padEnd(COLUMN))}${first}`);
    for (const line of others) put(`${" ".repeat(COLUMN)}${line}`);
  };
  return {
    step: (name, text) => labelled(name, text, bold),
    warn: (name, text) => labelled(name, `warning: ${text}`, yellow),
    more: (lines) => {
      for (const line of typeof lines === "string" ? lines.split("\n") : lines) put(`${" ".repeat(COLUMN)}${line}`);
    },
    pass: put,
    result: show,
  };
}

/**
 * Makes a line harmless for the runner: GitHub trims a line before it looks for `::`, and finds `##[` anywhere.
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function defuse(line: string): string {
  return line
    .replace(/[\r\n]+/g, " ")
    .replace(/^([\s\u0085]*(?:\u001b\[[0-9;]*m[\s\u0085]*)*)::/, "$1·::")
    .replaceAll("##[", "# #[");
}
