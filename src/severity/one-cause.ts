import { groupBy } from "../support/group-by.ts";
import { failureWords, isInfrastructure } from "./failure.ts";
import type { Finding, Verdict } from "./verdict.ts";

/**
 * The findings with those of one cause as one: errors on nodes that are the warehouse's or the network's fault, of one
 * class and in the same words (`BigQuery rate limit`, whatever the table and the number). What a rule muted or made a
 * warning stays by itself. `adapter`: dbt's word, as in `classifyFailure`.
 */
export function groupByCause(verdict: Verdict, adapter: string | null): Verdict {
  const causes = new Map(verdict.findings.map((finding) => [finding, causeOf(finding, adapter)]));
  const groups = groupBy(verdict.findings, (finding) => causes.get(finding) ?? "");
  const findings = verdict.findings.flatMap((finding) => {
    const cause = causes.get(finding) ?? null;
    const nodes = cause === null ? [] : (groups.get(cause) ?? []);
    if (nodes.length < 2) return [finding];
    return finding === nodes[0] ? [oneOf(finding, nodes, wordsOf(finding, adapter))] : [];
  });
  return { ...verdict, findings };
}

/** The findings with each node's own, for what tells of nodes one by one. */
export function ungroup(findings: readonly Finding[]): readonly Finding[] {
  return findings.flatMap((finding) => finding.nodes ?? [finding]);
}

function causeOf(finding: Finding, adapter: string | null): string | null {
  const { subject, severity, failureClass, muted } = finding;
  if (subject.kind !== "node" || severity !== "error" || muted !== null || !isInfrastructure(failureClass)) return null;
  return `${failureClass} ${wordsOf(finding, adapter)}`;
}

function wordsOf(finding: Finding, adapter: string | null): string {
  return failureWords(finding, adapter) ?? finding.failureClass;
}

function oneOf(first: Finding, nodes: readonly Finding[], words: string): Finding {
  const isNew = nodes.every((node) => node.isNew === null) ? null : nodes.some((node) => node.isNew === true);
  return {
    ...first,
    subject: { kind: "run", what: "warehouse" },
    status: words,
    failures: null,
    threshold: null,
    skipped: [...new Set(nodes.flatMap(({ skipped }) => skipped))].sort(),
    isNew,
    nodes,
  };
}
