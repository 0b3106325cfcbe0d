import { SignalboxError } from "../support/errors.ts";
import { type Fields, isFields } from "./fields.ts";

/**
 * Parses an artifact: one JSON object, perhaps behind a byte order mark, perhaps with the NaN and Infinity that Python's
 * json module writes (they become null). `where` is the file as the reader shall see it. Throws an artifacts error.
 * https://docs.python.org/3/library/json.html#infinite-and-nan-number-values
 */
export function parseJson(text: string, where: string): Fields {
  const content = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const end = content.trimEnd();
  if (end === "") throw broken(where, "is empty");
  const value = parse(content) ?? parse(withoutPythonTokens(content));
  if (value === null) {
    throw broken(
      where,
      end.endsWith("}")
        ? "is not valid JSON"
        : `is cut off or is no JSON: its ${end.length} characters do not end with }`,
    );
  }
  if (!isFields(value.parsed)) throw broken(where, "holds JSON, but not an object");
  return value.parsed;
}

function parse(text: string): { readonly parsed: unknown } | null {
  try {
    return { parsed: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** Replaces the tokens outside strings only. By hand: a regular expression over long strings overflows V8's stack. */
function withoutPythonTokens(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const begin = quote === -1 ? text.length : quote;
    const end = endOfString(text, begin);
    parts.push(text.slice(at, begin).replace(/-?Infinity|NaN/g, "null"), text.slice(begin, end));
    at = end;
  }
  return parts.join("");
}

/** Behind the quote that ends the string which begins at `begin`. */
export function endOfString(text: string, begin: number): number {
  for (let quote = text.indexOf('"', begin + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function broken(where: string, what: string): SignalboxError {
  return new SignalboxError("artifacts", `${where} ${what}`, {
    hint: "hand in the file as dbt wrote it, read after dbt has ended; run dbt again where it was stopped while writing",
  });
}

/**
 * The metadata of an artifact and its schema's number. Throws an artifacts error where the file says that it is another
 * kind of artifact; one that says nothing is believed.
 */
export function readMetadata(root: Fields, kind: "manifest" | "run-results" | "sources", where: string) {
  const metadata = isFields(root.metadata) ? root.metadata : {};
  const url = typeof metadata.dbt_schema_version === "string" ? metadata.dbt_schema_version : "";
  const match = /\/([a-z-]+)\/v(\d+)(?:\.json)?$/.exec(url);
  if (match !== null && match[1] !== kind) throw notA(kind, where, `dbt_schema_version says ${match[1]}`);
  return { metadata, schema: Number(match?.[2] ?? 0) };
}

/** The error for a file of another kind than `kind`. */
export function notA(kind: string, where: string, found: string): SignalboxError {
  return new SignalboxError("artifacts", `${where} is no ${kind} file: ${found}`, {
    hint: `hand in dbt's ${kind.replace("-", "_")}.json`,
  });
}
