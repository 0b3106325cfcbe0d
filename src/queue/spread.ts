const SPREAD = 0.2;

/** A pause ±20 %: runs that began together do not read together. `random` is in [0, 1). */
export function spread(pause: number, random: () => number): number {
  return pause * (1 - SPREAD + 2 * SPREAD * random());
}
