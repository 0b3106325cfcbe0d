import type { Finding } from "../severity/verdict.ts";

/** One open problem that people have been told of. */
export interface LedgerEntry {
  /** `v1:` and dbt's unique_id; `v1:run:<what>:<failure class>` for a finding about the run. */
  readonly fingerprint: string;
  readonly severity: "error" | "warn";
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly runs: number;
  readonly notifiedAt: string;
  readonly thread: { readonly channel: string; readonly ts: string } | null;
}

/** What has been told so far in one scope: repository, dbt project and target. */
export interface Ledger {
  readonly scope: string;
  readonly lastRun: string | null;
  readonly entries: readonly LedgerEntry[];
  readonly board: { readonly week: string; readonly channel: string; readonly ts: string } | null;
  /** Posts whose outcome nobody knows: they are looked for before what they told is told again. */
  readonly unsettled: readonly UnsettledPost[];
}

/** A message that Slack may have taken without our getting its answer. */
export interface UnsettledPost {
  /** The alert's key, which went along as metadata. */
  readonly key: string;
  readonly channel: string;
  /** ISO time by the clock of the machine that posted: from when on to look. */
  readonly since: string;
  /** ISO time of the run, as the ledger's entries have it. */
  readonly at: string;
  /** True where it went without the key: nobody can look for it. */
  readonly isKeyless?: true | undefined;
  /** What it told; `severity: null` is a recovery. */
  readonly told: readonly { readonly fingerprint: string; readonly severity: "error" | "warn" | null }[];
}

export interface BoardRow {
  readonly finding: Finding;
  readonly entry: LedgerEntry | null;
}

/** Something that people have to know. `key` is the same for the same thing in the same run. */
export type Alert =
  | {
      readonly kind: "problems";
      readonly key: string;
      readonly severity: "error" | "warn";
      readonly channel: string;
      readonly opened: readonly Finding[];
      readonly worse: readonly Finding[];
      readonly again: readonly Finding[];
      /** Slack ids that have passed `^[US][A-Z0-9]{8,}$`. */
      readonly mentions: readonly string[];
    }
  | { readonly kind: "recovered"; readonly key: string; readonly entry: LedgerEntry; readonly channel: string }
  | {
      readonly kind: "board";
      readonly key: string;
      readonly channel: string;
      readonly week: string;
      readonly rows: readonly BoardRow[];
      readonly ts: string | null;
    }
  | {
      readonly kind: "overdue";
      readonly key: string;
      readonly channel: string;
      readonly rows: readonly BoardRow[];
      readonly mentions: readonly string[];
    };

/** What became of an alert. Only a delivery is ever recorded in the ledger. */
export type Delivery =
  | {
      readonly key: string;
      readonly result: "sent" | "updated" | "already-there";
      readonly channel: string;
      readonly ts: string;
      /** In words, how it differs from what was meant: as plain text, in the fallback channel, …; absent: in nothing. */
      readonly ways?: readonly string[];
    }
  | {
      readonly key: string;
      readonly result: "failed";
      readonly code: string;
      readonly hint: string;
      /** Present where it may have arrived all the same: the channel, and the ISO time of this machine at the post. */
      readonly mayBeIn?: { readonly channel: string; readonly since: string; readonly isKeyless?: true };
    };

/** alerts.json and `notify --json`. */
export interface NotifyResult {
  readonly schema: 1;
  readonly alerts: readonly {
    readonly kind: Alert["kind"];
    readonly key: string;
    readonly channel: string;
    readonly findings: readonly string[];
  }[];
  readonly deliveries: readonly Delivery[];
  readonly ledger: { readonly from: string; readonly open: number };
  readonly muted: number;
}
