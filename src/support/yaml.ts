import { LineCounter, parseDocument } from "yaml";

/** What a YAML text holds, or why it holds nothing: `is not YAML: line 3: …`, words that follow the file's name. */
export type Yaml =
  | { readonly kind: "read"; readonly value: unknown }
  | { readonly kind: "refused"; readonly why: string };

/** Files that people write are far below both. */
const MOST_CHARACTERS = 1_000_000;
const DEEPEST = 200;
/** `- - - x`, `? - x`: each sign is one level. */
const SIGNS = /^(?:[ \t]*[-?:](?=[ \t]))+/gm;

/**
 * Reads YAML from outside. Throws nothing, and costs no more than the text's length: of a key that is there twice the last
 * one counts, since to look for them takes the square of it. `merge`: knows `<<`.
 */
export function readYaml(text: string, { merge = false }: { readonly merge?: boolean } = {}): Yaml {
  const refused = whyNotParsed(text);
  if (refused !== null) return { kind: "refused", why: refused };
  const lines = new LineCounter();
  try {
    const options = { lineCounter: lines, logLevel: "error", merge, prettyErrors: false, uniqueKeys: false } as const;
    const document = parseDocument(text, options);
    const [first] = document.errors;
    if (first === undefined) {
      const value: unknown = document.toJS();
      return isCircular(value)
        ? { kind: "refused", why: "is not YAML: a value holds itself" }
        : { kind: "read", value };
    }
    return { kind: "refused", why: `is not YAML: line ${lines.linePos(first.pos[0]).line}: ${first.message}` };
  } catch (error) {
    // An alias without its anchor, and one of a bomb, show only here.
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "refused", why: `is not YAML: ${message.split("\n", 1)[0]}` };
  }
}

/**
 * Why a text is not given to the parser, which runs out of stack where values are nested deep, and then may end the whole
 * process with it; null: it is.
 */
export function whyNotParsed(text: string): string | null {
  if (text.length > MOST_CHARACTERS) return `has ${text.length} characters, and ${MOST_CHARACTERS} are read at most`;
  return isDeep(text) ? `is not read: it is nested more than ${DEEPEST} levels deep` : null;
}

/** `a: &x [*x]`. Who walks through that never comes to an end. */
function isCircular(value: unknown): boolean {
  const done = new Set<unknown>();
  const open = new Set<unknown>();
  const leadsBack = (each: unknown): boolean => {
    if (typeof each !== "object" || each === null || done.has(each)) return false;
    if (open.has(each)) return true;
    open.add(each);
    const found = Object.values(each).some(leadsBack);
    open.delete(each);
    done.add(each);
    return found;
  };
  return leadsBack(value);
}

function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === "[" || bracket === "{" ? depth + 1 : Math.max(0, depth - 1);
    if (depth > DEEPEST) return true;
  }
  return [...text.matchAll(SIGNS)].some(([signs]) => signs.replace(/[ \t]/g, "").length > DEEPEST);
}
