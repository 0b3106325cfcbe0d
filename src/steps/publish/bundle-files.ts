import { join, resolve } from "node:path";
import type { DbtRun } from "../../artifacts/dbt-run.ts";
import { readManifest } from "../../artifacts/manifest.ts";
import { checkProvenance } from "../../artifacts/provenance.ts";
import { type RunResults, readRunResults } from "../../artifacts/run-results.ts";
import { BUNDLE_FILES } from "../../bundles/bundle.ts";
import { whyNotPublishable } from "../../bundles/publishable.ts";
import { whyNotProduction } from "../../run/purpose.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import { dbtFoldersOf, type FolderParts } from "../../setup/dbt-project.ts";
import type { VerdictResult } from "../../severity/verdict.ts";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import { isFile, readFileIfAny } from "../../support/files.ts";
import { readBuildFile } from "../../work/build-file.ts";
import type { WorkFolder } from "../../work/folder.ts";
import { readVerdictIfAny } from "../../work/verdict-file.ts";
import { readLogFor } from "../report/report-inputs.ts";

export type BundleFiles = Map<(typeof BUNDLE_FILES)[number], string>;

/** Files to publish, and the target that they were built in. */
interface ToPublish {
  readonly files: BundleFiles;
  readonly target: string | null;
}

/** What the user says of a build that is to be published: its mode and its target. */
interface BuildClaim {
  readonly settings: SettingsPart<"mode" | "target", "modes">;
}

/**
 * The artifacts of somebody else's `dbt build`, in the folder that --from names. Throws an artifacts error where a later
 * check could not be compared with them, or read from what was built, and a configuration error where they do not say
 * their target and --target does not either.
 */
export async function filesInFolder(
  parts: FolderParts & BuildClaim & { readonly cwd: string },
  from: string,
): Promise<ToPublish> {
  const dir = resolve(parts.cwd, from);
  const files = await filesIn([dir]);
  const read = async <T>(name: "manifest.json" | "run_results.json", parse: (text: string, where: string) => T) => {
    const file = files.get(name);
    if (file === undefined) throw notPublished(`${join(dir, name)} does not exist`);
    return parse((await readFileIfAny(file)) ?? "", file);
  };
  const manifest = await read("manifest.json", readManifest);
  const results = await read("run_results.json", readRunResults);
  const where = join(dir, "run_results.json");
  const folders = await dbtFoldersOf(parts);
  const log = await readLogFor(folders, [{ results }]);
  const provenance = checkProvenance({
    ...{ results, manifest, notBefore: null, where, isNewest: true, isNewestThere: true, knownIds: new Set<string>() },
    ...{ log, folder: dir, targetPath: folders.targetPath },
  });
  if (provenance.trouble !== "none") throw notPublished(provenance.sentence);
  if (provenance.doubt !== null) throw notPublished(provenance.doubt);
  if (!["build", ""].includes(results.command))
    throw notPublished(`${where} is of \`dbt ${results.command}\`, not of dbt build`);
  const facts = { exitCode: null, startedAt: 0, seconds: 0, trouble: "none", lastWords: null, source: null } as const;
  const run = { ...facts, command: "build", results: results.results, flags: results.flags, manifest };
  const why = whyNotPublishable({ runs: [run], verdict: null, ids: null });
  if (why !== null) throw notPublished(`${where} says that ${why}`);
  return { files, target: targetOf(parts, results, where) };
}

/** Where somebody else's dbt built: deploy's or schedule's own target, or nothing is published. */
function targetOf({ settings: { given, config } }: BuildClaim, results: RunResults, where: string): string {
  if (given.mode === "check")
    throw configurationError([
      { where: "--mode", got: '"check"', wanted: "wanted deploy or schedule: no check builds what production holds" },
    ]);
  const target = results.target ?? given.target;
  if (target === undefined)
    throw configurationError(
      [{ where: "--target", got: null, wanted: `is missing: ${where} does not say in which target it was built` }],
      "name the target that dbt built in: signalbox state publish --from DIR --target prod",
    );
  if (given.target !== undefined && given.target !== target)
    throw notPublished(`${where} is of target ${target}, not of ${given.target}`);
  const modes = given.mode === "deploy" || given.mode === "schedule" ? [given.mode] : (["deploy", "schedule"] as const);
  const reasons = modes.map((mode) => whyNotProduction({ mode, target }, config.modes));
  const [why = null] = reasons;
  if (why !== null && !reasons.includes(null)) throw notPublished(`${where}: ${why}`);
  return target;
}

/**
 * The artifacts of the work folder's last build, with its verdict. Throws an artifacts error where a later check could not
 * be compared with it, or read from what it built, and where it is of another commit.
 */
export async function filesOfBuild(
  { settings, work }: BuildClaim & { readonly work: WorkFolder },
  commit: string,
): Promise<ToPublish> {
  const build = await readBuildFile(work);
  if (build === null || build.runs.length === 0) throw notPublished("there is no build in the work folder");
  const { purpose } = build;
  const { given, config } = settings;
  const other = whyNotProduction(purpose, config.modes);
  if (other !== null) throw notPublished(other);
  if (given.target !== undefined && given.target !== purpose.target)
    throw notPublished(`the build is of target ${purpose.target ?? "the profile's own"}, not of ${given.target}`);
  if (purpose.commit !== commit)
    throw notPublished(`the build is of commit ${purpose.commit?.slice(0, 12)}, not of ${commit.slice(0, 12)}`);
  const verdictFile = work.path("verdict.json");
  const verdict = await verdictOf(verdictFile, build.runs);
  const why = whyNotPublishable({ runs: build.runs, verdict, ids: null });
  if (why !== null) throw notPublished(why);
  const files = await filesOfStarts(build.dirs, verdict === null ? null : verdictFile);
  return { files, target: purpose.target };
}

/** The artifacts of starts of dbt, of which a later one's win, with the file of their verdict. */
export async function filesOfStarts(dirs: readonly string[], verdictFile: string | null): Promise<BundleFiles> {
  const files = await filesIn(dirs);
  if (verdictFile !== null) files.set("verdict.json", verdictFile);
  return files;
}

/** The work folder's verdict, where it is of these runs and not of earlier ones. */
async function verdictOf(file: string, runs: readonly DbtRun[]): Promise<VerdictResult | null> {
  const verdict = await readVerdictIfAny(file);
  if (verdict === null) return null;
  const judged = new Set(verdict.sources.map(({ generatedAt }) => generatedAt));
  return runs.every(({ source }) => source === null || judged.has(source.generatedAt)) ? verdict : null;
}

async function filesIn(dirs: readonly string[]): Promise<BundleFiles> {
  const found: BundleFiles = new Map();
  const built = await Promise.all(dirs.map((dir) => isFile(join(dir, "run_results.json"))));
  // A look behind the build has seen rows that the build has not read: they would never count as newer.
  const upToBuild = built.includes(true) ? dirs.slice(0, built.indexOf(true) + 1) : dirs;
  for (const name of BUNDLE_FILES) {
    for (const dir of name === "sources.json" ? upToBuild : dirs) {
      if (await isFile(join(dir, name))) found.set(name, join(dir, name));
    }
  }
  return found;
}

function notPublished(why: string): SignalboxError {
  return new SignalboxError("artifacts", `nothing is published: ${why}`, {
    hint: "build everything on the base branch first, without an error: signalbox ci",
  });
}
