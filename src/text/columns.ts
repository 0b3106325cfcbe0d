/** Drawn in one column, as ASCII is. */
const NARROW = /^[ -~·…]$/;

/**
 * The beginning of a line that takes at most so many columns of a terminal; "…" stands for what was left out. How wide
 * other characters are depends on font and language: each counts as two, which is never too few.
 */
export function cutToColumns(line: string, columns: number): string {
  let used = 0;
  let end = 0;
  // Where it has to be cut, there is room for the "…".
  let cutAt = 0;
  for (const character of line) {
    used += NARROW.test(character) ? 1 : 2;
    if (used > columns) return columns < 1 ? "" : `${line.slice(0, cutAt)}…`;
    end += character.length;
    if (used < columns) cutAt = end;
  }
  return line;
}
