import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { assertProgram, assertTarget, type Project, readProject } from "../dbt/project.ts";
import { type Detected, detectRun, platformOf } from "../platforms/detect.ts";
import { refuseForeignCheckout } from "../platforms/github/run.ts";
import { chooseMode, type Mode } from "../run/mode.ts";
import type { Run } from "../run/run.ts";
import { schemaOf } from "../run/schema.ts";
import type { Config } from "../settings/file.ts";
import { configurationError, type Problem, SignalboxError } from "../support/errors.ts";
import { createGit } from "../support/git.ts";
import { withoutSecrets } from "../support/secrets.ts";
import { type Context, describeUnread } from "./context.ts";

/** What a run is for, and where dbt works: known before anything is started or written. */
export interface Occasion {
  readonly run: Run;
  /** GitHub's event; null elsewhere. */
  readonly event: Detected["event"];
  readonly baseBranch: string;
  readonly mode: Mode;
  readonly modeReason: string;
  readonly target: string | null;
  readonly select: string | null;
  readonly exclude: string | null;
  readonly failOn: "error" | "warn" | "never";
}

export interface Workshop {
  readonly project: Project;
  /** dbt's environment: without our secrets, with SIGNALBOX_SCHEMA in check mode. */
  readonly env: Readonly<Record<string, string>>;
  /** dbt's own target folder, shared by all starts so that partial parsing works. */
  readonly targetPath: string;
  readonly top: string;
}

/** Which run this is; what started it and what the base branch is, only where the command needs to know. */
export async function learnRun(context: Context, needs: { baseBranch: boolean; trigger: boolean }): Promise<Detected> {
  return detectRun({
    env: context.env,
    git: context.git,
    baseBranch: context.settings.config.baseBranch,
    needs,
    circleUrl: context.settings.given.circleUrl ?? "https://circleci.com",
    localId: `${context.pid}-${context.clock.now()}`,
    cwd: context.cwd,
  });
}

/** The run, its mode, and the settings of that mode with flags over them. */
export async function learnOccasion(context: Context): Promise<Occasion> {
  const { given, config } = context.settings;
  const asked = given.mode ?? "auto";
  const { run, baseBranch, event } = await learnRun(context, { baseBranch: true, trigger: asked === "auto" });
  if (baseBranch === null) {
    await assertCheckout(context);
    throw noBaseBranch(context);
  }
  const { mode, reason } = chooseMode(run, baseBranch, asked);
  const ofMode = config.modes[mode];
  return {
    run,
    event,
    baseBranch,
    mode,
    modeReason: reason,
    target: given.target ?? ofMode.target,
    select: given.select ?? ofMode.select,
    exclude: given.exclude ?? ofMode.exclude,
    failOn: given.failOn ?? ofMode.failOn,
  };
}

/** Everything that dbt needs, checked. Throws a configuration error before anything is started or written. */
export async function openWorkshop(context: Context, occasion: Occasion): Promise<Workshop> {
  const { config } = context.settings;
  await assertCheckout(context);
  assertOwnTarget(context, occasion);
  const dir = resolve(context.baseDir, config.dbt.projectDir);
  const env = withoutBaselines({
    ...withoutSecrets(context.env),
    ...config.dbt.env,
    ...schemaVariable(config, occasion),
  });
  const project = await readProject({
    dir,
    profilesDir: config.dbt.profilesDir === null ? null : resolve(context.baseDir, config.dbt.profilesDir),
    env,
  });
  const where = context.settings.given.target === undefined ? `modes.${occasion.mode}.target` : "--target";
  assertTarget(project, occasion.target, where);
  await assertProgram(config.dbt.command, dir, env);

  const git = createGit(dir, context.env);
  refuseForeignCheckout(context.env, occasion.event, await git.ask("rev-parse", "HEAD"));
  const top = (await git.ask("rev-parse", "--show-toplevel")) ?? dir;
  return { project, env, targetPath: resolve(dir, env.DBT_TARGET_PATH || "target"), top };
}

/** What dbt compares with and defers to is the plan's to say, by arguments, and no variable's that another step left. */
function withoutBaselines(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^DBT_(ENGINE_)?(STATE|DEFER|DEFER_STATE|FAVOR_STATE)$/.test(name)),
  );
}

/** A job that forgot its checkout would otherwise hear of every file that is not there. */
async function assertCheckout({ git, baseDir, env }: Context): Promise<void> {
  if ((await git.ask("rev-parse", "--git-dir")) !== null) return;
  // In a container git refuses a work tree of another user: https://github.com/actions/checkout/issues/1169
  const hints = {
    github:
      'put actions/checkout with fetch-depth: 0 before this step; in a container also: git config --global --add safe.directory "$GITHUB_WORKSPACE"',
    circleci: "put the step checkout before this one",
    other: "start it in a clone of the repository",
  };
  const platform = platformOf(env);
  throw new SignalboxError("configuration", `git finds no checkout in ${baseDir}`, {
    hint: hints[platform === "github" || platform === "circleci" ? platform : "other"],
  });
}

/** A check builds on every push of every branch: production must never be where it does so. */
function assertOwnTarget(context: Context, { mode, target }: Occasion): void {
  if (mode !== "check") return;
  const { deploy, schedule } = context.settings.config.modes;
  const hint =
    "in signalbox.yml: modes: { check: { target: ci }, deploy: { target: prod }, schedule: { target: prod } }";
  if (target === null) {
    const wanted = "check mode needs a dbt target of its own, so that no pull request builds into production";
    if (!context.configFile.exists)
      throw new SignalboxError("configuration", `${noConfigFile(context)}: ${wanted}`, {
        hint: describeUnread(context) ?? `signalbox init writes one; ${hint}`,
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

function schemaVariable(config: Config, { mode, run }: Occasion): Record<string, string> {
  if (mode !== "check") return {};
  // A fork's branch may have the name of one of ours: its schema is another.
  const full = run.trust === "fork" ? `${run.headRepository}:${run.ref.name}` : run.ref.name;
  return { SIGNALBOX_SCHEMA: schemaOf(config.modes.check.schema, run.ref.name, hashOfBranch(full)) };
}

/** What tells the schemas of two branches apart whose slugs are the same, in hex. */
export function hashOfBranch(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}

function noBaseBranch(context: Context): SignalboxError {
  const nothing = context.configFile.exists ? "" : `, and ${noConfigFile(context)}`;
  return new SignalboxError(
    "configuration",
    `the base branch is not known: the repository has no remote whose HEAD names it${nothing}`,
    { hint: describeUnread(context) ?? "write base_branch: main (or its name) into signalbox.yml" },
  );
}

function noConfigFile({ configFile, cwd }: Context): string {
  return `there is no ${configFile.name} in ${cwd}`;
}

/** The artifacts of the newest dbt start in a work folder's `dbt/`. */
export function recordDirOf(context: Context): string {
  return join(context.work.dir, "dbt");
}
