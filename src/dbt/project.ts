import { readdir } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny, SETTINGS, writtenAt } from "../support/files.ts";
import { assertProgram } from "../support/program-file.ts";
import type { Environment } from "../support/secrets.ts";
import { didYouMean } from "../support/suggest.ts";
import { readYaml, type Yaml } from "../support/yaml.ts";
import { isTemplate } from "../text/jinja.ts";
import { dbtVariable } from "./environment.ts";

/** A dbt project as far as it can be known without starting dbt. */
export interface Project {
  readonly dir: string;
  /** null: the name is a template. */
  readonly name: string | null;
  /** Absolute folder that holds profiles.yml; null: not found, dbt will say so. */
  readonly profilesDir: string | null;
  /** Names of the profile's targets; null where they cannot be read without dbt. */
  readonly targets: readonly string[] | null;
  /** The profile's targets as they are written, before Jinja; null where they cannot be read without dbt. */
  readonly outputs: Readonly<Record<string, unknown>> | null;
  /** Why there are none of them; null: there are. */
  readonly noTargets: NoTargets | null;
  /** missing: some are named that are not installed, or were named later than they were installed. */
  readonly packages: "none" | "installed" | "missing";
  /** What decides selections: environment over `flags:` of dbt_project.yml; null: dbt's default. */
  readonly flags: ProjectFlags;
}

/**
 * `template`: only dbt can tell them. `missing`: there is no profiles.yml. `refused`: dbt cannot read them either. `why`: a
 * sentence.
 */
export interface NoTargets {
  readonly kind: "template" | "missing" | "refused";
  readonly why: string;
}

export interface ProjectFlags {
  readonly indirectSelection: "eager" | "cautious" | "buildable" | "empty" | null;
  readonly compareUnrendered: boolean | null;
  /** Tests that do not say so themselves store their failures. */
  readonly storesFailures: boolean;
}

export interface ProjectPlaces {
  /** Absolute. */
  readonly dir: string;
  readonly profilesDir: string | null;
  /** Another profile than dbt_project.yml names; null: that one. */
  readonly profile: string | null;
  readonly env: Environment;
}

/** Reads dbt_project.yml and profiles.yml. Throws a configuration error where the folder is no dbt project. */
export async function readProject({ dir, profilesDir, profile: asked, env }: ProjectPlaces): Promise<Project> {
  const text = await readFileIfAny(join(dir, "dbt_project.yml"), SETTINGS);
  if (text === null) {
    throw new SignalboxError("configuration", `${dir} is no dbt project: it holds no dbt_project.yml`, {
      hint: "set dbt.project_dir in signalbox.yml (relative to that file), or start signalbox in the project's folder",
    });
  }
  const project = readMapping(text);
  const found = await findProfiles(dir, profilesDir, env);
  const profile = asked ?? dbtVariable(env, "PROFILE")?.value ?? plain(project.profile);
  if (asked !== null && found !== null) assertProfile(found, asked);
  const { outputs, noTargets } = outputsOf(found, profile, asked ?? project.profile);
  return {
    dir,
    name: plain(project.name),
    profilesDir: found?.dir ?? null,
    targets: outputs === null ? null : Object.keys(outputs),
    outputs,
    noTargets,
    packages: await packagesOf(dir, packagesPathOf(dir, project)),
    flags: flagsOf(mappingAt(project, "flags") ?? {}, env),
  };
}

/** `named`: the profile's name as it is written, `profile`: without Jinja. */
function outputsOf(
  found: ProfilesFile | null,
  profile: string | null,
  named: unknown,
): Pick<Project, "outputs" | "noTargets"> {
  const none = (kind: NoTargets["kind"], why: string) => ({ outputs: null, noTargets: { kind, why } });
  if (found === null) return none("missing", "no profiles.yml was found: neither here nor in ~/.dbt");
  if (found.refused !== null) return none("refused", `profiles.yml ${found.refused}`);
  if (profile === null)
    return named == null
      ? none("refused", "dbt_project.yml names no profile")
      : none("template", "the name of the profile in dbt_project.yml is a template, which only dbt can read");
  const outputs = mappingAt(found.profiles, profile, "outputs");
  if (outputs !== null) return { outputs, noTargets: null };
  const names = profileNames(found);
  if (names.includes(profile)) return none("refused", `the profile ${profile} of profiles.yml has no outputs`);
  if (names.some(isTemplate)) return none("template", "profiles.yml is a template for dbt alone");
  const known = names.length === 0 ? "it has none" : `it has ${names.slice(0, MOST_NAMES).join(", ")}`;
  return none("refused", `profiles.yml has no profile ${profile}${didYouMean(profile, names)}: ${known}`);
}

const MOST_NAMES = 8;

/** The folder into which `dbt deps` puts packages, each under its name; absolute. dbt reads no variable for it. */
export function packagesPathOf(dir: string, project: Readonly<Record<string, unknown>>): string {
  return resolve(dir, plain(project["packages-install-path"]) || "dbt_packages");
}

/** `vars:` of a dbt_project.yml, as it is written. */
export function varsOf(text: string): unknown {
  return readMapping(text).vars ?? null;
}

/** https://docs.getdbt.com/reference/global-configs/about-global-configs */
function flagsOf(flags: Record<string, unknown>, env: Environment): ProjectFlags {
  const text = (value: unknown) => String(value ?? "").toLowerCase();
  const asked = text(dbtVariable(env, "INDIRECT_SELECTION")?.value ?? flags.indirect_selection);
  const mode = INDIRECT_SELECTIONS.find((known) => known === asked);
  // The file alone has this one: dbt reads no variable for it.
  const compare = text(flags.state_modified_compare_more_unrendered_values);
  const isYes = (value: string) => /^(true|1|yes|on|t|y)$/.test(value);
  return {
    indirectSelection: mode ?? null,
    compareUnrendered: compare === "" ? null : isYes(compare),
    storesFailures: isYes(text(env.DBT_ENGINE_STORE_FAILURES || env.DBT_STORE_FAILURES || flags.store_failures)),
  };
}

