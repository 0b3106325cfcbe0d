import { percentDecoded } from "../text/percent-code.ts";
import { SHORTEST_SECRET } from "./redact.ts";
import { namesSecret } from "./secret-names.ts";

/**
 * What of a secret value must not be shown. Of a key file in JSON or PEM that is what is secret in it; of another text of
 * several lines each line that no other text has; else the whole, and what is secret in it, also in base64.
 */
export function secretParts(value: string): readonly string[] {
  const text = value.trim();
  const bare = withoutQuotes(text);
  if (bare !== text) return longEnough([text, ...secretParts(bare)]);
  const parts = [...secretsInside(text), ...secretsInBase64(text)];
  const lines = distinctLines(text);
  if (parts.length > 0 && (/^[{[]/.test(text) || lines.length > 0)) return parts;
  return longEnough(lines.length > 0 ? lines : [...asSent(text), ...parts]);
}

/**
 * What is secret in a value, whatever its variable is called: what secret keys of a JSON or of a list of settings hold
 * (`PWD=…;`, `password=…`, `?token=…`), the password of an address, the lines of a private key in PEM.
 */
export function secretsInside(value: string): readonly string[] {
  return longEnough(inside(value.trim(), 0));
}

/** The same, where it is in base64; there also the password of `user:password`. */
export function secretsInBase64(value: string): readonly string[] {
  const text = fromBase64(value.trim());
  const parts = secretsInside(text);
  const password = text.includes("://") ? undefined : /^[\w.@+-]+:([\x21-\x7e]+)$/.exec(text)?.[1];
  return parts.length > 0 || password === undefined ? parts : longEnough([password]);
}

const DEEPEST = 40;

function inside(text: string, depth: number): readonly string[] {
  if (depth > DEEPEST) return [];
  const fields = jsonFields(text);
  if (fields !== null) return secretFields(fields, depth);
  // Its line breaks may be written as escapes, or have become blanks.
  if (text.includes("PRIVATE KEY-----")) return distinctLines(text.replace(/\\[nr]|[ \t]/g, "\n"));
  const bare = withoutQuotes(text);
  if (bare !== text) return inside(bare.trim(), depth + 1);
  return [...new Set([...ofAddresses(text), ...ofSettings(text), ...ofQuoted(text)])];
}

function secretFields(fields: object, depth: number): readonly string[] {
  return Object.entries(fields).flatMap(([key, value]) => {
    if (typeof value === "object" && value !== null && depth < DEEPEST) return secretFields(value, depth + 1);
    if (typeof value !== "string") return [];
    const parts = inside(value.trim(), depth + 1);
    if (parts.length > 0) return parts;
    if (!namesSecret(key) || /_ur[il]$/.test(key)) return [];
    const lines = distinctLines(value);
    return lines.length > 0 ? lines : asSent(value.trim());
  });
}

/** A value, and of a header the token behind its scheme; `Basic` is base64 of user and password. */
function asSent(value: string): readonly string[] {
  const token = /^(?:bearer|basic|token)[ \t]+(\S.*)$/i.exec(value)?.[1];
  return token === undefined ? [value] : [value, token, ...secretsInBase64(token)];
}

/** Each `scheme://user:password@host`, as it is and without its percent codes. Also a token in the user's place. */
function ofAddresses(text: string): readonly string[] {
  return text.split("://").slice(1).flatMap(ofAddress);
}

/** `rest`: behind the scheme. */
function ofAddress(rest: string): readonly string[] {
  const [written = ""] = rest.split(/[\s"'<>]/, 1);
  const end = written.search(/[/?#]/);
  const authority = end < 0 ? written : written.slice(0, end);
  // SQLAlchemy takes a password with such characters as it is; a port is none.
  const isWhole = authority.includes("@") || !/:(?!\d*$)/.test(authority);
  const user = isWhole ? authority : written;
  if (!user.includes("@")) return [];
  const named = user.slice(0, user.lastIndexOf("@"));
  const colon = named.indexOf(":");
  const secret = colon < 0 ? named : named.slice(colon + 1);
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
    const value = withoutQuotes(setting.slice(at + 1).trim()).replace(/^\{(.*)\}$/, "$1");
    return isFilePath(value) ? [] : [value, percentDecoded(value), ...asSent(value)];
  });
}

const LONGEST_NAME = 64;
const LONGEST_VALUE = 4096;
/** What stands before a sign: the name of a setting, also in quotes. */
const NAME = /([\w .-]{1,64})["']?[ \t]*$/;
/** What stands behind it: in quotes or braces with all that is in them; behind a colon also without. */
const QUOTED = /^[ \t]*(?:"([^"]*)"|'([^']*)'|\{([^}]*)\})/;
const TO_END_OF_LINE = /^[ \t]*([^\r\n,;{}]+)/;

/** Of YAML, headers and Python's mappings, and of settings whose values are quoted since a separator is in them. */
function ofQuoted(text: string): readonly string[] {
  const found: string[] = [];
  for (const { 0: sign, index } of text.matchAll(/[=:]/g)) {
    const name = NAME.exec(text.slice(Math.max(0, index - LONGEST_NAME - 2), index))?.[1]?.trim() ?? "";
    // Of words in a row the last one is the name: the others are the value before.
    if (!namesSecret(name.split(/\s/).at(-1) ?? "")) continue;
    const behind = text.slice(index + 1, index + 1 + LONGEST_VALUE);
    const quoted = QUOTED.exec(behind);
    const plain = sign === ":" && quoted === null ? TO_END_OF_LINE.exec(behind)?.[1] : undefined;
    const value = (quoted?.[1] ?? quoted?.[2] ?? quoted?.[3] ?? plain ?? "").trim();
    if (value === "" || value.startsWith("//") || isFilePath(value)) continue;
    const [first = ""] = value.split(/\s/, 1);
    found.push(...asSent(value), percentDecoded(value), ...(plain === undefined ? [] : [first]));
  }
  return found;
}

/** `~/keys/key.p8`, `C:\\key.json`: a path is no secret, what is in the file is. */
export function isFilePath(value: string): boolean {
  return /^(?:~|\.{1,2}|[A-Za-z]:)?[\\/].*\.[A-Za-z0-9]{1,5}$/.test(value);
}

/** Also a text as JSON writes one. */
function withoutQuotes(text: string): string {
  const ends = [text.charAt(0), text.charAt(text.length - 1)].join("");
  if (text.length < 2 || !['""', "''"].includes(ends)) return text;
  const value = ends === '""' && text.includes("\\") ? parsed(text) : null;
  return typeof value === "string" ? value : text.slice(1, -1);
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
  const value = /^[{[]/.test(text) ? parsed(text) : null;
  return typeof value === "object" ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
