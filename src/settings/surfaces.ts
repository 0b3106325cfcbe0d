import { type AnyOption, COMMANDS, type CommandName, OPTIONS, optionsOf, variableOf } from "./flags.ts";

/** The option table as other places need it: yargs, --help, README. */

export interface CommandText {
  readonly usage: string;
  readonly describe: string;
  readonly example: readonly [string, string];
}

export const COMMAND_TEXTS: Readonly<Record<CommandName, CommandText>> = {
  ci: {
    usage: "ci",
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
  init: {
    usage: "init",
    describe: "write signalbox.yml, the CI file and what they need",
    example: ["signalbox init --ci circleci --yes", "ask nothing"],
  },
};

/** `signalbox --help`: no line is wider than 100 characters. */
export function renderTopHelp(version: string): string {
  const width = Math.max(...COMMANDS.map((name) => COMMAND_TEXTS[name].usage.length)) + 2;
  return [
    `signalbox ${version}: traffic control for dbt in CI`,
    "",
    "Usage: signalbox <command> [flags]",
    "",
    ...COMMANDS.map((name) => `  ${COMMAND_TEXTS[name].usage.padEnd(width)}${COMMAND_TEXTS[name].describe}`),
    "",
    "  signalbox <command> --help shows its flags. Every flag is also SIGNALBOX_<NAME>;",
    "  flag over variable over signalbox.yml over default.",
    "",
    "Example: signalbox ci --dry-run",
    "",
  ].join("\n");
}

/** `signalbox <command> --help`: the command's own flags, then the common ones in short. */
export function renderCommandHelp(command: CommandName): string {
  const { usage, describe, example } = COMMAND_TEXTS[command];
  const options = optionsOf(command).filter((option) => !option.notYet?.includes(command));
  const common = options.filter((option) => option.commands.length === COMMANDS.length);
  const own = options.filter((option) => !common.includes(option));
  const labels = own.map(labelOf);
  const width = Math.max(...labels.map((label) => label.length)) + 2;
  return [
    `signalbox ${usage}`,
    `  ${describe}`,
    "",
    ...own.map((option, index) => `  ${(labels[index] ?? "").padEnd(width)}${describeOption(option)}`),
    "",
    `  and ${common.map((option) => `--${option.name}`).join(" ")}`,
    "",
    `Example: ${example[0]}    # ${example[1]}`,
    "",
  ].join("\n");
}

/** README's table of all flags, in Markdown. */
export function renderReadmeTable(): string {
  const row = (option: AnyOption) =>
    [
      `\`${labelOf(option)}\``,
      describeOption(option),
      option.commands.length === COMMANDS.length
        ? "all"
        : option.commands.filter((name) => !option.notYet?.includes(name)).join(" "),
      `\`${variableOf(option)}\``,
      option.file === undefined ? "" : `\`${option.file}\``,
    ]
      .map((cell) => cell.replaceAll("|", "\\|"))
      .join(" | ");
  const options = (OPTIONS as readonly AnyOption[]).filter((option) =>
    option.commands.some((name) => !option.notYet?.includes(name)),
  );
  return [
    "| flag | what | commands | variable | signalbox.yml |",
    "|---|---|---|---|---|",
    ...options.map((option) => `| ${row(option)} |`),
  ].join("\n");
}

export function placeholderOf(option: AnyOption): string {
  return option.choices?.join("|") ?? option.placeholder ?? option.type.toUpperCase();
}

function labelOf(option: AnyOption): string {
  return option.type === "boolean" ? `--${option.name}` : `--${option.name} ${placeholderOf(option)}`;
}

function describeOption(option: AnyOption): string {
  return option.default === undefined ? option.describe : `${option.describe} (default: ${option.default})`;
}
