import { cleanLine, withoutAround } from "./clean.ts";

const MOST = 500;
/** cmark-gfm keeps the length of a fence in one byte: one of 256 back-ticks is closed by a line of 255. */
const LONGEST_RUN = 99;

/**
 * What means nothing in GitHub's Markdown wherever it stands in a line, but for the words below: GitHub looks for references
 * once the text is rendered, so that character references do not stop it, and skips code.
 * https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
 */
const MARKUP = /[`*~<>&|\\[\]$@#]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/u;
/** Addresses, commits, `GH-1` and trackers' keys such as `DATA-12`, `:emoji:`. */
const REFERENCE = /:\/\/|www\.|(?<![0-9a-z])[0-9a-f]{7,64}(?![0-9a-z])|[a-z]-\d|ghsa-|:[\w+-]+:/i;
/** Between words these mean nothing: `warn if > 5` is read as it is. */
const OPERATOR = /^(?:[<>]=?|&)$/;
/** At the beginning of a line: a list, a heading's underline, a table's. */
const BLOCK_START = /^(?:[-+=:]+|\d{1,9}[.)])$/;

/**
 * A text inside a sentence of GitHub's Markdown, in its own words. Those that GitHub could take for markup, an address, a
 * person, an issue or a commit are shown as code, in which nothing of that is looked for, and which is copied as it is.
 */
export function markdownText(text: string): string {
  const parts: { readonly isCode: boolean; readonly words: string[] }[] = [];
  for (const [index, word] of cleanLine(text, MOST).split(" ").entries()) {
    const isPlain = index > 0 && OPERATOR.test(word);
    const isMarkup = MARKUP.test(word) || REFERENCE.test(word) || (index === 0 && BLOCK_START.test(word));
    const isCode = isMarkup && !isPlain;
    const last = parts.at(-1);
    if (last?.isCode === isCode) last.words.push(word);
    else parts.push({ isCode, words: [word] });
  }
  return parts.map(({ isCode, words }) => (isCode ? spanInside(words.join(" ")) : words.join(" "))).join(" ");
}

/** The marks of a sentence around it stay outside: `(#1),` is shown with the number alone as code. */
function spanInside(words: string): string {
  const isInBrackets = words.startsWith("(");
  const tail = withoutAround(words, "", isInBrackets ? "),.:!?'\"" : ",.:!?'\"");
  const core = withoutAround(tail, "('\"", "");
  if (core === "") return span(words);
  return `${tail.slice(0, tail.length - core.length)}${span(core)}${words.slice(tail.length)}`;
}

/** Inline code: no link, mention or HTML can start inside. Not for a table, whose cells end at any `|`. */
export function markdownCode(text: string): string {
  const line = cleanLine(text, MOST);
  return line === "" ? "–" : span(line);
}

/** A code block whose fence is longer than every run of back-ticks inside. */
export function markdownBlock(text: string): string {
  const held = text.replace(/`{100,}/g, `${"`".repeat(LONGEST_RUN)}…`);
  const runs = held.match(/`+/g) ?? [];
  const fence = "`".repeat(runs.reduce((most, run) => Math.max(most, run.length + 1), 3));
  return `${fence}text\n${held}\n${fence}`;
}

/** The shortest run of back-ticks that does not occur inside ends it. https://github.github.com/gfm/#code-spans */
function span(line: string): string {
  const runs = new Set((line.match(/`+/g) ?? []).map((run) => run.length));
  let length = 1;
  while (runs.has(length)) length += 1;
  const marks = "`".repeat(length);
  const space = runs.size > 0 ? " " : "";
  return `${marks}${space}${line}${space}${marks}`;
}
