import type { Manifest } from "../artifacts/manifest.ts";
import type { Purpose } from "../run/purpose.ts";
import type { IndirectSelection } from "./evaluate.ts";
import type { NewerSource } from "./newer-data.ts";
import type { ResourceTypes } from "./resource-types.ts";

/** Where a baseline came from, as the log and plan.json tell it. */
export interface Origin {
  readonly kind: "path" | "bundle" | "worktree";
  readonly where: string;
  /** Commits between the one that was wanted and the one that was found; null: none was wanted, or it is of no known commit. */
  readonly distance: number | null;
  readonly commit: string | null;
  /** ISO time at which the manifest was made. */
  readonly createdAt: string | null;
}

export interface Baseline {
  readonly manifest: Manifest;
  /** Absolute folder that holds manifest.json, for dbt's --state. */
  readonly dir: string;
  readonly origin: Origin;
  /** Of a bundle: its manifest is not the one that was published, but of the same commit by today's dbt. Else absent. */
  readonly isParsedAgain?: true;
}

/** selection: what the change is compared with. deferral: what unselected parents are read from. */
export interface Baselines {
  readonly selection: Baseline | null;
  readonly deferral: Baseline | null;
}

export type Reason =
  | { readonly kind: "new" | "body" | "relation" | "description" | "contract" | "moved" | "checksum" }
  | { readonly kind: "config"; readonly keys: readonly string[] }
  | { readonly kind: "macro"; readonly macro: string; readonly path: string }
  | { readonly kind: "downstream"; readonly of: string }
  | { readonly kind: "missing-in-production" }
  /** Production is not read in this run, so that parents are built too. */
  | { readonly kind: "nothing-deferred" };

export interface PlannedNode {
  readonly id: string;
  readonly type: string;
  readonly path: string;
  readonly reasons: readonly Reason[];
}

/** A row of plan.json. */
export interface PlacedNode extends PlannedNode {
  /** Where it is written: `analytics.ci_feature_1a2b3c.orders`; null: nowhere, or not known. */
  readonly relation: string | null;
}

/** How long a plan takes, by a run that built its nodes before. */
export interface Estimate {
  /** From dbt's start to the last node's end; of files alone (`--manifest`) from the first node's start. */
  readonly seconds: number;
  /** As many nodes at once as that run had. */
  readonly threads: number;
  /** Nodes that it did not build: they count as the usual node of their type. */
  readonly untimed: number;
}

/** What is to be built, and how dbt is told so. */
export type Plan =
  | { readonly kind: "everything"; readonly why: "mode" | "no-baseline"; readonly warnings: readonly string[] }
  | { readonly kind: "nothing"; readonly warnings: readonly string[] }
  | {
      readonly kind: "selected";
      /** Sorted by id. */
      readonly nodes: readonly PlannedNode[];
      /** dbt's --select: the user's own, and promoted nodes behind it. */
      readonly select: readonly string[];
      readonly exclude: readonly string[];
      readonly defer: boolean;
      readonly promoted: readonly string[];
      /** null: nothing tells how long its nodes take. */
      readonly estimate: Estimate | null;
      readonly warnings: readonly string[];
    };

export interface DbtSelection {
  readonly select: readonly string[];
  readonly exclude: readonly string[];
  /** null: the project's own. */
  readonly indirectSelection: string | null;
  readonly state: string | null;
  readonly deferState: string | null;
}

/** plan.json and `plan --json`. */
export interface PlanResult {
  readonly schema: 1;
  /** What the plan is for: `build` and `state publish` refuse another mode, target or commit. */
  readonly mode: Purpose["mode"];
  readonly target: Purpose["target"];
  readonly commit: Purpose["commit"];
  /**
   * What dbt is told beside the selector, also where everything is built: a build in another step has other variables, and
   * nothing is built that was not placed.
   */
  readonly choosing: {
    readonly exclude: readonly string[];
    readonly indirectSelection: IndirectSelection | null;
    readonly resourceTypes: ResourceTypes;
  };
  readonly kind: Plan["kind"];
  readonly ids: readonly string[];
  readonly nodes: readonly PlacedNode[];
  readonly baselines: { readonly selection: Origin | null; readonly deferral: Origin | null };
  readonly defer: boolean;
  readonly promoted: readonly string[];
  readonly estimate: Estimate | null;
  /** What `build` hands to dbt; null for everything and nothing. Folders are absolute. */
  readonly dbt: DbtSelection | null;
  /** Sources with newer rows than the baseline's, where the selector asks for them. */
  readonly newer?: readonly NewerSource[] | undefined;
  /** null: decided by signalbox itself; else why dbt was asked. */
  readonly delegatedToDbt: string | null;
  readonly warnings: readonly string[];
}
