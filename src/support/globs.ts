import picomatch from "picomatch";

const compiled = new Map<string, (text: string) => boolean>();

/** Whether a glob of signalbox.yml matches a whole text; `*` stops at `/`, `**` does not. */
export function matchesGlob(glob: string, text: string): boolean {
  const known = compiled.get(glob) ?? picomatch(glob, { dot: true, nonegate: true });
  compiled.set(glob, known);
  return known(text);
}
