import { describe, expect, it } from "vitest";
import { secretValues, withoutSecrets } from "../../src/support/secrets.ts";

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
