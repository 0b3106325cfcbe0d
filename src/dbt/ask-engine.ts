import type { ChildWatch } from "../support/claims.ts";
import { findProgram, interpreterIn, readBeginning } from "../support/program-file.ts";
import { showCommandLine } from "./arguments.ts";
import { type Engine, readEngine } from "./engine.ts";
import { runProcess } from "./process.ts";

export interface EngineQuestion {
  readonly command: readonly string[];
  /** Absolute: the project's folder. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly children: ChildWatch;
  readonly signal: AbortSignal;
}

const MOST_LINES = 200;

/**
 * Asks dbt which one it is. `dbt --version` of dbt 1 loads all of dbt and looks for newer versions on the internet, which
 * takes seconds: where its launcher tells its Python, that is asked what is installed. Throws a configuration error where
 * the answer is no version of dbt, or the program cannot be started.
 */
export async function askEngine(question: EngineQuestion): Promise<Engine> {
  const { command } = question;
  const line = showCommandLine(command);
  const python = await pythonOf(question);
  if (python !== null) {
    const { said, exitCode } = await ask(question, [...python, "-I", "-c", SAY_INSTALLED]);
    if (exitCode === 0) return readEngine(said, exitCode, line);
  }
  const { said, exitCode } = await ask(question, [...command, "--version"]);
  return readEngine(said, exitCode, line);
}

/** In the words of `dbt --version`. */
const SAY_INSTALLED = 'from importlib.metadata import version; print("- installed: " + version("dbt-core"))';

/** What starts the Python that dbt runs in; null: nothing tells it. */
async function pythonOf({ command, cwd, env }: EngineQuestion): Promise<readonly string[] | null> {
  if (command.at(-2) === "-m" && command.at(-1) === "dbt.cli.main") return command.slice(0, -2);
  if (command.length !== 1) return null;
  const file = await findProgram({ program: command[0] ?? "", cwd, env });
  // One that may be run and not be read is asked itself.
  const script = file === null ? null : await readBeginning(file, LONGEST_LAUNCHER).catch(() => null);
  if (script === null || !DBT_LAUNCHER.test(script)) return null;
  const interpreter = interpreterIn(script);
  return interpreter !== null && /(?:^|\/)python[\d.]*$/.test(interpreter) ? [interpreter] : null;
}

/** The launcher that Python's installers write for dbt-core. */
const DBT_LAUNCHER = /^from dbt\.cli\.main import cli$/m;
const LONGEST_LAUNCHER = 4096;

/** The first lines of what a program prints, on either stream. */
export async function ask(
  { cwd, env, children, signal }: Omit<EngineQuestion, "command">,
  argv: readonly string[],
): Promise<{ readonly said: string; readonly exitCode: number | null }> {
  const lines: string[] = [];
  const { exitCode } = await runProcess({
    ...{ argv, cwd, env, children, signal, name: "dbt", stdout: "log" },
    onLine: (line) => {
      if (lines.length < MOST_LINES) lines.push(line.slice(0, 500));
    },
  });
  return { said: lines.join("\n"), exitCode };
}
