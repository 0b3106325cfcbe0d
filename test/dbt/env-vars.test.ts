import { describe, expect, it } from "vitest";
import { findEnvVars, secretsReadBy } from "../../src/dbt/env-vars.ts";

const profiles = `
shop:
  target: "{{ env_var('DBT_TARGET', 'ci') }}"
  outputs:
    ci: &ci
      type: "{{ env_var('DBT_TOKEN_KIND') }}"
      host: "{{ env_var('KEY_VAULT_HOST') }}"
      user: "{{ env_var('DBT_KEYPAIR_USER') }}"
      pass: '{{ env_var("PGSTUFF", "fallback-password") }}'
      password: "{{ env_var('DBT_PLACE') | as_text }}"
      keyfile: "{{ env_var('GOOGLE_KEY') }}"
      keyfile_json: "{{ env_var('GOOGLE_JSON') }}"
      private_key_path: "{{ env_var('SNOWFLAKE_PRIVATE_KEY') }}"
      schema: "{{ env_var( 'WAREHOUSE_TOKEN_SCHEMA' ) }}"
      role: "{{ env_var('SNOWFLAKE_PASSWORD') }}"
      connection_string: "{{ env_var('DBT_CONN') }}"
      extra: { creds: "{{ env_var('DBT_EXTRA') }}" }
      dsn: "host=h password={{ env_var('DBT_PW') }}"
      options: ["-c x={{ env_var('DBT_PASSWORD') }}"]
    prod:
      <<: *ci
      client_secret: "{{ env_var('DBT_PROD_THING') }}"
`;

/** Without whether they have a default. */
const namesIn = (text: string) => findEnvVars(text).map(({ name, key }) => ({ name, key }));

describe("the variables that a file of dbt reads", () => {
  it("are found with their keys, also in a file that is no YAML", () => {
    expect(namesIn(profiles)).toContainEqual({ name: "PGSTUFF", key: "pass" });
    expect(namesIn(profiles)).toContainEqual({ name: "DBT_PASSWORD", key: "options" });
    expect(namesIn("ci: { password: {{ env_var('A_KEY') }}, user: b }: :\n}")).toEqual([
      { name: "A_KEY", key: "password" },
    ]);
    expect(namesIn('{"password" : "{{env_var("A")}}"}')).toEqual([{ name: "A", key: "password" }]);
    expect(namesIn("pass: >-\n  https://x:{{ env_var('A') }}@y\n")).toEqual([{ name: "A", key: "pass" }]);
    expect(namesIn("{{ env_var('A') }}")).toEqual([{ name: "A", key: null }]);
    expect(namesIn("pass: '{{ env_var(''A'') }}'")).toEqual([{ name: "A", key: "pass" }]);
    expect(namesIn('pass: "{{ env_var(\\"A\\") }}"')).toEqual([{ name: "A", key: "pass" }]);
    expect(namesIn("pass: \"{{ env_var(var='A') }}\"")).toEqual([{ name: "A", key: "pass" }]);
    expect(namesIn("on-run-start: \"{{ my_env_var('A') }} {{ var('B') }}\"")).toEqual([]);
  });
});

describe("a variable", () => {
  it.each([
    ["{{-env_var('A')-}}"],
    ["{{- env_var('A') -}}"],
    ["{%-set a = env_var('A')-%}"],
    ["{%-if env_var('A')%}"],
    ["{{+env_var('A')}}"],
    ["{{ 2-env_var('A') }}"],
    ["{{ 'a'~env_var('A') }}"],
    ["{{ env_var\n( 'A' ) }}"],
    ["b: {{-env_var('A')}}"],
  ])("is found in %s", (text) => {
    expect(findEnvVars(`password: "x" ${text}`).map(({ name }) => name)).toEqual(["A"]);
  });

  it.each(["my_env_var('A')", "env_vars('A')", "env_var", "env_var: 'A'"])("is none in %s", (text) => {
    expect(namesIn(`password: {{-${text}}}`)).toEqual([]);
  });

  it.each([
    ["env_var('A')", false],
    ["env_var('A', '')", false],
    ['env_var("A", "")', false],
    ["env_var( 'A' , '' )", false],
    ["env_var('A', 'b')", true],
    ["env_var('A','')|as_text", false],
    ["env_var('A', default='b')", true],
    ["env_var('A', default='')", false],
    ["env_var('A', '' ~ x)", true],
    ["env_var('A', 1)", true],
  ])("has a default or has none: %s", (call, hasDefault) => {
    expect(findEnvVars(`password: {{ ${call} }}`)).toMatchObject([{ hasDefault }]);
    expect(findEnvVars(JSON.stringify({ password: `{{ ${call} }}` }))).toMatchObject([{ hasDefault }]);
  });

  it("has the end of a long key, which says what it is", () => {
    const long = "a_very_long_key_".repeat(50);
    expect(namesIn(`${long}password: "{{ env_var('A') }}"`)).toEqual([
      { name: "A", key: `${long}password`.slice(-64) },
    ]);
    expect(secretsReadBy([`${long}password: "{{ env_var('A') }}"`], { A: "hunter2-hunter2" })).toEqual([
      "hunter2-hunter2",
    ]);
  });
});

