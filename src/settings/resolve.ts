import type { z } from "zod";
import { configurationError, type Problem } from "../support/errors.ts";
import type { Environment } from "../support/secrets.ts";
import { nameAsTyped } from "./action-and-orb.ts";
import { type CamelCase, camelCase } from "./camel-case.ts";
import { refusedBehindDashes } from "./dbt-words.ts";
import { type Config, configFile } from "./file.ts";
import { argsProblems, fileProblems, muteProblems, placeholderProblems } from "./file-problems.ts";
import {
  type AnyOption,
  type CommandName,
  OPTIONS,
  type OptionName,
  optionsOf,
  TAKES_REST,
  variableOf,
} from "./flags.ts";
import { listed, problemOf } from "./problem.ts";
import { unknownFlags, unknownVariables, unknownWords } from "./unknown.ts";
import * as values from "./values.ts";
import { parseYaml } from "./yaml.ts";

type OwnOption = Exclude<(typeof OPTIONS)[number], { file: string }>;
type ValueOf<O extends OwnOption> = O extends { type: "choice"; choices: readonly (infer C)[] }
  ? C
  : O["type"] extends "boolean"
    ? boolean
    : O["type"] extends "list"
      ? readonly string[]
      : O["type"] extends "duration" | "limit" | "count" | "moment"
        ? number
        : string;

/** Those that always have a value. */
type AlwaysThere = { default: string } | { type: "boolean" | "list" };

/**
 * Flags and variables that have no key in signalbox.yml, with the defaults of the option table; those without
 * a default are absent where they were not given. Durations are in seconds.
 */
export type Given = { readonly [O in Extract<OwnOption, AlwaysThere> as CamelCase<O["name"]>]: ValueOf<O> } & {
  readonly [O in Exclude<OwnOption, AlwaysThere> as CamelCase<O["name"]>]?: ValueOf<O>;
};

export interface Settings {
  readonly config: Config;
  readonly given: Given;
  /** Words that are no flags: the files of `report`, `publish` or `fetch` of `state`. Other commands have none. */
  readonly words: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
}

/** The part of the settings that a function names: flags, and keys of signalbox.yml. */
export interface SettingsPart<G extends keyof Given = never, C extends keyof Config = never> {
  readonly given: Pick<Given, G>;
  readonly config: Pick<Config, C>;
}

export interface Sources {
  readonly command: CommandName;
  /** Flags as they were typed, by name: text, a list of texts, or true for a flag without a value. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly words: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
  readonly env: Environment;
  /** The configuration file; `text` is null where there is none. */
  readonly file: { readonly name: string; readonly text: string | null };
  /** Milliseconds since the epoch: the bound on `until`. */
  readonly now: number;
}

/** The commands that start dbt with a target, or go by what one built. */
const NEEDS_TARGETS: readonly CommandName[] = ["ci", "plan", "build", "state", "clean"];

/** What is of no consequence to a plan that is made of manifests alone. */
const USELESS_OFFLINE: readonly OptionName[] = ["full", "target"];

const WHERE_KEYS_ARE =
  "signalbox's README shows the keys under Configuration; docs/signalbox.schema.json lists all of them";

/**
 * Flag over variable over file over default. Throws one configuration error that lists every problem of every source,
 * each at the place where the user wrote it.
 */
export function resolve(sources: Sources): Settings {
  const options = optionsOf(sources.command);
  const file = sources.file.text === null ? null : parseYaml(sources.file.text, sources.file.name);
  const unknown = [
    ...unknownFlags(sources.command, sources.flags),
    ...unknownWords(sources.command, sources.words, sources.rest),
  ];
  const problems = unknownVariables(sources.env);
  const given = defaultsOfFlags();
  const overlay = new Map<string, { where: string; value: unknown }>();

  for (const option of options) {
    const found = find(option, sources);
    if (found === null) continue;
    if (Array.isArray(found.value)) {
      problems.push({ where: found.where, got: null, wanted: `takes one value: it was given ${listed(found.value)}` });
    } else if (option.file !== undefined) {
      overlay.set(option.file, found);
    } else {
      const read = readerOf(option).safeParse(found.value);
      if (read.success) given[camelCase(option.name)] = read.data;
      else problems.push(...read.error.issues.map((issue) => problemOf(found.where, found.value, issue.message)));
    }
  }
  problems.push(...uselessOffline(sources, options, given));

  const raw = layOver(file?.value ?? {}, overlay);
  const parsed = configFile.safeParse(raw);
  // Spread into a call, as many as a file may have would not fit on the stack.
  const ofFile: Problem[] = [];
  if (parsed.success) {
    const { name } = sources.file;
    const ofTargets = NEEDS_TARGETS.includes(sources.command) ? placeholderProblems(parsed.data, file, name) : [];
    const ofMutes = muteProblems(parsed.data, file, name, sources.now);
    for (const each of [...ofMutes, ...argsProblems(parsed.data, file, name), ...ofTargets]) ofFile.push(each);
  } else {
    const problemsOf = fileProblems(raw, file, sources.file.name);
    for (const issue of parsed.error.issues) {
      const flag = flagAt(issue.path, overlay);
      if (flag !== null) problems.push(problemOf(flag.where, flag.value, issue.message));
      else for (const each of problemsOf(issue)) ofFile.push(each);
    }
  }
  if (TAKES_REST[sources.command] === "arguments of dbt build") problems.push(...refusedBehindDashes(sources.rest));
  const all = [...unknown, ...problems, ...ofFile];
  if (all.length > 0 || !parsed.success) {
    const hints = [
      ...(unknown.length > 0 ? [`signalbox ${sources.command} --help lists what it takes`] : []),
      ...(ofFile.length > 0 ? [WHERE_KEYS_ARE] : []),
    ];
    throw configurationError(all, hints.length === 0 ? undefined : hints.join("\n"));
  }

  return { config: parsed.data, given: given as Given, words: sources.words, rest: sources.rest };
}

