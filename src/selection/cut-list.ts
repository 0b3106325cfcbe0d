const MOST_NAMED = 5;

/** `a, b, c, d, e, +3 more`: a warning names five, and says how many more there are. */
export function cutList(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return more <= 0 ? names.join(", ") : `${names.slice(0, MOST_NAMED).join(", ")}, +${more} more`;
}
