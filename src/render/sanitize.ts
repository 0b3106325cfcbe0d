/**
 * Text from outside: dbt's messages, names, paths, branches, commit titles, owners. Nothing of it may colour a terminal,
 * reorder a line, or become markup. Everything that a renderer shows has passed `cleanText` or `cleanLine`.
 */

/** CSI, OSC and the short escape sequences of ECMA-48; dbt's unit tests colour their diffs. */
const ANSI = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b\r\n]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]/g;
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g;
/** Invisible, and able to reorder what is seen (https://trojansource.codes); the two joiners are part of words and emoji. */
const FORMAT = /(?![\u200c\u200d])\p{Cf}/gu;
const LONE_SURROGATE = /\p{Cs}/gu;

/** Several lines without escape sequences, control and bidirectional characters, or blank lines around them. */
export function cleanText(text: string): string {
  const lines = text
    .replace(ANSI, "")
    .replace(LINE_BREAK, "\n")
    .replace(CONTROL, "")
    .replace(FORMAT, "")
    .replace(LONE_SURROGATE, "\ufffd")
    .replaceAll("\t", "    ")
    .split("\n")
    .map((line) => withoutAround(line, "", " "))
    .join("\n");
  return withoutAround(lines, "\n", "\n");
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

/** One line of at most `most` code points. */
export function cleanLine(text: string, most = 200): string {
  return cut(cleanText(text).replace(/\s+/g, " ").trim(), most);
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
 * Inline code for GitHub's Markdown, safe in a table: no link, mention or HTML can start inside. A back-tick could end the
 * span, a pipe the table's cell, and a backslash makes both ambiguous: such a text is written in character references.
 */
export function markdownCode(text: string): string {
  const line = cleanLine(text, 500);
  if (line === "") return "–";
  return /[`|\\]/.test(line) ? `<code>${references(line)}</code>` : `\`${line}\``;
}

/** A text inside a sentence of GitHub's Markdown: it stays the words that it is. */
export function markdownText(text: string): string {
  return references(cleanLine(text, 500));
}

/**
 * Character references never have a meaning as markup: https://github.github.com/gfm/#entity-and-numeric-character-references
 * GitHub looks for mentions and addresses after they are resolved, so a zero-width space follows an @.
 */
function references(line: string): string {
  return line.replace(/[^\p{L}\p{N} ,;…·-]/gu, (mark, at: number) =>
    isPlain(line, mark, at) ? mark : `&#${mark.codePointAt(0)};${mark === "@" ? "&#8203;" : ""}`,
  );
}

/** A full stop or colon that ends a word, and an underscore inside one. */
function isPlain(line: string, mark: string, at: number): boolean {
  if (mark === "_") return /^[\p{L}\p{N}]_[\p{L}\p{N}]/u.test(line.slice(at - 1));
  return (mark === "." || mark === ":") && /^(?: |$)/.test(line.slice(at + 1));
}

/** A code block whose fence is longer than every run of back-ticks inside. */
export function markdownBlock(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = "`".repeat(runs.reduce((most, run) => Math.max(most, run.length + 1), 3));
  return `${fence}text\n${text}\n${fence}`;
}

/** For Slack's mrkdwn and the text of a message. https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
