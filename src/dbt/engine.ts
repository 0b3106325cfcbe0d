import { SignalboxError } from "../support/errors.ts";
import { cleanText } from "../text/clean.ts";

/** Which dbt this is, by its own word, and what each takes. Pure: a table and its readers. */

/** What a kind of dbt takes and leaves, as far as kinds differ. */
export interface EngineTraits {
  /** How it is told to log as JSON. `stdout`: what it prints is that log too, so that it is put into words here. */
  readonly log: { readonly arguments: readonly string[]; readonly stdout: "words" | "json" };
  /** It takes --use-colors and --no-use-colors. */
  readonly takesColors: boolean;
  /** Flags that not every command takes, with those that do. */
  readonly takenBy: Readonly<Record<string, readonly string[]>>;
  /** It takes the last one of an option that is there several times: else it refuses that. */
  readonly takesRepeats: boolean;
  /** It is a program of Python, which takes seconds to load: that can be done before it is needed. */
  readonly loadsAhead: boolean;
  /** It decides itself what `state:` selects, in `ls`, which leaves the same manifest.json as `parse`. */
  readonly plansInList: boolean;
  /** Stopped by SIGINT, its results say what became of each node: else its log alone does. */
  readonly resultsOutliveStop: boolean;
}

const BUILD = ["build"];
/** Of dbt 1.8 to 1.12 and 2.0 alike: test/engines/arguments.json has who takes what. */
const TAKEN_BY: EngineTraits["takenBy"] = {
  "--full-refresh": BUILD,
  "-f": BUILD,
  "--empty": BUILD,
  "--no-empty": BUILD,
  "--sample": BUILD,
  "--event-time-start": BUILD,
  "--event-time-end": BUILD,
  "--store-failures": BUILD,
  "--show": BUILD,
  "--export-saved-queries": BUILD,
  "--no-export-saved-queries": BUILD,
  "--include-saved-query": BUILD,
  "--no-include-saved-query": BUILD,
  "--sqlparse": ["build", "source freshness"],
  "--threads": ["build", "parse", "source freshness"],
  // The plan hands these on.
  "--resource-type": [],
  "--resource-types": [],
  "--exclude-resource-type": [],
  "--exclude-resource-types": [],
};

const DEBUG_FILE = ["--log-level-file", "debug"];

const DBT_1: EngineTraits = {
  log: { arguments: ["--log-format-file", "json", ...DEBUG_FILE], stdout: "words" },
  takesColors: true,
  takenBy: TAKEN_BY,
  takesRepeats: true,
  loadsAhead: true,
  plansInList: false,
  resultsOutliveStop: true,
};

const DBT_2: EngineTraits = {
  // Its --log-format-file has no effect: the file is written as the output is.
  log: { arguments: ["--log-format", "json", ...DEBUG_FILE], stdout: "json" },
  takesColors: false,
  takenBy: {
    ...TAKEN_BY,
    "--force-node-selection": BUILD,
    "--limit": ["build", "ls"],
    "--run-cache-mode": BUILD,
    "--sampled": BUILD,
    "--static-analysis": BUILD,
    "--with-sample": BUILD,
    // Its log is read, and put into words here.
    "--log-format": [],
  },
  takesRepeats: false,
  loadsAhead: false,
  plansInList: true,
  resultsOutliveStop: false,
};

type Minor = readonly [major: number, minor: number];

/** Oldest and newest that were tried, in order. */
const TABLE: readonly { readonly from: Minor; readonly to: Minor; readonly traits: EngineTraits }[] = [
  { from: [1, 8], to: [1, 12], traits: DBT_1 },
  { from: [2, 0], to: [2, 0], traits: DBT_2 },
];

/** What `dbt --version` told. */
export interface DbtVersion {
  /** Words for people: `dbt 1.11.16`, `dbt Fusion 2.0.0`. */
  readonly words: string;
  readonly minor: Minor;
  /** Name and version of each adapter; null: this dbt has its own inside, and does not list them. */
  readonly adapters: ReadonlyMap<string, string> | null;
}

