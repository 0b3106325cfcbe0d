import { dirname, join, resolve } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { type Manifest, readManifest } from "../artifacts/manifest.ts";
import { checkProvenance } from "../artifacts/provenance.ts";
import { type RunResults, readRunResults } from "../artifacts/run-results.ts";
import { readSources } from "../artifacts/sources.ts";
import type { PlanResult } from "../selection/plan.ts";
import type { Context } from "../setup/context.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import { readBuildFile } from "../work/build-file.ts";
import { readPlanFile } from "../work/plan-file.ts";

/** What `report` judges: starts of dbt, and the manifest that names their nodes. */
export interface Inputs {
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
  /** What was to be built; null where the files are of a dbt that something else started. */
  readonly plan: PlanResult | null;
}

/** The files that were named; else the work folder's last build; else dbt's target folder. */
export async function readInputs(context: Context): Promise<Inputs> {
  const { words, given, config } = context.settings;
  const isNamed = words.length > 0 || given.sources !== undefined;
  const recorded = isNamed ? null : ((await readBuildFile(context.work))?.runs ?? null);
  if (recorded !== null) {
    const manifest = (await readNamedManifest(context, null)) ?? lastManifest(recorded);
    return { runs: recorded, manifest, plan: await readPlanFile(context.work.path("plan.json")) };
  }
  const target = resolve(context.baseDir, config.dbt.projectDir, context.env.DBT_TARGET_PATH || "target");
  const names = isNamed ? words.map((word) => resolve(context.cwd, word)) : [join(target, "run_results.json")];
  const sources = given.sources === undefined ? [] : [resolve(context.cwd, given.sources)];
  const files = await Promise.all([
    ...names.map((file) => readResults(file, readRunResults)),
    ...sources.map((file) => readResults(file, readSources)),
  ]);
  const beside = names[0] ?? sources[0];
  const manifest = await readNamedManifest(context, beside === undefined ? null : dirname(beside));
  const newest = [...files].sort((a, b) => writtenAt(a) - writtenAt(b)).at(-1);
  return { runs: files.map((file) => toRun(context, file, manifest, file === newest)), manifest, plan: null };
}

/** The manifest of the last start that has one. */
export function lastManifest(runs: readonly DbtRun[]): Manifest | null {
  return runs.findLast(({ manifest }) => manifest !== null)?.manifest ?? null;
}

interface ResultsFile {
  readonly file: string;
  readonly results: RunResults | null;
}

async function readResults(file: string, read: (text: string, where: string) => RunResults): Promise<ResultsFile> {
  const text = await readFileIfAny(file);
  return { file, results: text === null ? null : read(text, file) };
}

/** Milliseconds since the epoch; files that do not say come first. */
function writtenAt({ results }: ResultsFile): number {
  return Date.parse(results?.generatedAt ?? "") || 0;
}

/**
 * A file that somebody else's dbt wrote. Throws an artifacts error for one that is not what it is taken for. The exit code
 * that was handed in is of the newest file's start.
 */
function toRun(context: Context, read: ResultsFile, manifest: Manifest | null, isNewest: boolean): DbtRun {
  const { since = null, dbtExit = null } = context.settings.given;
  const { file, results } = read;
  const provenance = checkProvenance({ results, manifest, notBefore: since, where: file, isNewest });
  const exitCode = isNewest ? dbtExit : null;
  const facts = { command: results?.command ?? "build", exitCode, startedAt: writtenAt(read), seconds: 0, manifest };
  if (provenance.trouble === "none" && results !== null) {
    for (const warning of provenance.warnings) context.log.warn("report", warning);
    const source = { file, command: results.command, generatedAt: results.generatedAt };
    return { ...facts, results: results.results, trouble: "none", lastWords: null, source };
  }
  const sentence = provenance.trouble === "none" ? `${file} holds no results` : provenance.sentence;
  // dbt that does not compile leaves the old file in place: then it is the run that failed, not the file.
  if (exitCode === 2 && provenance.trouble !== "foreign") {
    return { ...facts, results: null, trouble: "missing", lastWords: sentence, source: null };
  }
  throw new SignalboxError("artifacts", sentence, {
    hint: "name the right files: signalbox report target/run_results.json --manifest target/manifest.json",
  });
}

/** The manifest that was named, else the one in the folder, where there is one. */
async function readNamedManifest(context: Context, beside: string | null): Promise<Manifest | null> {
  const { manifest: named } = context.settings.given;
  if (named === undefined && beside === null) return null;
  const file = named === undefined ? join(beside ?? "", "manifest.json") : resolve(context.cwd, named);
  const text = await readFileIfAny(file);
  if (text !== null) return readManifest(text, file);
  if (named === undefined) return null;
  throw new SignalboxError("artifacts", `${file} does not exist`, {
    hint: "name the manifest.json that dbt wrote, or leave --manifest out",
  });
}
