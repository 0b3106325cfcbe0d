import type { Finding, Verdict } from "../severity/verdict.ts";
import { fingerprintOfNode, nameOfFingerprint } from "./fingerprint.ts";
import type { LedgerEntry } from "./ledger.ts";
import { secondKeyOf } from "./second-key.ts";

/**
 * The entries, with those of tests whose id has changed under their new one: dbt puts a hash of the arguments into it. Taken
 * over only where one test is gone and one has come with the same model, column and kind.
 */
export function withRenamed(
  entries: readonly LedgerEntry[],
  verdict: Pick<Verdict, "known" | "disabled" | "nodes">,
  findings: ReadonlyMap<string, Finding>,
): readonly LedgerEntry[] {
  if (verdict.known.length === 0) return entries;
  const known = new Set([...verdict.known, ...verdict.disabled]);
  const gone = entries.filter(
    ({ fingerprint, secondKey }) => secondKey !== null && !known.has(nameOfFingerprint(fingerprint)),
  );
  if (gone.length === 0) return entries;

  const taken = new Set(entries.map(({ fingerprint }) => fingerprint));
  const come = new Map<string, Set<string>>();
  const offer = (key: string | null, fingerprint: string) => {
    if (key === null || taken.has(fingerprint)) return;
    come.set(key, (come.get(key) ?? new Set()).add(fingerprint));
  };
  for (const [fingerprint, { subject }] of findings) offer(secondKeyOf(subject), fingerprint);
  for (const [id, facts] of Object.entries(verdict.nodes))
    offer(secondKeyOf(facts), fingerprintOfNode(id, facts.alertKey));

  const renamed = new Map<LedgerEntry, string>();
  for (const entry of gone) {
    const [fingerprint, ...others] = come.get(entry.secondKey ?? "") ?? [];
    const isOnly = gone.filter(({ secondKey }) => secondKey === entry.secondKey).length === 1;
    if (fingerprint !== undefined && others.length === 0 && isOnly) renamed.set(entry, fingerprint);
  }
  return entries.map((entry) => ({ ...entry, fingerprint: renamed.get(entry) ?? entry.fingerprint }));
}