describe("the key of a variable", () => {
  it.each([
    ["password: \"{{ var('user: x') ~ env_var('A') }}\""],
    ["password: \"{{ env_var('B', 'user: x') ~ env_var('A') }}\""],
    ["password: {{ {'user': 1} and env_var('A') }}"],
  ])("is also the one before its expression: %s", (text) => {
    expect(namesIn(text)).toEqual(expect.arrayContaining([{ name: "A", key: "password" }]));
    expect(namesIn(`${text}\nhost: {{ env_var('C') }}`).at(-1)).toEqual({ name: "C", key: "host" });
  });

  it.each<[text: string, key: string]>([
    ["password: # host: see the wiki\n  \"{{ env_var('A') }}\"", "password"],
    ["# user: nobody\npassword: \"{{ env_var('A') }}\"", "password"],
    ["password: x # user: y\nhost: \"{{ env_var('A') }}\"", "host"],
    ["{ user: ' #1', password: \"{{ env_var('A') }}\" }", "password"],
  ])("is no word of a comment: %s", (text, key) => {
    expect(namesIn(text)).toEqual([{ name: "A", key }]);
  });
});

describe("the secrets that dbt's files read", () => {
  const read = (env: Readonly<Record<string, string>>) => secretsReadBy([profiles], env);

  it.each<[why: string, name: string, value: string]>([
    ["its key says pass", "PGSTUFF", "hunter2-hunter2"],
    ["its key says password", "DBT_PLACE", "hunter2-hunter2"],
    ["its name says password", "DBT_PASSWORD", "hunter2-hunter2"],
    ["its key says secret, in another target", "DBT_PROD_THING", "hunter2-hunter2"],
    ["it begins like a path and is none", "DBT_PASSWORD", "/Ab3+dEf0123="],
    ["its key says password, though it looks like a path", "DBT_PLACE", "/k3yAbc+9xx.Ab1"],
    ["its name says password, under a key for a role", "SNOWFLAKE_PASSWORD", "hunter2-hunter2"],
    ["its key says creds", "DBT_EXTRA", "hunter2-hunter2"],
    ["its name says pw", "DBT_PW", "hunter2-hunter2"],
  ])("hold a value because %s", (_, name, value) => {
    expect(read({ [name]: value })).toEqual([value]);
  });

  it("hold what a key of several lines has, also where a path is expected", () => {
    const line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
    const pem = `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----`;

    expect(read({ SNOWFLAKE_PRIVATE_KEY: pem })).toEqual([line]);
    expect(read({ GOOGLE_JSON: JSON.stringify({ type: "service_account", private_key: pem }) })).toEqual([line]);
  });

  it("hold the password of an address, whatever reads it", () => {
    expect(read({ DBT_CONN: "postgresql://dana:hunter2-1@db.example/shop" })).toEqual(["hunter2-1"]);
    expect(read({ DBT_CONN: "Server=db;UID=dana;PWD=hunter2-1" })).toEqual(["hunter2-1"]);
    expect(read({ DBT_TARGET: "postgresql://dana:postgres@db.example/shop" })).toEqual([]);
  });

  it.each<[why: string, name: string, value: string]>([
    ["one character again and again", "DBT_PASSWORD", "--------------"],
    ["the names of places", "DBT_PASSWORD", "Production"],
    ["short ones", "DBT_PASSWORD", "hunter2"],
    ["words", "DBT_PASSWORD", "postgres"],
    ["words in capitals", "DBT_PASSWORD", "BigQuery"],
    ["what the file itself says", "DBT_PASSWORD", "fallback-password"],
    ["a target", "DBT_TARGET", "production-target"],
    ["a kind", "DBT_TOKEN_KIND", "snowflake-like"],
    ["hosts", "KEY_VAULT_HOST", "db.shop.example"],
    ["users", "DBT_KEYPAIR_USER", "transformer-ci"],
    ["schemas", "WAREHOUSE_TOKEN_SCHEMA", "analytics_ci"],
    ["a key file's path", "GOOGLE_KEY", "/home/runner/work/key"],
    ["a private key's path", "SNOWFLAKE_PRIVATE_KEY", "C:/keys/key.p8"],
    ["any path", "DBT_PASSWORD", "./secrets/db_password.txt"],
    ["what no file reads", "OTHER_PASSWORD", "hunter2-hunter2"],
  ])("do not hold %s", (_, name, value) => {
    expect(read({ [name]: value })).toEqual([]);
  });

  it.each(["constructor", "__proto__", "toString"])("do not hold what every object has: %s", (name) => {
    expect(secretsReadBy([`password: "{{ env_var('${name}') }}"`], {})).toEqual([]);
  });

  it("hold a value that one key gives as a secret and another one does not, once", () => {
    const text = "user: \"{{ env_var('A') }}\"\npassword: \"{{ env_var('A') }}\"\n";
    expect(secretsReadBy([text, text], { A: "hunter2-hunter2" })).toEqual(["hunter2-hunter2"]);
  });

  it("hold the lines of a key but those that a file says", () => {
    const lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "MIIEvQIBADANBgkqhkiG9w0BAQEFAXYZ"];
    const pem = `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----`;
    expect(secretsReadBy([`pass: "{{ env_var('A') }}" # ${lines[0]}${lines[0]}`], { A: pem })).toEqual([lines[1]]);
  });
});
