import { type Environment, namesSecret, secretParts } from "../support/secrets.ts";

/** A variable that a file of dbt reads with env_var(). */
export interface EnvVar {
  readonly name: string;
  /** The key whose value it is a part of; null: there is none before it. */
  readonly key: string | null;
}

/**
 * A key, a call of env_var(), also with its quotes as YAML has them inside of quotes, a line break, or what may begin a
 * comment. Read as text, as a YAML parser takes minutes for some texts that are none. Only where a word begins: a text of one
 * word is not read again from each of its letters.
 */
const KEY_OR_CALL =
  /(?<![\w-])(?:env_var\s*\(\s*(?:var\s*=\s*)?(?:''|\\?["'])([A-Za-z_]\w*)(?:''|\\?["'])|([\w-]+)(?:["'][ \t]*:|[ \t]*:(?=\s|$)))|(\n)|(?<!\S)#/g;

/** The variables that a YAML file of dbt reads, in their order, each with the nearest key before it. */
export function findEnvVars(text: string): readonly EnvVar[] {
  const found: EnvVar[] = [];
  let key: string | null = null;
  let isComment = false;
  for (const [, name, named, lineBreak] of text.matchAll(KEY_OR_CALL)) {
    if (name !== undefined) found.push({ name, key });
    // `password: # host: see below` has one key. In quotes no comment begins: there a secret's key is one all the same.
    else if (named !== undefined && !(isComment && namesSecret(key ?? "") && !namesSecret(named))) key = named;
    else if (named === undefined) isComment = lineBreak === undefined;
  }
  return found;
}

/** What says where and as whom dbt connects: no secret, whatever the variable is called. */
const PLAIN_KEYS: ReadonlySet<string> = new Set([
  ...[
    "type",
    "method",
    "authenticator",
    "driver",
    "sslmode",
    "threads",
    "port",
    "host",
    "hostname",
    "server",
    "account",
  ],
  ...[
    "user",
    "username",
    "login",
    "role",
    "database",
    "dbname",
    "catalog",
    "schema",
    "dataset",
    "project",
    "warehouse",
  ],
  ...["region", "location", "http_path", "cluster_id", "endpoint", "execution_project", "database_name"],
]);

/** A key, or a variable, that names a file. `keyfile` is BigQuery's path; its JSON has a key of its own. */
const PATH_NAME = /keyfile$|_(?:path|file|dir)$|^path$|^ssl(?:cert|key|rootcert|_ca|_cert|_key)?$/i;
const PATH = /^(?:~?|\.{1,2}|[A-Za-z]:)[\\/].*\.[A-Za-z0-9]{1,5}$/;

/** Values of a key that are words and no secret, and passwords of databases that live as long as a job. */
const WORDS: ReadonlySet<string> = new Set([
  ...["password", "postgres", "postgresql", "bigquery", "snowflake", "databricks", "redshift", "localhost"],
  ...["service_account", "service-account", "service-account-json", "externalbrowser", "oauth-secrets", "disabled"],
  ...["username_password_mfa", "snowflake_jwt", "verify-full", "verify-ca", "required", "changeme"],
]);

/**
 * The secrets in the environment that these files of dbt read: values of eight characters and more whose key or variable says
 * password, secret, token, key or private. A path is none, and neither is what stands in the files themselves.
 */
export function secretsReadBy(texts: readonly string[], env: Environment): readonly string[] {
  const parts = texts.flatMap(findEnvVars).flatMap(({ name, key }) => {
    const value = (env[name] ?? "").trim();
    if (key !== null && PLAIN_KEYS.has(key.toLowerCase())) return [];
    if (!namesSecret(name) && (key === null || !namesSecret(key))) return [];
    const isText = /[\r\n]|^\{/.test(value);
    if (!isText && isPath(value, name, key ?? "")) return [];
    return secretParts(value);
  });
  const isOrdinary = (part: string) => WORDS.has(part.toLowerCase()) || texts.some((text) => text.includes(part));
  return [...new Set(parts)].filter((part) => !isOrdinary(part));
}

/** What a password's key is given is that password, also where it looks like a path or comes from `…_FILE`. */
function isPath(value: string, name: string, key: string): boolean {
  if (namesSecret(key) && !PATH_NAME.test(key)) return false;
  return PATH.test(value) || PATH_NAME.test(name) || PATH_NAME.test(key);
}
