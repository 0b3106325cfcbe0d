import { countVerdict } from "./outcome.ts";
import type { Finding, VerdictResult } from "./verdict.ts";

/** An error about the run itself, which no node of dbt's tells. */
export function aboutRun(
  what: "queue-timeout" | "artifacts",
  failureClass: Finding["failureClass"],
  message: string,
): Finding {
  return {
    subject: { kind: "run", what },
    severity: "error",
    failureClass,
    status: what,
    message,
    failures: null,
    threshold: null,
    skipped: [],
    muted: null,
    isNew: null,
  };
}

/** A verdict that says what went wrong with the run, beside what dbt had to say before. */
export function verdictOfRun(finding: Finding, before: VerdictResult | null): VerdictResult {
  const nothing = {
    passed: [],
    neutral: [],
    nodes: {},
    known: [],
    disabled: [],
    dbt: { version: null, commands: [], exitCodes: [] },
    reproduce: null,
    sources: [],
    findings: [],
  };
  const verdict = { ...nothing, ...before, level: "error" as const, findings: [finding, ...(before?.findings ?? [])] };
  return { schema: 1, ...verdict, counts: countVerdict(verdict) };
}
