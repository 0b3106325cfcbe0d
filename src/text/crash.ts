/**
 * Crashes of other programs in texts that people read: Python's tracebacks (of dbt, its adapters, Python models) and the
 * backtraces of dbt 2. What went wrong stands at their end, behind more lines than anybody reads.
 */

const HEADER = "Traceback (most recent call last):";
/** https://docs.python.org/3/library/traceback.html#traceback.print_exc (since Python 3.0) */
const CHAIN: ReadonlySet<string> = new Set([
  "During handling of the above exception, another exception occurred:",
  "The above exception was the direct cause of the following exception:",
]);
const FRAME = /^File "(.{1,1000})", line (\d{1,9})(?:, in (.{1,200}))?$/;
/** Code that the project did not write; `<template>` is a macro, of which Python knows no file. */
const LIBRARY = /(?:^|[\\/])(?:site-packages|dist-packages|lib[\\/]python3\.\d{1,3})[\\/]|^</;
const IN_PACKAGES = /^.*[\\/](?:site-packages|dist-packages)[\\/]/;
const MOST_FRAMES = 3;

interface Frame {
  readonly file: string;
  readonly line: string;
  readonly name: string | null;
  code: string | null;
}

interface Traceback {
  readonly frames: Frame[];
  /** The exception's own lines, without the indentation of the whole. */
  readonly exception: string[];
}

/**
 * The text with each crash in it made short: the exception's own line first, the exception that it began with, what else
 * the text says, and at most three frames, those of the project's own code before those of libraries. A text without a
 * crash stays as it is.
 */
export function shortenCrash(text: string): string {
  const { tracebacks, others } = takeApart(withoutBacktraces(text.split(/\r?\n/)));
  const last = tracebacks.at(-1);
  if (last === undefined) return others.join("\n");
  const exception = trimmed(last.exception);
  const known = exception.join("\n");
  const first = trimmed(tracebacks[0]?.exception ?? [])[0] ?? "";
  const rest = trimmed(others);
  return [
    ...exception,
    ...(known.includes(withoutClass(first)) ? [] : [`caused by: ${first}`]),
    ...(known.includes(rest.join("\n").trim()) ? [] : rest),
    ...frameLines(last.frames),
  ].join("\n");
}

/** The lines from the first crash on; null: they hold none. */
export function crashIn(lines: readonly string[]): readonly string[] | null {
  const start = lines.findIndex((line) => line.trimEnd().endsWith(HEADER));
  return start === -1 ? null : lines.slice(start);
}

function takeApart(lines: readonly string[]) {
  const tracebacks: Traceback[] = [];
  const others: string[] = [];
  let open: { readonly traceback: Traceback; readonly indent: number; isOver: boolean } | null = null;
  for (const line of lines) {
    const indent = line.length - line.trimStart().length;
    const words = line.trim();
    if (line.trimEnd().endsWith(HEADER)) {
      const traceback = { frames: [], exception: [] };
      tracebacks.push(traceback);
      open = { traceback, indent, isOver: false };
    } else if (CHAIN.has(words)) {
      open = null;
    } else if (open === null || (words !== "" && indent < open.indent)) {
      open = null;
      // Between the exceptions of a chain there are blank lines alone.
      if (words !== "" || tracebacks.length === 0) others.push(line);
    } else if (!open.isOver && indent > open.indent) {
      readFrame(open.traceback.frames, words);
    } else if (words !== "" || open.isOver) {
      open.isOver = true;
      open.traceback.exception.push(line.slice(open.indent));
    }
  }
  return { tracebacks, others };
}

function readFrame(frames: Frame[], words: string): void {
  const [, file, line, name = null] = FRAME.exec(words) ?? [];
  const last = frames.at(-1);
  if (file !== undefined && line !== undefined) frames.push({ file, line, name, code: null });
  // Below the code, marks show which part of it failed.
  else if (last !== undefined && last.code === null && !/^[\s~^]*$/.test(words)) last.code = words;
}

function frameLines(frames: readonly Frame[]): string[] {
  const shown = nearest(frames);
  const more = frames.length - shown.length;
  return [
    ...shown.map(({ file, line, name, code }) => {
      const where = `${file.replace(IN_PACKAGES, "")}:${line}${name === null ? "" : ` in ${name}`}`;
      return `  at ${where}${code === null ? "" : `: ${code}`}`;
    }),
    ...(more > 0 ? [`  (dbt's log has ${more} more frame${more === 1 ? "" : "s"})`] : []),
  ];
}

/** In their order: the last one, the last ones of code that is no library's, and what else there is room for. */
function nearest(frames: readonly Frame[]): readonly Frame[] {
  const last = frames.slice(-1);
  const before = frames.slice(0, -1).reverse();
  const own = before.filter(({ file }) => !LIBRARY.test(file));
  const others = before.filter(({ file }) => LIBRARY.test(file));
  const chosen = new Set([...last, ...own, ...others].slice(0, MOST_FRAMES));
  return frames.filter((frame) => chosen.has(frame));
}

/** `_duckdb.IOException: IO Error: …` without the name of its class. */
function withoutClass(line: string): string {
  return line.replace(/^[\w.]{1,200}: /, "");
}

function trimmed(lines: readonly string[]): readonly string[] {
  const isFull = (line: string) => line.trim() !== "";
  return lines.slice(Math.max(0, lines.findIndex(isFull)), lines.findLastIndex(isFull) + 1);
}

/** dbt 2 ends an error with the addresses of its own functions: `   0: <unknown>`, `   1: start_thread`, `at ./x.c:442:8`. */
function withoutBacktraces(lines: readonly string[]): readonly string[] {
  let next: number | null = null;
  return lines.filter((line, index) => {
    const number = numberOf(line);
    if (number === 0 && numberOf(lines[index + 1] ?? "") === 1) next = 0;
    if (next === null) return true;
    if (number === next) next += 1;
    else if (!/^ {8,}at /.test(line)) next = null;
    return next === null;
  });
}

function numberOf(line: string): number | null {
  const [, number] = /^ {2,4}(\d{1,4}): \S/.exec(line) ?? [];
  return number === undefined ? null : Number(number);
}
