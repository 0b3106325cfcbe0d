const MOST = 30;

/** Names from outside in one line of an error. */
export function quoteAll(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const rest = names.length > MOST ? ` and ${names.length - MOST} more` : "";
  return `${names
    .slice(0, MOST)
    .map((name) => JSON.stringify(name))
    .join(", ")}${rest}`;
}
