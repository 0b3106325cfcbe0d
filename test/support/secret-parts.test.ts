import { describe, expect, it } from "vitest";
import { secretParts, secretsInBase64, secretsInside } from "../../src/support/secret-parts.ts";

describe("what of a secret must not be shown", () => {
  const line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
  const pem = `-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n${line}1\n${line}2\nYQ==\n-----END PRIVATE KEY-----\n`;
  const keyFile = {
    type: "service_account",
    project_id: "acme-warehouse",
    private_key_id: "0123456789abcdef",
    private_key: pem,
    client_email: "ci@acme-warehouse.example",
    token_uri: "https://oauth2.googleapis.com/token",
  };

  it.each<[what: string, value: string, parts: readonly string[]]>([
    ["a password", " pass word-1 \n", ["pass word-1"]],
    ["a short one", "pass", []],
    ["a key in PEM", pem, [`${line}1`, `${line}2`]],
    ["several lines of words", "one horse\ntwo staples", ["one horse\ntwo staples"]],
    ["a key file", JSON.stringify(keyFile), ["0123456789abcdef", `${line}1`, `${line}2`]],
    ["a key file over lines", JSON.stringify(keyFile, null, 2), ["0123456789abcdef", `${line}1`, `${line}2`]],
    ["a JSON with an address in it", '{"conn":{"url":"pg://u:hunter2-1@h/d"}}', ["hunter2-1"]],
    ["what looks like settings: the whole too", "Sup3r;pwd=abcdefgh!", ["Sup3r;pwd=abcdefgh!", "abcdefgh!"]],
    ["JSON without a secret key", '{"user": "dana"}', ['{"user": "dana"}']],
    ["broken JSON", '{"password": ', ['{"password":']],
  ])("%s", (_, value, parts) => {
    expect(secretParts(value)).toEqual(parts);
  });

  it("a key file in base64: itself and what it holds", () => {
    const text = Buffer.from(JSON.stringify(keyFile)).toString("base64");

    expect(secretParts(text)).toEqual([text, "0123456789abcdef", `${line}1`, `${line}2`]);
  });

  it("nothing of JSON that is as deep as a text can be", () => {
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;

    expect(secretParts(deep)).toEqual([deep]);
  });
});

describe("a secret value", () => {
  it.each<[what: string, value: string, part: string]>([
    ["in quotes", '"hunter2-1"', "hunter2-1"],
    ["in single quotes", "'hunter2-1'", "hunter2-1"],
    ["behind its scheme", "Bearer hunter2-1", "hunter2-1"],
    ["of user and password in base64", Buffer.from("dana:hunter2-1").toString("base64"), "hunter2-1"],
    ["of those behind their scheme", `Basic ${Buffer.from("dana:hunter2-1").toString("base64")}`, "hunter2-1"],
  ])("is known as a whole, and by what is in it: %s", (_, value, part) => {
    expect(secretParts(value)).toEqual(expect.arrayContaining([value, part]));
  });
});

describe("what is secret in a value of any name", () => {
  const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END RSA PRIVATE KEY-----";

  it.each<[what: string, value: string, parts: readonly string[]]>([
    ["an address", "postgresql://dana:hunter2-1@db.example:5432/shop", ["hunter2-1"]],
    ["an address in percent codes", "pg://dana:p%40ss%2Fword@db.example/shop", ["p%40ss%2Fword", "p@ss/word"]],
    ["an address with @ in its password", "pg://dana:hun@ter-2@db.example/shop", ["hun@ter-2"]],
    ["JDBC", "jdbc:sqlserver://db.example:1433;user=dana;password=hunter2-1;encrypt=true", ["hunter2-1"]],
    ["a query", "jdbc:snowflake://x.example/?user=dana&private_key_pwd=hunter2-1&db=shop", ["hunter2-1"]],
    ["ODBC", "Driver={ODBC Driver 18};Server=db;UID=dana;PWD={hunter2 1};", ["hunter2 1", "{hunter2"]],
    ["libpq", "host=db.example user=dana password=hunter2-1 sslkey=/home/dana/client.key", ["hunter2-1"]],
    ["libpq with quotes", "host=db password='hunter2-1'", ["hunter2-1"]],
    ["a token in the user's place", "https://ghp_0123456789abcdef@github.com/acme/x.git", ["ghp_0123456789abcdef"]],
    ["JSON", '{"user":"dana","nested":{"api_key":"hunter2-1"}}', ["hunter2-1"]],
    ["two addresses", "http://a.example, pg://dana:hunter2-1@db.example", ["hunter2-1"]],
    ["an address with / and # in its password", "pg://dana:hun/ter#2-1@db.example/shop", ["hun/ter#2-1"]],
    ["a separator in quotes", 'Server=db;PWD="hunter2;1"', ['"hunter2', "hunter2;1"]],
    ["YAML", "user: dana\npassword: hunter2-1", ["hunter2-1"]],
    ["a mapping of Python", "{'user': 'dana', 'private_key': 'hunter2-1'}", ["hunter2-1"]],
    ["a list in JSON", '[{"user":"dana","token":"hunter2-1"}]', ["hunter2-1"]],
    ["JSON in a text", JSON.stringify('{"token":"hunter2-1"}'), ["hunter2-1"]],
    ["a header", "Authorization: Bearer hunter2-1", ["Bearer hunter2-1", "hunter2-1"]],
    ["a signed address", "https://a.example/c?sv=1&sig=hunter2%3D", ["hunter2%3D", "hunter2="]],
    ["a key in PEM whose lines have become blanks", pem.replaceAll("\n", " "), ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"]],
    ["a key in PEM with escapes", pem.replaceAll("\n", "\\r\\n"), ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"]],
    ["a key in PEM", pem, ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"]],
    ["a key in PEM on one line", pem.replaceAll("\n", "\\n"), ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"]],
  ])("%s", (_, value, parts) => {
    expect(secretsInside(value)).toEqual(parts);
    expect(secretsInBase64(Buffer.from(value).toString("base64"))).toEqual(parts);
  });

  it.each([
    ...[
      "key: 'x', user: someone-long, host: 'db.shop.example'",

      "note: a-long-word",
    ],
    ...["private_key_path: /home/dana/keys/key.p8", "12:30:00 2026-11-29", "a token of mine: ok"],
    ...["db.shop.example", "https://db.example:8443/path/x@y", "https://db.example/?user=dana-the-first", "prod"],
    ...["https://transformer@db.example", "host=db.example user=transformer", "a=b", "", "user=dana;pwd=short"],
    ...['{"type":"service_account","project_id":"acme-warehouse"}', "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkq1\n"],
  ])("nothing of %s", (value) => {
    expect(secretsInside(value)).toEqual([]);
    expect(secretsInBase64(Buffer.from(value).toString("base64"))).toEqual([]);
  });
});
