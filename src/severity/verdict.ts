import type { ResultsSource, Trouble } from "../artifacts/dbt-run.ts";
import type { Cost } from "./amounts.ts";

/**
 * `throttled`: the warehouse refused to begin (quota, rate, concurrency); `stopped`: by --node-timeout, or dbt was killed.
 */
export const FAILURE_CLASSES = [
  "data",
  "code",
  "transient",
  "throttled",
  "stopped",
  "infrastructure",
  "deferred-relation-missing",
  "unknown",
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/**
 * What a finding about the run itself is about; `warehouse`: one cause of several nodes' failures; `budget`: it took more
 * than it may; `project`: what dbt warns about in its code that is no node's.
 */
export const RUN_SUBJECTS = ["dbt-failed", "artifacts", "queue-timeout", "warehouse", "budget", "project"] as const;
export type RunSubject = (typeof RUN_SUBJECTS)[number];

export type Subject =
  | {
      readonly kind: "node";
      readonly id: string;
      readonly name: string;
      /** The model, seed, snapshot or source that a test guards. */
      readonly attachedTo: string | null;
      readonly column: string | null;
      /** From the project's folder, with `/`; null where the folder of its package is not known. */
      readonly path: string | null;
      readonly line: number | null;
      /** The compiled code, from the project's folder; outside of the repository absolute. null where there is none. */
      readonly compiled: string | null;
      readonly owner: string | null;
      /** The Slack id that the owner's group gives (`slack: S0123ABCD`), as it stands there: nobody has checked it. */
      readonly ownerSlack: string | null;
      /** Its own and those of the node that it guards. */
      readonly tags: readonly string[];
      /** dbt's group: its own, else that of the node that it guards. */
      readonly group: string | null;
      /** A generic test's own name, such as not_null. */
      readonly test: string | null;
      /** dbt's resource type: test, unit_test, model, source, …; null where the manifest does not know the id. */
      readonly type: string | null;
      /** `meta.alert_key`: what makes a problem the same one, where people say it themselves. */
      readonly alertKey: string | null;
    }
  | { readonly kind: "run"; readonly what: RunSubject }
  | ToolSubject;

/** A place in a file that another tool remarks on, such as sqlfluff. */
export interface ToolSubject {
  readonly kind: "tool";
  /** As `findings` in signalbox.yml names it. */
  readonly tool: string;
  /** The tool's own name for what is wrong, such as LT01; null: the tool itself failed. */
  readonly rule: string | null;
  /** From the project's folder, with `/`; null where the tool itself failed. */
  readonly path: string | null;
  /** null: the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  /** The node whose file it is; null: it is no node's, or that of several. */
  readonly id: string | null;
  /** The node's name, else the file's. */
  readonly name: string;
  readonly owner: string | null;
  readonly ownerSlack: string | null;
  readonly tags: readonly string[];
  readonly group: string | null;
  /** dbt's resource type of the node; null without one. */
  readonly type: string | null;
}

/** One problem, with everything it caused. */
export interface Finding {
  readonly subject: Subject;
  readonly severity: "error" | "warn";
  readonly failureClass: FailureClass;
  /** dbt's own status, or the word for a finding about the run. */
  readonly status: string;
  readonly message: string;
  readonly failures: number | null;
  /** Such as `warn if > 10, error if > 100`. */
  readonly threshold: string | null;
  /** Ids of the nodes that it kept from running, sorted. */
  readonly skipped: readonly string[];
  readonly muted: { readonly until: string; readonly reason: string } | null;
  /** Against the verdict in the baseline's bundle; null where there was none. */
  readonly isNew: boolean | null;
  /** Where dbt says that it is, in the project's files; absent: it does not. */
  readonly places?: readonly FindingPlace[] | undefined;
  /** Of a finding about the warehouse, each node's own; absent otherwise. */
  readonly nodes?: readonly Finding[] | undefined;
  /** What the last runs of production tell of its node; absent: nothing worth a word, or nobody remembers. */
  readonly history?: readonly HistoryNote[] | undefined;
}

/**
 * What records of runs tell of one node. `on`: the branch whose runs these were; null where this run is one of them, and
 * counted.
 */
export type HistoryNote =
  | {
      readonly kind: "flaky";
      readonly on: string | null;
      /** Runs that it failed (or warned) in, of those that it had a result in. */
      readonly failed: number;
      readonly runs: number;
      /** Failures that passed when the same commit was run again. */
      readonly passedAgain: number;
      /** `warehouse`: the warehouse or the network failed it, not its data or code. */
      readonly fault: "own" | "warehouse";
    }
  /** Counts of failures, oldest first; at least three. */
  | { readonly kind: "growing"; readonly counts: readonly number[] }
  | {
      readonly kind: "failing";
      readonly on: string | null;
      /** In a row, up to now. */
      readonly runs: number;
      /** The first of them that is known. */
      readonly first: { readonly at: string; readonly commit: string };
      /** Whether the known run before the first was well: then it has failed since, and not for longer. */
      readonly isSince: boolean;
    }
  | { readonly kind: "slow"; readonly seconds: number; readonly medianSeconds: number };

export interface FindingPlace {
  /** From the project's folder, with `/`. */
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  /** What dbt says of it. */
  readonly message: string;
}

/** What the reports show of any node that has a row in dbt's results, or was held back. */
export interface NodeFacts {
  readonly name: string;
  /** dbt's resource type; null where the manifest does not know the id. */
  readonly type: string | null;
  readonly package: string;
  /** From the project's folder, with `/`; null where the folder of its package is not known. */
  readonly path: string | null;
  readonly fqn: readonly string[];
  readonly attachedTo: string | null;
  readonly column: string | null;
  /** A generic test's own name, such as not_null. */
  readonly test: string | null;
  readonly alertKey: string | null;
  readonly seconds: number;
  readonly startedAt: string | null;
}

/** The one value from which log, JUnit, summary, annotations, page, Slack and exit code are rendered. */
export interface Verdict {
  readonly level: "error" | "warn" | "pass" | "nothing";
  /** Errors first, then warnings; within each by weight (skipped nodes, then failures), then id. */
  readonly findings: readonly Finding[];
  readonly passed: readonly string[];
  /** Skipped without a cause, or a failure that a rule ignores: neither passed nor failed. */
  readonly neutral: readonly string[];
  /** By id, every node that has a row in dbt's results, and what was held back behind a stale source. */
  readonly nodes: Readonly<Record<string, NodeFacts>>;
  /** The alert_keys of nodes that dbt may not have come to: it was stopped, or stopped at the first failure. */
  readonly unknownKeys?: readonly string[] | undefined;
  /** Every id in the manifest: tells "removed" from "not run". */
  readonly known: readonly string[];
  /** Every id that the project has and disables. */
  readonly disabled: readonly string[];
  readonly dbt: {
    readonly version: string | null;
    readonly commands: readonly string[];
    readonly exitCodes: readonly (number | null)[];
  };
  /** One command line that shows the errors again; null without any. */
  readonly reproduce: string | null;
  /** What was started a second time, and what that replaced; absent or null: nothing. */
  readonly retried?: Retried | null | undefined;
  /** What it took; absent: dbt has left no results of it. */
  readonly cost?: Cost | undefined;
  /** What became of each tool of `findings`; absent: none was to be started. */
  readonly tools?: readonly ToolFacts[] | undefined;
}

/** A tool whose findings are in the verdict. */
export interface ToolFacts {
  readonly tool: string;
  readonly state: "ran" | "not-started" | "failed";
  /** Why it was not started, or how it failed. */
  readonly why: string | null;
  /** Changed files that it looked at. */
  readonly files: number;
  /** Changed files that were handed to it, and that its report does not name. */
  readonly filesLeftOut: number;
  /** On changed lines; more than the findings where rules ignore some, or where there are too many. */
  readonly found: number;
  /** On lines that this branch did not change: they are no findings. */
  readonly elsewhere: number;
  /** Findings that are too many to be kept, the mildest ones. */
  readonly cut: number;
  readonly seconds: number;
}

/** Second starts of a build. */
export interface Retried {
  /** In the order of time. */
  readonly starts: readonly SecondStartFacts[];
  /** By id, what came of a node before it was built again, oldest first: it failed each time. */
  readonly nodes: Readonly<Record<string, readonly EarlierTry[]>>;
}

export interface SecondStartFacts {
  /** ISO time. */
  readonly startedAt: string;
  readonly seconds: number;
  /** Before it. */
  readonly pauseSeconds: number;
  /** null: not known. */
  readonly threads: number | null;
  readonly exitCode: number | null;
  readonly trouble: Trouble;
  /** How many nodes were to be built again; null: all. */
  readonly nodes: number | null;
  /** `3 nodes: BigQuery rate limit`. */
  readonly why: string;
}

export interface EarlierTry {
  readonly status: string;
  readonly failureClass: FailureClass;
  readonly message: string;
  /** `BigQuery rate limit`; null where nothing short says it. */
  readonly words: string | null;
  readonly seconds: number;
}

/** verdict.json and `report --json`. */
export interface VerdictResult extends Verdict {
  readonly schema: 1;
  readonly counts: Counts;
  readonly sources: readonly JudgedSource[];
}

/** A results file that was judged. */
export interface JudgedSource extends ResultsSource {
  /** At the time of the report; null where the file does not say when it was written. */
  readonly ageSeconds: number | null;
  /** Ids of sources with freshness thresholds that a freshness run has no row of, unless dbt ended with 0. Sorted. */
  readonly withoutRow: readonly string[];
}

export interface Counts {
  readonly error: number;
  readonly warn: number;
  readonly skipped: number;
  readonly passed: number;
  readonly muted: number;
}

/** How a whole run ended. */
export type Outcome =
  | { readonly kind: "verdict"; readonly verdict: Verdict }
  | { readonly kind: "superseded" }
  /** A plan that holds nothing, of a check or of a selection of what has newer data: nothing was built. */
  | { readonly kind: "nothing" }
  | { readonly kind: "failed"; readonly finding: Finding };
