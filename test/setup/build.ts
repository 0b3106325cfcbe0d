import type { Run } from "../../src/run/run.ts";

export function aGitHubRun(overrides: Partial<Run> = {}): Run {
  const sha = "a".repeat(40);
  return {
    platform: "github",
    id: "777",
    attempt: 1,
    url: null,
    repository: "acme/shop",
    headRepository: "acme/shop",
    workflow: ".github/workflows/dbt.yml",
    ref: { kind: "branch", name: "main" },
    commit: { sha, checkedOut: sha, title: null, author: null },
    pullRequest: null,
    trigger: "push",
    triggerWord: null,
    trust: "full",
    ...overrides,
  };
}
