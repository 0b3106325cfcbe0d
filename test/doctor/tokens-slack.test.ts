import { describe, expect, it } from "vitest";
import type { ChannelFacts, SendTest, SlackFacts } from "../../src/doctor/facts.ts";
import { checkLedger } from "../../src/doctor/ledger.ts";
import { checkSlack, type SlackPlace } from "../../src/doctor/slack.ts";
import { checkCircle, checkGitHub } from "../../src/doctor/tokens.ts";
import { circle, failed, github, levels, seen } from "./build.ts";

const workflow = (permissions: string, step = "uses: acme/signalbox@v1") =>
  github({ "d.yml": `on: push\n${permissions}\njobs: { b: { steps: [{ ${step} }] } }` });
const JOB = "permissions:.github/workflows/d.yml#b";

describe("GitHub's token", () => {
  it.each<[what: string, permissions: string, wantsComment: boolean, expected: string]>([
    ["what init writes", "permissions: { contents: read, actions: read }", false, `ok ${JOB}`],
    ["all", "permissions: write-all", true, `ok ${JOB}`],
    ["read-all and a comment", "permissions: read-all", true, `fail ${JOB}`],
    ["no actions", "permissions: { contents: read }", false, `fail ${JOB}`],
    ["no comment", "permissions: { contents: read, actions: read, pull-requests: read }", true, `fail ${JOB}`],
    ["none", "permissions: {}", false, `fail ${JOB}`],
    ["unsaid", "", false, `warn ${JOB}`],
  ])("in a job: %s", (_, permissions, wantsComment, expected) => {
    const place = { platform: "local", workflows: workflow(permissions) } as const;

    expect(levels(checkGitHub(null, place, wantsComment))).toEqual(["ok github-token", expected]);
  });

  it("has to be handed to signalbox in a script", () => {
    const text = (env: string) => workflow("permissions: read-all", `run: npx signalbox ci${env}`);
    const found = (env: string) => levels(checkGitHub(null, { platform: "local", workflows: text(env) }, false));

    expect(found("")).toContain("fail github-token:.github/workflows/d.yml#b");
    expect(found(', env: { GITHUB_TOKEN: "x" }')).toEqual(["ok github-token", `ok ${JOB}`]);
  });

  it.each([
    ["missing on a laptop", "local", null, "ok github-token"],
    ["missing in CI", "github", null, "fail github-token"],
    ["refused on a laptop", "local", failed("401"), "warn github-token"],
    ["refused in CI", "github", failed("401"), "fail github-token"],
    ["GitHub is down", "github", failed("no answer", true), "warn github-token"],
    ["good", "github", seen({ found: "reads" }), "ok github-token"],
  ] as const)("here: %s", (_, platform, token, expected) => {
    expect(levels(checkGitHub(token, { platform, workflows: workflow("permissions: read-all") }, false))[0]).toBe(
      expected,
    );
  });

  it("is not asked for where nothing is on GitHub", () => {
    expect(checkGitHub(null, { platform: "local", workflows: [] }, true)).toEqual([]);
    expect(checkCircle(null, { platform: "local", workflows: [] })).toEqual([]);
  });
});

describe("CircleCI's token", () => {
  const workflows = circle(
    "orbs: { s: acme/signalbox@1 }\nworkflows: { dbt: { jobs: [{ s/ci: { context: [warehouse, signalbox] } }] } }",
  );

  it.each([
    ["missing on a laptop: where it is looked for", "local", null, "ok", "the contexts warehouse, signalbox"],
    ["missing in CI: what it costs", "circleci", null, "fail", "the queue cannot see other runs"],
    ["a project token", "circleci", failed("CIRCLE_TOKEN holds a project token"), "fail", "project token"],
    ["good", "circleci", seen({ found: "sees gh/acme/shop" }), "ok", "gh/acme/shop"],
  ] as const)("%s", (_, platform, token, level, words) => {
    expect(checkCircle(token, { platform, workflows })).toMatchObject([
      { id: "circle-token", level, found: expect.stringContaining(words) },
    ]);
  });
});

const channel = (more: Partial<ChannelFacts> = {}): ChannelFacts => ({
  id: "C0ERRORS00",
  where: ["slack.error"],
  state: { kind: "in", name: "dbt-errors" },
  test: null,
  ...more,
});
const ALL = ["chat:write", "channels:history", "groups:history"];
const slack = (more: Partial<SlackFacts> = {}) =>
  seen<SlackFacts>({ team: "Acme", bot: "signalbox", scopes: ALL, whyNoTest: null, channels: [channel()], ...more });
const PLACE: SlackPlace = {
  platform: "local",
  workflows: [],
  channels: { error: "C0ERRORS00", warn: "C0WARNINGS" },
  sendTest: false,
  hasWebhooks: false,
};
const GOOD = ["ok slack", "ok slack:scopes", "ok slack:C0ERRORS00"];

