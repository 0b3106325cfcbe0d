import type { Finding } from "../severity/verdict.ts";

/** What makes a problem the same problem in the next run: dbt's unique_id; of a finding about the run, what went wrong. */
export function fingerprintOf(finding: Finding): string {
  return finding.subject.kind === "node" ? finding.subject.id : `run:${finding.subject.what}`;
}

/** Whether a fingerprint is of a finding about the run; dbt's ids begin with a resource type and a dot. */
export function isOfRun(fingerprint: string): boolean {
  return fingerprint.startsWith("run:");
}
