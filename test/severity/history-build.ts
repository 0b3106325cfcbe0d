import type { KeptRun, NodeRecord, NodeState } from "../../src/severity/run-record.ts";

/** ISO time, so many hours after the first of November. */
export const hour = (hours: number) => new Date(Date.UTC(2026, 10, 1) + hours * 3_600_000).toISOString();

/** A whole hash that begins with this letter or digit. */
export const commitOf = (letter: string) => letter.repeat(40);

export function aNode(state: NodeState, overrides: Partial<NodeRecord> = {}): NodeRecord {
  return { state, seconds: 1, failures: state === "f" || state === "w" ? 5 : null, version: "v1", ...overrides };
}

export function aRecord(overrides: Partial<KeptRun> = {}): KeptRun {
  return {
    id: "100",
    attempt: 1,
    mode: "deploy",
    commit: commitOf("a"),
    project: "shop",
    folder: "",
    target: "prod",
    startedAt: hour(0),
    level: "pass",
    nodes: new Map(),
    ...overrides,
  };
}
