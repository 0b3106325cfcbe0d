import type { Run } from "../../run/run.ts";
import type { VerdictResult } from "../../severity/verdict.ts";
import type { Summary } from "../markdown.ts";
import type { AffectedNode } from "./affected.ts";

/** What report.html is made from: the summary's values, and what lies behind the findings. */
export interface ReportPage extends Summary {
  readonly verdict: VerdictResult | null;
  /** dbt's project. */
  readonly project: string;
  /** null: a report on a dbt that something else started. */
  readonly run: Pick<Run, "url" | "ref" | "commit" | "pullRequest"> | null;
  /** ISO time. */
  readonly writtenAt: string;
  readonly evidence: Evidence;
  /** By fingerprint, when an open problem was found first, in ISO time; absent: nobody remembers. */
  readonly firstSeen?: Readonly<Record<string, string>>;
}

/** What dbt left besides its results. */
export interface Evidence {
  /** By id of the node: its compiled code, or the beginning of it. */
  readonly compiled: Readonly<Record<string, CompiledCode>>;
  /** By id of a test: the relation that holds its failures, as dbt writes it in SQL. */
  readonly failuresIn: Readonly<Record<string, string>>;
  /** A row for each source whose freshness was looked at. */
  readonly freshness: readonly FreshnessRow[];
  /** The nodes that one waited for after the other, the last one to end behind the others: what the run took. */
  readonly longestChain: readonly string[];
  readonly affected: readonly AffectedNode[];
  /** By id, what a node took in the build of the baseline, of a deploy in that of the newest bundle; as far as it is known. */
  readonly usualSeconds: Readonly<Record<string, number>>;
}

export interface CompiledCode {
  readonly text: string;
  /** Of the whole file. */
  readonly bytes: number;
  /** False: the text is its beginning. */
  readonly isWhole: boolean;
}

export interface FreshnessRow {
  readonly id: string;
  /** dbt's own word. */
  readonly status: string;
  /** `loaded 3 h ago; warn after 24 h`. */
  readonly message: string;
}

export const NO_EVIDENCE: Evidence = {
  compiled: {},
  failuresIn: {},
  freshness: [],
  longestChain: [],
  affected: [],
  usualSeconds: {},
};
