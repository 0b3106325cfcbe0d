import type { ResourceTypes } from "../selection/resource-types.ts";
import type { EngineTraits } from "./engine.ts";

/** dbt's command lines. Pure: one array each, never a shell string. */

export interface StartTarget {
  /** Absolute; null for `dbt deps`, which writes no artifacts and refuses the flag. */
  readonly targetPath: string | null;
  readonly logPath: string;
  /** Absolute folder of profiles.yml; null: dbt's own search. */
  readonly profilesDir: string | null;
  /** null: the project's own. */
  readonly profile: string | null;
  /** null: the profile's own default. */
  readonly target: string | null;
  readonly color: boolean;
  /** Of the dbt that is started. */
  readonly traits: EngineTraits;
  /** `dbt.args` of signalbox.yml; a start gets those that its command takes. */
  readonly extra: readonly string[];
}

/** What every start is told alike: other arguments would void dbt's partial parse. */
export function commonArguments(command: string, start: StartTarget): string[] {
  const { traits } = start;
  return [
    ...flag("--profile", start.profile),
    ...flag("--target", start.target),
    ...flag("--profiles-dir", start.profilesDir),
    ...flag("--target-path", start.targetPath),
    ...["--log-path", start.logPath],
    // The answer of dbt ls must not become a line of the log.
    ...(command === "ls" && traits.log.stdout === "json" ? [] : traits.log.arguments),
    ...(traits.takesColors ? [start.color ? "--use-colors" : "--no-use-colors"] : []),
    ...takenBy(command, start.extra, traits),
  ];
}

/** The flags that the command takes, each with the values behind it. */
function takenBy(command: string, words: readonly string[], traits: EngineTraits): string[] {
  let isTaken = true;
  return words.filter((word) => {
    if (word.startsWith("-")) isTaken = traits.takenBy[word.split("=")[0] ?? ""]?.includes(command) ?? true;
    return isTaken;
  });
}

/** The words without this option and its value: `--name value`, `--name=value`. */
export function withoutOption(words: readonly string[], name: string): string[] {
  return words.filter((word, index) => word !== name && !word.startsWith(`${name}=`) && words[index - 1] !== name);
}

/** `--threads 4`, `--threads=4`: the last one; null: none, or no number of threads. */
export function threadsIn(words: readonly string[]): number | null {
  const at = words.findLastIndex((word) => word === "--threads" || word.startsWith("--threads="));
  const value = words[at]?.split("=")[1] ?? words[at + 1] ?? "";
  return at !== -1 && /^[1-9]\d{0,4}$/.test(value) ? Number(value) : null;
}

/** Options of dbt 2 that may be there several times. */
const REPEATED: ReadonlySet<string> = new Set([
  ...["--select", "--exclude", "--output-keys", "--sampled", "--show"],
  ...["--resource-type", "--exclude-resource-type"],
]);
const LONG: Readonly<Record<string, string>> = {
  "-s": "--select",
  "-m": "--select",
  "--models": "--select",
  "--resource-types": "--resource-type",
  "--exclude-resource-types": "--exclude-resource-type",
  "-t": "--target",
  "-f": "--full-refresh",
  "-x": "--fail-fast",
  "-q": "--quiet",
  "-d": "--debug",
};

/** The last one of each option alone, with the words behind it, as dbt 1 takes them; of lists all. */
export function lastOfEach(words: readonly string[]): string[] {
  const groups: string[][] = [];
  for (const word of words) {
    const last = groups.at(-1);
    if (last === undefined || word.startsWith("-")) groups.push([word]);
    else last.push(word);
  }
  const nameOf = ([word = ""]: readonly string[]) => {
    const [name = ""] = word.split("=", 1);
    return LONG[name] ?? name;
  };
  const lasts = new Map(groups.map((group, index) => [nameOf(group), index]));
  return groups.filter((group, index) => REPEATED.has(nameOf(group)) || lasts.get(nameOf(group)) === index).flat();
}

export interface SelectionArguments {
  readonly select: readonly string[];
  readonly exclude: readonly string[];
  readonly indirectSelection: string | null;
  /** Absolute folders of manifests: relative ones would resolve against the project. */
  readonly state: string | null;
  readonly deferState: string | null;
  readonly resourceTypes: ResourceTypes;
}

export function selectionArguments(selection: SelectionArguments): string[] {
  return [
    ...flags("--select", selection.select),
    ...flags("--exclude", selection.exclude),
    ...flag("--indirect-selection", selection.indirectSelection),
    ...flags("--resource-type", selection.resourceTypes.only),
    ...flags("--exclude-resource-type", selection.resourceTypes.without),
    ...flag("--state", selection.state),
    ...deferArguments(selection),
  ];
}

/**
 * A branch's schema lives on between pushes: without --favor-state a left-over table there would win over production.
 * dbt defers to --state where there is no --defer-state, and would read a folder that is named twice two times.
 * https://docs.getdbt.com/reference/node-selection/defer
 */
function deferArguments({ state, deferState }: SelectionArguments): string[] {
  return deferState === null
    ? []
    : ["--defer", "--favor-state", ...flag("--defer-state", deferState === state ? null : deferState)];
}

export function flag(name: string, value: string | number | null): string[] {
  return value === null ? [] : [name, String(value)];
}

function flags(name: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [name, ...values];
}

/** A command line as a person can paste it, for the log and for reports. */
export function showCommandLine(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
