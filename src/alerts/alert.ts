import type { Finding } from "../severity/verdict.ts";
import type { MessageRef } from "./ledger.ts";

/** What is new about a problem, so that it is told. */
export type News = "opened" | "worse" | "better" | "again" | "recovered" | "removed" | "flapping" | "overdue";

/** A problem as a message tells it. All times are ISO times. */
export interface AlertItem {
  readonly fingerprint: string;
  /** `orders.customer_id · not_null test`: the same in every message about it; null where nobody remembers. */
  readonly name: string | null;
  /** How bad it is, or was when it was found last. */
  readonly severity: "error" | "warn";
  /** `removed`: gone from the project. `disabled`: still there, and switched off. */
  readonly state: "open" | "recovered" | "removed" | "disabled";
  /** null: nothing is new; it is listed because the message lists all. */
  readonly news: News | null;
  /** As this run found it; null where it did not: it passed, was not run, or is gone. */
  readonly finding: Finding | null;
  /** The first run that found it; null without a ledger, as nobody knows. */
  readonly firstSeen: string | null;
  /** The last run that found it; null without a ledger. */
  readonly lastSeen: string | null;
  /** Runs that have found it, this one included; null without a ledger. */
  readonly runs: number | null;
  /** When it passed or was gone; null while it is open. */
  readonly endedAt: string | null;
  readonly owner: string | null;
  /** The message that told it before, to link to: of a warning that is an error now, the board. null: there is none. */
  readonly parent: MessageRef | null;
  readonly isMuted: boolean;
  readonly isFlapping: boolean;
  /** Of a warning: when it is overdue; null for errors, and without a ledger. */
  readonly dueAt: string | null;
}

/** Where a message stands in its channel. */
export type Address =
  /** At the top: the only one that people's phones tell of. */
  | { readonly kind: "channel" }
  /** An answer to the message `ts`. */
  | { readonly kind: "thread"; readonly ts: string }
  /** In place of what the message `ts` says now. */
  | { readonly kind: "edit"; readonly ts: string };

interface Common {
  /** The same for the same thing in the same run. */
  readonly key: string;
  readonly channel: string;
  readonly address: Address;
  readonly items: readonly AlertItem[];
  /** Slack ids that have passed `^[US][A-Z0-9]{8,}$`. */
  readonly mentions: readonly string[];
}

/**
 * New errors of a run (at the top of the error channel), or new warnings (an answer to the board; at the top where there is
 * no ledger). As an edit: the same message with what has become of each item since.
 */
export interface ProblemsAlert extends Common {
  readonly kind: "problems";
  readonly severity: "error" | "warn";
  /** As in the daily message, which it stands for. */
  readonly secondStartDays?: number;
}

/** Once a day: all errors that still fail, with age and number of runs. Without items it tells of second starts alone. */
export interface DailyAlert extends Common {
  readonly kind: "daily";
  /** On so many days in a row builds needed second starts; absent: not, or not for long. */
  readonly secondStartDays?: number;
}

/** Answers to the message that told the problems: they are over, gone from the project, or only warnings now. */
export interface ChangeAlert extends Common {
  readonly kind: "recovered" | "removed" | "downgraded";
}

/** Problems that come and go: one line when it begins, one when it has stopped. */
export interface FlappingAlert extends Common {
  readonly kind: "flapping";
  readonly phase: "start" | "end";
}

/** All open problems of a week: posted on Monday, edited from then on. */
export interface BoardAlert extends Common {
  readonly kind: "board";
  /** `quiet`: all of its problems are over. `closed`: the next week has begun. */
  readonly state: "open" | "quiet" | "closed";
  /** ISO week: `2026-W48`. */
  readonly week: string;
  /** Of the channel's warnings; `carried`: open now, or when the week ended. */
  readonly score: { readonly opened: number; readonly fixed: number; readonly carried: number };
  /** Mutes that have ended and that signalbox.yml still holds. */
  readonly expired: readonly ExpiredMute[];
}

/** One day before their deadline: the owners of warnings are mentioned once more, in the board's thread. */
export interface ReminderAlert extends Common {
  readonly kind: "reminder";
}

/** Warnings past their deadline, in the error channel, every three days. */
export interface OverdueAlert extends Common {
  readonly kind: "overdue";
  readonly slaSeconds: number;
}

/** The first run after a longer pause than usual. */
export interface GapAlert extends Common {
  readonly kind: "gap";
  /** ISO time of the last run before. */
  readonly lastRun: string;
  readonly pauseSeconds: number;
  readonly usualSeconds: number;
  /** Runs that should have come meanwhile. */
  readonly missed: number;
}

/** Mutes that have ended: what they silenced is told again. */
export interface ExpiredAlert extends Common {
  readonly kind: "expired";
  readonly expired: readonly ExpiredMute[];
}

/** A rule of signalbox.yml whose last day is over. */
export interface ExpiredMute {
  /** Stays the same while the rule does. */
  readonly id: string;
  /** What it is for: `name: not_null_orders_*`. */
  readonly match: string;
  /** Its last day: `2026-12-15`. */
  readonly until: string;
  readonly reason: string;
}

/** Something that people have to know. */
export type Alert =
  | ProblemsAlert
  | DailyAlert
  | ChangeAlert
  | FlappingAlert
  | BoardAlert
  | ReminderAlert
  | OverdueAlert
  | GapAlert
  | ExpiredAlert;

/** What became of an alert. Only a delivery is ever recorded in the ledger. */
export type Delivery =
  | {
      readonly key: string;
      /** `left`: an edit that Slack refuses for good: the message stays as it is, or is gone. */
      readonly result: "sent" | "updated" | "already-there" | "left";
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
    /** dbt's ids, or `run:<what>:<failure class>`. */
    readonly findings: readonly string[];
    /** By finding: why it is told; what is only listed has none. */
    readonly news: Readonly<Record<string, News>>;
  }[];
  readonly deliveries: readonly Delivery[];
  readonly ledger: { readonly from: string; readonly open: number };
  readonly muted: number;
}
