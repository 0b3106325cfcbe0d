import { type AnyOption, COMMANDS, type CommandName, type OptionName, optionsOf } from "./flags.ts";
import { COMMAND_TEXTS, labelOf } from "./surfaces.ts";

/** A label wider than this gets a line of its own, so that one long list of choices does not push all texts aside. */
const WIDEST_LABEL = 34;

/** The steps of `ci` that are also commands, in their order. */
const PARTS = ["queue", "plan", "build", "report", "notify"] as const satisfies readonly CommandName[];

/** Options that a part knows too and that yet are about the whole run. */
const OF_THE_WHOLE_RUN: readonly OptionName[] = ["dry-run", "full"];

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

/** `signalbox <command> --help`: the command's own flags, then the common ones in short; one screen of 100 columns. */
export function renderCommandHelp(command: CommandName): string {
  const { usage, describe, example } = COMMAND_TEXTS[command];
  const options = optionsOf(command);
  const short = options.filter((option) => option.commands.length === COMMANDS.length || option.name.endsWith("-url"));
  const own = options.filter((option) => !short.includes(option));
  const width = Math.max(0, ...own.map((option) => labelOf(option).length).filter((length) => length <= WIDEST_LABEL));
  const lines = own.length === 0 ? [] : command === "ci" ? renderParts(own, width) : renderOptions(own, width);
  return [
    `signalbox ${usage}: ${describe}`,
    "",
    ...lines,
    `  and ${short.map((option) => `--${option.name}`).join(" ")}`,
    `Example: ${example[0]}    # ${example[1]}`,
    "",
  ].join("\n");
}

/** `ci` has the flags of its parts: each stands under the one part that knows it too, the others first. */
function renderParts(options: readonly AnyOption[], width: number): string[] {
  const partOf = (option: AnyOption) => {
    const [part, ...more] = PARTS.filter((name) => option.commands.includes(name));
    return more.length > 0 || OF_THE_WHOLE_RUN.some((name) => name === option.name) ? undefined : part;
  };
  return [undefined, ...PARTS].flatMap((part) => [
    ...(part === undefined ? [] : [`${part}:`]),
    ...renderOptions(
      options.filter((option) => partOf(option) === part),
      width,
    ),
  ]);
}

function renderOptions(options: readonly AnyOption[], width: number): string[] {
  return options.flatMap((option) => {
    const label = labelOf(option);
    const value = option.default ?? option.usually;
    const text = value === undefined ? option.describe : `${option.describe} [${value}]`;
    return label.length > width
      ? [`  ${label}`, `  ${" ".repeat(width)}  ${text}`]
      : [`  ${label.padEnd(width)}  ${text}`];
  });
}
