/** Numbers with a unit, as people read them. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"] as const;

/** `0 B`, `9.8 GB`, `41 GB`: two digits or more, in steps of a thousand. */
export function bytesInWords(bytes: number): string {
  let [amount, unit] = [bytes, 0];
  // What rounds to a thousand is one of the next.
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 || amount >= 9.95 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (number: number) => String(number).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}
