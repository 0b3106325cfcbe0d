import { join } from "node:path";
import type { Manifest } from "../../artifacts/manifest.ts";
import { readSources } from "../../artifacts/sources.ts";
import type { DbtStart } from "../../dbt/start.ts";
import type { StartLimits } from "../../dbt/watched-run.ts";
import { findNewer, type NewerData } from "../../selection/newer-data.ts";
import type { Baseline } from "../../selection/plan.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import { readFileIfAny } from "../../support/files.ts";
import { askSources, EVERY_SOURCE } from "../freshness.ts";

export interface NewerRequest {
  readonly dbt: DbtRunner;
  readonly manifest: Manifest;
  readonly selection: Baseline;
  /** Where the user asks for it: `modes.check.select`. */
  readonly writtenAt: string;
  /** `--threads 4` */
  readonly threads: readonly string[];
  readonly limits: StartLimits;
}

/**
 * Looks at the sources before anything is selected by `source_status:`, as dbt's own reading of it asks: the look stands in
 * dbt's target folder, and the baseline's in the one that dbt gets as --state. `look` null: it would tell nothing. Throws a
 * configuration error where no source says freshness.
 */
export async function lookForNewer({
  dbt,
  manifest,
  selection,
  writtenAt,
  threads,
  limits,
}: NewerRequest): Promise<{ readonly data: NewerData; readonly look: DbtStart | null }> {
  if (![...manifest.nodes.values()].some(({ hasFreshness }) => hasFreshness))
    throw configurationError(
      [
        {
          ...{ where: writtenAt, got: '"source_status:fresher"' },
          wanted:
            "selects nothing: no source of the project says freshness (loaded_at_field, warn_after or error_after)",
        },
      ],
      "give the sources freshness, or leave source_status: out",
    );
  const before = await readBefore(selection);
  if (typeof before === "string") return { data: { kind: "unknown", why: before }, look: null };
  const look = await askSources(dbt, [...threads, ...EVERY_SOURCE], limits);
  return { data: findNewer(look.run, before, manifest), look };
}

/** The rows of the baseline's sources.json; a text: why there are none. */
async function readBefore({ dir, origin: { kind, where } }: Baseline) {
  const file = join(dir, "sources.json");
  const text = await readFileIfAny(file);
  if (text === null)
    return kind === "worktree"
      ? `${where.slice(0, 12)} was parsed in a work tree, where nobody looked at the sources`
      : `${where} has no sources.json`;
  try {
    return readSources(text, file).results;
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return error.message;
  }
}
