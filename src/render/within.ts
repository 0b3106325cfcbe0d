import { grouped } from "./words.ts";

/** How much a list may take. */
export interface Room {
  readonly most: number;
  /** What a text takes of it. */
  readonly measure: (text: string) => number;
}

/** As many of the entries as there is room for; `more` tells how many did not fit. */
export function within(
  { most, measure }: Room,
  entries: readonly string[],
  more: (number: string) => string,
): readonly string[] {
  const fit = howManyFit(most, entries, measure);
  return fit === entries.length ? entries : [...entries.slice(0, fit), more(grouped(entries.length - fit))];
}

/** Of the entries, from the first on; the first that does not fit is the last one that is looked at. */
export function howManyFit(most: number, entries: Iterable<string>, measure: Room["measure"] = byteLength): number {
  let [taken, fit] = [0, 0];
  for (const entry of entries) {
    taken += measure(entry) + 2;
    if (taken > most) break;
    fit += 1;
  }
  return fit;
}

const encoder = new TextEncoder();

/** In UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}