describe("Slack", () => {
  it.each<[what: string, found: Parameters<typeof checkSlack>[0], place: Partial<SlackPlace>, expected: string[]]>([
    ["all is well", slack(), {}, GOOD],
    [
      "no chat:write",
      slack({ scopes: ["channels:history"] }),
      {},
      ["ok slack", "fail slack:scopes", "ok slack:C0ERRORS00"],
    ],
    ["no history", slack({ scopes: ["chat:write"] }), {}, ["ok slack", "warn slack:scopes", "ok slack:C0ERRORS00"]],
    ["scopes unsaid", slack({ scopes: null }), {}, ["ok slack", "warn slack:scopes", "ok slack:C0ERRORS00"]],
    [
      "not invited",
      slack({ channels: [channel({ state: { kind: "refused", code: "not_in_channel", hint: "invite" } })] }),
      {},
      ["ok slack", "ok slack:scopes", "fail slack:C0ERRORS00"],
    ],
    [
      "unknown whether invited",
      slack({ channels: [channel({ state: { kind: "unknown", why: "no scope" } })] }),
      {},
      ["ok slack", "ok slack:scopes", "warn slack:C0ERRORS00"],
    ],
    [
      "a token without channels",
      slack({ channels: [] }),
      { channels: { error: null, warn: null } },
      ["ok slack", "ok slack:scopes", "fail slack:channels"],
    ],
    [
      "neither token nor channels",
      null,
      { channels: { error: null, warn: null } },
      ["ok slack", "warn slack:channels"],
    ],
    [
      "a test that a fork asks for",
      slack({ whyNoTest: "the run comes from a fork" }),
      { sendTest: true },
      ["ok slack", "ok slack:scopes", "fail send", "ok slack:C0ERRORS00"],
    ],
    ["refused", failed("invalid_auth"), {}, ["fail slack"]],
    ["down", failed("no answer", true), {}, ["warn slack"]],
    ["down, and a test was asked for", failed("no answer", true), { sendTest: true }, ["fail slack"]],
    ["a test without a token", null, { sendTest: true }, ["fail slack"]],
    ["webhooks in place of a token", null, { hasWebhooks: true, platform: "circleci" }, ["ok slack"]],
    ["a test, and webhooks in place of a token", null, { hasWebhooks: true, sendTest: true }, ["fail slack"]],
    ["no token in CI", null, { platform: "circleci" }, ["warn slack"]],
    ["no token here, and no workflow has it", null, { workflows: workflow("") }, ["warn slack"]],
    [
      "no token here, and the workflow has it",
      null,
      { workflows: workflow("", "uses: acme/signalbox@v1, with: { slack-token: x }") },
      ["ok slack"],
    ],
  ])("%s", (_, found, place, expected) => {
    expect(levels(checkSlack(found, { ...PLACE, ...place }))).toEqual(expected);
  });

  it.each<[test: SendTest, level: string, words: string]>([
    [
      { done: ["post", "edit", "read", "delete"], failed: null, isLeft: false },
      "ok",
      "posted, edited, read back, deleted",
    ],
    [
      { done: [], failed: { step: "post", code: "not_in_channel", hint: "invite" }, isLeft: false },
      "fail",
      "could not be posted: not_in_channel",
    ],
    [
      { done: ["post", "delete"], failed: { step: "edit", code: "cant_update_message", hint: "x" }, isLeft: false },
      "fail",
      "could not be edited",
    ],
    [
      { done: ["post", "edit", "delete"], failed: { step: "read", code: "missing_scope", hint: "x" }, isLeft: false },
      "warn",
      "could not be read back",
    ],
    [
      {
        done: ["post", "edit", "read", "delete"],
        failed: { step: "metadata", code: "no metadata", hint: "x" },
        isLeft: false,
      },
      "warn",
      "could not be read back with its metadata",
    ],
    [
      { done: ["post", "edit", "read"], failed: { step: "delete", code: "timeout", hint: "x" }, isLeft: true },
      "warn",
      "may still be there",
    ],
  ])("says which step of a test message failed: %j", (test, level, words) => {
    const checks = checkSlack(slack({ channels: [channel({ test })] }), { ...PLACE, sendTest: true });

    expect(checks.at(-1)).toMatchObject({ id: "send:C0ERRORS00", level, found: expect.stringContaining(words) });
  });
});

describe("a ledger that is a file", () => {
  const file = {
    path: "/kept/ledger.json",
    isInWorkFolder: false,
    scopes: ["acme/shop shop prod"],
    damage: null,
    canMove: true,
  };

  it.each<[what: string, found: Parameters<typeof checkLedger>[0], level: string, words: string]>([
    ["holds one scope", seen(file), "ok", "1 scope, each on its own: acme/shop shop prod"],
    ["holds two", seen({ ...file, scopes: ["a", "b"] }), "ok", "2 scopes, each on its own: a, b"],
    ["is not there yet", seen({ ...file, scopes: null }), "ok", "is not there yet"],
    [
      "is damaged",
      seen({ ...file, scopes: [], damage: "is empty" }),
      "warn",
      "ledger.json is empty: the next run keeps",
    ],
    [
      "is a device",
      seen({ ...file, scopes: [], damage: "is not a file", canMove: false }),
      "fail",
      "is not a file, and no run can write one there",
    ],
    ["lies where ci empties", seen({ ...file, isInWorkFolder: true }), "fail", "each run tells everything again"],
    ["cannot be read", failed("no permission"), "warn", "no permission"],
  ])("%s", (_, found, level, words) => {
    expect(checkLedger(found)).toMatchObject([{ id: "ledger", level, found: expect.stringContaining(words) }]);
  });

  it("is not looked at where it is none", () => {
    expect(checkLedger(null)).toEqual([]);
  });
});
