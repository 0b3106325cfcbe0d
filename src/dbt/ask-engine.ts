import type { ChildWatch } from "../support/claims.ts";
import { showCommandLine } from "./arguments.ts";
import { type Engine, readEngine } from "./engine.ts";
import { findLauncher, type LauncherPlace } from "./launcher.ts";
import { runProcess } from "./process.ts";

export interface EngineQuestion extends LauncherPlace {
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
  const launcher = await findLauncher(question);
  if (launcher?.isCertain) {
    const { said, exitCode } = await ask(question, [...launcher.python, "-I", "-c", SAY_INSTALLED]);
    if (exitCode === 0) return readEngine(said, exitCode, line);
  }
  const { said, exitCode } = await ask(question, [...command, "--version"]);
  // Stopped from here, it did not answer.
  question.signal.throwIfAborted();
  return readEngine(said, exitCode, line);
}

/** In the words of `dbt --version`. */
const SAY_INSTALLED = 'from importlib.metadata import version; print("- installed: " + version("dbt-core"))';

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
