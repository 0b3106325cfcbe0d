/** Of a longer line only the beginning is handed on: it must not fill the memory. */
const LONGEST_LINE = 1_000_000;

export interface LineReader {
  /** The next piece of the text, cut anywhere. */
  read(text: string): void;
  /** There is no more: the last line may lack its line break. */
  end(): void;
}

/** Hands on each line of a text that comes in pieces, without its line break (`\n` or `\r\n`). */
export function createLineReader(onLine: (line: string) => void): LineReader {
  // Joined once a line is whole: to split its beginning again with each piece would be quadratic.
  let parts: string[] = [];
  let length = 0;
  const keep = (text: string) => {
    if (length < LONGEST_LINE) parts.push(text.slice(0, LONGEST_LINE - length));
    length += text.length;
  };
  const endLine = () => {
    const line = parts.join("");
    onLine(
      length <= LONGEST_LINE
        ? line.replace(/\r$/, "")
        : `${line}… (a line of ${length.toLocaleString("en")} characters)`,
    );
    parts = [];
    length = 0;
  };
  return {
    read: (text) => {
      const [first = "", ...others] = text.split("\n");
      keep(first);
      for (const line of others) {
        endLine();
        keep(line);
      }
    },
    end: () => {
      if (length > 0) endLine();
    },
  };
}
