import { z } from "zod";
import { type DbtRun, TROUBLES } from "../artifacts/dbt-run.ts";
import { readRecord } from "../dbt/record.ts";
import { MODES } from "../run/mode.ts";
import type { Purpose } from "../run/purpose.ts";
import { SignalboxError } from "../support/errors.ts";
import type { WorkFolder } from "./folder.ts";

const buildFile = z.object({
  mode: z.enum(MODES),
  target: z.string().nullable(),
  commit: z.string().nullable(),
  starts: z.array(
    z.object({
      command: z.string(),
      exitCode: z.number().nullable(),
      startedAt: z.string(),
      seconds: z.number(),
      trouble: z.enum(TROUBLES),
      lastWords: z.string().nullable(),
      dir: z.string(),
      // Not in what version 0.1 left.
      threads: z.number().nullish(),
      again: z.object({ ids: z.array(z.string()).nullable(), pauseSeconds: z.number(), why: z.string() }).nullish(),
      held: z.array(z.object({ source: z.string(), ids: z.array(z.string()) })).nullish(),
      isForSelection: z.boolean().optional(),
      diagnostics: z
        .array(
          z.object({
            severity: z.enum(["error", "warn"]),
            name: z.string(),
            code: z.string(),
            text: z.string(),
            id: z.string().nullable(),
            place: z
              .object({ path: z.string(), line: z.number().nullable(), column: z.number().nullable() })
              .nullable(),
          }),
        )
        .nullish(),
    }),
  ),
  merged: z.string().nullish(),
});

/** The starts of the last build, read again from their copies, and where those are. */
export interface RecordedBuild {
  readonly runs: readonly DbtRun[];
  readonly dirs: readonly string[];
  readonly purpose: Purpose;
}

/**
 * Reads the work folder's build.json; null where there is none. No runs: nothing was to be built. Throws an artifacts error
 * for what is none.
 */
export async function readBuildFile(work: WorkFolder): Promise<RecordedBuild | null> {
  const value = await work.readJson("build.json");
  if (value === null) return null;
  const parsed = buildFile.safeParse(value);
  if (!parsed.success) {
    throw new SignalboxError("artifacts", `${work.path("build.json")} is no build of signalbox`, {
      hint: "run signalbox build again",
    });
  }
  const { starts, merged: __, ...purpose } = parsed.data;
  const told = starts.filter(({ isForSelection }) => !isForSelection);
  const runs = told.map(({ again, threads, held, diagnostics, isForSelection: _, ...start }) =>
    readRecord({
      ...start,
      target: purpose.target,
      startedAt: Date.parse(start.startedAt),
      ...(threads == null ? {} : { threads }),
      ...(again == null ? {} : { again }),
      ...(held == null ? {} : { held }),
      ...(diagnostics == null ? {} : { diagnostics }),
    }),
  );
  return {
    runs: await Promise.all(runs),
    dirs: foldersOf(parsed.data),
    purpose,
  };
}

/** The folders with what a build left, of which a later one's files count: the merged results stand for those of its starts. */
export function foldersOf({
  starts,
  merged,
}: {
  readonly starts: readonly { readonly dir: string }[];
  readonly merged?: string | null | undefined;
}): readonly string[] {
  return [...starts.map(({ dir }) => dir), ...(merged == null ? [] : [merged])];
}
