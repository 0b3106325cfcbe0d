export { bytesInWords, duration } from "../text/amounts.ts";

/** `1 error`, `2 errors`, `1,234 errors`. */
export function count(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** Thousands with commas, whatever the machine's language. */
export function grouped(number: number): string {
  return Number.isInteger(number) ? String(number).replace(/\B(?=(\d{3})+$)/g, ",") : String(number);
}

/** `a, b, c, +2 more`: never cut without saying so. */
export function listed(names: readonly string[], most: number): string {
  return listedAs(names, most, (name) => name);
}

/** The same of what is put into words first: of those alone that are shown. */
export function listedAs<T>(items: readonly T[], most: number, inWords: (item: T) => string): string {
  const shown = items.length === most + 1 ? items : items.slice(0, most);
  const more = items.length - shown.length;
  return [...shown.map(inWords), ...(more > 0 ? [`+${grouped(more)} more`] : [])].join(", ");
}

/** `2.4 ×`, `12 ×`. */
export function times(factor: number): string {
  return `${factor < 9.95 ? factor.toFixed(1) : grouped(Math.round(factor))} ×`;
}

/** About how long, as people say it: `40 min`, `5 h`, `3 days`. */
export function roughly(seconds: number): string {
  if (seconds < 3600 - 30) return `${Math.max(1, Math.round(seconds / 60))} min`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3600)} h` : `${grouped(Math.floor(seconds / 86_400))} days`;
}

/** Whether a run has waited for its turn. `seconds` is in whole ones, so that one may be none. */
export function hasWaited(seconds: number): boolean {
  return seconds > 1;
}
