import type { Run } from "../run/run.ts";
import type { Finding, Verdict } from "../severity/verdict.ts";
import type { Alert, AlertItem, News } from "./alert.ts";
import { fingerprintOf, isReplaced, nameOfFingerprint, runTroubleOf } from "./fingerprint.ts";
import type { Ledger, LedgerEntry } from "./ledger.ts";
import { maybeRecovered } from "./unsettled.ts";

export interface AlertPolicy {
  /** The Slack channel of a finding. */
  readonly channelOf: (finding: Finding) => string;
  /** Slack ids to mention for a finding; only such as have been checked. */
  readonly mentionsOf: (finding: Finding) => readonly string[];
  /** What messages call a finding: `orders.customer_id · not_null test`. */
  readonly nameOf: (finding: Finding) => string;
  /** A short hash of a text and of the scope: two projects of one CI run may tell the same channel. */
  readonly digest: (text: string) => string;
  /** How long a problem that still fails is not told again. */
  readonly repeatSeconds: number;
}

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
    .flatMap((finding): readonly Named[] => {
      const entry = entries.get(fingerprintOf(finding));
      const news = newsOf(finding, entry, policy, now);
      return news === null ? [] : [{ finding, news, entry }];
    });

  const groups = new Map<string, Named[]>();
  for (const item of told) {
    const key = `${item.finding.severity} ${policy.channelOf(item.finding)}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  const at = ledger === null ? null : new Date(now).toISOString();
  const problems = [...groups.values()].map((items) => problemsAlert(items, run, policy, at));
  return [...problems, ...recoveries(verdict, ledger, run, policy, now)];
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
  return Math.abs(now - Date.parse(entry.notifiedAt ?? "")) < policy.repeatSeconds * 1000 ? null : "again";
}

/** A finding that is told, and what the ledger knows of it. */
interface Named {
  readonly finding: Finding;
  readonly news: News;
  readonly entry: LedgerEntry | undefined;
}

function problemsAlert(items: readonly Named[], run: Run, policy: AlertPolicy, at: string | null): Alert {
  const [first] = items;
  if (first === undefined) throw new Error("an alert without findings");
  const { severity } = first.finding;
  const channel = policy.channelOf(first.finding);
  return {
    kind: "problems",
    key: `${run.id}/${run.attempt}/${severity}/${channel}/${policy.digest(newsText(items))}`,
    severity,
    channel,
    address: { kind: "channel" },
    items: items.map(({ finding, news, entry }) => ({
      fingerprint: fingerprintOf(finding),
      name: policy.nameOf(finding),
      severity,
      state: "open",
      news,
      finding,
      firstSeen: entry?.firstSeen ?? at,
      lastSeen: at,
      runs: at === null ? null : (entry?.runs ?? 0) + 1,
      endedAt: null,
      owner: finding.subject.kind === "node" ? finding.subject.owner : null,
      parent: entry?.thread ?? null,
      isMuted: false,
      isFlapping: false,
      dueAt: null,
    })),
    mentions: [...new Set(items.flatMap(({ finding }) => policy.mentionsOf(finding)))],
  };
}

/** What tells one message of a run from another to the same channel. */
function newsText(items: readonly Named[]): string {
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
  now: number,
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
          channel: entry.thread.channel,
          address: { kind: "channel" },
          items: [recoveredItem(entry, new Date(now).toISOString())],
          mentions: [],
        },
  );
}

function recoveredItem(entry: LedgerEntry, endedAt: string): AlertItem {
  const { fingerprint, name, severity, firstSeen, lastSeen, runs, thread } = entry;
  return {
    fingerprint,
    name,
    severity,
    state: "recovered",
    news: "recovered",
    finding: null,
    firstSeen,
    lastSeen,
    runs,
    endedAt,
    owner: null,
    parent: thread,
    isMuted: false,
    isFlapping: false,
    dueAt: null,
  };
}
