import { describe, expect, it } from "vitest";
import { isSecretVariable, namesSecret } from "../../src/support/secret-names.ts";

describe("a name of a secret", () => {
  it.each([
    ...[
      "password",
      "DB_PASSWORD",
      "MYPASSWORD1",
      "passwd",
      "dbPassword",
      "PASS",
      "DB_PASS",
      "PG_PASS",
      "dbPass",
      "pwd",
    ],
    ...["UID_PWD", "passphrase", "private_key_passphrase", "KEY_PASSCODE", "secret", "client_secret", "SECRETS"],
    ...["token", "ACCESS_TOKEN", "tokens", "apikey", "API-KEY", "key", "keyfile_json", "private", "PRIVATE_PEM"],
    ...["CREDENTIAL", "GCP_CREDENTIALS", "creds", "AUTH", "BASIC_AUTH", "authHeader", "SNOWFLAKE_PAT", "jwt", "pw"],
  ])("is %s", (name) => {
    expect(namesSecret(name)).toBe(true);
  });

  it.each([
    ...["user", "host", "DBT_TARGET", "schema", "compass", "PASSENGER_DB", "author", "AUTHOR_NAME", "oauth", "pattern"],
    ...["threads", "project", "dsn", "connection_string", "extra", "path", "COMPAT", "credit", "bypass"],
  ])("is not %s", (name) => {
    expect(namesSecret(name)).toBe(false);
  });
});

describe("a variable that a profile reads", () => {
  it.each<[key: string | null, name: string, isSecret: boolean]>([
    ["user", "SNOWFLAKE_PASSWORD", true],
    ["user", "SNOWFLAKE_PASSWORD_PROD", true],
    ["host", "DB_HOST_TOKEN", true],
    ["User", "DBT_PASS", true],
    ["account", "KEY", true],
    ["user", "DBT_USER", false],
    ["user", "DBT_KEYPAIR_USER", false],
    ["user", "PRIVATE_USERNAME", false],
    ["type", "DBT_TOKEN_KIND", false],
    ["host", "KEY_VAULT_HOST", false],
    ["schema", "WAREHOUSE_TOKEN_SCHEMA", false],
    ["database", "SECRETS_DB", false],
    ["password", "DBT_USER", true],
    ["pass", "ANYTHING", true],
    ["keyfile_json", "GCP_SA", true],
    ["client_secret", "X", true],
    ["auth", "X", true],
    ["connection_string", "X", false],
    ["extra", "KEY_VAULT_HOST", true],
    [null, "DBT_TOKEN", true],
    [null, "DBT_TARGET", false],
  ])("for %s: %s (%s)", (key, name, isSecret) => {
    expect(isSecretVariable({ name, key })).toBe(isSecret);
  });
});
