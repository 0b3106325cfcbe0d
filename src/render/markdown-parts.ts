import { cleanCut } from "../text/clean.ts";
import { markdownBlock } from "../text/markdown.ts";
import { type Room, within } from "./within.ts";

/** Two spaces at the end of a line. https://github.github.com/gfm/#hard-line-breaks */
export const LINE_BREAK = "  \n";

const MOST_MESSAGE = 4000;
const MOST_MESSAGE_LINES = 60;
/** A longer message is opened by who wants to read it. */
const OPEN_LINES = 14;

/**
 * Markdown that is shown when somebody opens it. `title` and what it stands on are HTML: our own words and numbers alone.
 * The blank lines end the HTML. https://github.github.com/gfm/#html-blocks
 */
export function details(title: string, paragraphs: readonly string[]): string {
  return [`<details><summary>${title}</summary>`, ...paragraphs, "</details>"].join("\n\n");
}

/** The items of a list, as many as there is room for. */
export function list<T>(
  room: Room,
  items: readonly T[],
  render: (item: T) => string,
  more: (number: string) => string,
): string {
  return within(
    room,
    items,
    (item) => `- ${render(item)}`,
    (number) => `- ${more(number)}`,
  ).join("\n");
}

/** dbt's message as it stands, the beginning of a long one. */
export function message(text: string): string {
  const shown = cleanCut(text, MOST_MESSAGE, MOST_MESSAGE_LINES);
  const lines = shown.split("\n").length;
  const block = markdownBlock(shown);
  return lines <= OPEN_LINES ? block : details(`The message: ${lines} lines`, [block]);
}
