/** To compare two words takes the product of their lengths: nobody mistypes a longer one by letters. */
const LONGEST_WORD = 200;

/** The known word that was probably meant, or null: two letters may differ, of short words one, of long words a third. */
function suggest(word: string, known: readonly string[]): string | null {
  if (word.length > LONGEST_WORD) return null;
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best === undefined) return null;
  const { candidate, distance } = best;
  const allowed = candidate.length <= 3 ? 1 : Math.max(2, Math.floor(candidate.length / 3));
  return distance <= allowed ? candidate : null;
}

/** ` (did you mean x?)` or nothing, to append to a message. `prefix`: what stands before each of the known words. */
export function didYouMean(word: string, known: readonly string[], prefix = ""): string {
  const best = suggest(word, known);
  return best === null ? "" : ` (did you mean ${prefix}${best}?)`;
}

/** Levenshtein's distance by rows, where two letters that changed places count once (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 10) return 10;
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution, swap));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
