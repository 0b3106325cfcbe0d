import { createHash } from "node:crypto";
import { join, relative, resolve } from "node:path";
import { isShallow } from "../bundles/ancestry.ts";
import { findBaseTip } from "../bundles/base-commit.ts";
import { ask } from "../dbt/ask-engine.ts";
import { findEnvVars } from "../dbt/env-vars.ts";
import { assertDbt, readProject } from "../dbt/project.ts";
import { compareWarehouses, renderText } from "../dbt/warehouse.ts";
import { joinPath } from "../init/facts.ts";
import { dbtCommand } from "../init/install.ts";
import { lookAtProject } from "../init/look-project.ts";
import { namedFrom, partsOf } from "../init/naming.ts";
import { openRepositoryFiles } from "../init/repository-files.ts";
import type { Config } from "../settings/file.ts";
import { findBaseBranch } from "../setup/base-branch.ts";
import type { Context } from "../setup/context.ts";
import { assertCheckout } from "../setup/run-settings.ts";
import type { ChildWatch } from "../support/claims.ts";
import { SignalboxError } from "../support/errors.ts";
import { pathFrom, readFileIfAny, SETTINGS } from "../support/files.ts";
import { createGit } from "../support/git.ts";
import { createRemote } from "../support/remote.ts";
import { type Environment, withoutSecrets } from "../support/secrets.ts";
import { readYaml } from "../support/yaml.ts";
import { isTemplate } from "../text/jinja.ts";
import type { BaseFacts, DbtFacts, DoctorProject, GitFacts, Identity, TargetFacts } from "./facts.ts";

/** How dbt is started here, and what it says of itself. */
export interface DbtPlace {
  readonly config: Config["dbt"];
  /** Absolute. */
  readonly dir: string;
  readonly env: Environment;
}

/** Throws a configuration error where its program is missing. */
export async function lookAtDbt(
  { config, dir, env }: DbtPlace,
  children: ChildWatch,
  signal: AbortSignal,
): Promise<DbtFacts> {
  const full = { ...withoutSecrets(env), ...config.env };
  await assertDbt(config.command, dir, full);
  const { said, exitCode } = await ask({ cwd: dir, env: full, children, signal }, [...config.command, "--version"]);
  return { command: config.command, said, exitCode };
}

/** Throws a configuration error, in git's words, where it reads no clone here. */
export async function lookAtGit(parts: Pick<Context, "git" | "baseDir" | "env">): Promise<GitFacts> {
  await assertCheckout(parts);
  return { isShallow: await isShallow(createRemote(parts.git)) };
}

type BaseParts = Parameters<typeof findBaseBranch>[0];

/** What findBaseBranch would say in the log goes into the answer. */
export async function lookAtBase(context: BaseParts, own: string | null): Promise<BaseFacts> {
  const notes: string[] = [];
  const log = { ...context.log, warn: (_: string, text: string) => notes.push(text) };
  const name = await findBaseBranch({ ...context, log }, own, null);
  return { name, isHere: name !== null && (await findBaseTip(context.remote.git, name)) !== null, notes };
}

