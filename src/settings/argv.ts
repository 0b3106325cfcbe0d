import { Parser } from "yargs/helpers";
import { configurationError } from "../support/errors.ts";
import { didYouMean } from "../support/suggest.ts";
import { type AnyOption, COMMANDS, type CommandName, OPTIONS } from "./flags.ts";

/** A command line, taken apart but not yet judged: unknown flags are still in it. */
export interface ParsedArgv {
  readonly command: CommandName | null;
  readonly help: boolean;
  readonly version: boolean;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly words: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
}

/** Throws a configuration error for a command that does not exist. A flag given twice with two values is a list. */
export function parseArgv(argv: readonly string[]): ParsedArgv {
  const named = (isOf: (option: AnyOption) => boolean) =>
    (OPTIONS as readonly AnyOption[]).filter(isOf).map(({ name }) => name);
  const [own, switches] = withoutSwitchValues(argv);
  const parsed = Parser(withWrongValues(own), {
    alias: { help: "h", version: "v" },
    boolean: ["help", "version", ...named(({ type }) => type === "boolean")],
    array: named(isList),
    string: named((option) => option.type !== "boolean" && !isList(option)),
    configuration: {
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "duplicate-arguments-array": true,
      "flatten-duplicate-arrays": true,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "populate--": true,
      "short-option-groups": false,
      "strip-aliased": true,
    },
  });
  const { _: all, "--": rest = [], help, version, ...flags } = parsed;
  const words = all.map(String);
  const asksForHelp = words[0] === "help";
  const asksForVersion = words[0] === "version" && words.length === 1;
  const [first, ...others] = asksForHelp || asksForVersion ? words.slice(1) : words;
  if (COMMANDS.every((name) => name !== first)) refuseUnknownFlags(Object.keys(flags));
  if (first === "queue" && rest.length === 0 && argv.includes("--"))
    throw configurationError(
      [{ where: "--", got: null, wanted: "is followed by no command, so nothing would run" }],
      "is a variable behind it that is not set? To wait only: signalbox queue",
    );
  return {
    command: first === undefined ? null : commandOf(first),
    help: help === true || asksForHelp,
    version: version === true || asksForVersion,
    flags: Object.fromEntries(
      [...Object.entries(flags), ...switches.map(([name, value]) => [name, beside(flags[name], value)] as const)]
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [asTyped(name, argv), onlyOne(name, value)]),
    ),
    words: others,
    rest: rest.map(String),
  };
}

/** Without a command: an unknown flag may have taken it for its value. */
function refuseUnknownFlags(names: readonly string[]): void {
  const known = (OPTIONS as readonly AnyOption[]).map(({ name }) => name);
  const problems = names
    .filter((name) => !known.includes(name))
    .map((name) => ({
      where: name.length === 1 ? `-${name}` : `--${name}`,
      got: null,
      wanted: `is no flag of signalbox${didYouMean(name, [...known, "help", "version"], "--")}`,
    }));
  if (problems.length > 0) throw configurationError(problems, "signalbox --help lists the commands");
}

/**
 * `--json=1`, `--json=maybe`: the parser would make false of every word but "true". They are judged as a variable's value is.
 */
function withoutSwitchValues(argv: readonly string[]): [string[], (readonly [name: string, value: string])[]] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const switches: (readonly [string, string])[] = [];
  const others = argv.slice(0, end).filter((word) => {
    const at = word.indexOf("=");
    const name = at > 0 && word.startsWith("--") ? word.slice(2, at) : "";
    if (optionOf(name, ({ type }) => type === "boolean") === undefined) return true;
    switches.push([name, word.slice(at + 1)]);
    return false;
  });
  return [[...others, ...argv.slice(end)], switches];
}

/** Two values of one switch that differ are told as those of any flag. */
function beside(parsed: unknown, value: string): unknown {
  return parsed === undefined ? value : [String(parsed), value];
}

function isList({ type }: AnyOption): boolean {
  return type === "list" || type === "selector";
}

/** An unknown flag is shown as it was typed: `-x` is not `--x`. */
function asTyped(name: string, argv: readonly string[]): string {
  const hasOneDash = argv.some((word) => word === `-${name}` || word.startsWith(`-${name}=`));
  return hasOneDash && optionOf(name, () => true) === undefined ? `-${name}` : name;
}

/** The one value of a flag that is no list and was given several times alike. */
function onlyOne(name: string, value: unknown): unknown {
  if (!Array.isArray(value) || optionOf(name, isList) !== undefined) return value;
  const different = [...new Set<unknown>(value)];
  return different.length === 1 ? different[0] : different;
}

/**
 * What begins with `-` and is no flag of ours counts as the value of the flag before it, which refuses it: one problem
 * instead of two, a missing value and an unknown flag.
 */
function withWrongValues(argv: readonly string[]): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const words: string[] = [];
  for (const word of argv.slice(0, end)) {
    const before = words.at(-1);
    if (before !== undefined && wantsValue(before) && word.startsWith("-") && !isKnown(word))
      words[words.length - 1] = `${before}=${word}`;
    else words.push(word);
  }
  return [...words, ...argv.slice(end)];
}

function wantsValue(word: string): boolean {
  return word.startsWith("--") && optionOf(word.slice(2), ({ type }) => type !== "boolean") !== undefined;
}

function isKnown(word: string): boolean {
  const name = word.replace(/^--/, "").replace(/=.*$/s, "");
  return ["-h", "-v", "help", "version"].includes(name) || optionOf(name, () => true) !== undefined;
}

function optionOf(name: string, isOf: (option: AnyOption) => boolean): AnyOption | undefined {
  return (OPTIONS as readonly AnyOption[]).find((option) => option.name === name && isOf(option));
}

function commandOf(word: string): CommandName {
  const known = COMMANDS.find((name) => name === word);
  if (known !== undefined) return known;
  throw configurationError(
    [{ where: word, got: null, wanted: `is no command of signalbox${didYouMean(word, [...COMMANDS, "help"])}` }],
    `commands: ${COMMANDS.join(", ")}; signalbox help says what each does`,
  );
}
