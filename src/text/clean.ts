/**
 * Text from outside: dbt's messages, names, paths, branches, commit titles, owners, answers of APIs, words of git. Nothing of
 * it may steer a terminal, reorder a line, or hide in one. Whatever is shown has passed `cleanText` or `cleanLine`, and each
 * line of the log `terminalLine`; what a language would read as its own, its renderer escapes.
 */

/**
 * Escape sequences of ECMA-48, in the two bytes of 7-bit codes and the one of 8-bit codes: control sequences (CSI), strings
 * (OSC, DCS, SOS, PM, APC) up to their end or the line's, and the short ones. An unfinished one ends where it cannot go on,
 * so that every ESC is part of a match. https://ecma-international.org/publications-and-standards/standards/ecma-48/
 */
export const SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\r\n]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g;
/**
 * Invisible, and some of them able to reorder what is seen (https://trojansource.codes). The two joiners and the two forms of
 * an emoji are part of words; `JOINER` and `FORM` find them where they are not.
 */
const INVISIBLE = /(?!\u200c|\u200d|\ufe0e|\ufe0f)(?:\p{Cf}|\p{Default_Ignorable_Code_Point})/gu;
const FORM = /(?<!\p{Emoji})[\ufe0e\ufe0f]/gu;
const JOINER = /(?<![^\p{ASCII}\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\p{ASCII}\u200c\u200d])/gu;
const LONE_SURROGATE = /\p{Cs}/gu;

/** Several lines without escape sequences, control and invisible characters, or blank lines around them. */
export function cleanText(text: string): string {
  const lines = withoutSequences(text)
    .replaceAll("\t", "    ")
    .split("\n")
    .map((line) => withoutAround(line, "", " "))
    .join("\n");
  return withoutAround(lines, "\n", "\n");
}

/** Without escape sequences and what cannot be seen; lines, tabs and spaces stay as they are. */
export function withoutSequences(text: string): string {
  return withoutInvisible(text.replace(SEQUENCE, "").replace(LINE_BREAK, "\n"));
}

/** Without what cannot be seen, but for tabs and line feeds; half a character becomes one that is seen. */
export function withoutInvisible(text: string): string {
  return text
    .replace(CONTROL, "")
    .replace(INVISIBLE, "")
    .replace(FORM, "")
    .replace(JOINER, "")
    .replace(LONE_SURROGATE, "\ufffd");
}

/**
 * The text without these characters at its beginning and at its end. A pattern such as `/ +$/` looks at every run of
 * spaces from each of its characters on: a text of a megabyte of them takes it hours.
 */
export function withoutAround(text: string, before: string, after: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && before.includes(text.charAt(start))) start += 1;
  while (end > start && after.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** One line of at most `most` code points. Of a long text only as much is cleaned as that takes. */
export function cleanLine(text: string, most = 200): string {
  // `cut` looks at 2 * most + 2 characters; the last one of a beginning may be half of one.
  const enough = 2 * most + 4;
  for (let length = 8 * enough; length < text.length; length *= 8) {
    const line = oneLine(text.slice(0, length));
    if (line.length > enough) return cut(line, most);
  }
  return cut(oneLine(text), most);
}

/** As of `cleanText`, without its layout, which a line does not have. */
function oneLine(text: string): string {
  return withoutSequences(text).replace(/\s+/g, " ").trim();
}

/** Cut by code point, never in the middle of one; the last of `most` is then "…". */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const points = Array.from(text.slice(0, 2 * most + 2));
  return points.length <= most
    ? text
    : `${points
        .slice(0, most - 1)
        .join("")
        .trimEnd()}…`;
}

/** At most `most` code points and `mostLines` lines of a longer text; "…" stands for what was left out. */
export function cutText(text: string, most: number, mostLines: number): string {
  const lines = text.split("\n");
  const kept = lines.length <= mostLines ? text : [...lines.slice(0, mostLines - 1), "…"].join("\n");
  return cut(kept, most);
}

/**
 * `cutText(cleanText(text), most, mostLines)`: of a long text only as much is cleaned as is shown. A text of a megabyte is
 * cleaned in tens of milliseconds, and each place that shows it would do so.
 */
export function cleanCut(text: string, most: number, mostLines: number): string {
  // As in `cleanLine`.
  const enough = 2 * most + 4;
  for (let length = 8 * enough; length < text.length; length *= 8) {
    const part = cleanText(text.slice(0, length));
    if (part.length > enough) return cutText(part, most, mostLines);
  }
  return cutText(cleanText(text), most, mostLines);
}
