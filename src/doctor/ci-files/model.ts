import type { Ci } from "../../init/facts.ts";

/** A workflow of either CI, as far as doctor reads it off its file. All names are text from outside. */
export interface Workflow {
  readonly ci: Ci;
  /** The file, from the top of the repository. */
  readonly path: string;
  /** GitHub: `name:`, CircleCI: the workflow's name. */
  readonly name: string | null;
  readonly triggers: readonly WorkflowTrigger[];
  readonly jobs: readonly Job[];
  readonly lock: NativeLock | null;
}

export interface WorkflowTrigger {
  /** GitHub's name of the event; CircleCI: push or schedule. */
  readonly event: string;
  /** Branches that it is for; null: all of them. */
  readonly branches: readonly string[] | null;
  readonly ignored: readonly string[];
  /** A push of tags and of no branches. */
  readonly isTagsOnly: boolean;
}

export interface Job {
  readonly name: string;
  /** Names of jobs of the same workflow that have to end before. */
  readonly needs: readonly string[];
  readonly steps: readonly CiStep[];
  /** GitHub's permissions of the job's token: null where the file does not say. */
  readonly permissions: Permissions | null;
  readonly lock: NativeLock | null;
  /** CircleCI: the contexts that hand it secrets. */
  readonly contexts: readonly string[];
  /** CircleCI: the branches that it runs on. */
  readonly branches: Pick<WorkflowTrigger, "branches" | "ignored">;
}

/** By name, such as `actions`; "*" for all that is not named. */
export type Permissions = Readonly<Record<string, "none" | "read" | "write">>;

export type CiStep =
  | { readonly kind: "dbt"; readonly command: string }
  | SignalboxStep
  /** actions/checkout; null: the whole history. */
  | { readonly kind: "checkout"; readonly depth: number | null };

export interface SignalboxStep {
  readonly kind: "signalbox";
  /** `ci`, `queue`, `report` and so on. */
  readonly command: string;
  /** Whether it waits for its turn. */
  readonly isGate: boolean;
  /** As `--mode` says; null: it goes by the event. */
  readonly mode: string | null;
  /** The variables and inputs that it is given by name. */
  readonly given: readonly string[];
  /** The Action hands GitHub's token over itself. */
  readonly isAction: boolean;
  /** The Action or the orb, as the file names it; null: a command line. */
  readonly from: string | null;
}

export interface NativeLock {
  readonly group: string;
  /** GitHub: true, false, or an expression as it is written. */
  readonly cancels: string | boolean;
  /** GitHub: `queue: max`, which drops nobody who waits. */
  readonly keepsAll: boolean;
}

/** A mapping of a file, or nothing: what is no mapping says nothing. */
export type Mapping = Readonly<Record<string, unknown>>;

export function mapping(value: unknown): Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
}

export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text, or a list of texts, as a list. */
export function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "string");
}

export function text(value: unknown): string | null {
  return typeof value === "string"
    ? value
    : typeof value === "number" || typeof value === "boolean"
      ? `${value}`
      : null;
}
