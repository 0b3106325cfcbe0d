import type { Run } from "../../src/run/run.ts";
import { createLog, type Log } from "../../src/support/log.ts";

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

/** A log whose lines go into a list, if one is handed in. */
export function quietLog(lines: string[] = []): Log {
  const same = (text: string) => text;
  return createLog({
    write: (text) => void lines.push(text),
    redact: same,
    bold: same,
    yellow: same,
    color: false,
    quiet: false,
  });
}