/** `  - installed: 1.11.16` of dbt 1, `installed version: 0.21.1` of dbt 0, `dbt-fusion 2.0.0`, `dbt-core 2.0.0`, `dbt 2.0.0`. */
const VERSION_LINE = /^(?:- installed:|installed version:|dbt(-fusion|-core)?) +(\d{1,5})\.(\d{1,5})\.(\S+)/;

/** Reads what `dbt --version` prints; null: that is no dbt's answer. */
export function readDbtVersion(said: string): DbtVersion | null {
  const lines = cleanText(said)
    .split("\n")
    .map((line) => line.trim().slice(0, 300));
  const found = lines.map((line) => VERSION_LINE.exec(line)).find((match) => match !== null);
  if (found === undefined || found === null) return null;
  const [, kind, major = "", minor = "", rest = ""] = found;
  const version = `${major}.${minor}.${rest}`;
  const hasPlugins = lines.includes("Plugins:");
  const plugins = lines.slice(lines.indexOf("Plugins:") + 1).flatMap((line) => {
    const [, name, of] = /^- ([a-z][\w-]*): +(\d\S*)/.exec(line) ?? [];
    return name === undefined || of === undefined ? [] : [[name, of] as const];
  });
  return {
    words: kind === "-fusion" ? `dbt Fusion ${version}` : `dbt ${version}`,
    minor: [Number(major), Number(minor)],
    adapters: hasPlugins ? new Map(plugins) : null,
  };
}

export interface Engine extends DbtVersion {
  readonly traits: EngineTraits;
  /** What is to be said of it once; null: nothing. */
  readonly note: string | null;
}

/** The engine of this version; one that is not in the table is taken as its nearest, with a note. Throws for dbt 0. */
function engineOf(told: DbtVersion): Engine {
  const { words, minor } = told;
  if (minor[0] === 0)
    throw new SignalboxError("configuration", `${words} is too old: signalbox starts ${KNOWN}`, {
      hint: "install dbt-core 1.8 or later, or dbt 2, before this step",
    });
  const known = TABLE.find(({ from, to }) => !isBefore(minor, from) && !isBefore(to, minor));
  if (known !== undefined) return { ...told, traits: known.traits, note: null };
  const older = TABLE.findLast(({ to }) => isBefore(to, minor));
  const nearest = older ?? TABLE[0];
  const like = older === undefined ? nearest?.from : nearest?.to;
  const age = older === undefined ? "older" : "newer";
  return {
    ...told,
    traits: nearest?.traits ?? DBT_1,
    note: `${words} is ${age} than what this signalbox was tried with (${KNOWN}): it is started like dbt ${like?.join(".")}`,
  };
}

const KNOWN = TABLE.map(({ from, to }) => `dbt ${[...new Set([from.join("."), to.join(".")])].join(" to ")}`).join(
  " and ",
);

function isBefore(one: Minor, other: Minor): boolean {
  return one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
}

/**
 * The engine that answered so to `line --version`. Throws a configuration error for an answer that is no version of dbt:
 * of the command line of dbt Cloud, of a Python without dbt, of another program.
 */
export function readEngine(said: string, exitCode: number | null, line: string): Engine {
  const text = cleanText(said);
  if (/\bdbt (?:Cloud|platform) CLI\b/i.test(text))
    throw new SignalboxError("configuration", `${line} is the command line of the dbt platform (dbt Cloud)`, {
      hint: "it runs dbt elsewhere, so that nothing of it can be judged here: install dbt-core or dbt 2, and name that one in signalbox.yml: dbt: { command: [dbt] }",
    });
  const found = readDbtVersion(said);
  if (found !== null) return engineOf(found);
  const last = text.split("\n").findLast((each) => each.trim() !== "") ?? "nothing";
  if (/\bNo module named ['"]?dbt\b/.test(text))
    throw new SignalboxError("configuration", `${line}: its Python has no dbt (${last.trim()})`, {
      hint: "install dbt into that environment before this step, or name the dbt of this project in signalbox.yml: dbt: { command: [uv, run, dbt] }",
    });
  throw new SignalboxError(
    "configuration",
    `${line} --version names no version of dbt: it ended with ${exitCode ?? "a signal"} and said ${JSON.stringify(last.trim().slice(0, 200))}`,
    { hint: "name the dbt of this project in signalbox.yml, such as dbt: { command: [uv, run, dbt] }" },
  );
}
