/**
 * What GitHub's runner tells a job of run 777 of acme/shop, a push to main. A test adds GITHUB_SHA where the commit
 * matters, and GITHUB_EVENT_PATH with the event's file.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/variables#default-environment-variables
 */
export const GITHUB_PUSH = {
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_REPOSITORY: "acme/shop",
  GITHUB_EVENT_NAME: "push",
  GITHUB_SHA: "a".repeat(40),
  GITHUB_REF: "refs/heads/main",
  GITHUB_REF_NAME: "main",
  GITHUB_REF_TYPE: "branch",
  GITHUB_RUN_ID: "777",
  GITHUB_RUN_ATTEMPT: "1",
  GITHUB_WORKFLOW_REF: "acme/shop/.github/workflows/dbt.yml@refs/heads/main",
  GITHUB_TOKEN: "ghs_0123456789abcdef",
} as const;

/** The part of the event's file that every event has. */
export const GITHUB_EVENT = { repository: { full_name: "acme/shop", default_branch: "main" } } as const;
