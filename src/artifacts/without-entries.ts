import { endOfString } from "./json.ts";

/**
 * The text of an artifact without these entries of one of its collections. Everything else stays as it is written: a
 * parse and a print would change numbers that JavaScript cannot hold. `text`: JSON that has been read before.
 */
export function withoutEntries(text: string, collection: string, ids: ReadonlySet<string>): string {
  let result = text;
  // From behind, so that places before stay right.
  for (const { key, from, to } of membersOf(text, text.indexOf("{")).reverse()) {
    if (key !== collection || text[from] !== "{") continue;
    const kept = membersOf(text, from).filter((entry) => !ids.has(entry.key));
    result = `${result.slice(0, from)}{${kept.map(({ begin, to: end }) => text.slice(begin, end)).join(", ")}}${result.slice(to)}`;
  }
  return result;
}

interface Member {
  readonly key: string;
  /** Where its key begins, where its value does, and where that ends. */
  readonly begin: number;
  readonly from: number;
  readonly to: number;
}

/** The members of the object whose brace stands at `open`. */
function membersOf(text: string, open: number): Member[] {
  const members: Member[] = [];
  let at = skipBlanks(text, open + 1);
  while (text[at] === '"') {
    const begin = at;
    const endOfKey = endOfString(text, begin);
    const from = skipBlanks(text, skipBlanks(text, endOfKey) + 1);
    const to = endOfValue(text, from);
    members.push({ key: JSON.parse(text.slice(begin, endOfKey)) as string, begin, from, to });
    at = skipBlanks(text, to);
    if (text[at] === ",") at = skipBlanks(text, at + 1);
  }
  return members;
}

function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from);
  if (text[from] !== "{" && text[from] !== "[") return next(/[\s,}\]]/g, text, from);
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else {
      depth += character === "{" || character === "[" ? 1 : -1;
      at += 1;
    }
    if (depth === 0) return at;
    at = next(/["{}[\]]/g, text, at);
  }
  return text.length;
}

function skipBlanks(text: string, from: number): number {
  return next(/\S/g, text, from);
}

/** Where the pattern, which has the flag g, matches next; the text's end where it does not. */
function next(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}
