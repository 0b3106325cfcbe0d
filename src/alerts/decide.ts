import type { Run } from "../run/run.ts";
import type { Finding, Verdict } from "../severity/verdict.ts";
import type { Alert, Ledger, LedgerEntry } from "./alert.ts";
import { fingerprintOf, isReplaced, nameOfFingerprint, runTroubleOf } from "./fingerprint.ts";
import { maybeRecovered } from "./unsettled.ts";

export interface AlertPolicy {
  /** The Slack channel of a finding. */
  readonly channelOf: (finding: Finding) => string;
  /** Slack ids to mention for a finding; only such as have been checked. */
  readonly mentionsOf: (finding: Finding) => readonly string[];
  /** A short hash of a text and of the scope: two projects of one CI run may tell the same channel. */
  readonly digest: (text: string) => string;
  /** How long a problem that still fails is not told again. */
  readonly repeatSeconds: number;
}

type News = "opened" | "worse" | "again";

/**
 * Whom to tell what after a run. Without a ledger nothing is known of earlier runs: everything is told, and nothing is
 * called recovered. With one, a problem is told when it opens, when it grows from warning to error, and again after
 * `repeatSeconds`; muted findings never. `now` is in milliseconds since the epoch.
 */
export function decideAlerts(
  verdict: Verdict,
  ledger: Ledger | null,
  run: Run,
  policy: AlertPolicy,
  now: number,
): readonly Alert[] {
  const entries = entriesThatCount(ledger);
  const told = verdict.findings
    .filter((finding) => finding.muted === null)
    .map((finding) => ({ finding, news: newsOf(finding, entries.get(fingerprintOf(finding)), policy, now) }))
    .filter((item): item is { finding: Finding; news: News } => item.news !== null);

  const groups = new Map<string, { finding: Finding; news: News }[]>();
  for (const item of told) {
    const key = `${item.finding.severity} ${policy.channelOf(item.finding)}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  const problems = [...groups.values()].map((items) => problemsAlert(items, run, policy));
  return [...problems, ...recoveries(verdict, ledger, run, policy)];
}

/** A finding that no message is sent about: muted (null), or told before at this ISO time. */
export interface ToldFinding {
  readonly finding: Finding;
  readonly at: string | null;
}

/** The findings of a run that `decideAlerts` leaves out, in the verdict's order. */
export function findTold(
  verdict: Pick<Verdict, "findings">,
  ledger: Ledger | null,
  policy: Pick<AlertPolicy, "repeatSeconds">,
  now: number,
): readonly ToldFinding[] {
  const entries = entriesThatCount(ledger);
  return verdict.findings.flatMap((finding): readonly ToldFinding[] => {
    if (finding.muted !== null) return [{ finding, at: null }];
    const entry = entries.get(fingerprintOf(finding));
    const isTold = entry !== undefined && newsOf(finding, entry, policy, now) === null;
    return isTold ? [{ finding, at: entry.notifiedAt }] : [];
  });
}

function entriesThatCount(ledger: Ledger | null): ReadonlyMap<string, LedgerEntry> {
  // People may have read that these are over: their entries keep nobody from being told.
  const maybeOver = new Set(ledger === null ? [] : maybeRecovered(ledger));
  return new Map(ledger?.entries.filter((entry) => !maybeOver.has(entry)).map((entry) => [entry.fingerprint, entry]));
}

function newsOf(
  finding: Finding,
  entry: LedgerEntry | undefined,
  policy: Pick<AlertPolicy, "repeatSeconds">,
  now: number,
): News | null {
  if (entry === undefined) return "opened";
  if (entry.severity === "warn" && finding.severity === "error") return "worse";
  // Neither a time that cannot be read nor one that a wrong clock left in the future may silence a problem for ever.
  return Math.abs(now - Date.parse(entry.notifiedAt)) < policy.repeatSeconds * 1000 ? null : "again";
}

function problemsAlert(items: readonly { finding: Finding; news: News }[], run: Run, policy: AlertPolicy): Alert {
  const of = (news: News) => items.filter((item) => item.news === news).map((item) => item.finding);
  const [first] = items;
  if (first === undefined) throw new Error("an alert without findings");
  const channel = policy.channelOf(first.finding);
  return {
    kind: "problems",
    key: `${run.id}/${run.attempt}/${first.finding.severity}/${channel}/${policy.digest(newsText(items))}`,
    severity: first.finding.severity,
    channel,
    opened: of("opened"),
    worse: of("worse"),
    again: of("again"),
    mentions: [...new Set(items.flatMap(({ finding }) => policy.mentionsOf(finding)))],
  };
}

/** What tells one message of a run from another to the same channel. */
function newsText(items: readonly { finding: Finding; news: News }[]): string {
  return items
    .map(({ finding, news }) => `${news} ${fingerprintOf(finding)}`)
    .sort()
    .join("\n");
}

/**
 * Recovered only where the same node ran and passed: skipped, not selected and disabled tell nothing. What went wrong
 * with the run itself is over with the first run that gets something done without it;
 * where another one has taken its place, it closes without a word.
 */
function recoveries(
  verdict: Verdict,
  ledger: Ledger | null,
  run: Run,
  { digest }: Pick<AlertPolicy, "digest">,
): readonly Alert[] {
  const passed = new Set(verdict.passed);
  const found = new Set(verdict.findings.map(fingerprintOf));
  const isOver = ({ fingerprint }: LedgerEntry) =>
    runTroubleOf(fingerprint) === null
      ? passed.has(nameOfFingerprint(fingerprint))
      : passed.size > 0 && !found.has(fingerprint) && !isReplaced(fingerprint, verdict.findings);
  return (ledger?.entries ?? []).filter(isOver).flatMap((entry) =>
    entry.thread === null
      ? []
      : {
          kind: "recovered",
          key: `${run.id}/${run.attempt}/recovered/${nameOfFingerprint(entry.fingerprint)}/${digest(entry.fingerprint)}`,
          entry,
          channel: entry.thread.channel,
        },
  );
}
