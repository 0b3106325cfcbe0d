import { readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { findEnvVars } from "../dbt/env-vars.ts";
import { mappingAt, plain, readMapping, readProject } from "../dbt/project.ts";
import { pathFrom, readFileIfAny, SETTINGS } from "../support/files.ts";
import type { Environment } from "../support/secrets.ts";
import { joinPath, type Packages, type Profiles, type ProjectFacts, type Target } from "./facts.ts";
import { findNaming, type TextFile } from "./naming.ts";
import type { RepositoryFiles } from "./repository-files.ts";

export interface ProjectPlace {
  readonly top: string;
  readonly dir: string;
  readonly env: Environment;
  /** Folders of the repository that hold a profiles.yml. */
  readonly profilesDirs: readonly string[];
  /** Reads what is not needed to go on. */
  readonly files: RepositoryFiles;
}

export async function lookAtProject(place: ProjectPlace): Promise<Omit<ProjectFacts, "own">> {
  const { top, dir, env, files } = place;
  const { name, profilesDir } = await readProject({ dir: join(top, dir), profilesDir: null, profile: null, env });
  const settings = readMapping((await readFileIfAny(join(top, dir, "dbt_project.yml"), SETTINGS)) ?? "");
  const macroPaths: unknown = settings["macro-paths"];
  const macroDir = Array.isArray(macroPaths) ? plain(macroPaths[0]) : null;
  const packages = await findPackages(top, dir, files);
  return {
    dir,
    name,
    macroDir: macroDir !== null && isBelow(macroDir) ? macroDir : "macros",
    packages,
    sqlfluff: await findSqlfluff(dir, packages, files),
    profiles: await findProfiles(place, profilesDir, plain(settings.profile)),
    naming: findNaming(settings, await namingFiles(join(top, dir), settings)),
  };
}

const MOST_FILES = 2000;

/** Macros and snapshots: the files that can say where a node goes, whatever the target is. */
async function namingFiles(dir: string, settings: Readonly<Record<string, unknown>>): Promise<readonly TextFile[]> {
  const folders = (key: string, usual: string) => {
    const named: unknown = settings[key];
    const texts = Array.isArray(named) ? named.map(plain).filter((each) => each !== null) : [usual];
    return texts.filter(isBelow);
  };
  const paths = await Promise.all(
    [...folders("macro-paths", "macros"), ...folders("snapshot-paths", "snapshots")].map(async (folder) => {
      const entries = await readdir(join(dir, folder), { recursive: true }).catch(() => [] as string[]);
      return entries
        .filter((name) => /\.(sql|ya?ml)$/.test(name))
        .map((name) => joinPath(folder, name.split(sep).join("/")));
    }),
  );
  const files = await Promise.all(
    [...new Set(paths.flat())]
      .sort()
      .slice(0, MOST_FILES)
      .map(async (path) => ({ path, text: (await readFileIfAny(join(dir, path), SETTINGS).catch(() => null)) ?? "" })),
  );
  return files;
}

/** The profiles.yml that dbt finds; where it lies outside the repository, one inside that knows the profile. */
async function findProfiles(
  { top, profilesDirs }: ProjectPlace,
  found: string | null,
  profile: string | null,
): Promise<Profiles | null> {
  const inside = found === null ? null : below(top, found);
  const places = [
    ...(found !== null && inside !== null ? [{ path: found, dir: inside }] : []),
    ...profilesDirs.map((dir) => ({ path: join(top, dir), dir })),
    ...(found !== null && inside === null ? [{ path: found, dir: null }] : []),
  ];
  for (const { path, dir } of places) {
    const text = await readFileIfAny(join(path, "profiles.yml"), SETTINGS);
    const outputs = text === null || profile === null ? null : mappingAt(readMapping(text), profile, "outputs");
    if (outputs === null) continue;
    const file = dir === null ? join(path, "profiles.yml") : joinPath(dir, "profiles.yml");
    return { file, dir, targets: Object.entries(outputs).map(([name, output]) => targetOf(name, output)) };
  }
  return null;
}

function targetOf(name: string, output: unknown): Target {
  const values = typeof output === "object" && output !== null ? (output as Record<string, unknown>) : {};
  const schemaKey =
    "schema" in values ? "schema" : "dataset" in values || values.type === "bigquery" ? "dataset" : "schema";
  const schema = values[schemaKey];
  const asked = findEnvVars(JSON.stringify(values)).filter(({ hasDefault }) => !hasDefault);
  return {
    name,
    adapter: plain(values.type),
    schemaKey,
    schema: typeof schema === "string" ? schema : null,
    variables: [...new Set(asked.map(({ name: variable }) => variable))].filter((each) => each !== "SIGNALBOX_SCHEMA"),
  };
}

async function findPackages(top: string, dir: string, files: RepositoryFiles): Promise<Packages | null> {
  for (let place = dir; ; place = joinPath(...place.split("/").slice(0, -1))) {
    const found = await packagesIn(join(top, place), place, files);
    if (found !== null || place === ".") return found;
  }
}

/** Where sqlfluff reads its settings. https://docs.sqlfluff.com/en/stable/configuration/setting_configuration.html */
const SQLFLUFF_FILES: readonly (readonly [string, RegExp])[] = [
  [".sqlfluff", /^/],
  ["pyproject.toml", /^\[tool\.sqlfluff\b/m],
  ...["setup.cfg", "tox.ini"].map((name) => [name, /^\[sqlfluff\b/m] as const),
];

async function findSqlfluff(
  dir: string,
  packages: Packages | null,
  files: RepositoryFiles,
): Promise<ProjectFacts["sqlfluff"]> {
  for (let place = dir; ; place = joinPath(...place.split("/").slice(0, -1))) {
    for (const [name, settings] of SQLFLUFF_FILES) {
      const file = joinPath(place, name);
      const text = await files.read(file);
      if (text === null || !settings.test(text)) continue;
      const installs = packages === null ? null : await files.read(joinPath(packages.dir, packages.file));
      return { file, isInstalled: packages === null || /\bsqlfluff\b/.test(installs ?? "") };
    }
    if (place === ".") return null;
  }
}

async function packagesIn(path: string, dir: string, files: RepositoryFiles): Promise<Packages | null> {
  const names = await readdir(path).catch(() => [] as string[]);
  const pyproject = (await files.read(joinPath(dir, "pyproject.toml"))) ?? "";
  const of = (manager: Packages["manager"], lock: string, file: string): Packages => {
    const isLocked = names.includes(lock);
    return { manager, dir, file: isLocked ? lock : file, isLocked };
  };
  if (names.includes("uv.lock") || /^\[tool\.uv\b/m.test(pyproject)) return of("uv", "uv.lock", "pyproject.toml");
  if (names.includes("poetry.lock") || /^\[tool\.poetry\b/m.test(pyproject))
    return of("poetry", "poetry.lock", "pyproject.toml");
  if (names.includes("Pipfile")) return of("pipenv", "Pipfile.lock", "Pipfile");

  const requirements = names.filter((name) => /^requirements[\w.-]*\.txt$/.test(name)).sort(byLength);
  for (const file of requirements) {
    const text = (await files.read(joinPath(dir, file))) ?? "";
    if (/^\s*dbt[-_]/m.test(text)) return { manager: "pip", dir, file, isLocked: false };
  }
  // One that includes others (`-r base.txt`) does not name dbt itself.
  if (requirements.includes("requirements.txt"))
    return { manager: "pip", dir, file: "requirements.txt", isLocked: false };
  return /["']dbt[-_]/.test(pyproject) ? of("uv", "uv.lock", "pyproject.toml") : null;
}

function byLength(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/** The path from the top, or null for one outside. */
function below(top: string, path: string): string | null {
  const from = pathFrom(top, path);
  return isBelow(from) ? joinPath(from) : null;
}

function isBelow(path: string): boolean {
  return !path.startsWith("/") && !/^[A-Za-z]:/.test(path) && !path.split("/").includes("..");
}
