import { shortenJava } from "./java-trace.ts";
import { beginsTraceback, type Frame, isOfFinalizer, takeApart, trimmed } from "./traceback.ts";

/**
 * Crashes of other programs in texts that people read: Python's tracebacks (of dbt, its adapters, Python models), the stack
 * traces of Java that warehouses send, and the backtraces of dbt 2. What went wrong stands at their end, behind more lines
 * than anybody reads.
 */

/** Code that the project did not write; `<template>` is a macro, of which Python knows no file. */
const LIBRARY = /(?:^|[\\/])(?:site-packages|dist-packages|lib[\\/]python3\.\d{1,3})[\\/]|^</;
const IN_PACKAGES = /^.*[\\/](?:site-packages|dist-packages)[\\/]/;
const MOST_FRAMES = 3;

/**
 * The text with each crash in it made short: the exception's own line first, the exception that it began with, what else
 * the text says, and at most three frames, those of the project's own code before those of libraries. A text without a
 * crash stays as it is.
 */
export function shortenCrash(text: string): string {
  const { tracebacks, others } = takeApart(withoutBacktraces(text.split(/\r?\n/)));
  const last = tracebacks.at(-1);
  // Python's frames are nearer to what the project wrote than those of a warehouse.
  const most = last === undefined ? MOST_FRAMES : MOST_FRAMES - Math.min(last.frames.length, MOST_FRAMES - 1);
  const exception = shortenJava(trimmed(last?.exception ?? []), most);
  const around = shortenJava(others, most - exception.frames.length);
  const java = [...exception.frames, ...around.frames];
  const shown = nearest(last?.frames ?? [], MOST_FRAMES - java.length);
  const hidden = exception.hidden + around.hidden + (last?.frames.length ?? 0) - shown.length;
  const frames = [...shown.map(frameLine), ...java, ...moreLine(hidden)];
  if (last === undefined) return [...around.lines, ...frames].join("\n");
  const known = exception.lines.join("\n");
  const first = trimmed(tracebacks[0]?.exception ?? [])[0] ?? "";
  const rest = trimmed(around.lines);
  return [
    ...exception.lines,
    ...(known.includes(withoutClass(first)) ? [] : [`caused by: ${first}`]),
    ...(known.includes(rest.join("\n").trim()) ? [] : rest),
    ...frames,
  ].join("\n");
}

/** The lines from the first crash on; null: they hold none. */
export function crashIn(lines: readonly string[]): readonly string[] | null {
  const start = lines.findIndex(beginsTraceback);
  if (start === -1) return null;
  return lines.slice(isOfFinalizer(lines[start - 1] ?? "") ? start - 1 : start);
}

function frameLine({ file, line, name, code }: Frame): string {
  const where = `${file.replace(IN_PACKAGES, "")}:${line}${name === null ? "" : ` in ${name}`}`;
  return `  at ${where}${code === null ? "" : `: ${code}`}`;
}

function moreLine(hidden: number): readonly string[] {
  return hidden > 0 ? [`  (dbt's log has ${hidden} more frame${hidden === 1 ? "" : "s"})`] : [];
}

/** In their order: the last one, the last ones of code that is no library's, and what else there is room for. */
function nearest(frames: readonly Frame[], most: number): readonly Frame[] {
  const last = frames.slice(-1);
  const before = frames.slice(0, -1).reverse();
  const own = before.filter(({ file }) => !LIBRARY.test(file));
  const others = before.filter(({ file }) => LIBRARY.test(file));
  const chosen = new Set([...last, ...own, ...others].slice(0, most));
  return frames.filter((frame) => chosen.has(frame));
}

/** `_duckdb.IOException: IO Error: …` without the name of its class. */
function withoutClass(line: string): string {
  return line.replace(/^[\w.]{1,200}: /, "");
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
