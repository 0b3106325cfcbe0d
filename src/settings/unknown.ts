import type { Problem } from "../support/errors.ts";
import type { Environment } from "../support/secrets.ts";
import { didYouMean } from "../support/suggest.ts";
import { type CommandName, OPTIONS, optionsOf, TAKES_REST, TAKES_WORDS, variableOf } from "./flags.ts";
import { show } from "./problem.ts";

/** Unknown names are refused. Ignored, they would make a run do something else than it was told. */

/**
 * Variables that are ours and no options. SIGNALBOX_FACE: action or orb, whose users never wrote a variable;
 * SIGNALBOX_ARTIFACTS: whether the Action keeps the reports, or the folder that a job of CircleCI stores.
 */
const OTHER_VARIABLES = [
  "SIGNALBOX_SCHEMA",
  "SIGNALBOX_OUTPUT",
  "SIGNALBOX_FACE",
  "SIGNALBOX_ARTIFACTS",
  "SIGNALBOX_TICKET",
  "SIGNALBOX_WEBHOOK_SECRET",
];

/** Flags as they were typed, by name; one with a single dash has it in its name. */
export function unknownFlags(command: CommandName, flags: Readonly<Record<string, unknown>>): Problem[] {
  const names = optionsOf(command).map((option) => option.name);
  return Object.keys(flags)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      where: name.startsWith("-") ? name : `--${name}`,
      got: null,
      wanted: `is no flag of ${command}${didYouMean(name.replace(/^-+/, ""), names, "--")}`,
    }));
}

/** What a command would else pass over in silence. */
export function unknownWords(command: CommandName, words: readonly string[], rest: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const behind = TAKES_REST[command];
  const text = words.join(" ");
  const problem = (where: string, wanted: string) => problems.push({ where: show(where), got: null, wanted });
  if (words.length > 0 && !TAKES_WORDS.includes(command)) {
    const hasSelector = optionsOf(command).some(({ type }) => type === "selector");
    if (hasSelector) problem(text, `is no flag of ${command}: a selector is --select ${text}`);
    else if (behind !== undefined) problem(text, `is no flag of ${command}: ${behind} stand behind --: -- ${text}`);
    else problems.push({ where: command, got: show(text), wanted: "takes no words" });
  }
  if (rest.length > 0 && behind === undefined) {
    problem(`-- ${rest.join(" ")}`, `is too much: ${command} takes nothing behind --`);
  }
  return problems;
}

export function unknownVariables(env: Environment): Problem[] {
  const known = [...OPTIONS.map(variableOf), ...OTHER_VARIABLES];
  return Object.keys(env)
    .filter((name) => name.startsWith("SIGNALBOX_") && !known.includes(name))
    .map((name) => ({ where: name, got: null, wanted: `is no variable of signalbox${didYouMean(name, known)}` }));
}