/** The defaults of the table. */
function defaultsOfFlags(): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const option of OPTIONS as readonly AnyOption[]) {
    if (option.file !== undefined) continue;
    const value =
      option.default === undefined
        ? { boolean: false, list: [] }[option.type as string]
        : readerOf(option).parse(option.default);
    if (value !== undefined) given[camelCase(option.name)] = value;
  }
  return given;
}

function find(option: AnyOption, sources: Sources): { where: string; value: unknown } | null {
  const flag = sources.flags[option.name];
  const where = `--${option.name}`;
  if (Array.isArray(flag) && (option.type === "selector" || option.type === "list"))
    return { where, value: joined(flag.map(String), option.type === "list" ? "," : " ") };
  if (flag !== undefined) return { where, value: typeof flag === "boolean" ? String(flag) : flag };
  const value = sources.env[variableOf(option)];
  // An Action's input that was not given arrives as an empty variable.
  if (value === undefined || value.trim() === "") return null;
  return { where: nameAsTyped(option, sources.env.SIGNALBOX_FACE), value };
}

function uselessOffline(
  sources: Sources,
  options: readonly AnyOption[],
  given: Readonly<Record<string, unknown>>,
): Problem[] {
  if (sources.command !== "plan" || given.manifest === undefined) return [];
  return options.flatMap((option) => {
    const isUseless = USELESS_OFFLINE.some((name) => name === option.name) && given[option.name] !== false;
    const found = isUseless ? find(option, sources) : null;
    const wanted = "says nothing to a plan that --manifest makes of files alone: leave one out";
    return found === null ? [] : [{ where: found.where, got: null, wanted }];
  });
}

/**
 * The words of a flag as the one text that a variable would have: `--select a b --select c` is the union `a b c`, as in
 * dbt. A word that is empty, such as a variable that is not set, leaves nothing.
 */
function joined(words: readonly string[], separator: string): string {
  return words.some((word) => word.trim() === "") ? "" : words.join(separator);
}

function readerOf(option: AnyOption): z.ZodType {
  switch (option.type) {
    case "boolean":
      return values.boolean;
    case "list":
      return values.list;
    case "selector":
      return values.selector;
    case "duration":
      return values.duration;
    case "limit":
      return values.limit;
    case "duration or none":
      return values.durationOrNone;
    case "count":
      return values.count;
    case "moment":
      return values.moment;
    case "choice":
      return values.oneOf(option.choices ?? ["none"]);
    case "store":
      return values.store;
    case "ledger":
      return values.ledger;
    case "channel":
      return values.channelId;
    case "text":
      return values.notAFlag;
  }
}

/** A copy of the file's value with the overlay's values at their paths. */
function layOver(value: unknown, overlay: ReadonlyMap<string, { value: unknown }>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const copy = structuredClone(value) as Record<string, unknown>;
  for (const [path, { value: item }] of overlay) {
    const keys = path.split(".");
    const last = keys.pop();
    let parent = copy;
    for (const key of keys) {
      const child = parent[key];
      // Something else than a section there is the file's own problem, and reported as such.
      const section = typeof child === "object" && child !== null ? (child as Record<string, unknown>) : {};
      if (child === undefined || child === null) parent[key] = section;
      parent = section;
    }
    if (last !== undefined) parent[last] = item;
  }
  return copy;
}

/** The flag or variable that the value at the path, or the list that it is in, came from. */
function flagAt(path: readonly PropertyKey[], overlay: ReadonlyMap<string, { where: string; value: unknown }>) {
  for (let length = path.length; length > 0; length--) {
    const flag = overlay.get(path.slice(0, length).join("."));
    if (flag !== undefined) return flag;
  }
  return null;
}
