import { flag, showCommandLine } from "../dbt/arguments.ts";
import { createDbt, type Dbt, type DbtStart, type StartRequest } from "../dbt/start.ts";
import { lineRedactor } from "../support/redact.ts";
import type { Choosing } from "./choosing.ts";
import type { Context } from "./context.ts";
import { openDbtLog } from "./dbt-log.ts";
import type { DbtProject } from "./dbt-project.ts";
import type { RunSettings } from "./run-settings.ts";

/** dbt as the commands use it: each start announced, its log passed on in a foldable group. */
export interface DbtRunner extends Dbt {
  /** Project, target and target folder of this run, for the fields of a start that are always the same. */
  readonly defaults: Pick<StartRequest, "projectDir" | "targetPath" | "target">;
  /** What chooses nodes beside the selector. */
  readonly choosing: Choosing;
  /** `dbt deps` where it is needed, at most once; null: it was not. */
  installPackages(): Promise<DbtStart | null>;
}

export function createDbtRunner(context: Context, runSettings: RunSettings, dbtProject: DbtProject): DbtRunner {
  const { dbt: config } = context.settings.config;
  // One start after another.
  let onLine = context.log.pass;
  const hide = lineRedactor(context.secrets);
  const dbt = createDbt({
    command: config.command,
    env: dbtProject.env,
    recordDir: context.work.path("dbt"),
    profilesDir: dbtProject.project.profilesDir,
    profile: config.profile,
    extra: config.args,
    color: context.color,
    clock: context.clock,
    children: context.children,
    signal: context.signal,
    redact: context.redact,
    onLine: (line) => onLine(hide(line)),
    onNotice: (text) => context.log.step("dbt", text),
  });
  const defaults = {
    projectDir: dbtProject.project.dir,
    targetPath: dbtProject.targetPath,
    target: runSettings.target,
  };
  const { packages } = dbtProject.project;
  let needsPackages = config.deps === "always" || (config.deps === "auto" && packages === "missing");
  const starter: DbtRunner = {
    defaults,
    choosing: dbtProject.choosing,
    installPackages: async () => {
      if (!needsPackages) return null;
      needsPackages = false;
      return starter.start({ ...defaults, command: ["deps"], args: [] });
    },
    start: async (request) => {
      context.log.step("dbt", showStart(context, request));
      const log = openDbtLog(request.command, context.log.pass, context.runner);
      let isGood = false;
      onLine = log.onLine;
      try {
        const started = await dbt.start(request);
        isGood = started.run.exitCode === 0 && started.run.trouble === "none";
        return started;
      } finally {
        log.end(isGood);
        // Stopped from outside: nothing after dbt is to happen.
        context.signal.throwIfAborted();
      }
    },
  };
  return starter;
}

/** The part of a start that a person would type, with paths from the working directory. */
function showStart({ cwd, settings }: Context, { command, target, args }: StartRequest): string {
  const shown = args.map((word) => (word.startsWith(`${cwd}/`) ? word.slice(cwd.length + 1) : word));
  return showCommandLine([...settings.config.dbt.command, ...command, ...flag("--target", target), ...shown]);
}
