import { describe, expect, it } from "vitest";
import { redactor, secretValues, withoutSecrets } from "../../src/support/secrets.ts";

const TOKEN = "xoxb-0123456789-secret";

describe("dbt's environment", () => {
  it("is the job's, without our secrets and without the runner's command files", () => {
    const env = {
      PATH: "/usr/bin",
      DBT_KEY: "the warehouse's",
      SLACK_BOT_TOKEN: TOKEN,
      SLACK_WEBHOOK_ERROR: "https://hooks.slack.com/x",
      CIRCLE_TOKEN: "c",
      GITHUB_TOKEN: "g",
      "INPUT_SLACK-TOKEN": TOKEN,
      ACTIONS_RUNTIME_TOKEN: "a",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "i",
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

describe("the redactor", () => {
  it("hides a secret in its plain, URL-encoded, JSON and base64 forms", () => {
    const secret = 'pass"word/with+signs';
    const redact = redactor([secret]);
    const forms = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret),
      Buffer.from(secret).toString("base64"),
    ].join(" ");

    expect(redact(forms)).toBe('*** *** "***" ***');
  });

  it("hides the longer of two secrets of which one holds the other", () => {
    expect(redactor(["secret-a", "secret-a-longer"])("secret-a-longer")).toBe("***");
  });

  it("leaves ordinary words alone: short values and what is no secret by its name", () => {
    expect(
      secretValues({
        SLACK_BOT_TOKEN: TOKEN,
        CIRCLE_TOKEN: "short",
        SLACK_CHANNEL: "C0123456789",
        INPUT_COMMAND: "schedule-all",
        HOME: "/home/dana",
      }),
    ).toEqual([TOKEN]);
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
});
