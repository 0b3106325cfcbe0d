import { join } from "node:path";
import type { Manifest } from "../../artifacts/manifest.ts";
import { readSources } from "../../artifacts/sources.ts";
import type { DbtStart } from "../../dbt/start.ts";
import type { StartLimits } from "../../dbt/watched-run.ts";
import { findNewer, type NewerData } from "../../selection/newer-data.ts";
import type { Baseline, Origin, Plan } from "../../selection/plan.ts";
import type { Config } from "../../settings/file.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import { readFileIfAny } from "../../support/files.ts";
import { askSources, EVERY_SOURCE, keepsLook } from "../freshness.ts";

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

/**
 * Where nobody can tell which sources have newer data, none may be taken for one without. `origin`: of the baseline that has no
 * look of its own; null: it was the look of this run that failed. `key`: where the file may ask. Throws with
 * `baseline.on_missing: fail`.
 */
export function planWithoutNews(
  { baseline, modes }: Pick<Config, "baseline" | "modes">,
  { why, origin, key }: { readonly why: string; readonly origin: Origin | null; readonly key: string },
): Plan {
  const remedy =
    origin === null
      ? null
      : origin.kind === "path"
        ? "put the sources.json of that build beside its manifest.json"
        : keepsLook(modes)
          ? "the bundle of the next deploy or schedule that builds everything has one"
          : `write source_status: into ${key} in signalbox.yml: for a flag or a variable no bundle keeps a look`;
  if (baseline.onMissing === "fail")
    throw new SignalboxError("artifacts", `source_status: cannot be told, and baseline.on_missing is fail: ${why}`, {
      hint: `${remedy ?? "see why the look at the sources failed"}; or set on_missing: full`,
    });
  const words = remedy === null ? "" : ` (${remedy})`;
  return {
    kind: "everything",
    why: "no-baseline",
    warnings: [`source_status: cannot be told: ${why}${words}; everything is built`],
  };
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
