import { type Document, isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { configurationError } from "../support/errors.ts";
import { whyNotParsed } from "../support/yaml.ts";
import { findUnfit } from "./yaml-tree.ts";

export interface YamlFile {
  readonly value: unknown;
  /** The line (from 1) on which the key at the path stands; the nearest parent's where it does not exist. */
  lineOf(path: readonly PropertyKey[]): number | null;
}

/** One wrong sign makes many of them. */
const MOST_ERRORS = 20;

/**
 * Parses YAML and remembers where everything stands. Throws a configuration error that lists the syntax errors, and for
 * values that are of no use under whatever key.
 */
export function parseYaml(text: string, name: string): YamlFile {
  const refused = whyNotParsed(text);
  if (refused !== null) throw configurationError([{ where: name, got: null, wanted: refused }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw configurationError(
      document.errors.slice(0, MOST_ERRORS).map((error) => ({
        where: `${name}:${lines.linePos(error.pos[0]).line}`,
        got: null,
        wanted: `is not YAML: ${error.message}`,
      })),
    );
  }

  const lineOf = (path: readonly PropertyKey[]): number | null => {
    for (let length = path.length; length > 0; length--) {
      const parent = document.getIn(path.slice(0, length - 1), true);
      const key = path[length - 1];
      const pair = isMap(parent)
        ? parent.items.find((item) => isScalar(item.key) && item.key.value === key)
        : undefined;
      const node = pair?.key ?? document.getIn(path.slice(0, length), true);
      const range = (node as { range?: readonly number[] } | undefined)?.range;
      if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
    }
    return null;
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
