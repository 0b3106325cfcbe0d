import type { Rule } from "../../src/severity/rules.ts";
import type { Finding, RunSubject, Subject, Verdict } from "../../src/severity/verdict.ts";

/** Globs for tests: `*` is anything. */
export function matchesStar(glob: string, text: string): boolean {
  const [head = "", ...rest] = glob.split("*");
  if (rest.length === 0) return glob === text;
  if (!text.startsWith(head)) return false;
  const tail = rest.pop() ?? "";
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - tail.length >= at && text.endsWith(tail);
}

export function aSubject(
  overrides: Partial<Extract<Subject, { kind: "node" }>> = {},
): Extract<Subject, { kind: "node" }> {
  return {
    kind: "node",
    id: "test.shop.not_null_orders_id.1a",
    name: "not_null_orders_id",
    attachedTo: "model.shop.orders",
    column: "id",
    path: "models/schema.yml",
    line: null,
    compiled: null,
    owner: null,
    ownerSlack: null,
    tags: [],
    group: null,
    test: "not_null",
    type: "test",
    alertKey: null,
    ...overrides,
  };
}

export function aFinding(overrides: Partial<Finding> = {}): Finding {
  return {
    subject: aSubject(),
    severity: "error",
    failureClass: "data",
    status: "fail",
    message: "Got 3 results, configured to fail if != 0",
    failures: 3,
    threshold: "error if != 0",
    skipped: [],
    muted: null,
    isNew: null,
    ...overrides,
  };
}

export function aRunFinding(what: RunSubject, overrides: Partial<Finding> = {}): Finding {
  return aFinding({
    subject: { kind: "run", what },
    failureClass: "unknown",
    status: what,
    failures: null,
    threshold: null,
    ...overrides,
  });
}

export function aVerdict(findings: readonly Finding[] = [], overrides: Partial<Verdict> = {}): Verdict {
  const level = findings.some(({ severity }) => severity === "error") ? "error" : findings.length > 0 ? "warn" : "pass";
  return {
    level,
    findings,
    passed: [],
    neutral: [],
    nodes: {},
    known: [],
    disabled: [],
    dbt: { version: "1.11.16", commands: ["build"], exitCodes: [0] },
    reproduce: null,
    ...overrides,
  };
}

/** A rule for everything. */
export function aRule(overrides: Omit<Rule, "match"> & { match?: Rule["match"] }): Rule {
  return { match: { name: "*" }, ...overrides };
}
