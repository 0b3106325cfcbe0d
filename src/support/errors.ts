import { withoutSequences } from "../text/clean.ts";

/** Exit codes; the table with its precedence is in severity/outcome.ts. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 70 | 75 | 76 | 130 | 143;

export type ErrorKind = "configuration" | "service" | "artifacts" | "dbt" | "delivery" | "timeout" | "interrupted";

const EXIT_CODES: Record<Exclude<ErrorKind, "interrupted">, ExitCode> = {
  configuration: 2,
  service: 4,
  artifacts: 3,
  dbt: 1,
  delivery: 5,
  timeout: 75,
};

/**
 * An error that a person can act on: what was found (message), what was wanted and what to do (hint).
 * Everything else that is thrown is a bug of ours and ends with exit 70.
 */
export class SignalboxError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | null;
  readonly exitCode: ExitCode;

  constructor(kind: ErrorKind, message: string, options: { hint?: string; exitCode?: ExitCode; cause?: unknown } = {}) {
    // Words of git, of an API, of a file: errors go into files and answers too, not to the log alone.
    super(withoutSequences(message), options.cause === undefined ? {} : { cause: options.cause });
    this.name = "SignalboxError";
    this.kind = kind;
    this.hint = options.hint === undefined ? null : withoutSequences(options.hint);
    this.exitCode = options.exitCode ?? (kind === "interrupted" ? 130 : EXIT_CODES[kind]);
  }
}

/**
 * The message and, behind an arrow, the hint. Its further lines stand under its first one: a hint may show a text and
 * mark a place in it.
 */
export function describeKnown({ message, hint }: SignalboxError): string {
  const arrow = "\n  → ";
  return hint === null ? message : `${message}${arrow}${hint.replaceAll("\n", "\n".padEnd(arrow.length))}`;
}

/** An error as the JSON documents tell it. */
export interface ErrorJson {
  readonly kind: ErrorKind | "internal";
  readonly message: string;
  readonly hint: string | null;
  readonly exitCode: ExitCode;
}

/** Of any error; one that is not ours is a bug of ours. */
export function errorFields(error: unknown): ErrorJson {
  if (error instanceof SignalboxError) {
    const { kind, message, hint, exitCode } = error;
    return { kind, message, hint, exitCode };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "internal", message, hint: "please report it", exitCode: 70 };
}

/** One thing that is wrong with what the user gave: where it stands, what was found, what was wanted. */
export interface Problem {
  /** As the user wrote it: `--timeout`, `SIGNALBOX_TIMEOUT`, `signalbox.yml:12 queue.timeout`. */
  readonly where: string;
  readonly got: string | null;
  readonly wanted: string;
}

/** More of them at once help nobody. */
const MOST_PROBLEMS = 50;

/** All problems at once: they are not found one run at a time. */
export function configurationError(problems: readonly Problem[], hint?: string): SignalboxError {
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => {
    const got = problem.got === null ? "" : ` is ${problem.got}:`;
    return `${problem.where}${got} ${problem.wanted}`;
  });
  const more = problems.length - shown.length;
  const lines = more === 0 ? shown : [...shown, `and ${more} more`];
  const message =
    lines.length === 1
      ? (lines[0] ?? "")
      : `${problems.length} problems:\n${lines.map((line) => `- ${line}`).join("\n")}`;
  return new SignalboxError("configuration", message, hint === undefined ? {} : { hint });
}
