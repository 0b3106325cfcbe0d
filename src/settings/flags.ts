/**
 * The option table: the one place where a flag is declared. `--help`, the readers, README's tables, action.yml, the orb
 * and the JSON schema are rendered from it. A boolean is never negated: `--no-queue` is an option of that name.
 */
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
  | "count"
  | "moment"
  | "choice"
  | "store"
  | "ledger"
  | "channel";

interface Option {
  /** kebab-case; the variable is SIGNALBOX_ and the name in capitals. */
  readonly name: string;
  readonly type: ValueType;
  readonly choices?: readonly [string, ...string[]];
  /** What stands behind the flag in --help; the type's own word where it is absent. */
  readonly placeholder?: string;
  readonly describe: string;
  /** The value where nobody gives one, as it would be typed: read by the option's own reader, here and in signalbox.yml. */
  readonly default?: string;
  /** In words, where the value depends on something else. */
  readonly usually?: string;
  readonly commands: readonly CommandName[];
  /** The key of signalbox.yml that the flag overrides. */
  readonly file?: string;
  /** Commands for which the flag is declared and refused: it is not built yet. */
  readonly notYet?: readonly CommandName[];
}

const FAIL_ON = ["error", "warn", "never"] as const;

export const OPTIONS = [
  // common
  {
    name: "config",
    type: "text",
    placeholder: "FILE",
    default: "signalbox.yml",
    describe: "configuration file",
    commands: COMMANDS,
  },
  {
    name: "work",
    type: "text",
    placeholder: "DIR",
    default: ".signalbox",
    describe: "work folder: every value of the run as a file",
    commands: COMMANDS,
  },
  { name: "json", type: "boolean", describe: "one JSON document on stdout, progress on stderr", commands: COMMANDS },
  { name: "quiet", type: "boolean", describe: "only the result, no progress", commands: COMMANDS },
  { name: "no-color", type: "boolean", describe: "no colours (NO_COLOR does the same)", commands: COMMANDS },

  // ci
  {
    name: "mode",
    type: "choice",
    choices: ["auto", "check", "deploy", "schedule"],
    default: "auto",
    describe: "what the run is for, instead of what the event says",
    commands: ["ci", "queue", "plan", "build", "notify", "report", "state"],
  },
  { name: "no-queue", type: "boolean", describe: "do not wait for earlier runs", commands: ["ci"] },
  { name: "no-notify", type: "boolean", describe: "send nothing to Slack", commands: ["ci"] },
  { name: "no-publish", type: "boolean", describe: "publish no state bundle", commands: ["ci"] },
  { name: "full", type: "boolean", describe: "check mode: build everything", commands: ["ci", "plan"] },
  {
    name: "dry-run",
    type: "boolean",
    describe: "show what would happen; start and send nothing",
    commands: ["ci", "notify", "clean"],
  },

  // queue
  {
    name: "timeout",
    type: "duration or none",
    placeholder: "60m|none",
    default: "60m",
    describe: "longest wait",
    commands: ["ci", "queue"],
    file: "queue.timeout",
  },
  {
    name: "on-timeout",
    type: "choice",
    choices: ["fail", "proceed", "cancel"],
    default: "fail",
    describe: "what happens then",
    commands: ["ci", "queue"],
    file: "queue.on_timeout",
  },
  {
    name: "supersede",
    type: "choice",
    choices: ["none", "schedule", "all"],
    usually: "by mode",
    describe: "which waiting runs leave for a newer one that runs",
    commands: ["ci", "queue"],
  },
  {
    name: "workflows",
    type: "list",
    placeholder: "W…",
    default: "self",
    describe: "workflows that write the same schema",
    commands: ["ci", "queue", "status"],
    file: "queue.workflows",
  },
  {
    name: "ignore-run",
    type: "list",
    placeholder: "ID…",
    describe: "do not wait for these runs (voids the guarantee)",
    commands: ["ci", "queue"],
  },
  {
    name: "api-lag",
    type: "duration",
    placeholder: "10s",
    usually: "10s CircleCI, 20s GitHub, 0s local",
    describe: "how old an answer may be",
    commands: ["ci", "queue", "status"],
  },
  {
    name: "poll",
    type: "duration",
    placeholder: "5s",
    usually: "5s",
    describe: "first pause between looks; it grows",
    commands: ["ci", "queue"],
  },
  {
    name: "max-age",
    type: "duration",
    placeholder: "24h",
    default: "24h",
    describe: "how far back to look, alike in all runs",
    commands: ["ci", "queue", "status"],
    file: "queue.max_age",
  },
  {
    name: "settle",
    type: "duration",
    placeholder: "30s",
    default: "30s",
    describe: "pause after a cancelled run, whose queries may still run",
    commands: ["ci", "queue"],
  },
  {
    name: "ticket-dir",
    type: "text",
    placeholder: "DIR",
    describe: "tickets in a folder all runs share, instead of the CI's API",
    commands: ["ci", "queue", "status"],
  },

  // plan
  {
    name: "manifest",
    type: "text",
    placeholder: "FILE",
    describe: "manifest.json to read instead of the one of the last dbt start",
    commands: ["plan", "report"],
  },
  {
    name: "state",
    type: "text",
    placeholder: "PATH",
    describe: "selection baseline: a manifest.json or its folder",
    commands: ["ci", "plan"],
  },
  {
    name: "defer-state",
    type: "text",
    placeholder: "PATH",
    describe: "deferral baseline: a manifest.json or its folder",
    commands: ["ci", "plan"],
  },
  {
    name: "select",
    type: "selector",
    placeholder: "S…",
    usually: "by mode",
    describe: "what to build, in dbt's selector syntax",
    commands: ["ci", "plan"],
  },
  { name: "exclude", type: "selector", placeholder: "S…", describe: "what to leave out", commands: ["ci", "plan"] },
  {
    name: "indirect-selection",
    type: "choice",
    choices: ["eager", "cautious", "buildable", "empty"],
    usually: "dbt's own",
    describe: "which tests follow their nodes",
    commands: ["ci", "plan"],
  },
  {
    name: "as",
    type: "choice",
    choices: ["build", "ls"],
    default: "build",
    describe: "the nodes that dbt build or that dbt ls would take",
    commands: ["plan"],
  },
  {
    name: "compare-unrendered",
    type: "choice",
    choices: ["auto", "true", "false"],
    default: "auto",
    describe: "dbt's flag state_modified_compare_more_unrendered_values",
    commands: ["plan"],
  },
  {
    name: "verify",
    type: "boolean",
    describe: "ask dbt ls too and fail on a difference",
    commands: ["plan"],
  },

  // build
  {
    name: "plan",
    type: "text",
    placeholder: "FILE",
    usually: "the work folder's plan.json",
    describe: "plan to build",
    commands: ["build"],
  },
  {
    name: "target",
    type: "text",
    placeholder: "T",
    usually: "by mode",
    describe: "dbt target",
    commands: ["ci", "plan", "build", "clean", "state"],
  },
  {
    name: "retries",
    type: "count",
    placeholder: "1",
    default: "1",
    describe: "second starts for transient failures",
    commands: ["ci", "build"],
    notYet: ["ci", "build"],
  },
  {
    name: "stall-after",
    type: "duration",
    placeholder: "2m",
    default: "2m",
    describe: "name nodes that started and say nothing for so long",
    commands: ["ci", "build"],
  },
  {
    name: "node-timeout",
    type: "duration",
    placeholder: "D",
    describe: "stop dbt when one node runs longer",
    commands: ["ci", "build"],
  },
  {
    name: "run-timeout",
    type: "duration",
    placeholder: "D",
    describe: "stop dbt when it runs longer",
    commands: ["ci", "build"],
  },

  // report
  {
    name: "sources",
    type: "text",
    placeholder: "FILE",
    describe: "sources.json of dbt source freshness",
    commands: ["report"],
  },
  {
    name: "since",
    type: "moment",
    placeholder: "TIME",
    describe: "results from before this time are stale",
    commands: ["report"],
  },
  {
    name: "dbt-exit",
    type: "count",
    placeholder: "N",
    describe: "dbt's exit code, where something else started it",
    commands: ["report"],
  },
  {
    name: "base",
    type: "text",
    placeholder: "FILE",
    describe: "verdict.json of the base, to tell new findings from old",
    commands: ["report"],
  },
  {
    name: "junit",
    type: "text",
    placeholder: "DIR",
    default: "test-results/dbt",
    describe: "folder for JUnit XML",
    commands: ["ci", "report"],
    file: "report.junit",
  },
  {
    name: "junit-warn",
    type: "choice",
    choices: ["skipped", "pass", "failure"],
    default: "skipped",
    describe: "how a warning looks in JUnit",
    commands: ["ci", "report"],
  },
  {
    name: "summary",
    type: "text",
    placeholder: "FILE",
    usually: "the work folder's summary.md",
    describe: "Markdown summary",
    commands: ["report"],
  },
  {
    name: "html",
    type: "text",
    placeholder: "FILE",
    describe: "one self-contained page",
    commands: ["report"],
    notYet: ["report"],
  },
  {
    name: "annotations",
    type: "choice",
    choices: ["auto", "on", "off"],
    default: "auto",
    describe: "GitHub annotations",
    commands: ["ci", "report"],
  },
  {
    name: "comment",
    type: "boolean",
    describe: "one sticky pull request comment",
    commands: ["ci", "report"],
    file: "report.comment",
  },
  {
    name: "fail-on",
    type: "choice",
    choices: FAIL_ON,
    usually: "error",
    describe: "what makes the exit code 1",
    commands: ["ci", "report"],
  },

  // notify
  {
    name: "verdict",
    type: "text",
    placeholder: "FILE",
    usually: "the work folder's verdict.json",
    describe: "verdict to tell of",
    commands: ["notify"],
  },
  {
    name: "ledger",
    type: "ledger",
    placeholder: "L",
    default: "slack",
    describe: "what has been told: slack, file:PATH or none",
    commands: ["ci", "notify"],
    file: "ledger",
  },
  {
    name: "error-channel",
    type: "channel",
    placeholder: "C…",
    describe: "Slack channel id for errors",
    commands: ["ci", "notify"],
    file: "slack.error",
  },
  {
    name: "warn-channel",
    type: "channel",
    placeholder: "C…",
    describe: "Slack channel id for warnings",
    commands: ["ci", "notify"],
    file: "slack.warn",
  },
  { name: "at", type: "moment", placeholder: "TIME", describe: "replay a moment", commands: ["notify"] },
  {
    name: "on-delivery-failure",
    type: "choice",
    choices: ["warn", "fail"],
    usually: "errors fail, warnings warn",
    describe: "what an undelivered alert does",
    commands: ["ci", "notify"],
  },

  // state
  {
    name: "store",
    type: "store",
    placeholder: "auto|none|dir:PATH|URL",
    default: "auto",
    describe: "where state bundles are (URL: https, s3, gs)",
    commands: ["ci", "plan", "state"],
    file: "store",
  },
  {
    name: "commit",
    type: "text",
    placeholder: "SHA",
    usually: "HEAD (publish), nearest (fetch)",
    describe: "commit of the bundle",
    commands: ["state"],
  },
  {
    name: "out",
    type: "text",
    placeholder: "DIR",
    usually: "the work folder's bundle/",
    describe: "where fetch puts the files",
    commands: ["state"],
  },
  {
    name: "from",
    type: "text",
    placeholder: "DIR",
    usually: "the last dbt start",
    describe: "folder with the artifacts to publish",
    commands: ["state"],
  },

  // init
  {
    name: "ci",
    type: "choice",
    choices: ["github", "circleci"],
    usually: "what the repository has",
    describe: "whose file is written",
    commands: ["init"],
  },
  { name: "yes", type: "boolean", describe: "ask nothing; take what the repository proposes", commands: ["init"] },

  // doctor
  {
    name: "send-test",
    type: "boolean",
    describe: "post, edit, read and delete a message in each Slack channel",
    commands: ["doctor"],
  },

  // clean
  {
    name: "prefix",
    type: "text",
    placeholder: "ci_",
    usually: "before {branch} in modes.check.schema",
    describe: "how the schemas of checks begin",
    commands: ["clean"],
  },
  {
    name: "branch",
    type: "list",
    placeholder: "NAME…",
    describe: "more branches that existed (a fork's: owner/name:branch)",
    commands: ["clean"],
  },
  {
    name: "also",
    type: "list",
    placeholder: "SCHEMA…",
    describe: "schemas to drop that nothing proves to be a branch's",
    commands: ["clean"],
  },
  { name: "keep", type: "list", placeholder: "NAME…", describe: "schemas to keep", commands: ["clean"] },

  // servers
  {
    name: "circle-url",
    type: "text",
    placeholder: "URL",
    default: "https://circleci.com",
    describe: "CircleCI server",
    commands: COMMANDS,
  },
  {
    name: "slack-url",
    type: "text",
    placeholder: "URL",
    default: "https://slack.com/api/",
    describe: "Slack Web API",
    commands: ["ci", "notify", "doctor"],
  },
] as const satisfies readonly Option[];

export type AnyOption = Option;
export type OptionName = (typeof OPTIONS)[number]["name"];

/** The options of a command, in the table's order. */
export function optionsOf(command: CommandName): readonly AnyOption[] {
  return OPTIONS.filter((option: Option) => option.commands.includes(command));
}

/** `--api-lag` is also SIGNALBOX_API_LAG. */
export function variableOf(option: { readonly name: string }): string {
  return `SIGNALBOX_${option.name.replaceAll("-", "_").toUpperCase()}`;
}
