import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { whyNotParsed } from "./yaml.ts";

/** An entry of a mapping or sequence, with what stands below it. */
export interface OutlineEntry {
  /** null: an item of a sequence (`- …`), or a key that is no text. */
  readonly key: string | null;
  /** A scalar, as it is written but for quotes. */
  readonly value: string | null;
  /** Counted from 1. */
  readonly line: number;
  readonly children: readonly OutlineEntry[];
}

/**
 * What stands where in a YAML text: enough to find where something is declared. Aliases are stepped over: what they stand
 * for is declared elsewhere. Of a text that is not YAML nothing, as a wrong line is worse than none.
 */
export function outlineOf(text: string): readonly OutlineEntry[] {
  if (whyNotParsed(text) !== null) return [];
  const lines = new LineCounter();
  const document = parse(text, lines);
  if (document === null || document.errors.length > 0) return [];
  const entriesOf = (node: unknown): readonly OutlineEntry[] => {
    if (isMap(node))
      return node.items.map(({ key, value }) => entry(textOf(key), value, rangeOf(key) ?? rangeOf(value)));
    return isSeq(node) ? node.items.map((item) => entry(null, item, rangeOf(item))) : [];
  };
  const entry = (key: string | null, value: unknown, at: number | null): OutlineEntry => ({
    key,
    value: textOf(value),
    line: lines.linePos(at ?? 0).line,
    children: entriesOf(value),
  });
  return entriesOf(document.contents);
}

function parse(text: string, lineCounter: LineCounter): Document.Parsed | null {
  try {
    return parseDocument(text, { lineCounter, logLevel: "error", prettyErrors: false, uniqueKeys: false });
  } catch {
    return null;
  }
}

function rangeOf(node: unknown): number | null {
  return isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? null) : null;
}

function textOf(node: unknown): string | null {
  if (!isScalar(node) || node.value === null) return null;
  return typeof node.value === "string" ? node.value : (node.source ?? null);
}
