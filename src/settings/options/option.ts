export const COMMANDS = [
  "ci",
  "queue",
  "plan",
  "build",
  "report",
  "notify",
  "state",
  "status",
  "clean",
  "init",
  "doctor",
] as const;
export type CommandName = (typeof COMMANDS)[number];

/** Commands that take words beside their flags, and those that take something behind `--`. */
export const TAKES_WORDS: readonly CommandName[] = ["report", "state"];
export const TAKES_REST: Readonly<Partial<Record<CommandName, string>>> = {
  ci: "arguments of dbt build",
  queue: "words of a command",
  build: "arguments of dbt build",
};

type ValueType =
  | "text"
  | "list"
  | "selector"
  | "boolean"
  | "duration"
  | "duration or none"
  | "limit"
  | "count"
  | "moment"
  | "choice"
  | "store"
  | "ledger"
  | "channel";

/** One row of the option table. */
export interface Option {
  /** kebab-case; the variable is SIGNALBOX_ and the name in capitals. */
  readonly name: string;
  readonly type: ValueType;
  readonly choices?: readonly [string, ...string[]];
  /** What stands behind the flag in --help; the type's own word where it is absent. */
  readonly placeholder?: string;
  readonly describe: string;
  /** The default, as it would be typed: read by the option's own reader, here and in signalbox.yml. */
  readonly default?: string;
  /** In words, where the value depends on something else. */
  readonly usually?: string;
  readonly commands: readonly CommandName[];
  /** The key of signalbox.yml that the flag overrides. */
  readonly file?: string;
}
