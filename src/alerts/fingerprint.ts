import type { Finding } from "../severity/verdict.ts";

/** What stands before every fingerprint, so that a better way to build them never regroups what a ledger holds. */
const VERSION = "v1:";

/**
 * What makes a problem the same problem in the next run: dbt's unique_id; of a finding about the run, what went wrong and
 * its class, of the warehouse in which words (a project that does not compile is not the warehouse that was down before).
 */
export function fingerprintOf({
  subject,
  failureClass,
  status,
}: Pick<Finding, "subject" | "failureClass" | "status">): string {
  if (subject.kind === "node") return fingerprintOfNode(subject.id, subject.alertKey);
  if (subject.kind === "tool") return `${VERSION}tool:${subject.tool}:${subject.rule ?? ""}:${subject.path ?? ""}`;
  const ofRun = `${VERSION}run:${subject.what}:${failureClass}`;
  return subject.what === "warehouse" ? `${ofRun}:${status}` : ofRun;
}

/** `alertKey` is the node's `meta.alert_key`: people say themselves what is the same problem. */
export function fingerprintOfNode(id: string, alertKey: string | null): string {
  return `${VERSION}${alertKey === null ? id : `key:${alertKey}`}`;
}

/** The fingerprint as ledgers hold it now: the first ones had no version, and those of the run no class. */
export function upgradeFingerprint(fingerprint: string): string {
  return /^v\d+:/.test(fingerprint) ? fingerprint : `${VERSION}${fingerprint}`;
}

/** Whether nothing is known of it but its hash, as a ledger in Slack keeps it. */
export function isHash(fingerprint: string): boolean {
  return /^v\d+:(?:key:)?#/.test(fingerprint);
}

/** Without its version: dbt's unique_id, or `run:<what>:<failure class>`. */
export function nameOfFingerprint(fingerprint: string): string {
  return fingerprint.replace(/^v\d+:/, "");
}

/** What went wrong with the run (`dbt-failed`, …); null for a node's fingerprint: dbt's ids begin with a type and a dot. */
export function runTroubleOf(fingerprint: string): string | null {
  return /^v\d+:run:([^:]*)/.exec(fingerprint)?.[1] ?? null;
}

/**
 * Whether something else is wrong with the run now in place of this: the new problem is told, and this one closes
 * without a word. An entry from before there were classes is replaced by any of its kind.
 */
export function isReplaced(fingerprint: string, findings: readonly Finding[]): boolean {
  const trouble = runTroubleOf(fingerprint);
  if (trouble === null) return false;
  const found = findings.map(fingerprintOf);
  return !found.includes(fingerprint) && found.some((other) => runTroubleOf(other) === trouble);
}
