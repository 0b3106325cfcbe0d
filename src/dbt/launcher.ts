import { basename } from "node:path";
import { findProgram, interpreterIn, readBeginning } from "../support/program-file.ts";

export interface LauncherPlace {
  readonly command: readonly string[];
  /** Absolute: the project's folder. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What starts the Python that dbt runs in, and where that finds dbt: a file, `dbt` on its PATH, or `-m`. */
export interface Launcher {
  readonly python: readonly string[];
  readonly dbt: string;
  /** True where the launcher was read, false where only that Python can tell. */
  readonly isCertain: boolean;
}

/** The Python behind a command line of dbt 1; null: nothing tells it. */
export async function findLauncher({ command, cwd, env }: LauncherPlace): Promise<Launcher | null> {
  if (command.at(-2) === "-m" && command.at(-1) === "dbt.cli.main")
    return { python: command.slice(0, -2), dbt: "-m", isCertain: true };
  const [program = "", verb] = command;
  if (RUNNERS.has(basename(program)) && verb === "run" && command.at(-1) === "dbt" && command.at(-2) !== "-m")
    return { python: [...command.slice(0, -1), "python"], dbt: "dbt", isCertain: false };
  if (command.length !== 1) return null;
  const file = await findProgram({ program, cwd, env });
  // One that may be run and not be read is asked itself.
  const script = file === null ? null : await readBeginning(file, LONGEST_LAUNCHER).catch(() => null);
  if (file === null || script === null || !DBT_LAUNCHER.test(script)) return null;
  const interpreter = interpreterIn(script);
  return interpreter !== null && /(?:^|\/)python[\d.]*$/.test(interpreter)
    ? { python: [interpreter], dbt: file, isCertain: true }
    : null;
}

/** https://docs.astral.sh/uv/reference/cli/#uv-run, https://python-poetry.org/docs/cli/#run */
const RUNNERS: ReadonlySet<string> = new Set(["uv", "poetry"]);
/** The launcher that Python's installers write for dbt-core. */
const DBT_LAUNCHER = /^from dbt\.cli\.main import cli$/m;
const LONGEST_LAUNCHER = 4096;
