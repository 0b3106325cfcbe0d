import type { Run } from "../../src/run/run.ts";

/** A push to main on GitHub, unless told otherwise. */
export function aRun(overrides: Partial<Run> = {}): Run {
  return {
    platform: "github",
    id: "777",
    attempt: 1,
    url: "https://github.com/acme/shop/actions/runs/777",
    repository: "acme/shop",
    headRepository: "acme/shop",
    workflow: ".github/workflows/dbt.yml",
    ref: { kind: "branch", name: "main" },
    commit: { sha: "a".repeat(40), checkedOut: "a".repeat(40), title: "Add FX rates", author: "dana" },
    pullRequest: null,
    trigger: "push",
    triggerWord: "push",
    trust: "full",
    ...overrides,
  };
}
