import { CI_OPTIONS, COMMON_OPTIONS, QUEUE_OPTIONS } from "./options/ci-and-queue.ts";
import type { CommandName, Option } from "./options/option.ts";
import {
  CLEAN_OPTIONS,
  DOCTOR_OPTIONS,
  INIT_OPTIONS,
  SERVERS_OPTIONS,
  STATE_OPTIONS,
} from "./options/other-commands.ts";
import { BUILD_OPTIONS, PLAN_OPTIONS } from "./options/plan-and-build.ts";
import { NOTIFY_OPTIONS, REPORT_OPTIONS } from "./options/report-and-notify.ts";

export { COMMANDS, type CommandName, TAKES_REST, TAKES_WORDS } from "./options/option.ts";

/**
 * The option table: the one place where a flag is declared. `--help`, the readers, docs/commands.md, action.yml, the orb
 * and the JSON schema are rendered from it. A boolean is never negated: `--no-queue` is an option of that name.
 */
export const OPTIONS = [
  ...COMMON_OPTIONS,
  ...CI_OPTIONS,
  ...QUEUE_OPTIONS,
  ...PLAN_OPTIONS,
  ...BUILD_OPTIONS,
  ...REPORT_OPTIONS,
  ...NOTIFY_OPTIONS,
  ...STATE_OPTIONS,
  ...INIT_OPTIONS,
  ...DOCTOR_OPTIONS,
  ...CLEAN_OPTIONS,
  ...SERVERS_OPTIONS,
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
