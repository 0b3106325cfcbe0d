import type { Answers, InitFacts, ProjectFacts, Target } from "../../src/init/facts.ts";

export function buildTarget(overrides: Partial<Target> = {}): Target {
  return { name: "ci", adapter: "duckdb", schemaKey: "schema", schema: "dbt", variables: [], ...overrides };
}

/** A project at the top, with the targets of these names. */
export function buildProject(targets: readonly string[] = [], overrides: Partial<ProjectFacts> = {}): ProjectFacts {
  const profiles = { file: "profiles.yml", dir: ".", targets: targets.map((name) => buildTarget({ name })) };
  return {
    dir: ".",
    name: "shop",
    macroDir: "macros",
    packages: null,
    profiles,
    naming: { macros: [], configs: [] },
    sqlfluff: null,
    own: null,
    ...overrides,
  };
}

export function buildFacts(overrides: Partial<InitFacts> = {}): InitFacts {
  return {
    remote: { host: "github.com", path: "acme/shop" },
    baseBranch: { name: "main", from: "remote" },
    cwd: ".",
    projects: [buildProject(["ci", "prod"])],
    ciFiles: [],
    unread: [],
    existing: null,
    gitignore: null,
    ...overrides,
  };
}

export function buildAnswers(overrides: Partial<Answers> = {}): Answers {
  return {
    ci: "github",
    project: buildProject(["ci", "prod"]),
    configDir: ".",
    baseBranch: "main",
    check: "ci",
    deploy: "prod",
    schema: "ci_{branch}",
    errorChannel: null,
    warnChannel: null,
    ...overrides,
  };
}
