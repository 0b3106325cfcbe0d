import { cutToColumns } from "../text/columns.ts";
import { plainLine } from "../text/terminal-line.ts";

/** A terminal, or what stands for one, whose last line can be rewritten while others are written above it. */
export interface Screen {
  write(text: string): void;
  /** One line at the bottom, in place of the last one; null takes it away. */
  status(line: string | null): void;
}

/** To the line's beginning, and all of it erased: every terminal but a dumb one knows both. */
const ERASE = "\r\u001b[K";
const USUAL_COLUMNS = 80;

/** `columns`: how wide the terminal is now; 0 or absent: it does not say. */
export function createScreen(put: (text: string) => void, columns: () => number | undefined): Screen {
  let shown: string | null = null;
  const draw = (line: string) => {
    // In its last column a terminal may begin the next line.
    shown = cutToColumns(plainLine(line), (columns() || USUAL_COLUMNS) - 1);
    put(`${ERASE}${shown}`);
  };
  return {
    write: (text) => {
      if (shown === null) return put(text);
      // Behind half a line there is no place for it until that is whole.
      const below = text.endsWith("\n") ? shown : null;
      put(`${ERASE}${text}${below ?? ""}`);
      shown = below;
    },
    status: (line) => {
      if (line !== null) draw(line);
      else if (shown !== null) put(ERASE);
      if (line === null) shown = null;
    },
  };
}
