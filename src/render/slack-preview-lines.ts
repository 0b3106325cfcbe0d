/** Styled text in lines and columns of the terminal. */

/** A run of text in one style. */
export interface StyledText {
  readonly text: string;
  readonly style: (text: string) => string;
}

const GAP = 2;

/** Columns as wide as their longest line; the first one takes what is left, and breaks. */
export function drawTable(rows: readonly (readonly StyledText[][])[], width: number): string[] {
  const lengths = (cell: readonly StyledText[]) =>
    cell
      .map(({ text }) => text)
      .join("")
      .split("\n")
      .map((line) => Array.from(line).length);
  const others = Array.from({ length: Math.max(0, ...rows.map((row) => row.length - 1)) }, (_, index) =>
    Math.min(24, Math.max(0, ...rows.flatMap((row) => lengths(row[index + 1] ?? [])))),
  );
  const first = Math.min(
    Math.max(1, ...rows.flatMap((row) => lengths(row[0] ?? []))),
    width - others.reduce((sum, each) => sum + each + GAP, 0),
  );
  // Too narrow for columns: one cell below the other.
  if (first < 12) return rows.flatMap((row) => row.flatMap((cell) => flow(cell, width)));
  const widths = [first, ...others];
  return rows.flatMap((row) => {
    const cells = widths.map((most, index) => ({
      plain: flow(row[index]?.map(({ text }) => ({ text, style: (same: string) => same })) ?? [], most),
      lines: flow(row[index] ?? [], most),
    }));
    const height = Math.max(...cells.map(({ lines }) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map(({ plain, lines }, index) => {
          const missing = (widths[index] ?? 0) - Array.from(plain[line] ?? "").length;
          return `${lines[line] ?? ""}${" ".repeat(Math.max(0, missing))}`;
        })
        .join(" ".repeat(GAP))
        .trimEnd(),
    );
  });
}

/** Breaks styled pieces into lines of at most `width` characters, at spaces where there are any. */
export function flow(pieces: readonly StyledText[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  let column = 0;
  const finish = () => {
    lines.push(line.trimEnd());
    line = "";
    column = 0;
  };
  for (const { text, style } of pieces) {
    for (const token of text.split(/(\n| +)/)) {
      if (token === "\n") {
        finish();
        continue;
      }
      let points = Array.from(token);
      if (column > 0 && column + points.length > width) {
        if (token.trim() === "") continue;
        finish();
      }
      for (; points.length > width; points = points.slice(width)) {
        line += style(points.slice(0, width).join(""));
        finish();
      }
      line += style(points.join(""));
      column += points.length;
    }
  }
  if (column > 0 || lines.length === 0) finish();
  return lines;
}
