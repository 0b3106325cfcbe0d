import { targetOf } from "./decide.ts";
import type { Answers, Packages } from "./facts.ts";

/** How dbt is started, and what has to run before in a CI. */

const RUNNERS: Readonly<Record<Packages["manager"], readonly string[]>> = {
  pip: ["dbt"],
  uv: ["uv", "run", "dbt"],
  poetry: ["poetry", "run", "dbt"],
  pipenv: ["pipenv", "run", "dbt"],
};

export function dbtCommand(packages: Packages | null): readonly string[] {
  return packages === null ? ["dbt"] : RUNNERS[packages.manager];
}

export interface InstallStep {
  readonly run: string;
  /** Folder from the top; "." for the top itself. */
  readonly dir: string;
}

export function installSteps(answers: Answers): readonly InstallStep[] {
  const { packages } = answers.project;
  if (packages === null) {
    const linter = answers.project.sqlfluff === null ? [] : ["sqlfluff"];
    return [{ run: `pip install ${[...packageNames(answers), ...linter].join(" ")}`, dir: "." }];
  }
  const { manager, dir, file, isLocked } = packages;
  switch (manager) {
    case "pip":
      return [{ run: `pip install -r ${file}`, dir }];
    case "uv":
      return [
        { run: "pip install uv", dir: "." },
        { run: isLocked ? "uv sync --locked" : "uv sync", dir },
      ];
    case "poetry":
      return [
        { run: "pip install poetry", dir: "." },
        { run: "poetry install --no-root", dir },
      ];
    case "pipenv":
      return [
        { run: "pip install pipenv", dir: "." },
        { run: isLocked ? "pipenv sync" : "pipenv install", dir },
      ];
  }
}

/**
 * dbt and the adapter of the targets, where no file of the repository names them; of targets that are still to be added, the
 * one that all others have.
 */
export function packageNames({ project, check, deploy }: Answers): readonly string[] {
  const known = [...new Set(project.profiles?.targets.map((target) => target.adapter))];
  const ofAll = known.length === 1 ? known[0] : null;
  const adapter = targetOf(project, check)?.adapter ?? targetOf(project, deploy)?.adapter ?? ofAll ?? null;
  // The name becomes a word of a shell's line.
  return adapter !== null && /^[a-z][a-z0-9_-]*$/.test(adapter) ? ["dbt-core", `dbt-${adapter}`] : ["dbt-core"];
}
