type Colour = (text: string) => string;

/** Colours for a terminal. Colour only repeats what a word says already. */
export interface Paint {
  readonly bold: Colour;
  readonly dim: Colour;
  readonly red: Colour;
  readonly green: Colour;
  readonly yellow: Colour;
  readonly cyan: Colour;
}

/** Without colour every function gives back what it got. */
export function createPaint(isColourful: boolean): Paint {
  // Select Graphic Rendition: https://ecma-international.org/publications-and-standards/standards/ecma-48/
  const sgr = (on: number, off: number) => (text: string) =>
    isColourful && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    red: sgr(31, 39),
    green: sgr(32, 39),
    yellow: sgr(33, 39),
    cyan: sgr(36, 39),
  };
}
