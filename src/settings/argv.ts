import { Parser } from "yargs/helpers";
import { configurationError } from "../support/errors.ts";
import { didYouMean } from "../support/suggest.ts";
import { type AnyOption, COMMANDS, type CommandName, OPTIONS } from "./flags.ts";

/** A command line, taken apart but not yet judged: flags that nobody knows are still in it. */
export interface ParsedArgv {
  readonly command: CommandName | null;
  readonly help: boolean;
  readonly version: boolean;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly words: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
}

/** Throws a configuration error for a command that does not exist. */
export function parseArgv(argv: readonly string[]): ParsedArgv {
  const named = (isOf: (option: AnyOption) => boolean) =>
    (OPTIONS as readonly AnyOption[]).filter(isOf).map(({ name }) => name);
  const parsed = Parser([...argv], {
    alias: { help: "h", version: "v" },
    boolean: ["help", "version", ...named(({ type }) => type === "boolean")],
    array: named(({ type }) => type === "list"),
    string: named(({ type }) => type !== "boolean" && type !== "list"),
    configuration: {
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "duplicate-arguments-array": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "populate--": true,
      "short-option-groups": false,
      "strip-aliased": true,
    },
  });
  const { _: words, "--": rest = [], help, version, ...flags } = parsed;
  const [first, ...others] = words.map(String);
  return {
    command: first === undefined ? null : commandOf(first),
    help: help === true,
    version: version === true,
    flags: Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
    words: others,
    rest: rest.map(String),
  };
}

function commandOf(word: string): CommandName {
  const known = COMMANDS.find((name) => name === word);
  if (known !== undefined) return known;
  throw configurationError(
    [{ where: word, got: null, wanted: `is no command of signalbox${didYouMean(word, COMMANDS)}` }],
    `commands: ${COMMANDS.join(", ")}`,
  );
}
