/**
 * Which names say that a value is a secret: the one place for that. `docs/secrets.md` tells it to people.
 */

/** Part of a word too: MYPASSWORD, apikey, keyfile_json. */
const SECRET_PART = /passw|passphrase|passcode|secret|token|key|private|credential/i;
/** As words of their own: DB_PASS and not `compass`, BASIC_AUTH and not `author`. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  ...[
    "pass",
    "dbpass",
    "pgpass",
    "userpass",
    "pwd",
    "pw",
    "auth",
    "cred",
    "creds",
    "jwt",
    "pat",
    "sig",
    "authorization",
  ],
]);

/** Whether the name of a key or variable says that its value is a secret. */
export function namesSecret(name: string): boolean {
  return SECRET_PART.test(name) || wordsOf(name).some((word) => SECRET_WORDS.has(word));
}

/** What says where and as whom dbt connects. */
const PLAIN_WORDS: ReadonlySet<string> = new Set([
  ...["type", "kind", "method", "mode", "authenticator", "driver", "sslmode", "threads", "port", "host", "hostname"],
  ...[
    "server",
    "account",
    "user",
    "username",
    "login",
    "name",
    "role",
    "database",
    "db",
    "dbname",
    "catalog",
    "schema",
  ],
  ...["dataset", "project", "warehouse", "region", "location", "cluster", "endpoint", "workspace", "target"],
]);
/** Whether the name says at its end that its value is where or as whom dbt connects: what a log may show. */
export function namesPlace(name: string): boolean {
  return PLAIN_WORDS.has(wordsOf(name).at(-1) ?? "");
}

/** The same as keys of a profile, as a whole. */
const PLAIN_KEYS: ReadonlySet<string> = new Set([
  ...[...PLAIN_WORDS].filter((word) => !["kind", "mode", "name", "db"].includes(word)),
  ...["http_path", "cluster_id", "execution_project", "database_name"],
]);

/**
 * Whether a variable that a profile reads holds a secret, by its own name or by the key that it is read for. For a key such as
 * `user` or `host` it does where its name says nothing else at its end: SNOWFLAKE_PASSWORD, and not KEY_VAULT_HOST.
 */
export function isSecretVariable({ name, key }: { readonly name: string; readonly key: string | null }): boolean {
  if (key === null || !PLAIN_KEYS.has(key.toLowerCase()))
    return namesSecret(name) || (key !== null && namesSecret(key));
  return namesSecret(name) && !namesPlace(name);
}

function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "");
}
