import { SEQUENCE, withoutInvisible } from "./clean.ts";

/** Select Graphic Rendition, and nothing else: `ESC [ 1 ; 31 m`. */
const COLOUR = /^\u001b\[([0-9;]*)m$/;
/** Bold, dim, italic, underlined, a colour of the letters, and their ends: none of it can hide text. */
const HARMLESS = /^(?:0*|0?[1-4]|2[2-4]|3[0-79]|9[0-7])$/;
const RESET = "\u001b[0m";

/**
 * A line as a terminal may have it: no escape sequence but colours, and those only where the terminal is to show them; each
 * is closed at the line's end. Nothing invisible, no line break inside, and no command for a CI's runner.
 */
export function terminalLine(line: string, isColourful: boolean): string {
  const parts: string[] = [];
  const open = new Set<string>();
  let from = 0;
  for (const { 0: sequence, index } of line.matchAll(SEQUENCE)) {
    parts.push(onOneLine(line.slice(from, index)));
    from = index + sequence.length;
    const codes = isColourful ? coloursOf(sequence) : null;
    if (codes === null) continue;
    parts.push(sequence);
    for (const code of codes) follow(open, code);
  }
  parts.push(onOneLine(line.slice(from)), open.size > 0 ? RESET : "");
  return defuse(parts.join(""));
}

/** The same without any colour: for what looks for words in a line. */
export function plainLine(line: string): string {
  return terminalLine(line, false);
}

/**
 * Makes a line harmless for the runner: GitHub trims a line before it looks for `::`, and finds `##[` anywhere, as those of
 * Azure and TeamCity do with a word between. https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function defuse(line: string): string {
  return defuseInside(
    line.replace(/[\r\n]+/g, " ").replace(/^([\s\u0085]*(?:\u001b\[[0-9;]*m[\s\u0085]*)*)::/, "$1·::"),
  );
}

/** The same for what stands inside of a line, such as a command of our own. */
export function defuseInside(line: string): string {
  return line.replace(/##(?=[A-Za-z]{0,20}\[)/g, "# #");
}

function onOneLine(text: string): string {
  return withoutInvisible(text.replace(/[\r\n\u0085\u2028\u2029]+/g, " "));
}

function coloursOf(sequence: string): readonly string[] | null {
  const codes = COLOUR.exec(sequence)?.[1]?.split(";") ?? [];
  return codes.length > 0 && codes.every((code) => HARMLESS.test(code)) ? codes : null;
}

/** What is switched on, by the code that switches it off. */
function follow(open: Set<string>, code: string): void {
  const number = Number(code);
  if (number === 0) open.clear();
  else if (number <= 2) open.add("22");
  else if (number <= 4) open.add(number === 3 ? "23" : "24");
  else if (number <= 24 || number === 39) open.delete(code);
  else open.add("39");
}
