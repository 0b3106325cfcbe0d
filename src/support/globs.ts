import picomatch from "picomatch";

/** Names and paths are shorter; picomatch makes expressions that backtrack, a long text can keep one busy for hours. */
const LONGEST = 1000;

const compiled = new Map<string, (text: string) => boolean>();

/** Whether a glob of signalbox.yml matches a text, of which the first 1,000 characters count; `*` stops at `/`, `**` does not. */
export function matchesGlob(glob: string, text: string): boolean {
  const known = compiled.get(glob) ?? picomatch(glob, { dot: true, nonegate: true });
  compiled.set(glob, known);
  return known(text.slice(0, LONGEST));
}
