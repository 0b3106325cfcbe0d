import type { NoTargets } from "../dbt/project.ts";
import type { Naming, Unread } from "../init/facts.ts";
import type { Run } from "../run/run.ts";

/** What the looks of doctor bring back. Nothing in here is a secret: of a token only whether it is there and what it may. */

/** A look's answer, or why there is none. */
export type Seen<T> =
  | { readonly kind: "seen"; readonly value: T }
  /** `isPassing`: a service that is down or does not answer, which says nothing about the configuration. */
  | { readonly kind: "failed"; readonly why: string; readonly fix: string | null; readonly isPassing: boolean };

/** Where doctor runs: a token that is missing on a laptop may be there in CI. */
export type Platform = Run["platform"];

export interface DbtFacts {
  readonly command: readonly string[];
  /** What `dbt --version` prints, on both streams. */
  readonly said: string;
  readonly exitCode: number | null;
}

export interface GitFacts {
  readonly isShallow: boolean;
}

export interface BaseFacts {
  /** null: nothing tells it. */
  readonly name: string | null;
  /** This checkout has it, as origin/NAME or NAME. */
  readonly isHere: boolean;
  /** What was said while it was looked for. */
  readonly notes: readonly string[];
}

/** An output of profiles.yml, rendered as far as it can be without dbt. */
export interface TargetFacts {
  readonly name: string;
  readonly adapter: string | null;
  /** Before Jinja; null: none, or no text. */
  readonly schema: string | null;
  /** With env_var() replaced, in production's environment; null: only dbt can tell. */
  readonly renderedSchema: string | null;
  /** Who connects: each key that names an account or a secret of it, with a text that is alike where they are alike. */
  readonly identity: Readonly<Record<string, Identity>>;
}

/** `mark` is a hash: it says that two are alike, and nothing else. */
export interface Identity {
  readonly mark: string;
  /** The variables that the value is read from. */
  readonly variables: readonly string[];
}

export interface DoctorProject {
  readonly dir: string;
  readonly profilesFile: string | null;
  /** null: they cannot be read without dbt. */
  readonly targets: readonly TargetFacts[] | null;
  /** Why there are none of them; null: there are. */
  readonly noTargets: NoTargets | null;
  /** Files of the project that were not read. */
  readonly unread: readonly Unread[];
  readonly naming: Naming;
  /** How the file that installs dbt lets it be started: `uv run dbt`; null: nothing tells. */
  readonly installs: { readonly command: readonly string[]; readonly file: string } | null;
  /** The project's own generate_schema_name, where there is one. */
  readonly schemaMacro: { readonly path: string; readonly text: string } | null;
  /** Whether deploy connects to another warehouse than check; null: not told. */
  readonly isSeparate: boolean | null;
}

export type StoreFacts =
  /** Nothing to try; why. */
  | { readonly kind: "none"; readonly why: string }
  | { readonly kind: "readable"; readonly name: string; readonly newest: string | null }
  | { readonly kind: "tried"; readonly name: string; readonly found: string };

export interface TokenFacts {
  /** What was asked and answered, in words. */
  readonly found: string;
}

export interface ChannelFacts {
  readonly id: string;
  /** Keys of signalbox.yml that name it. */
  readonly where: readonly string[];
  readonly state:
    | { readonly kind: "in"; readonly name: string | null }
    | { readonly kind: "refused"; readonly code: string; readonly hint: string }
    | { readonly kind: "unknown"; readonly why: string };
  /** null: not asked for. */
  readonly test: SendTest | null;
}

/** What became of a test message. `done`: the steps that went well, in their order. */
export interface SendTest {
  readonly done: readonly SendStep[];
  readonly failed: { readonly step: SendStep; readonly code: string; readonly hint: string } | null;
  /** A message that is still in the channel, or may be. */
  readonly isLeft: boolean;
}

/** `metadata`: what goes along with a message comes back with it. */
export type SendStep = "post" | "edit" | "read" | "metadata" | "delete";

/** A ledger that is a file: what earlier runs have told, by scope (repository, project, target). */
export interface LedgerFacts {
  readonly path: string;
  /** Whether `ci` empties its folder. */
  readonly isInWorkFolder: boolean;
  /** null: there is no such file yet. */
  readonly scopes: readonly string[] | null;
  /** Why it cannot be read: words that follow its path; null: it can. */
  readonly damage: string | null;
  /** Whether a run keeps a damaged one aside, and writes its own there. */
  readonly canMove: boolean;
}

export interface SlackFacts {
  readonly team: string | null;
  readonly bot: string | null;
  /** null: Slack did not say. */
  readonly scopes: readonly string[] | null;
  /** Why no test message was sent; null: it was. */
  readonly whyNoTest: string | null;
  readonly channels: readonly ChannelFacts[];
}
