import { percentDecoded } from "../text/percent-code.ts";
import { SHORTEST_SECRET } from "./redact.ts";
import { namesSecret } from "./secret-names.ts";

/**
 * What of a secret value must not be shown. Of a key file in JSON or PEM that is what is secret in it; of another text of
 * several lines each line that no other text has; else the whole, and what is secret in it, also in base64.
 */
export function secretParts(value: string): readonly string[] {
  const text = value.trim();
  const parts = [...secretsInside(text), ...secretsInBase64(text)];
  const lines = distinctLines(text);
  if (parts.length > 0 && (text.startsWith("{") || lines.length > 0)) return parts;
  return longEnough(lines.length > 0 ? lines : [text, ...parts]);
}

/**
 * What is secret in a value, whatever its variable is called: what secret keys of a JSON or of a list of settings hold
 * (`PWD=…;`, `password=…`, `?token=…`), the password of an address, the lines of a private key in PEM.
 */
export function secretsInside(value: string): readonly string[] {
  return longEnough(inside(value.trim(), 0));
}

/** The same, where it is in base64. */
export function secretsInBase64(value: string): readonly string[] {
  return secretsInside(fromBase64(value.trim()));
}

const DEEPEST = 40;

function inside(text: string, depth: number): readonly string[] {
  if (depth > DEEPEST) return [];
  const fields = jsonFields(text);
  if (fields !== null) return secretFields(fields, depth);
  if (text.includes("PRIVATE KEY-----")) return distinctLines(text.replaceAll("\\n", "\n"));
  return [...new Set([...ofAddress(text), ...ofSettings(text)])];
}

function secretFields(fields: object, depth: number): readonly string[] {
  return Object.entries(fields).flatMap(([key, value]) => {
    if (typeof value === "object" && value !== null && depth < DEEPEST) return secretFields(value, depth + 1);
    if (typeof value !== "string") return [];
    const parts = inside(value.trim(), depth + 1);
    if (parts.length > 0) return parts;
    if (!namesSecret(key) || /_ur[il]$/.test(key)) return [];
    const lines = distinctLines(value);
    return lines.length > 0 ? lines : [value.trim()];
  });
}

/** `scheme://user:password@host`, as it is and without its percent codes. Also a token in the user's place. */
function ofAddress(text: string): readonly string[] {
  const at = text.indexOf("://");
  const rest = at < 0 ? "" : text.slice(at + 3);
  const end = rest.search(/[/?#\s]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  if (!authority.includes("@")) return [];
  const user = authority.slice(0, authority.lastIndexOf("@"));
  const colon = user.indexOf(":");
  const secret = colon < 0 ? user : user.slice(colon + 1);
  const isToken = /\d/.test(secret) && secret.length >= 16;
  return colon < 0 && !isToken ? [] : [secret, percentDecoded(secret)];
}

/** Of ODBC, libpq and JDBC, and the query of an address. */
function ofSettings(text: string): readonly string[] {
  if (!text.includes("=")) return [];
  const settings = [/[;&?]+/, /[;&?\s]+/].flatMap((separator) =>
    text.split(separator).filter((setting) => setting.includes("=")),
  );
  return settings.flatMap((setting) => {
    const at = setting.indexOf("=");
    const name = setting.slice(0, at).trim();
    if (name.length > LONGEST_NAME || !namesSecret(name)) return [];
    const value = withoutQuotes(setting.slice(at + 1).trim());
    return isFilePath(value) ? [] : [value, percentDecoded(value)];
  });
}

const LONGEST_NAME = 64;

/** `~/keys/key.p8`, `C:\\key.json`: a path is no secret, what is in the file is. */
export function isFilePath(value: string): boolean {
  return /^(?:~|\.{1,2}|[A-Za-z]:)?[\\/].*\.[A-Za-z0-9]{1,5}$/.test(value);
}

function withoutQuotes(text: string): string {
  const ends = [text.charAt(0), text.charAt(text.length - 1)].join("");
  return text.length > 1 && ['""', "''", "{}"].includes(ends) ? text.slice(1, -1) : text;
}

function distinctLines(text: string): readonly string[] {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  return lines.length === 1 ? [] : lines.filter(isDistinctive);
}

/** As of a key in PEM: neither its frame nor its headers. */
function isDistinctive(line: string): boolean {
  return /^[\w+/=.~-]{8,}$/.test(line) && !line.startsWith("---") && /\d|[a-z][A-Z]/.test(line);
}

function longEnough(parts: readonly string[]): readonly string[] {
  return [...new Set(parts)].filter((part) => part.length >= SHORTEST_SECRET);
}

function fromBase64(text: string): string {
  return /^[A-Za-z0-9+/_=\s-]+$/.test(text) ? Buffer.from(text, "base64").toString("utf8") : "";
}

function jsonFields(text: string): object | null {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
