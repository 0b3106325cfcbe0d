import { shortenCrash } from "../text/crash.ts";

/** What dbt 2 says of the code of a project: its static analysis, its reading of yml, and warnings that macros give. */
export interface Diagnostic {
  readonly severity: "error" | "warn";
  /** dbt's name and number for it: `NoNodeForYamlKey`, `dbt1089`. */
  readonly name: string;
  readonly code: string;
  /** Several lines, without the place. */
  readonly text: string;
  /** Of the node that it is about; null: dbt names none. */
  readonly id: string | null;
  /** null: it names no place. */
  readonly place: CodePlace | null;
}

/** A place in a file, as dbt counts: from 1. */
export interface CodePlace {
  /** From the project's folder. */
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
}

const MOST_TEXT = 2000;

/**
 * Reads `[warning] [SyntaxInvalid (dbt0101)]: mismatched input …\n  --> models/x.sql:3:10 (target/compiled/…)` and the
 * addresses of dbt's own functions behind it; null: it is none, or tells neither a place nor a node.
 */
export function readDiagnostic(message: string, id: string | null): Diagnostic | null {
  const [head, word, name = "", code = ""] =
    /^\[(warning|error)\]:? \[(\w{1,60}) \((dbt\d{1,6})\)\]:? /.exec(message.slice(0, 200)) ?? [];
  if (head === undefined) return null;
  const lines = shortenCrash(message.slice(head.length)).split("\n");
  const at = lines.findIndex((line) => line.startsWith("  --> "));
  const place = at === -1 ? null : placeIn(lines[at]?.slice(6) ?? "");
  if (place === null && id === null) return null;
  const text = lines
    .filter((_, index) => place === null || index !== at)
    .join("\n")
    .trim();
  const cut = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
  return { severity: word === "error" ? "error" : "warn", name, code, text: cut, id, place };
}

const MOST_PATH = 1000;

/** `models/x.sql:3:10 (target/compiled/shop/models/x.sql:1:8)`, `models/x.yml`. */
function placeIn(words: string): CodePlace | null {
  const compiled = words.indexOf(" (");
  const said = (compiled === -1 ? words : words.slice(0, compiled)).trim();
  // What the warehouse refuses has its place in what dbt sent there, not in what people wrote.
  if (said === "" || said.length > MOST_PATH || /^(?:run|compiled|target)\//.test(said)) return null;
  const [, path = said, line, column] = /^(.+?):(\d{1,7}):(\d{1,7})$/.exec(said) ?? [];
  return { path: path.replaceAll("\\", "/"), line: countOf(line), column: countOf(column) };
}

function countOf(digits: string | undefined): number | null {
  const number = Number(digits);
  return Number.isInteger(number) && number > 0 ? number : null;
}

/** `NoNodeForYamlKey (dbt1089): Unused entry\n  --> models/x.yml:3:10`. */
export function describeDiagnostic({ name, code, text, place }: Diagnostic): string {
  return `${name} (${code}): ${text}${place === null ? "" : `\n  --> ${describePlace(place)}`}`;
}

function describePlace({ path, line, column }: CodePlace): string {
  return [path, line, line === null ? null : column].filter((part) => part !== null).join(":");
}
