import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { withoutChoices } from "../dbt/environment.ts";
import { type DbtFolders, findDbtFolders } from "../dbt/folders.ts";
import { assertDbt, assertTarget, type Project, readProject } from "../dbt/project.ts";
import { markOf, type SchemaOwner, schemaKeyOf, schemaOf } from "../run/schema.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import { configurationError, type Problem, SignalboxError } from "../support/errors.ts";
import { isFolder, pathFrom } from "../support/files.ts";
import { createGit } from "../support/git.ts";
import type { Log } from "../support/log.ts";
import { type Environment, isWithheld, withoutSecrets } from "../support/secrets.ts";
import { type Choosing, readChoosing } from "./choosing.ts";
import { type ConfigFile, describeUnread, noConfigFile } from "./config-file.ts";
import { learnEnvVars } from "./known-secrets.ts";
import { assertOwnCode, type OwnCodeParts, refuseTarget } from "./own-code.ts";
import { openPassEnv, type PassEnvParts } from "./pass-env.ts";
import { assertCheckout, type RunSettings } from "./run-settings.ts";

/** The folders of a dbt project in its repository. */
export interface ProjectFolders extends DbtFolders {
  /** The top of the work tree that the project is in; its own folder, where it is in none. */
  readonly top: string;
  /** The project's folder from there, with `/` on every system; empty: it is the top. */
  readonly fromTop: string;
}

/** Where and how dbt works in this run. */
export interface DbtProject {
  readonly project: Project;
  /** dbt's environment: without our secrets, with SIGNALBOX_SCHEMA in check mode. */
  readonly env: Readonly<Record<string, string>>;
  readonly choosing: Choosing;
  /** Its target folder is shared by all starts, so that partial parsing works. */
  readonly folders: ProjectFolders;
  /** Whose schema a check builds into; null in the other modes. */
  readonly owner: SchemaOwner | null;
  /** What no schema holds but those of this check; null: nothing tells them apart, or the mode is another. */
  readonly mark: string | null;
}

export interface DbtProjectParts extends OwnCodeParts, PassEnvParts {
  readonly settings: SettingsPart<"target", "dbt" | "modes">;
  readonly configFile: ConfigFile;
  readonly cwd: string;
}

/** Everything that dbt needs, checked. Throws a configuration error before anything is started or written. */
export async function openDbtProject(parts: DbtProjectParts, runSettings: RunSettings): Promise<DbtProject> {
  const { config, given } = parts.settings;
  refuseTarget(parts);
  await assertCheckout({ ...parts, git: parts.remote.git });
  const dir = projectDirOf(parts);
  await assertOwnCode(parts, runSettings, dir);
  assertOwnTarget(parts, runSettings);
  const passed = await openPassEnv(parts, runSettings);
  await warnOfWithheld(parts, passed);
  const owner = ownerOf(runSettings);
  const template = config.modes.check.schema;
  const told = {
    ...withoutSecrets(parts.env, passed),
    ...config.dbt.env,
    ...(owner === null ? {} : { SIGNALBOX_SCHEMA: schemaOf(template, owner.branch, owner.hash, owner.pullRequest) }),
  };
  const choosing = readChoosing(config.dbt.args, told);
  const { env, dropped } = withoutChoices(told);
  warnOfDropped(parts, dir, told, dropped);
  const folders = await dbtFoldersOf(parts);
  const project = await readProject({
    dir,
    profilesDir: config.dbt.profilesDir === null ? null : resolve(parts.baseDir, config.dbt.profilesDir),
    profile: config.dbt.profile,
    env: told,
  });
  const where = given.target === undefined ? `modes.${runSettings.mode}.target` : "--target";
  assertTarget(project, runSettings.target, where);
  await assertDbt(config.dbt.command, dir, env);

  const mark = owner === null ? null : markOf(template, owner);
  return { project, env, choosing, folders, owner, mark };
}

export interface FolderParts {
  readonly baseDir: string;
  readonly settings: SettingsPart<never, "dbt">;
  readonly env: Environment;
}

