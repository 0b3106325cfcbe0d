import { describe, expect, it } from "vitest";
import { type GitHubEvent, parseGitHubEvent, readGitHubRun } from "../../../src/platforms/github/run.ts";
import { whyDistrusted } from "../../../src/run/run.ts";

const SHA = "a".repeat(40);
const HEAD = "b".repeat(40);
const MERGE = "c".repeat(40);

const pushEnv = {
  GITHUB_ACTIONS: "true",
  GITHUB_REPOSITORY: "acme/shop",
  GITHUB_EVENT_NAME: "push",
  GITHUB_SHA: SHA,
  GITHUB_REF_NAME: "main",
  GITHUB_REF_TYPE: "branch",
  GITHUB_RUN_ID: "777",
  GITHUB_RUN_ATTEMPT: "2",
  GITHUB_WORKFLOW_REF: "acme/shop/.github/workflows/dbt.yml@refs/heads/main",
};

function pullRequestEvent(headRepository: { full_name: string } | null = { full_name: "acme/shop" }): GitHubEvent {
  return {
    repository: { full_name: "acme/shop", default_branch: "main" },
    pull_request: {
      number: 12,
      title: "FX rates",
      user: { login: "dana" },
      base: { ref: "main", sha: SHA },
      head: { ref: "feature/fx", sha: HEAD, repo: headRepository },
    },
  };
}

const pullRequestEnv = {
  ...pushEnv,
  GITHUB_EVENT_NAME: "pull_request",
  GITHUB_SHA: MERGE,
  GITHUB_REF_NAME: "12/merge",
  GITHUB_HEAD_REF: "feature/fx",
};

describe("a run on GitHub", () => {
  it("of a push is told by the runner's variables", () => {
    const run = readGitHubRun(
      pushEnv,
      { head_commit: { message: "Add FX rates\n\nlong text", author: { name: "Dana" } } },
      SHA,
    );

    expect(run).toMatchObject({
      id: "777",
      attempt: 2,
      url: "https://github.com/acme/shop/actions/runs/777",
      workflow: ".github/workflows/dbt.yml",
      ref: { kind: "branch", name: "main" },
      commit: { sha: SHA, checkedOut: SHA, title: "Add FX rates", author: "Dana" },
      trigger: "push",
      trust: "full",
    });
  });

  it("of a pull request is of its head branch, and names the head's commit beside the merge commit", () => {
    const run = readGitHubRun(pullRequestEnv, pullRequestEvent(), MERGE);

    expect(run).toMatchObject({
      ref: { kind: "branch", name: "feature/fx" },
      commit: { sha: HEAD, checkedOut: MERGE, title: "FX rates", author: "dana" },
      pullRequest: { number: 12, base: "main" },
      trigger: "pull-request",
      trust: "full",
    });
  });

  it.each<[string, GitHubEvent]>([
    ["a fork", pullRequestEvent({ full_name: "mallory/shop" })],
    ["a fork that has been deleted", pullRequestEvent(null)],
    ["a workflow_run of a fork", { workflow_run: { head_repository: { full_name: "mallory/shop" } } }],
    ["a workflow_run without a head repository", { workflow_run: {} }],
  ])("of %s is not trusted", (_, event) => {
    expect(readGitHubRun(pullRequestEnv, event, MERGE).trust).toBe("fork");
  });

  it.each([
    ["schedule", "schedule"],
    ["workflow_dispatch", "manual"],
    ["repository_dispatch", "manual"],
    ["merge_group", "merge-group"],
    ["pull_request_target", "pull-request"],
    ["workflow_run", "unknown"],
    ["issue_comment", "unknown"],
  ])("of the event %s has the trigger %s", (eventName, trigger) => {
    expect(readGitHubRun({ ...pushEnv, GITHUB_EVENT_NAME: eventName }, null, SHA).trigger).toBe(trigger);
  });

  it("of a tag is of the tag", () => {
    expect(readGitHubRun({ ...pushEnv, GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: "v1/main" }, null, SHA).ref).toEqual({
      kind: "tag",
      name: "v1/main",
    });
  });

  it("is refused by name where a variable of the runner is missing", () => {
    expect(() => readGitHubRun({ ...pushEnv, GITHUB_RUN_ID: undefined }, null, SHA)).toThrow(
      "GITHUB_RUN_ID is not set",
    );
  });

  const UNREADABLE = ["", "{", '{"pull_request": {"number": "x"}}', "[]"];

  it.each(UNREADABLE)("of a push is refused where the event's file is %j", (text) => {
    expect(() => parseGitHubEvent(text, "push")).toThrow(/GITHUB_EVENT_PATH|not as documented/);
  });

  it.each(["pull_request", "pull_request_target", "pull_request_review", "pull_request_of_next_year", "workflow_run"])(
    "of %s is not trusted where the event's file says nothing",
    (eventName) => {
      const env = { ...pullRequestEnv, GITHUB_EVENT_NAME: eventName };
      const silent = [null, "{}", '{"repository": {"full_name": "acme/shop"}}', '{"pull_request": null}'];
      for (const text of [...silent, ...UNREADABLE]) {
        const run = readGitHubRun(env, parseGitHubEvent(text, eventName), MERGE);

        expect(run.trust, String(text)).toBe("fork");
        expect(whyDistrusted(run)).toMatch(/^nothing tells whose code this is/);
      }
    },
  );

  it("of a push needs no event's file to be trusted", () => {
    expect(readGitHubRun(pushEnv, parseGitHubEvent(null, "push"), SHA).trust).toBe("full");
    expect(whyDistrusted(readGitHubRun(pushEnv, null, SHA))).toBeNull();
  });
});
