import type { Finding } from "../severity/verdict.ts";

/** What makes a problem the same problem in the next run: dbt's unique_id; of a finding about the run, what went wrong. */
export function fingerprintOf(finding: Finding): string {
  return finding.subject.kind === "node" ? finding.subject.id : `run:${finding.subject.what}`;
}
