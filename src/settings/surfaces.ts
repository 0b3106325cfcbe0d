import { type AnyOption, COMMANDS, type CommandName, OPTIONS, variableOf } from "./flags.ts";

export interface CommandText {
  readonly usage: string;
  readonly describe: string;
  readonly example: readonly [string, string];
}

export const COMMAND_TEXTS: Readonly<Record<CommandName, CommandText>> = {
  ci: {
    usage: "ci [-- dbt args…]",
    describe: "all of it in one step: wait, plan, build, report, notify",
    example: ["signalbox ci --dry-run", "what would happen here"],
  },
  queue: {
    usage: "queue [-- command…]",
    describe: "wait until earlier runs of the same branch have ended",
    example: ["signalbox queue -- dbt build", "wait, then build"],
  },
  plan: {
    usage: "plan",
    describe: "what has to be built, and why",
    example: ["signalbox plan --json", "as plan.json"],
  },
  build: {
    usage: "build [-- dbt args…]",
    describe: "run dbt on the plan",
    example: ["signalbox build -- --full-refresh", "hand a flag to dbt"],
  },
  report: {
    usage: "report [run_results.json…]",
    describe: "tell errors from warnings: log, JUnit, summary, exit code",
    example: ["signalbox report --dbt-exit 1", "after a dbt that ran before"],
  },
  notify: {
    usage: "notify",
    describe: "send the verdict to Slack",
    example: ["signalbox notify --dry-run", "draw the messages here"],
  },
  state: {
    usage: "state <publish|fetch>",
    describe: "publish or fetch a state bundle",
    example: ["signalbox state fetch --out base", "the newest production manifest"],
  },
  status: {
    usage: "status",
    describe: "who is inside and who waits, in their order",
    example: ["signalbox status --json", "for a script"],
  },
  clean: {
    usage: "clean",
    describe: "drop the schemas of branches that are gone",
    example: ["signalbox clean --dry-run", "list them"],
  },
  init: {
    usage: "init",
    describe: "write signalbox.yml, the CI file and what they need",
    example: ["signalbox init --ci circleci --yes", "ask nothing"],
  },
  doctor: {
    usage: "doctor",
    describe: "look at dbt, targets, store, tokens, Slack and CI files: what to fix",
    example: ["signalbox doctor --send-test", "try Slack's channels too"],
  },
};

/** The table of all flags in docs/commands.md, in Markdown. */
export function renderOptionTable(): string {
  const row = (option: AnyOption) =>
    [
      `\`${labelOf(option)}\``,
      describeOption(option),
      option.commands.length === COMMANDS.length ? "all" : option.commands.join(" "),
      `\`${variableOf(option)}\``,
      option.file === undefined ? "" : `\`${option.file}\``,
    ]
      .map((cell) => cell.replaceAll("|", "\\|"))
      .join(" | ");
  return [
    "| flag | what | commands | variable | signalbox.yml |",
    "|---|---|---|---|---|",
    ...(OPTIONS as readonly AnyOption[]).map((option) => `| ${row(option)} |`),
  ].join("\n");
}

function placeholderOf(option: AnyOption): string {
  return option.placeholder ?? option.choices?.join("|") ?? option.type.toUpperCase();
}

export function labelOf(option: AnyOption): string {
  return option.type === "boolean" ? `--${option.name}` : `--${option.name} ${placeholderOf(option)}`;
}

export function describeOption(option: AnyOption): string {
  const value = option.default ?? option.usually;
  return value === undefined ? option.describe : `${option.describe} (default: ${value})`;
}