const INDIRECT_SELECTIONS = ["eager", "cautious", "buildable", "empty"] as const;

async function packagesOf(dir: string, packagesPath: string): Promise<Project["packages"]> {
  const named = ["packages.yml", "dependencies.yml"].map((name) => join(dir, name));
  const texts = await Promise.all(named.map((path) => readFileIfAny(path, SETTINGS)));
  if (!texts.some((file) => file !== null && /^packages:(?!\s*\[\s*\])/m.test(file))) return "none";
  const [installed = 0, ...changed] = await Promise.all(
    [packagesPath, join(dir, "package-lock.yml"), ...named].map(async (path) => (await writtenAt(path)) ?? 0),
  );
  // dbt deps makes the folder before it downloads anything.
  const held = await readdir(packagesPath).catch(() => []);
  return held.length > 0 && changed.every((time) => time <= installed) ? "installed" : "missing";
}

/** Throws a configuration error for a profile that profiles.yml, as far as it can be read without dbt, does not have. */
function assertProfile(found: ProfilesFile, profile: string): void {
  const names = profileNames(found);
  if (names.length === 0 || names.includes(profile)) return;
  throw new SignalboxError(
    "configuration",
    `dbt.profile is ${JSON.stringify(profile)}: profiles.yml has no such profile${didYouMean(profile, names)}`,
    { hint: `profiles in ${found.dir}/profiles.yml: ${names.join(", ")}` },
  );
}

/** Throws a configuration error for a target that the profile does not have. */
export function assertTarget(project: Project, target: string | null, where: string): void {
  if (target === null || project.targets === null || project.targets.includes(target)) return;
  throw new SignalboxError(
    "configuration",
    `${where} is ${JSON.stringify(target)}: the profile has no such target${didYouMean(target, project.targets)}`,
    {
      hint: `targets in ${project.profilesDir}/profiles.yml: ${project.targets.join(", ") || "none"}`,
    },
  );
}

/** Throws a configuration error where the command's program cannot be started. */
export function assertDbt(command: readonly string[], cwd: string, env: Environment): Promise<void> {
  return assertProgram({ program: command[0] ?? "", cwd, env }, (missing) => dbtMissing(command, missing));
}

function dbtMissing(command: readonly string[], { message }: SignalboxError): SignalboxError {
  const program = command[0] ?? "";
  return program === "dbt"
    ? new SignalboxError("configuration", `dbt was not found: ${message}`, {
        hint: "install dbt before this step, activate its environment, or name it in signalbox.yml: dbt: { command: [uv, run, dbt] }",
      })
    : new SignalboxError("configuration", `dbt.command is [${command.join(", ")}]: ${message}`, {
        hint: `install ${program} before this step, or correct dbt.command in signalbox.yml; it is [dbt] where dbt itself is on the PATH`,
      });
}

/** Folders that may hold profiles.yml; the first one that does counts. */
export function profilePlaces(dir: string, asked: string | null, env: Environment): readonly string[] {
  const named = asked ?? dbtVariable(env, "PROFILES_DIR")?.value ?? null;
  if (named === null) return [dir, ...(env.HOME ? [join(env.HOME, ".dbt")] : [])];
  return [isAbsolute(named) ? named : resolve(dir, named)];
}

/** A profiles.yml as it was read. */
interface ProfilesFile {
  readonly dir: string;
  /** Empty where it was not read. */
  readonly profiles: Record<string, unknown>;
  /** Why it was not; null: it was. */
  readonly refused: string | null;
}

/** All but `config:`, which older versions of dbt have there. */
function profileNames({ profiles }: ProfilesFile): readonly string[] {
  return Object.keys(profiles).filter((name) => name !== "config");
}

/** dbt's own search: --profiles-dir, DBT_PROFILES_DIR, the working directory, ~/.dbt. https://docs.getdbt.com/docs/local/connect-data-platform/connection-profiles */
async function findProfiles(dir: string, asked: string | null, env: Environment): Promise<ProfilesFile | null> {
  const dirs = profilePlaces(dir, asked, env);
  for (const dirOf of dirs) {
    const text = await readFileIfAny(join(dirOf, "profiles.yml"), SETTINGS);
    if (text === null) continue;
    const read = readYaml(text);
    return { dir: dirOf, profiles: mappingOf(read), refused: read.kind === "refused" ? read.why : null };
  }
  if (asked === null) return null;
  throw new SignalboxError("configuration", `${dirs[0]} holds no profiles.yml`, {
    hint: "set dbt.profiles_dir in signalbox.yml (relative to that file)",
  });
}

/** What is no YAML for us may still be some for dbt's own parser: it has the word then. */
export function readMapping(text: string): Record<string, unknown> {
  return mappingOf(readYaml(text));
}

function mappingOf(read: Yaml): Record<string, unknown> {
  const value = read.kind === "read" ? read.value : null;
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function mappingAt(value: Record<string, unknown>, ...path: readonly string[]): Record<string, unknown> | null {
  const found = path.reduce<unknown>(
    (item, key) => (typeof item === "object" && item !== null ? (item as Record<string, unknown>)[key] : undefined),
    value,
  );
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : null;
}

/** A text without Jinja; only dbt can tell what a template becomes. */
export function plain(value: unknown): string | null {
  return typeof value === "string" && !isTemplate(value) ? value : null;
}