/** dbt_project.yml, profiles.yml and the macros that place nodes. Throws a configuration error where there is no project. */
export async function lookAtTargets({
  config,
  baseDir,
  env,
}: Pick<Context, "baseDir" | "env"> & { readonly config: Config }): Promise<DoctorProject> {
  const dir = resolve(baseDir, config.dbt.projectDir);
  const full = { ...withoutSecrets(env), ...config.dbt.env };
  const profilesDir = config.dbt.profilesDir === null ? null : resolve(baseDir, config.dbt.profilesDir);
  const project = await readProject({ dir, profilesDir, profile: config.dbt.profile, env: full });
  const top = (await createGit(dir, env).top()) ?? dir;
  const below = pathFrom(top, dir) || ".";
  const files = openRepositoryFiles(top);
  await assertYaml(dir);
  const { naming, packages } = await lookAtProject({ top, dir: below, env: full, profilesDirs: [], files });
  const { macro } = partsOf(naming);
  const text = macro === null ? null : await readFileIfAny(join(dir, macro.path), SETTINGS);
  // As everything else is named: from the folder of signalbox.yml.
  const shownDir = pathFrom(baseDir, dir);
  const outputs = Object.entries(project.outputs ?? {}).map(([name, output]) => ({ name, output: asOutput(output) }));
  const production = { ...full, ...config.baseline.env };
  const [check, deploy] = [config.modes.check.target, config.modes.deploy.target].map((target) => ({
    target: target ?? "",
    output: outputs.find(({ name }) => name === target)?.output ?? null,
    env: production,
  }));
  const separation = check === undefined || deploy === undefined ? null : compareWarehouses(check, deploy, dir).kind;
  return {
    dir,
    profilesFile: project.profilesDir === null ? null : nameFrom(baseDir, join(project.profilesDir, "profiles.yml")),
    targets: project.outputs === null ? null : outputs.map((each) => targetOf(each, production)),
    noTargets: project.noTargets,
    unread: files.unread(),
    naming: namedFrom(naming, shownDir),
    installs: packages === null ? null : { command: dbtCommand(packages), file: packages.file },
    schemaMacro: macro === null || text === null ? null : { path: joinPath(shownDir, macro.path), text },
    isSeparate: separation === null || separation === "unknown" ? null : separation === "separate",
  };
}

/** What is no YAML says nothing of the project, and dbt cannot read it either. */
async function assertYaml(dir: string): Promise<void> {
  const path = join(dir, "dbt_project.yml");
  const read = readYaml((await readFileIfAny(path, SETTINGS)) ?? "");
  if (read.kind === "read") return;
  throw new SignalboxError("configuration", `${path} ${read.why}`, { hint: "mend it: dbt parse says the same" });
}

type Output = Readonly<Record<string, unknown>>;

function asOutput(value: unknown): Output {
  return typeof value === "object" && value !== null ? (value as Output) : {};
}

/** Who connects, in one adapter or another. https://docs.getdbt.com/docs/core/connect-data-platform/about-core-connections */
const IDENTITY = [
  ...["user", "username", "role", "client_id", "token", "keyfile", "keyfile_json", "private_key_path"],
  ...["private_key", "impersonate_service_account", "iam_profile", "aws_profile_name"],
];

function targetOf({ name, output }: { readonly name: string; readonly output: Output }, env: Environment): TargetFacts {
  const schema = output.schema ?? output.dataset;
  const adapter = renderText(output.type, env);
  const { SIGNALBOX_SCHEMA: _, ...others } = env;
  return {
    name,
    adapter,
    schema: typeof schema === "string" ? schema : null,
    renderedSchema: renderText(schema, others),
    identity: Object.fromEntries(
      IDENTITY.flatMap((key) =>
        output[key] == null ? [] : [[key, identityOf(output[key], foldsNames(adapter, key))]],
      ),
    ),
  };
}

/**
 * Users and roles whose case says nothing, as long as nobody quotes them.
 * https://docs.snowflake.com/en/sql-reference/identifiers-syntax
 * https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
 */
const FOLDING: ReadonlySet<string> = new Set(["snowflake", "redshift", "sqlserver", "fabric", "synapse"]);

function foldsNames(adapter: string | null, key: string): boolean {
  return ["user", "username", "role"].includes(key) && adapter !== null && FOLDING.has(adapter);
}

/**
 * A hash of the text before Jinja: a value that a variable gives may be another one in CI, and secrets stay here. Blanks and
 * quotes of a template say nothing.
 */
function identityOf(value: unknown, isFolded: boolean): Identity {
  const written = JSON.stringify(value).slice(0, 100_000);
  const text = isTemplate(written)
    ? written.replace(/\\"/g, "'").replace(/\s/g, "")
    : isFolded
      ? written.toLowerCase()
      : written;
  const variables = new Set(findEnvVars(written).map(({ name }) => name));
  return { mark: createHash("sha256").update(text).digest("hex"), variables: [...variables] };
}

function nameFrom(baseDir: string, path: string): string {
  const short = relative(baseDir, path);
  return short.startsWith("..") ? path : short;
}
