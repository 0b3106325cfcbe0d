import { join, relative } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { flag, showCommandLine } from "../dbt/arguments.ts";
import { createDbt, type Dbt, type DbtStart, type StartRequest } from "../dbt/start.ts";
import type { Runner } from "../platforms/ports.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import type { ChildWatch } from "../support/claims.ts";
import type { Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { lineRedactor, type Redact } from "../support/redact.ts";
import type { WorkFolder } from "../work/folder.ts";
import type { Choosing } from "./choosing.ts";
import { type DbtAhead, openDbtAhead } from "./dbt-ahead.ts";
import { type DbtLog, openDbtLog } from "./dbt-log.ts";
import type { DbtProject } from "./dbt-project.ts";
import type { ProgressDisplay } from "./progress-display.ts";
import type { RunSettings } from "./run-settings.ts";

/** dbt as the commands use it: each start announced, its log passed on in a foldable group. */
export interface DbtRunner extends Dbt {
  /** How long each start took that has ended, in seconds; it grows. */
  readonly ended: readonly { readonly command: string; readonly seconds: number }[];
  /** Which dbt it is: asked once. Throws a configuration error for none. */
  readonly engine: DbtAhead["engine"];
  /** Project, target and target folder of this run, for the fields of a start that are always the same. */
  readonly defaults: Pick<StartRequest, "projectDir" | "targetPath" | "target">;
  /** What chooses nodes beside the selector. */
  readonly choosing: Choosing;
  /** `dbt deps` where it is needed, at most once; null: it was not. */
  installPackages(): Promise<DbtStart | null>;
}

export interface DbtRunnerParts {
  readonly settings: SettingsPart<never, "dbt">;
  readonly cwd: string;
  readonly work: Pick<WorkFolder, "path">;
  readonly clock: Clock;
  readonly children: ChildWatch;
  readonly signal: AbortSignal;
  readonly runner: Pick<Runner, "openGroup" | "folds">;
  readonly log: Pick<Log, "step" | "more" | "pass" | "status">;
  readonly display: ProgressDisplay;
  readonly color: boolean;
  readonly secrets: readonly string[];
  readonly redact: Redact;
}

export function createDbtRunner(
  parts: DbtRunnerParts,
  runSettings: RunSettings,
  dbtProject: DbtProject,
  ahead: DbtAhead = openDbtAhead(parts, dbtProject),
): DbtRunner {
  const { log, signal, settings } = parts;
  const { dbt: config } = settings.config;
  // One start after another.
  let shown: DbtLog | null = null;
  const hide = lineRedactor(parts.secrets);
  const dbt = createDbt({
    command: config.command,
    traits: async () => (await ahead.engine()).traits,
    preload: ahead,
    env: dbtProject.env,
    recordDir: parts.work.path("dbt"),
    profilesDir: dbtProject.project.profilesDir,
    profile: config.profile,
    extra: config.args,
    color: parts.color,
    clock: parts.clock,
    children: parts.children,
    signal,
    redact: parts.redact,
    onLine: (line) => shown?.onLine(hide(line)),
    onProgress: (progress, seconds) => shown?.onProgress(progress, seconds) ?? false,
    onNotice: (text) => log.step("dbt", text),
  });
  const defaults = {
    projectDir: dbtProject.project.dir,
    targetPath: dbtProject.folders.targetPath,
    target: runSettings.target,
  };
  const { packages } = dbtProject.project;
  let needsPackages = config.deps === "always" || (config.deps === "auto" && packages === "missing");
  const ended: { readonly command: string; readonly seconds: number }[] = [];
  const starter: DbtRunner = {
    ended,
    engine: ahead.engine,
    defaults,
    choosing: dbtProject.choosing,
    installPackages: async () => {
      if (!needsPackages) return null;
      needsPackages = false;
      return starter.start({ ...defaults, command: ["deps"], args: [] });
    },
    start: async (request) => {
      await ahead.engine();
      log.step("dbt", showStart(parts, request));
      const dbtLog = openDbtLog(request.command, parts);
      let started: DbtStart | null = null;
      shown = dbtLog;
      try {
        started = await dbt.start(request);
        ended.push(started.run);
        return started;
      } finally {
        const file = started === null ? null : relative(parts.cwd, join(started.dir, "dbt.log"));
        dbtLog.end(signal.aborted || (started !== null && tellsItself(started.run)), file);
        // Stopped from outside: nothing after dbt is to happen.
        signal.throwIfAborted();
      }
    },
  };
  return starter;
}

/** Whether all went well, or the rows of its results tell what did not. */
function tellsItself({ exitCode, trouble, results }: DbtRun): boolean {
  return ["none", "stalled", "timed-out"].includes(trouble) && (exitCode === 0 || results !== null);
}

/** A second start names each node: build.json has them all. */
const MOST_NAMED = 4;

/** The part of a start that a person would type, with paths from the working directory. */
function showStart(
  { cwd, settings }: Pick<DbtRunnerParts, "cwd" | "settings">,
  { command, target, args }: StartRequest,
): string {
  const shown = args.map((word) => (word.startsWith(`${cwd}/`) ? word.slice(cwd.length + 1) : word));
  const named = shown.filter(isName);
  const cut = named.slice(MOST_NAMED);
  const more = cut.length < 2 ? null : `(+${cut.length} more)`;
  const kept = more === null ? shown : shown.filter((word) => !isName(word) || !cut.includes(word));
  const line = showCommandLine([...settings.config.dbt.command, ...command, ...flag("--target", target), ...kept]);
  const last = named[MOST_NAMED - 1] ?? "";
  return more === null ? line : line.replace(last, () => `${last} ${more}`);
}

function isName(word: string): boolean {
  return word.startsWith("fqn:");
}
