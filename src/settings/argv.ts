import yargs from "yargs";
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
export async function parseArgv(argv: readonly string[]): Promise<ParsedArgv> {
  const table = OPTIONS as readonly AnyOption[];
  const parsed = await yargs([...argv])
    .help(false)
    .version(false)
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "duplicate-arguments-array": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "populate--": true,
      "short-option-groups": false,
    })
    .option("help", { alias: "h", type: "boolean" })
    .option("version", { alias: "v", type: "boolean" })
    .options(
      Object.fromEntries(
        table.map((option) => [
          option.name,
          {
            type:
              option.type === "boolean"
                ? ("boolean" as const)
                : option.type === "list"
                  ? ("array" as const)
                  : ("string" as const),
          },
        ]),
      ),
    )
    .exitProcess(false)
    .parseAsync();

  const {
    _: words,
    $0: _program,
    "--": rest,
    help,
    version,
    h: _h,
    v: _v,
    ...flags
  } = parsed as Record<string, unknown> & { _: unknown[] };
  const [first, ...others] = words.map(String);
  return {
    command: first === undefined ? null : commandOf(first),
    help: help === true,
    version: version === true,
    flags: Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
    words: others,
    rest: ((rest as unknown[] | undefined) ?? []).map(String),
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
