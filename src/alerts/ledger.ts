/** A message in Slack. */
export interface MessageRef {
  readonly channel: string;
  /** Slack's time of it, which is its id: `1764000000.000001`. */
  readonly ts: string;
}

/** What people believe of a problem, by the last message that reached them: how bad it is, or that it is over. */
export type ToldAs = "error" | "warn" | "recovered" | "removed";

/** What is remembered of one problem. All times are ISO times. */
export interface LedgerEntry {
  /** `v1:` and dbt's unique_id; `v1:run:<what>:<failure class>` for a finding about the run. */
  readonly fingerprint: string;
  /** `orders.customer_id · not_null test`, as messages name it; null where nobody remembers. */
  readonly name: string | null;
  /** What a test guards and how, so that a changed argument keeps its age; null for what is no generic test. */
  readonly secondKey: string | null;
  readonly state: "open" | "recovered" | "removed";
  /** When the state began. */
  readonly since: string;
  /** How bad it was when it was found last. */
  readonly severity: "error" | "warn";
  /** The run that found it first, since it was fine last. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Runs that have found it since then. */
  readonly runs: number;
  /** null: nobody has been told yet. */
  readonly told: ToldAs | null;
  /** When people were told last, other than by an edit. */
  readonly notifiedAt: string | null;
  /** The message that told it, under which its answers stand. */
  readonly thread: MessageRef | null;
  /** When it began or stopped to fail, within the last 24 hours. */
  readonly changes: readonly string[];
  /** True from the message that says so until the one that says that it has stopped. */
  readonly isFlapping: boolean;
  readonly isMuted: boolean;
  /** Of a warning: from when on its deadline counts; it moves by what the test was muted or skipped. */
  readonly clockFrom: string | null;
  /** When its owner was reminded of the deadline. */
  readonly remindedAt: string | null;
  readonly overdueToldAt: string | null;
}

/** The board of one week in one channel. */
export interface BoardState extends MessageRef {
  /** ISO week: `2026-W48`. */
  readonly week: string;
  /** The channel's warnings that have opened, and that were fixed, since the board was posted. */
  readonly opened: number;
  readonly fixed: number;
  /** True once it has its score: a new one is posted when something is open. */
  readonly isClosed: boolean;
}

/** What has been told so far in one scope: repository, dbt project and target. */
export interface Ledger {
  readonly scope: string;
  readonly lastRun: string | null;
  /** Times of the last runs, oldest first: they tell how often runs come. */
  readonly recentRuns: readonly string[];
  /** Longer pauses of the last days, which may belong to the schedule: nights, weekends. */
  readonly pauses: readonly { readonly from: string; readonly to: string }[];
  readonly entries: readonly LedgerEntry[];
  readonly boards: readonly BoardState[];
  /** When the last daily message was due and decided on. */
  readonly dailyAt: string | null;
  /** Builds that needed second starts; null: none of late. */
  readonly secondStarts: SecondStartDays | null;
  /** Who has been mentioned on this day, in the time zone of messages. */
  readonly mentioned: { readonly day: string; readonly ids: readonly string[] } | null;
  /** The expired mutes that people know of. */
  readonly expiredTold: readonly string[];
  /** Posts whose outcome nobody knows: they are looked for before what they told is told again. */
  readonly unsettled: readonly UnsettledPost[];
}

/** On how many days in a row, and the last of them (`2026-11-30`, in the time zone of messages). */
export interface SecondStartDays {
  readonly day: string;
  readonly days: number;
}

/** A message that Slack may have taken without our getting its answer. */
export interface UnsettledPost {
  /** The alert's key, which went along as metadata. */
  readonly key: string;
  readonly channel: string;
  /** The message that it answers; null: it stands in the channel. */
  readonly thread: string | null;
  /** ISO time by the clock of the machine that posted: from when on to look. */
  readonly since: string;
  /** ISO time of the run, as the ledger's entries have it. */
  readonly at: string;
  /** True where it went without the key: nobody can look for it. */
  readonly isKeyless?: true | undefined;
  /** Of a new board: its ISO week. */
  readonly week: string | null;
  /** What it told; `severity: null`: that it is over; `overdue`: that a warning is past its deadline. */
  readonly told: readonly { readonly fingerprint: string; readonly severity: "error" | "warn" | "overdue" | null }[];
}

/** An open problem that was found at `at` for the first time, and that nobody has been told of. */
export function freshEntry(fingerprint: string, severity: LedgerEntry["severity"], at: string): LedgerEntry {
  return {
    fingerprint,
    name: null,
    secondKey: null,
    state: "open",
    since: at,
    severity,
    firstSeen: at,
    lastSeen: at,
    runs: 1,
    told: null,
    notifiedAt: null,
    thread: null,
    changes: [],
    isFlapping: false,
    isMuted: false,
    clockFrom: severity === "warn" ? at : null,
    remindedAt: null,
    overdueToldAt: null,
  };
}

export function emptyLedger(scope: string): Ledger {
  return {
    scope,
    lastRun: null,
    recentRuns: [],
    pauses: [],
    entries: [],
    boards: [],
    dailyAt: null,
    secondStarts: null,
    mentioned: null,
    expiredTold: [],
    unsettled: [],
  };
}
