import type { Again, DbtRun, Held } from "../artifacts/dbt-run.ts";
import type { Diagnostic } from "../artifacts/diagnostics.ts";
import type { DbtStart } from "../dbt/start.ts";
import type { Purpose } from "../run/purpose.ts";
import { purposeOf, type RunSettings } from "../setup/run-settings.ts";
import type { Outputs } from "../support/outputs.ts";
import type { WorkFolder } from "../work/folder.ts";

/** build.json and `build --json`. */
export interface BuildResult {
  readonly schema: 1;
  /** What was built for what: `state publish` takes no other. */
  readonly mode: Purpose["mode"];
  readonly target: Purpose["target"];
  readonly commit: Purpose["commit"];
  readonly starts: readonly {
    readonly command: string;
    readonly argv: readonly string[];
    readonly exitCode: number | null;
    readonly startedAt: string;
    readonly seconds: number;
    readonly trouble: DbtRun["trouble"];
    readonly lastWords: string | null;
    readonly dir: string;
    /** null: dbt did not come so far as to say it. */
    readonly threads: number | null;
    /** What a second start was for; null: it is none. */
    readonly again: Again | null;
    /** Of a look at the sources: what was not built because of it; null: nothing. */
    readonly held: readonly Held[] | null;
    /** What dbt 2 told of the project's code; null: nothing. */
    readonly diagnostics: readonly Diagnostic[] | null;
    /** True of a look at the sources that nobody asked for to be told of: absent otherwise. */
    readonly isForSelection?: boolean;
  }[];
  /** Absolute folder with the results of a build and its second starts as one file; null without those. */
  readonly merged: string | null;
  /** null: everything was built, or dbt gave no results to compare with. */
  readonly planMatchesRun: boolean | null;
}

export interface RecordParts {
  readonly work: Pick<WorkFolder, "writeJson">;
  readonly outputs: Outputs;
}

/** Writes build.json. */
export async function recordStarts(
  { work, outputs }: RecordParts,
  runSettings: RunSettings,
  starts: readonly DbtStart[],
  planMatchesRun: boolean | null,
  merged: string | null = null,
): Promise<BuildResult> {
  const result: BuildResult = {
    schema: 1,
    ...purposeOf(runSettings),
    starts: starts.map(({ run, argv, dir, isForSelection = false }) => ({
      command: run.command,
      argv,
      exitCode: run.exitCode,
      startedAt: new Date(run.startedAt).toISOString(),
      seconds: run.seconds,
      trouble: run.trouble,
      lastWords: run.lastWords,
      dir,
      threads: run.threads ?? null,
      again: run.again ?? null,
      held: run.held ?? null,
      diagnostics: run.diagnostics ?? null,
      ...(isForSelection ? { isForSelection } : {}),
    })),
    planMatchesRun,
    merged,
  };
  await outputs.write("build.json", () => work.writeJson("build.json", result));
  return result;
}
