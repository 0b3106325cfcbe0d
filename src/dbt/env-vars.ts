import { SHORTEST_SECRET } from "../support/redact.ts";
import { isSecretVariable, namesSecret } from "../support/secret-names.ts";
import { isFilePath, secretParts, secretsInBase64, secretsInside } from "../support/secret-parts.ts";
import type { Environment } from "../support/secrets.ts";

/** A variable that a file of dbt reads with env_var(). */
export interface EnvVar {
  readonly name: string;
  /** The key whose value it is a part of; null: there is none before it. */
  readonly key: string | null;
  /** Whether the call says what holds where the variable is not set. */
  readonly hasDefault: boolean;
}

/**
 * Behind `env_var`: the name that it is called with, also in quotes as YAML has them inside of quotes. Read as text, as a YAML
 * parser takes minutes for some texts that are none.
 */
const CALLED_WITH = /\s*\(\s*(?:var\s*=\s*)?(?:''|\\?["'])([A-Za-z_]\w*)(?:''|\\?["'])/y;
/** Behind that: something else than an empty text. */
const DEFAULT = /\s*,(?!\s*(?:default\s*=\s*)?(?:''''|''|""|\\"\\")\s*[,)])/y;
/** Behind a word that is a key. */
const OF_A_KEY = /["'][ \t]*:|[ \t]*:(?=\s|$)/y;
/** A minus may stand before it: `{{-env_var('A')}}` takes the blanks away. */
const ENV_VAR = /(?:^|-)env_var$/;
const NO_WORD = /[^\w-]/g;
/** Of a longer key so much is read: it says at its end what it is. */
const LONGEST_KEY = 64;
const [LINE_FEED, HASH] = [10, 35];

/**
 * The variables that a YAML file of dbt reads, in their order, each with the nearest key before it; once more with the key
 * before its expression, where another one seems to stand in it: `{{ env_var('A', 'user: x') ~ env_var('B') }}`.
 */
export function findEnvVars(text: string): readonly EnvVar[] {
  const found: EnvVar[] = [];
  let key: string | null = null;
  let isComment = false;
  let expression: { readonly key: string | null } | null = null;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (!isWordCode(code)) {
      if (code === LINE_FEED) isComment = false;
      else if (text.startsWith("{{", at)) expression = { key };
      else if (text.startsWith("}}", at)) expression = null;
      else if (code === HASH && (at === 0 || /\s/.test(text.charAt(at - 1)))) isComment = true;
      at += 1;
      continue;
    }
    const end = endOfWord(text, at);
    const word = text.slice(Math.max(at, end - LONGEST_KEY), end);
    const call = ENV_VAR.test(word) ? matchAt(CALLED_WITH, text, end) : null;
    const colon = call === null ? matchAt(OF_A_KEY, text, end) : null;
    if (call?.[1] !== undefined) {
      const hasDefault = matchAt(DEFAULT, text, CALLED_WITH.lastIndex) !== null;
      const keys = expression === null ? [key] : new Set([key, expression.key]);
      for (const each of keys) found.push({ name: call[1], key: each, hasDefault });
    }
    // `password: # host: see below` has one key. In quotes no comment begins: there a secret's key is one all the same.
    else if (colon !== null && !(isComment && namesSecret(key ?? "") && !namesSecret(word))) key = word;
    at = end + ((call ?? colon)?.[0].length ?? 0);
  }
  return found;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function endOfWord(text: string, at: number): number {
  NO_WORD.lastIndex = at;
  return NO_WORD.exec(text)?.index ?? text.length;
}

/** Letters, digits, `_` and `-`. */
function isWordCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45
  );
}

/** A key, or a variable, that names a file. `keyfile` is BigQuery's path; its JSON has a key of its own. */
const PATH_NAME = /keyfile$|_(?:path|file|dir)$|^path$|^ssl(?:cert|key|rootcert|_ca|_cert|_key)?$/i;

/** Values of a key that are words and no secret, and passwords of databases that live as long as a job. */
const WORDS: ReadonlySet<string> = new Set([
  ...["password", "postgres", "postgresql", "bigquery", "snowflake", "databricks", "redshift", "localhost"],
  ...["service_account", "service-account", "service-account-json", "externalbrowser", "oauth-secrets", "disabled"],
  ...["username_password_mfa", "snowflake_jwt", "verify-full", "verify-ca", "required", "changeme"],
  ...["production", "development", "analytics", "warehouse", "transformer", "reporting", "undefined"],
]);
/** A value of fewer characters, each once or often, such as `--------`, is in many texts. */
const FEWEST_CHARACTERS = 4;

/**
 * The secrets in the environment that these files of dbt read: values of eight characters and more whose key or variable says
 * so (`isSecretVariable`), and what in any other value is a password or a private key. A path is none, nor is what stands in
 * the files themselves.
 */
export function secretsReadBy(texts: readonly string[], env: Environment): readonly string[] {
  // A value may be long, and a file may read it again and again: each is looked through once.
  const parts = [...keysOf(texts)].flatMap(([name, keys]) => {
    const value = ((Object.hasOwn(env, name) ? env[name] : null) ?? "").trim();
    return value === "" ? [] : partsOfValue(value, name, [...keys]);
  });
  const unusual = [...new Set(parts)].filter(
    (part) => !WORDS.has(part.toLowerCase()) && new Set(part).size >= FEWEST_CHARACTERS,
  );
  const written = partsIn(texts, unusual);
  return unusual.filter((part) => !written.has(part));
}

/** The variables that the files read, by name, each with the keys that it is read for. */
function keysOf(texts: readonly string[]): ReadonlyMap<string, ReadonlySet<string | null>> {
  const keys = new Map<string, Set<string | null>>();
  for (const { name, key } of texts.flatMap(findEnvVars)) keys.set(name, (keys.get(name) ?? new Set()).add(key));
  return keys;
}

function partsOfValue(value: string, name: string, keys: readonly (string | null)[]): readonly string[] {
  const secretKeys = keys.filter((key) => isSecretVariable({ name, key }));
  const isText = /[\r\n]|^\{/.test(value);
  const looksLikePath = isFilePath(value) || PATH_NAME.test(name);
  const isSecret = secretKeys.some((key) => isText || !isPath(key ?? "", looksLikePath));
  return [
    ...(isSecret ? secretParts(value) : []),
    ...(secretKeys.length < keys.length ? [...secretsInside(value), ...secretsInBase64(value)] : []),
  ];
}

/** What a password's key is given is that password, also where it looks like a path or comes from `…_FILE`. */
function isPath(key: string, looksLikePath: boolean): boolean {
  if (namesSecret(key) && !PATH_NAME.test(key)) return false;
  return looksLikePath || PATH_NAME.test(key);
}

/** Those of the parts that stand in a text, by one pass over each text: parts are looked up by their first characters. */
function partsIn(texts: readonly string[], parts: readonly string[]): ReadonlySet<string> {
  const byStart = new Map<string, Set<string>>();
  for (const part of parts) {
    const start = part.slice(0, SHORTEST_SECRET);
    byStart.set(start, (byStart.get(start) ?? new Set()).add(part));
  }
  const found = new Set<string>();
  if (parts.length === 0) return found;
  for (const text of texts) {
    for (let at = 0; at + SHORTEST_SECRET <= text.length; at += 1) {
      const alike = byStart.get(text.slice(at, at + SHORTEST_SECRET));
      for (const part of alike ?? []) {
        if (!text.startsWith(part, at)) continue;
        found.add(part);
        alike?.delete(part);
      }
    }
  }
  return found;
}
