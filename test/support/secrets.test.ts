import { describe, expect, it } from "vitest";
import { secretParts, secretValues, withoutSecrets } from "../../src/support/secrets.ts";

const TOKEN = "xoxb-0123456789-secret";

describe("dbt's environment", () => {
  it("is the job's, without our secrets and without the runner's command files", () => {
    const env = {
      PATH: "/usr/bin",
      DBT_KEY: "the warehouse's",
      SLACK_BOT_TOKEN: TOKEN,
      SLACK_WEBHOOK_ERROR: "https://hooks.slack.com/x",
      CIRCLE_TOKEN: "c",
      CIRCLE_OIDC_TOKEN: "o",
      CIRCLE_OIDC_TOKEN_V2: "o",
      GITHUB_TOKEN: "g",
      GH_TOKEN: "g",
      GH_ENTERPRISE_TOKEN: "g",
      "INPUT_SLACK-TOKEN": TOKEN,
      ACTIONS_RUNTIME_TOKEN: "a",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "i",
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://i",
      GITHUB_OUTPUT: "/o",
      GITHUB_ENV: "/e",
      GITHUB_PATH: "/p",
      GITHUB_STEP_SUMMARY: "/s",
      GITHUB_STATE: "/t",
      GITHUB_SHA: "abc",
      UNSET: undefined,
    };

    expect(withoutSecrets(env)).toEqual({ PATH: "/usr/bin", DBT_KEY: "the warehouse's", GITHUB_SHA: "abc" });
  });
});

describe("an exception to that", () => {
  it("is a secret that is named; the runner's command files never are", () => {
    const env = { GH_TOKEN: "g", GITHUB_TOKEN: "h", GITHUB_OUTPUT: "/o" };

    expect(withoutSecrets(env, ["GH_TOKEN", "GITHUB_OUTPUT"])).toEqual({ GH_TOKEN: "g" });
  });
});

describe("the secrets of the environment", () => {
  it("are tokens, and users with their passwords in the addresses of proxies; the variables stay dbt's", () => {
    const env = {
      SLACK_BOT_TOKEN: TOKEN,
      HTTPS_PROXY: "http://dana:p%40ssword1@proxy.example:3128",
      NO_PROXY: "localhost",
    };

    expect(secretValues(env)).toEqual([TOKEN, "dana:p%40ssword1", "dana:p@ssword1", "p%40ssword1", "p@ssword1"]);
    expect(withoutSecrets(env)).toEqual({ HTTPS_PROXY: env.HTTPS_PROXY, NO_PROXY: "localhost" });
  });

  it("are Slack's app, webhooks with their paths, dbt's own secrets, and the tokens that say who the job is", () => {
    const path = "/services/T0000/B0000/abcdef";
    const env = {
      SLACK_CLIENT_ID: "1234567890.42",
      SLACK_CLIENT_SECRET: "client-secret",
      SLACK_SIGNING_SECRET: "signing-secret",
      SLACK_WEBHOOK_ERROR: `https://hooks.slack.com${path}`,
      DBT_ENV_SECRET_GIT: "git-secret",
      GH_TOKEN: "gh-token",
      CIRCLE_OIDC_TOKEN_V2: "oidc-token",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token",
    };

    expect(secretValues(env)).toEqual([
      ...["1234567890.42", "client-secret", "signing-secret", env.SLACK_WEBHOOK_ERROR, path],
      ...["git-secret", "gh-token", "oidc-token", "request-token"],
    ]);
  });

  it("are no ordinary words: no short values, and nothing that is no secret by its name", () => {
    expect(
      secretValues({
        SLACK_BOT_TOKEN: TOKEN,
        CIRCLE_TOKEN: "short",
        SLACK_CHANNEL: "C0123456789",
        INPUT_COMMAND: "schedule-all",
        ACTIONS_ID_TOKEN_REQUEST_URL: "https://pipelines.example/token",
        HOME: "/home/dana",
      }),
    ).toEqual([TOKEN]);
  });
});

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
