/** dbt's command lines. Pure: one array each, never a shell string. */

export interface StartPlaces {
  /** Absolute; null for `dbt deps`, which writes no artifacts and refuses the flag. */
  readonly targetPath: string | null;
  readonly logPath: string;
  /** Absolute folder of profiles.yml; null: dbt's own search. */
  readonly profilesDir: string | null;
  /** null: the profile's own default. */
  readonly target: string | null;
  readonly threads: number | null;
  readonly color: boolean;
  /** `dbt.args` of signalbox.yml. */
  readonly extra: readonly string[];
}

/** What every start is told alike: other arguments would void dbt's partial parse. */
export function commonArguments(places: StartPlaces): string[] {
  return [
    ...flag("--target", places.target),
    ...flag("--profiles-dir", places.profilesDir),
    ...flag("--target-path", places.targetPath),
    ...["--log-path", places.logPath],
    ...["--log-format-file", "json", "--log-level-file", "debug"],
    places.color ? "--use-colors" : "--no-use-colors",
    ...places.extra,
  ];
}

export interface SelectionArguments {
  readonly select: readonly string[];
  readonly exclude: readonly string[];
  readonly indirectSelection: string | null;
  /** Absolute folders of manifests: relative ones would resolve against the project. */
  readonly state: string | null;
  readonly deferState: string | null;
}

export function selectionArguments(selection: SelectionArguments): string[] {
  return [
    ...flags("--select", selection.select),
    ...flags("--exclude", selection.exclude),
    ...flag("--indirect-selection", selection.indirectSelection),
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
