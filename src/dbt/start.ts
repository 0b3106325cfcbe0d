import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { makeFolder, removeFile } from "../support/files.ts";
import { commonArguments, lastOfEach, type StartTarget, threadsIn, withoutOption } from "./arguments.ts";
import { completeResults } from "./cut-off-results.ts";
import type { EngineTraits } from "./engine.ts";
import { keepArtifacts, LOG_AND_RESULTS, redactFiles } from "./kept-files.ts";
import { LIST_FORMAT } from "./list.ts";
import type { Preload } from "./preload.ts";
import { readRecord, redactRun, resultsFileOf } from "./record.ts";
import { tellErrors } from "./told-errors.ts";
import { runWatched, type StartLimits, type WatchParts } from "./watched-run.ts";

/** Everything that is the same for all starts of one signalbox run. */
export interface DbtSetup extends WatchParts {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; each start gets `NN-<command>/` in it. */
  readonly recordDir: string;
  readonly profilesDir: string | null;
  readonly profile: string | null;
  readonly extra: readonly string[];
  readonly color: boolean;
  /** Of the dbt that `command` starts, asked for before the first start. */
  readonly traits: () => Promise<EngineTraits>;
  readonly preload: Pick<Preload, "take">;
}

export interface StartRequest {
  /** `["build"]`, `["source", "freshness"]`. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly projectDir: string;
  readonly targetPath: string;
  readonly target: string | null;
  /** For one start: placeholders while the base is parsed; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `dbt ls`: standard output is its answer, in the form that parseList reads. */
  readonly lists?: boolean;
  readonly limits?: StartLimits;
}

export interface DbtStart {
  readonly run: DbtRun;
  readonly argv: readonly string[];
  /** Absolute folder with the copies of this start's artifacts. */
  readonly dir: string;
  readonly stdout: string;
  /** True of a look at the sources that only a selection needs: it is no part of the verdict. */
  readonly isForSelection?: boolean;
}

export interface Dbt {
  start(request: StartRequest): Promise<DbtStart>;
}

/** Starts dbt, one start after another, each with a numbered folder of its own that keeps what it wrote. */
export function createDbt(setup: DbtSetup): Dbt {
  let count = 0;
  return {
    start: async (request) => {
      const traits = await setup.traits();
      const command = request.command.join(" ");
      const writes = resultsFileOf(command);
      count += 1;
      const dir = join(setup.recordDir, `${String(count).padStart(2, "0")}-${request.command.at(-1)}`);
      // Another signalbox may have left its own start of this number there.
      await rm(dir, { recursive: true, force: true });
      await makeFolder(dir);
      // dbt leaves the old file in place when it does not compile: it must not be taken for this start's.
      if (writes !== null) await removeFile(join(request.targetPath, writes));

      const args = traits.log.stdout === "json" ? withoutOption(request.args, "--log-format") : request.args;
      if (args.length < request.args.length)
        setup.onNotice("--log-format is left out: signalbox reads dbt's log, and shows it in words");
      const argv = argvOf(setup, traits, { ...request, args }, dir);
      const startedAt = setup.clock.now();
      const place = { cwd: request.projectDir, env: { ...setup.env, ...request.env } };
      const { end, stopped, lastWords, over, progress } = await runWatched(setup, {
        argv,
        ...place,
        begun: (signal) =>
          setup.preload.take({ ...place, args: argv.slice(setup.command.length), isLast: command === "build" }, signal),
        stdout: request.lists ? "answer" : "log",
        isJson: traits.log.stdout === "json",
        logFile: join(dir, "dbt.log"),
        limits: request.limits ?? null,
      });
      const seconds = (setup.clock.now() - startedAt) / 1000;

      const notKept = await keepArtifacts(request.targetPath, dir, startedAt);
      if (stopped !== "none" && writes === "run_results.json")
        await completeResults(join(dir, writes), progress, { argv, over, now: setup.clock.now(), traits });
      else if (writes === "run_results.json") await tellErrors(join(dir, writes), progress, end.exitCode);
      const trouble = stopped === "none" && notKept !== null ? "unreadable" : stopped;
      const run = await readRecord({
        command,
        exitCode: end.exitCode,
        startedAt,
        seconds,
        trouble,
        threads: progress.threads ?? threadsIn(argv) ?? (progress.mostAtOnce || null),
        ...(progress.diagnostics.length === 0 ? {} : { diagnostics: progress.diagnostics }),
        lastWords: notKept ?? (lastWords === null ? null : setup.redact(lastWords)),
        dir,
        target: request.target,
      });
      await redactFiles(dir, LOG_AND_RESULTS, setup.redact);
      return { run: redactRun(run, setup.redact), argv, dir, stdout: end.stdout };
    },
  };
}

function argvOf(setup: DbtSetup, traits: EngineTraits, request: StartRequest, logPath: string): string[] {
  const targetPath = request.command[0] === "deps" ? null : request.targetPath;
  const start: StartTarget = { ...setup, traits, targetPath, target: request.target, logPath };
  const [quiet, format] = request.lists ? [["--quiet"], LIST_FORMAT] : [[], []];
  const words = [...quiet, ...commonArguments(request.command.join(" "), start), ...request.args, ...format];
  return [...setup.command, ...request.command, ...(traits.takesRepeats ? words : lastOfEach(words))];
}
