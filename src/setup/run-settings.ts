import { dbtVariable } from "../dbt/environment.ts";
import { type Detected, detectRun, type Needs, platformOf } from "../platforms/detect.ts";
import { chooseMode, type Mode } from "../run/mode.ts";
import type { Purpose } from "../run/purpose.ts";
import type { Run } from "../run/run.ts";
import { choosingBehindDashes } from "../settings/dbt-words.ts";
import { type CommandName, TAKES_REST } from "../settings/flags.ts";
import type { Settings, SettingsPart } from "../settings/resolve.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { assertReadable, type Git } from "../support/git.ts";
import type { Log } from "../support/log.ts";
import { type Redact, redactAll } from "../support/redact.ts";
import type { Environment } from "../support/secrets.ts";
import { openAncestry } from "./ancestry.ts";
import { type BaseBranchParts, findBaseBranch } from "./base-branch.ts";
import { type ConfigFile, describeUnread, noConfigFile } from "./config-file.ts";

/** What a run is for: known before anything is started or written. */
export interface RunSettings {
  readonly run: Run;
  readonly baseBranch: string;
  readonly mode: Mode;
  readonly modeReason: string;
  readonly target: string | null;
  readonly select: string | null;
  readonly exclude: string | null;
  readonly failOn: "error" | "warn" | "never";
}

/** What this run's plan and build are for. */
export function purposeOf({ mode, target, run }: RunSettings): Purpose {
  return { mode, target, commit: run.commit.checkedOut };
}

/** A command that does not queue does not wait as long as one that does. */
const LONGEST_ASKING_SECONDS = 60;

/** What tells which run this is: the environment, git, the remote, the CI's API, and how long that may be asked. */
export interface RunParts extends BaseBranchParts {
  readonly command: CommandName;
  readonly settings: SettingsPart<"circleUrl" | "noQueue", "baseBranch" | "queue">;
  readonly cwd: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly redact: Redact;
  readonly log: Pick<Log, "step" | "warn">;
}

/** Which run this is; what started it and what the base branch is, only where the command needs to know. */
export async function learnRun(parts: RunParts, needs: Needs): Promise<Detected> {
  const { env, remote, clock, signal, startedAt, log, settings } = parts;
  const { given, config } = settings;
  const { timeout } = config.queue;
  // All that git does not tell would be taken for what is not there.
  if (needs.baseBranch) await assertReadable(remote.git);
  const waits = parts.command === "ci" && !given.noQueue;
  const detected = await detectRun({
    env,
    git: remote.git,
    findBaseBranch: (told) => findBaseBranch(parts, config.baseBranch, told),
    needs,
    isOnBase: (run, baseBranch, head) => openAncestry(parts, run, baseBranch, remote).isOnBase(head),
    circleUrl: given.circleUrl,
    localId: `${parts.pid}-${clock.now()}`,
    cwd: parts.cwd,
    openFetch: parts.openFetch,
    patience: {
      clock,
      signal,
      startedAt,
      timeoutSeconds: waits ? timeout : Math.min(timeout ?? LONGEST_ASKING_SECONDS, LONGEST_ASKING_SECONDS),
      notice: (text) => log.step("mode", text),
    },
  });
  // What people wrote. Names of branches stay as they are: git and the CI are asked by them.
  const { title, author, ...commit } = detected.run.commit;
  return {
    ...detected,
    run: { ...detected.run, commit: { ...commit, ...redactAll({ title, author }, parts.redact) } },
  };
}

export interface RunSettingsParts extends RunParts, RestParts {
  readonly settings: RunParts["settings"] &
    RestParts["settings"] &
    SettingsPart<"mode" | "target" | "select" | "exclude" | "failOn", "modes" | "dbt">;
  readonly configFile: ConfigFile;
  readonly baseDir: string;
}

/** The run, its mode, and the settings of that mode with flags over them. */
export async function resolveRunSettings(parts: RunSettingsParts): Promise<RunSettings> {
  const { given, config } = parts.settings;
  const asked = given.mode;
  const { run, baseBranch } = await learnRun(parts, {
    baseBranch: true,
    trigger: asked === "auto",
    trust: true,
  });
  if (baseBranch === null) {
    await assertCheckout({ ...parts, git: parts.remote.git });
    throw noBaseBranch(parts);
  }
  const { mode, reason } = chooseMode(run, baseBranch, asked);
  const ofMode = config.modes[mode];
  // Where everything is built dbt may be told to leave some out: what is published goes by what it built.
  if (mode === "check" || (given.select ?? ofMode.select) !== null) assertPlanChooses(parts);
  return {
    run,
    baseBranch,
    mode,
    modeReason: reason,
    target: given.target ?? ofMode.target ?? (mode === "check" ? null : targetOfVariable(parts.env, config.dbt.env)),
    select: given.select ?? ofMode.select,
    exclude: given.exclude ?? ofMode.exclude,
    failOn: given.failOn ?? ofMode.failOn,
  };
}

interface RestParts {
  readonly command: CommandName;
  readonly settings: Pick<Settings, "rest">;
}

/** Throws a configuration error where words behind `--` would choose other nodes than the plan. */
export function assertPlanChooses({ settings, command }: RestParts): void {
  if (TAKES_REST[command] === undefined || command === "queue") return;
  const problems = choosingBehindDashes(settings.rest);
  if (problems.length > 0) throw configurationError(problems);
}

/** Where signalbox.yml names no target, dbt takes the one of its own variable: then that is the target of the run. */
function targetOfVariable(env: Environment, ofFile: Environment): string | null {
  return dbtVariable({ ...env, ...ofFile }, "TARGET")?.value ?? null;
}

export interface CheckoutParts {
  readonly git: Git;
  readonly baseDir: string;
  readonly env: Environment;
}

/** A job that forgot its checkout would otherwise hear of every file that is not there. */
export async function assertCheckout({ git, baseDir, env }: CheckoutParts): Promise<void> {
  const error = await git.run("rev-parse", "--git-dir").then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null) return;
  // There is one, and git says why it does not read it.
  if (!(error instanceof SignalboxError) || !/not a git repository/i.test(error.message)) throw error;
  const hints = {
    github: "put actions/checkout with fetch-depth: 0 before this step",
    circleci: "put the step checkout before this one",
    other: "start it in a clone of the repository",
  };
  const platform = platformOf(env);
  throw new SignalboxError("configuration", `git finds no checkout in ${baseDir}`, {
    hint: hints[platform === "github" || platform === "circleci" ? platform : "other"],
  });
}

function noBaseBranch({ remote, configFile, cwd, settings }: RunSettingsParts): SignalboxError {
  const refused = remote.whyNoHeads();
  const asked = refused === null ? "" : ` (the remote was asked: ${refused})`;
  const nothing = `${asked}${configFile.exists ? "" : `, and ${noConfigFile(configFile, cwd)}`}`;
  return new SignalboxError(
    "configuration",
    `the base branch is not known: the repository has no remote whose HEAD names it${nothing}`,
    {
      hint:
        describeUnread(configFile, cwd) ??
        (settings.config.baseBranch === null
          ? "write base_branch: main (or its name) into signalbox.yml"
          : "base_branch is read from the file of the default branch of the remote origin: git remote set-head origin --auto names it"),
    },
  );
}
