import { isSecretVariable, namesSecret } from "../support/secret-names.ts";
import { secretParts, secretsInBase64, secretsInside } from "../support/secret-parts.ts";
import type { Environment } from "../support/secrets.ts";

/** A variable that a file of dbt reads with env_var(). */
export interface EnvVar {
  readonly name: string;
  /** The key whose value it is a part of; null: there is none before it. */
  readonly key: string | null;
}

/**
 * From where a word begins: a call of env_var(), also with its quotes as YAML has them inside of quotes, or a key. Read as
 * text, as a YAML parser takes minutes for some texts that are none.
 */
const CALL_OR_KEY =
  /env_var\s*\(\s*(?:var\s*=\s*)?(?:''|\\?["'])([A-Za-z_]\w*)(?:''|\\?["'])|([\w-]+)(?:["'][ \t]*:|[ \t]*:(?=\s|$))/y;
const NO_WORD = /[^\w-]/g;
const [LINE_FEED, HASH] = [10, 35];

/** The variables that a YAML file of dbt reads, in their order, each with the nearest key before it. */
export function findEnvVars(text: string): readonly EnvVar[] {
  const found: EnvVar[] = [];
  let key: string | null = null;
  let isComment = false;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (!isWordCode(code)) {
      if (code === LINE_FEED) isComment = false;
      else if (code === HASH && (at === 0 || /\s/.test(text.charAt(at - 1)))) isComment = true;
      at += 1;
      continue;
    }
    CALL_OR_KEY.lastIndex = at;
    const [whole, name, named] = CALL_OR_KEY.exec(text) ?? [];
    if (name !== undefined) found.push({ name, key });
    // `password: # host: see below` has one key. In quotes no comment begins: there a secret's key is one all the same.
    else if (named !== undefined && !(isComment && namesSecret(key ?? "") && !namesSecret(named))) key = named;
    at = whole === undefined ? endOfWord(text, at) : CALL_OR_KEY.lastIndex;
  }
  return found;
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
const PATH = /^(?:~?|\.{1,2}|[A-Za-z]:)[\\/].*\.[A-Za-z0-9]{1,5}$/;

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
  const parts = texts.flatMap(findEnvVars).flatMap(({ name, key }) => {
    const value = (env[name] ?? "").trim();
    if (!isSecretVariable({ name, key })) return [...secretsInside(value), ...secretsInBase64(value)];
    const isText = /[\r\n]|^\{/.test(value);
    if (!isText && isPath(value, name, key ?? "")) return [];
    return secretParts(value);
  });
  return [...new Set(parts)].filter((part) => !isOrdinary(part, texts));
}

function isOrdinary(part: string, texts: readonly string[]): boolean {
  return (
    WORDS.has(part.toLowerCase()) || new Set(part).size < FEWEST_CHARACTERS || texts.some((text) => text.includes(part))
  );
}

/** What a password's key is given is that password, also where it looks like a path or comes from `…_FILE`. */
function isPath(value: string, name: string, key: string): boolean {
  if (namesSecret(key) && !PATH_NAME.test(key)) return false;
  return PATH.test(value) || PATH_NAME.test(name) || PATH_NAME.test(key);
}
