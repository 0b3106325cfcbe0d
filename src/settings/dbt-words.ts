import type { Problem } from "../support/errors.ts";

/**
 * Arguments of dbt that a user hands on: `dbt.args` of signalbox.yml, and what stands behind `--`. Those that the plan
 * decides are refused: dbt would do something else than plan.json, build.json and the bundle say.
 */

/** One option as dbt's parser (click) reads it. */
export interface DbtOption {
  /** dbt's long name, without dashes: `-t` is `target`, `--model` is `select`. */
  readonly name: string;
  /** As it was typed, without a value. */
  readonly word: string;
  readonly values: readonly string[];
  /** Which of the words it began in. */
  readonly index: number;
}

/** https://github.com/dbt-labs/dbt-core/blob/v1.11.16/core/dbt/cli/params.py */
const SHORT: Readonly<Record<string, string>> = {
  d: "debug",
  f: "full-refresh",
  h: "help",
  m: "select",
  o: "output",
  q: "quiet",
  r: "record-timing-info",
  s: "select",
  t: "target",
  v: "version",
  V: "version",
  x: "fail-fast",
};
const SAME_AS: Readonly<Record<string, string>> = {
  model: "select",
  models: "select",
  "resource-type": "resource-types",
  "exclude-resource-type": "exclude-resource-types",
};
/** Options that take all words up to the next one that begins with a dash. */
const MANY: readonly string[] = ["select", "exclude", "resource-types", "exclude-resource-types", "output-keys"];
/** Options that take one word, whatever it begins with. */
const ONE: readonly string[] = [
  ...["target", "profile", "profiles-dir", "project-dir", "target-path", "log-path", "state", "defer-state"],
  ...["selector", "vars", "threads", "indirect-selection", "event-time-start", "event-time-end", "sample", "sqlparse"],
  ...["log-format", "log-format-file", "log-level", "log-level-file", "log-file-max-bytes", "printer-width", "output"],
  ...["record-timing-info", "warn-error-options", "partial-parse-file-path"],
];

/** The options among the words. What dbt does not know, it refuses itself. */
export function readDbtOptions(words: readonly string[]): readonly DbtOption[] {
  const options: DbtOption[] = [];
  let at = 0;
  /** The values of an option; `attached`: what stands in the same word. */
  const take = (name: string, attached: string | null): readonly string[] => {
    const values: string[] = attached === null ? [] : MANY.includes(name) ? attached.split(" ") : [attached];
    if (ONE.includes(name) && attached === null && at < words.length) return [words[at++] ?? ""];
    if (MANY.includes(name)) {
      // click gives such an option its first word whatever it begins with.
      for (let isFirst = attached === null; at < words.length; isFirst = false) {
        const word = words[at] ?? "";
        if (!isFirst && word.startsWith("-")) break;
        for (const value of isFirst ? word.split(" ") : [word]) values.push(value);
        at += 1;
      }
    }
    return values;
  };
  while (at < words.length) {
    const index = at;
    const word = words[at++] ?? "";
    // Behind it nothing is an option; dbt build takes no other words.
    if (word === "--") break;
    if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const typed = equals === -1 ? word : word.slice(0, equals);
      const name = SAME_AS[typed.slice(2)] ?? typed.slice(2);
      options.push({ name, word: typed, values: take(name, equals === -1 ? null : word.slice(equals + 1)), index });
    } else if (word.startsWith("-")) {
      for (let letter = 1; letter < word.length; letter += 1) {
        const typed = word[letter] ?? "";
        const name = SHORT[typed] ?? typed;
        const takesValue = ONE.includes(name) || MANY.includes(name);
        const rest = word.slice(letter + 1);
        options.push({
          name,
          word: `-${typed}`,
          values: takesValue ? take(name, rest === "" ? null : rest) : [],
          index,
        });
        if (takesValue) break;
      }
    }
  }
  return options;
}

/** What is refused wherever it stands, with what to use instead. `mode`: a mode's key. */
const NEVER: Readonly<Record<string, string>> = {
  target: "use modes.check.target, modes.deploy.target and modes.schedule.target, or signalbox's own --target",
  profile: "use dbt.profile",
  "profiles-dir": "use dbt.profiles_dir",
  "project-dir": "use dbt.project_dir",
  "target-path": "use dbt.env: { DBT_TARGET_PATH: … }",
  "log-path": "signalbox reads dbt's log itself; it keeps it in its work folder, under dbt/",
  "log-format-file": "signalbox reads dbt's log itself",
  "log-level-file": "signalbox reads dbt's log itself",
  "write-json": "signalbox reads the files that dbt writes",
  "no-write-json": "signalbox reads the files that dbt writes",
  "partial-parse-file-path": "a baseline would be made of it, and would not be what its commit says",
  state: "use signalbox's own --state, or baseline.sources",
  "defer-state": "use signalbox's own --defer-state, or store",
  defer: "use modes.check.defer",
  "no-defer": "use modes.check.defer",
  "favor-state": "use modes.check.defer: what is deferred always favours production",
  "no-favor-state": "use modes.check.defer: what is deferred always favours production",
};

const IN_FILE = "modes.check.select, modes.deploy.select or modes.schedule.select";
/** What chooses nodes: the plan does, wherever it selects. */
const CHOOSES: Readonly<Record<string, string>> = {
  select: `use ${IN_FILE}, or signalbox's own --select`,
  selector: `say it in ${IN_FILE}, or with signalbox's own --select`,
  exclude: "use modes.check.exclude, modes.deploy.exclude or modes.schedule.exclude, or signalbox's own --exclude",
  "indirect-selection":
    "use flags: { indirect_selection: … } in dbt_project.yml, or signalbox's own --indirect-selection",
};
/** These are honoured in `dbt.args`: the plan leaves the other types out. */
const TYPES = "use dbt.args in signalbox.yml, or signalbox's own --exclude resource_type:…";
const CHOOSES_TYPES: Readonly<Record<string, string>> = {
  "resource-types": TYPES,
  "exclude-resource-types": TYPES,
};

/** What `dbt.args` may not hold, each with its place among them. */
export function refusedArgs(args: readonly string[]): readonly { index: number; word: string; wanted: string }[] {
  return refused(args, { ...NEVER, ...CHOOSES });
}

/** What may not stand behind `--` in any mode: plan, queue and bundle go by the target and the profile of the mode. */
export function refusedBehindDashes(words: readonly string[]): readonly Problem[] {
  return refused(words, NEVER).map(toProblem);
}

/** What may not stand behind `--` where the plan selects: dbt would build other nodes than it says. */
export function choosingBehindDashes(words: readonly string[]): readonly Problem[] {
  return refused(words, { ...CHOOSES, ...CHOOSES_TYPES }).map(toProblem);
}

function refused(words: readonly string[], instead: Readonly<Record<string, string>>) {
  return readDbtOptions(words).flatMap(({ name, word, index }) => {
    const wanted = Object.hasOwn(instead, name) ? instead[name] : undefined;
    return wanted === undefined ? [] : [{ index, word, wanted: `contradicts the plan: ${wanted}` }];
  });
}

function toProblem({ word, wanted }: { word: string; wanted: string }): Problem {
  return { where: `-- ${word}`, got: null, wanted };
}
