/** Python's tracebacks in a text, taken apart. https://docs.python.org/3/library/traceback.html */

const HEADER = "Traceback (most recent call last):";
/** Printed since Python 3.0, between the exceptions of a chain. */
const CHAIN: ReadonlySet<string> = new Set([
  "During handling of the above exception, another exception occurred:",
  "The above exception was the direct cause of the following exception:",
]);
const FRAME = /^File "(.{1,1000})", line (\d{1,9})(?:, in (.{1,200}))?$/;
/** Since Python 3.11, an ExceptionGroup stands behind a gutter of `|`, and each of its exceptions below a line `+-+--- 1 ---`. */
const GROUP = `+ Exception Group ${HEADER}`;
const GUTTER = /^\s*[|+]/;
const PART = /^\s*\+-(?:\+-)?-*(?: (?:\d{1,6}|\.{3}) -+)?$/;
/** `module.py:3: DeprecationWarning: …`, which Python prints at any time, with a line of code below it. */
const WARNING = /^(?:.{1,500}:\d{1,9}: )?[A-Z]\w{0,60}Warning: /;
/** What Python finds while it ends is no reason for the end. */
const AT_EXIT = /\bResourceWarning: |\bresource_tracker: /;
const MOST_PARTS = 15;
const MOST_PART_LINES = 3;

export interface Frame {
  readonly file: string;
  readonly line: string;
  readonly name: string | null;
  code: string | null;
}

export interface Traceback {
  readonly frames: Frame[];
  /** The exception's own lines, without the indentation of the whole; below those of a group, one for each of its exceptions. */
  readonly exception: string[];
}

export interface TakenApart {
  readonly tracebacks: readonly Traceback[];
  /** All lines that are of none. */
  readonly others: readonly string[];
}

/** Whether a traceback begins in the line, behind whatever a log puts before it. */
export function beginsTraceback(line: string): boolean {
  return line.trimEnd().endsWith(HEADER);
}

/** The line above a traceback that nobody could raise: an error in a finalizer. */
export function isOfFinalizer(line: string): boolean {
  return line.includes("Exception ignored in");
}

interface Open {
  readonly traceback: Traceback;
  readonly indent: number;
  /** What goes on is the exception's text. */
  isOver: boolean;
}

export function takeApart(lines: readonly string[]): TakenApart {
  return takeApartIn("text", lines);
}

/** A part of a group holds none of its own behind a second gutter: those would be read once for each gutter. */
function takeApartIn(place: "text" | "group", lines: readonly string[]): TakenApart {
  const tracebacks: Traceback[] = [];
  const ignored: Traceback[] = [];
  const others: string[] = [];
  let open: Open | null = null;
  let isIgnored = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const [indent, words] = [line.length - line.trimStart().length, line.trim()];
    if (place === "text" && words.endsWith(GROUP)) {
      const end = endOfGroup(lines, at + 1);
      tracebacks.push(groupOf(lines.slice(at + 1, end)));
      open = null;
      at = end - 1;
    } else if (beginsTraceback(line)) {
      open = { traceback: { frames: [], exception: [] }, indent, isOver: false };
      (isIgnored ? ignored : tracebacks).push(open.traceback);
    } else if (CHAIN.has(words) || isOfFinalizer(words)) {
      open = null;
    } else if (open?.isOver === true && WARNING.test(words)) {
      open = null;
      if (!AT_EXIT.test(words)) others.push(line);
      if (/^\s{2}\S/.test(lines[at + 1] ?? "")) at++;
    } else if (open === null || (words !== "" && indent < open.indent)) {
      open = null;
      // Between the exceptions of a chain there are blank lines alone.
      if ((words !== "" || tracebacks.length === 0) && !(AT_EXIT.test(words) && tracebacks.length > 0))
        others.push(line);
    } else if (!open.isOver && indent > open.indent) {
      readFrame(open.traceback.frames, words);
    } else if (words !== "" || open.isOver) {
      open.isOver = true;
      open.traceback.exception.push(line.slice(open.indent));
    }
    isIgnored = isOfFinalizer(words) || (isIgnored && words === "");
  }
  return { tracebacks: tracebacks.length > 0 ? tracebacks : ignored, others };
}

function readFrame(frames: Frame[], words: string): void {
  const [, file, line, name = null] = FRAME.exec(words) ?? [];
  const last = frames.at(-1);
  if (file !== undefined && line !== undefined) frames.push({ file, line, name, code: null });
  // Below the code, marks show which part of it failed.
  else if (last !== undefined && last.code === null && !/^[\s~^]*$/.test(words)) last.code = words;
}

function endOfGroup(lines: readonly string[], from: number): number {
  let end = from;
  while (end < lines.length && GUTTER.test(lines[end] ?? "")) end++;
  return end;
}

/** `lines`: those behind the header. Groups in a group stand in the list where they begin. */
function groupOf(lines: readonly string[]): Traceback {
  const parts: string[][] = [[HEADER]];
  for (const line of lines) {
    if (PART.test(line.trimEnd())) parts.push([]);
    else parts.at(-1)?.push(line.replace(/^\s*[|+] ?/, ""));
  }
  const [whole, ...found] = parts.filter((part) => part.length > 0).map((part) => takeApartIn("group", part));
  const frames = whole?.tracebacks.at(-1)?.frames ?? [];
  const own = found.map(({ tracebacks, others }) => trimmed(tracebacks.at(-1)?.exception ?? others));
  const more = own.length - MOST_PARTS;
  return {
    frames: [...frames, ...(found.find(({ tracebacks }) => tracebacks.length > 0)?.tracebacks.at(-1)?.frames ?? [])],
    exception: [
      ...trimmed(whole?.tracebacks.at(-1)?.exception ?? []),
      ...own
        .slice(0, MOST_PARTS)
        .flatMap((part) => part.slice(0, MOST_PART_LINES).map((line, index) => `${index === 0 ? "- " : "  "}${line}`)),
      ...(more > 0 ? [`- ${more} more`] : []),
    ],
  };
}

/** Without the blank lines around them. */
export function trimmed(lines: readonly string[]): readonly string[] {
  const isFull = (line: string) => line.trim() !== "";
  return lines.slice(Math.max(0, lines.findIndex(isFull)), lines.findLastIndex(isFull) + 1);
}
