import { grouped } from "./words.ts";

/** How much a list may take. */
export interface Room {
  readonly most: number;
  /** What a text takes of it. */
  readonly measure: (text: string) => number;
}

/** As many of the items as there is room for, each rendered when it is looked at; `more` tells how many did not fit. */
export function within<T>(
  { most, measure }: Room,
  items: readonly T[],
  render: (item: T) => string,
  more: (number: string) => string,
): readonly string[] {
  const shown: string[] = [];
  let taken = 0;
  for (const item of items) {
    const text = render(item);
    taken += measure(text) + 2;
    if (taken > most) return [...shown, more(grouped(items.length - shown.length))];
    shown.push(text);
  }
  return shown;
}

/** How many of the entries, from the first on, fit into so many bytes; the first that does not is the last one looked at. */
export function howManyFit(most: number, entries: Iterable<string>): number {
  let [taken, fit] = [0, 0];
  for (const entry of entries) {
    taken += byteLength(entry) + 2;
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