/** Where relative paths of the project start from. */
export function projectDirOf({ baseDir, settings }: Omit<FolderParts, "env">): string {
  return resolve(baseDir, settings.config.dbt.projectDir);
}

/** The folders of the project, whoever starts its dbt. It need not be there. */
export async function dbtFoldersOf(parts: FolderParts): Promise<ProjectFolders> {
  const { env } = parts;
  const dir = projectDirOf(parts);
  const folders = await findDbtFolders(dir, { ...env, ...parts.settings.config.dbt.env });
  const top = await createGit(await nearestFolder(dir), env).top();
  if (top === null) return { ...folders, top: dir, fromTop: "" };
  // git names the folder as it is, and the way to it may be a link.
  const [realTop, realDir] = await Promise.all([top, dir].map((path) => realpath(path).catch(() => path)));
  return { ...folders, top, fromTop: pathFrom(realTop ?? top, realDir ?? dir) };
}

async function nearestFolder(path: string): Promise<string> {
  for (let dir = path; ; dir = dirname(dir)) {
    if ((await isFolder(dir)) || dir === dirname(dir)) return dir;
  }
}

/** dbt would say that a variable is not set which the job has. */
async function warnOfWithheld(
  { env, baseDir, settings, log }: DbtProjectParts,
  passed: readonly string[],
): Promise<void> {
  const { dbt } = settings.config;
  const read = await learnEnvVars({ env, baseDir, dbt });
  const names = [...read].filter((name) => isWithheld(name) && !passed.includes(name) && (env[name] ?? "") !== "");
  const missed = names.filter((name) => !(name in dbt.env) && !dbt.passEnv.includes(name));
  if (missed.length > 0)
    log.warn(
      "dbt",
      `${missed.join(", ")}: read by its files, and not handed to it; dbt.pass_env in signalbox.yml names exceptions`,
    );
}

/** The plan decides these, not a variable that another step left: the log says that it has no effect. */
function warnOfDropped(
  { cwd, log }: { readonly cwd: string; readonly log: Pick<Log, "warn"> },
  dir: string,
  env: Readonly<Record<string, string>>,
  dropped: readonly string[],
): void {
  const isSameFolder = (name: string) => name.endsWith("PROJECT_DIR") && resolve(cwd, env[name] ?? "") === dir;
  const names = dropped.filter((name) => !isSameFolder(name));
  if (names.length > 0)
    log.warn("dbt", `${names.join(", ")}: not handed to dbt, as the plan and signalbox.yml say what it does`);
}

/** A check builds on every push of every branch: production must never be where it does so. */
function assertOwnTarget({ settings, configFile, cwd }: DbtProjectParts, { mode, target }: RunSettings): void {
  if (mode !== "check") return;
  const { deploy, schedule } = settings.config.modes;
  const hint =
    "in signalbox.yml: modes: { check: { target: ci }, deploy: { target: prod }, schedule: { target: prod } }";
  if (target === null) {
    const wanted = "check mode needs a dbt target of its own, so that no pull request builds into production";
    if (!configFile.exists)
      throw new SignalboxError("configuration", `${noConfigFile(configFile, cwd)}: ${wanted}`, {
        hint: describeUnread(configFile, cwd) ?? `signalbox init writes one; ${hint}`,
      });
    throw configurationError([{ where: "modes.check.target", got: null, wanted: `is missing: ${wanted}` }], hint);
  }
  const shared = target === deploy.target ? "deploy" : target === schedule.target ? "schedule" : null;
  if (shared !== null) {
    const problem: Problem = {
      where: "modes.check.target",
      got: JSON.stringify(target),
      wanted: `is also the target of ${shared} mode: wanted one of its own, so that no pull request builds into production`,
    };
    throw configurationError([problem], hint);
  }
}

function ownerOf({ mode, run }: RunSettings): SchemaOwner | null {
  if (mode !== "check") return null;
  const full = schemaKeyOf(run.ref.name, run.trust === "fork" ? run.headRepository : null);
  return { branch: run.ref.name, hash: hashOfBranch(full), pullRequest: run.pullRequest?.number ?? null };
}

/** What tells the schemas of two branches apart whose slugs are the same, in hex. */
export function hashOfBranch(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}
