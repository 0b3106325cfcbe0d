type CharacterTest = (character: string) => boolean;
type Token<Item> = "star" | ((item: Item) => boolean);

/**
 * Python's fnmatch on POSIX, where case counts: `*`, `?`, `[a-z]`, `[!a-z]`.
 * https://github.com/python/cpython/blob/3.12/Lib/fnmatch.py
 */
export function createMatcher(pattern: string): (text: string) => boolean {
  const tokens = tokensOf([...pattern]);
  return (text) => matchesTokens([...text], tokens);
}

export function hasWildcard(text: string): boolean {
  return /[*?[\]]/.test(text);
}

/**
 * The patterns of pathlib's Path.glob, for paths of known files and folders: `**` is any number of folders.
 * null for what Python's versions read differently, or refuse.
 */
export function createPathMatcher(pattern: string): ((path: string) => boolean) | null {
  const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
  if (pattern.startsWith("/") || parts.length === 0) return null;
  if (parts.some((part) => part === ".." || (part.includes("**") && part !== "**"))) return null;
  const tokens = parts.map((part): Token<string> => (part === "**" ? "star" : createMatcher(part)));
  return (path) => matchesTokens(path === "" ? [] : path.split("/"), tokens);
}

/** Back to the latest star and one item further: never worse than items × tokens. */
function matchesTokens<Item>(items: readonly Item[], tokens: readonly Token<Item>[]): boolean {
  let token = 0;
  let item = 0;
  let star = -1;
  let starItem = 0;
  while (item < items.length) {
    const wanted = tokens[token];
    const found = items[item] as Item;
    if (wanted === "star") {
      star = token;
      starItem = item;
      token += 1;
    } else if (wanted?.(found) === true) {
      token += 1;
      item += 1;
    } else if (star >= 0) {
      starItem += 1;
      item = starItem;
      token = star + 1;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === "star");
}

function tokensOf(pattern: readonly string[]): readonly Token<string>[] {
  const tokens: Token<string>[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? "";
    if (character === "*") {
      if (tokens.at(-1) !== "star") tokens.push("star");
    } else if (character === "?") tokens.push(() => true);
    else {
      const end = character === "[" ? endOfSet(pattern, at + 1) : null;
      tokens.push(end === null ? (found) => found === character : setOf(pattern.slice(at + 1, end)));
      at = end ?? at;
    }
  }
  return tokens;
}

/** A `]` that comes first belongs to the set; a set that does not end is a plain `[`. */
function endOfSet(pattern: readonly string[], start: number): number | null {
  const first = pattern[start] === "!" ? start + 1 : start;
  const end = pattern.indexOf("]", first + 1);
  return end < 0 ? null : end;
}

function setOf(content: readonly string[]): CharacterTest {
  const isNegated = content[0] === "!";
  const characters = isNegated ? content.slice(1) : content;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const from = characters[at] ?? "";
    const to = characters[at + 2];
    if (characters[at + 1] === "-" && to !== undefined) {
      ranges.push([from, to]);
      at += 2;
    } else ranges.push([from, from]);
  }
  const isIn = (found: string) => ranges.some(([from, to]) => order(from) <= order(found) && order(found) <= order(to));
  return isNegated ? (found) => !isIn(found) : isIn;
}

function order(character: string): number {
  return character.codePointAt(0) ?? 0;
}
