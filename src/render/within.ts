import { grouped } from "./words.ts";

/** As many of the entries as fit into so many bytes, in UTF-8; `more` tells how many did not. */
export function within(most: number, entries: readonly string[], more: (number: string) => string): readonly string[] {
  const fit = howManyFit(most, entries);
  return fit === entries.length ? entries : [...entries.slice(0, fit), more(grouped(entries.length - fit))];
}

/** Of the entries, from the first on; the first that does not fit is the last one that is looked at. */
export function howManyFit(most: number, entries: Iterable<string>): number {
  let [bytes, fit] = [0, 0];
  for (const entry of entries) {
    bytes += byteLength(entry) + 2;
    if (bytes > most) break;
    fit += 1;
  }
  return fit;
}

const encoder = new TextEncoder();

/** In UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}
