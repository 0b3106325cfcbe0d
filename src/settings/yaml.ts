import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { configurationError } from "../support/errors.ts";
import { whyNotParsed } from "../support/yaml.ts";
import { findUnfit } from "./yaml-tree.ts";

export interface YamlFile {
  readonly value: unknown;
  /** The line (from 1) on which the key at the path stands; the nearest parent's where it does not exist. */
  lineOf(path: readonly PropertyKey[]): number | null;
}

/**
 * Parses YAML and remembers where everything stands. Throws a configuration error that lists the syntax errors, and for
 * values that are of no use under whatever key.
 */
export function parseYaml(text: string, name: string): YamlFile {
  const refused = whyNotParsed(text);
  if (refused !== null) throw configurationError([{ where: name, got: null, wanted: refused }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  // What a line says after its first mistake is read wrongly: more than that would be noise.
  const broken = new Map(
    document.errors.map(({ pos, message }) => [lineAt(pos[0]), { at: pos[0], message }] as const).reverse(),
  );
  const errors = [...[...broken.values()].reverse(), ...repeatedKeys(document)];
  if (errors.length > 0) {
    throw configurationError(
      errors.map(({ at, message }) => ({
        where: `${name}:${lineAt(at)}`,
        got: null,
        wanted: `is not YAML: ${message}`,
      })),
    );
  }

  // As a map they are looked up at once: the document's own look-up goes through all keys.
  const maps = new Map<YAMLMap, ReadonlyMap<string, Pair>>();
  const pairsOf = (map: YAMLMap) => {
    const known = maps.get(map) ?? new Map(map.items.map((pair) => [nameOf(pair.key), pair]));
    maps.set(map, known);
    return known;
  };
  const lineOf = (path: readonly PropertyKey[]): number | null => {
    let node: unknown = document.contents;
    let line: number | null = null;
    for (const key of path) {
      const pair = isMap(node) ? pairsOf(node).get(String(key)) : undefined;
      node = isSeq(node) ? node.items[Number(key)] : pair?.value;
      const range = ((pair?.key ?? node) as { range?: readonly number[] } | null | undefined)?.range;
      if (range?.[0] !== undefined) line = lines.linePos(range[0]).line;
    }
    return line;
  };
  const value = toValue(document, name);
  const unfit = findUnfit(value);
  if (unfit.length > 0) {
    throw configurationError(
      unfit.map(({ path, wanted }) => ({ where: positionIn(name, path, lineOf(path)), got: null, wanted })),
    );
  }
  return { value, lineOf };
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

/** The parser compares each key with each other one: with many keys it comes to no end. */
function repeatedKeys(document: Document.Parsed): readonly { at: number; message: string }[] {
  const repeated: { at: number; message: string }[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) repeated.push({ at: key.range?.[0] ?? 0, message: "Map keys must be unique" });
        seen.add(key.value);
      }
    },
  });
  return repeated;
}

/** As a person looks for it: `signalbox.yml:12 queue.timeout`. */
export function positionIn(name: string, path: readonly PropertyKey[], line: number | null): string {
  return `${name}${line === null ? "" : `:${line}`} ${path.join(".")}`.trim();
}

/** An alias without its anchor, and an alias bomb, show only here. */
function toValue(document: Document.Parsed, name: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // The words of the first one hold the alias, which may have been meant as a value.
    const why =
      error instanceof ReferenceError && error.message.startsWith("Unresolved alias")
        ? "an alias has no anchor before it; a text that begins with * needs quotes"
        : String(error instanceof Error ? error.message : error);
    throw configurationError([{ where: name, got: null, wanted: `is not YAML: ${why}` }]);
  }
}
