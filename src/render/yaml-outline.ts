/** An entry of a block mapping or sequence, with what stands below it. */
export interface OutlineEntry {
  /** null: an item of a sequence (`- …`). */
  readonly key: string | null;
  /** A scalar that begins on the same line, without quotes and comment. */
  readonly value: string | null;
  /** Counted from 1. */
  readonly line: number;
  readonly children: readonly OutlineEntry[];
}

type Growing = OutlineEntry & { readonly children: Growing[] };

const ITEM = /^-(?:\s+|$)/;
const QUOTED = /^("[^"]*"|'[^']*')/;
/** Deeper nesting on one line (`- - - …`) is no project of a person. */
const DEEPEST = 64;

/** `key: value` and `key:`; null where the line is none. */
function pairOf(text: string): { readonly key: string; readonly value: string } | null {
  if (/^[\s#&*!|>%@`{}[\],-]/.test(text)) return null;
  const quoted = QUOTED.exec(text)?.[0];
  if (quoted === undefined && /^["']/.test(text)) return null;
  for (let colon = text.indexOf(":", quoted?.length); colon !== -1; colon = text.indexOf(":", colon + 1)) {
    if (colon + 1 < text.length && !/\s/.test(text.charAt(colon + 1))) {
      if (quoted !== undefined) return null;
      continue;
    }
    const key = text.slice(0, colon).trimEnd();
    const isKey = quoted === undefined ? key !== "" && !key.includes("#") : key === quoted;
    return isKey ? { key, value: text.slice(colon + 1).trimStart() } : null;
  }
  return null;
}

/**
 * The block structure of a YAML text with its lines: enough to find where something is declared. Multi-line scalars, flow
 * collections and aliases are stepped over: what stands in them is not found, rather than found in the wrong place.
 */
export function outlineOf(text: string): readonly OutlineEntry[] {
  const root: Growing = { key: null, value: null, line: 0, children: [] };
  let open: { readonly column: number; readonly entry: Growing }[] = [{ column: -1, entry: root }];
  let scalarDeeperThan = Number.POSITIVE_INFINITY;

  const add = (column: number, entry: Growing) => {
    // A sequence may stand at the column of the key that holds it, so an item closes only items there.
    open = open.filter(
      (each) => each.column < column || (each.column === column && entry.key === null && each.entry.key !== null),
    );
    open.at(-1)?.entry.children.push(entry);
    open.push({ column, entry });
    scalarDeeperThan = entry.value === null ? Number.POSITIVE_INFINITY : column;
  };

  // Editors on Windows may put a mark at the beginning.
  for (const [index, content] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    let column = content.search(/\S/);
    if (column === -1 || content[column] === "#" || column > scalarDeeperThan) continue;
    let rest = content.slice(column);
    const line = index + 1;
    for (let dash = ITEM.exec(rest); dash !== null; dash = ITEM.exec(rest)) {
      rest = rest.slice(dash[0].length);
      if (open.length > DEEPEST) break;
      const isScalar = !ITEM.test(rest) && pairOf(rest) === null;
      add(column, { key: null, value: isScalar ? scalarOf(rest) : null, line, children: [] });
      column += dash[0].length;
    }
    const pair = pairOf(rest);
    if (pair !== null) add(column, { key: unquoted(pair.key), value: scalarOf(pair.value), line, children: [] });
  }
  return root.children;
}

/** null where nothing but a comment, an anchor or a tag stands: then the value follows below. */
function scalarOf(text: string): string | null {
  const comment = /(?:^|\s)#/.exec(text)?.index ?? text.length;
  const scalar = QUOTED.exec(text)?.[0] ?? text.slice(0, comment).trim();
  return scalar === "" || /^[&!]\S*$/.test(scalar) ? null : unquoted(scalar);
}

function unquoted(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}
