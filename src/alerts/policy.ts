import type { Finding } from "../severity/verdict.ts";
import type { ExpiredMute } from "./alert.ts";
import type { Zone } from "./zone.ts";

/** What settings and the run say about telling people. */
export interface AlertPolicy {
  /** The Slack channel of a finding, by routes and its severity. */
  readonly channelOf: (finding: Finding) => string;
  /** The channels without a route: for what is about no finding, and for the board that lists everything. */
  readonly errorChannel: string;
  readonly warnChannel: string;
  /** Slack ids of a finding's owner; only such as have been checked. */
  readonly mentionsOf: (finding: Finding) => readonly string[];
  /** What messages call a finding: `orders.customer_id · not_null test`. */
  readonly nameOf: (finding: Pick<Finding, "subject" | "status">) => string;
  /** A short hash of a text and of the scope: two projects of one CI run may tell the same channel. */
  readonly digest: (text: string) => string;
  readonly zone: Zone;
  /** When the daily message is due, in minutes since midnight in the zone. */
  readonly dailyAtMinutes: number;
  /** Where errors that still fail are told once a day: in the channel, under their own message, or nowhere. */
  readonly repeat: "channel" | "thread" | "off";
  /** How long a warning may stay. */
  readonly warnSlaSeconds: number;
  /** Runs that have to find a warning or a transient failure before it is told. */
  readonly alertAfter: number;
  readonly expired: readonly ExpiredMute[];
  /** Whether the main board keeps the ledger: then it is saved by an edit of it in each run. */
  readonly isLedgerOnBoard: boolean;
}
