import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { readManifest } from "../artifacts/manifest.ts";
import { checkProvenance } from "../artifacts/provenance.ts";
import { readRunResults } from "../artifacts/run-results.ts";
import type { Context } from "../setup/context.ts";
import type { VerdictResult } from "../severity/verdict.ts";
import { BUNDLE_FILES } from "../state/bundle.ts";
import { whyUnfit } from "../state/fitness.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import { readBuildFile } from "../work/build-file.ts";
import { readVerdictFile } from "../work/verdict-file.ts";

export type BundleFiles = Map<(typeof BUNDLE_FILES)[number], string>;

/**
 * The artifacts of somebody else's `dbt build`, in the folder that --from names. Throws an artifacts error where a later
 * check could not be compared with them, or read from what was built: `target` is where it had to be built.
 */
export async function filesInFolder(context: Context, from: string, target: string | null): Promise<BundleFiles> {
  const dir = resolve(context.cwd, from);
  const files = await filesIn([dir]);
  const read = async <T>(name: "manifest.json" | "run_results.json", parse: (text: string, where: string) => T) => {
    const file = files.get(name);
    if (file === undefined) throw notPublished(`${join(dir, name)} does not exist`);
    return parse((await readFileIfAny(file)) ?? "", file);
  };
  const manifest = await read("manifest.json", readManifest);
  const results = await read("run_results.json", readRunResults);
  const where = join(dir, "run_results.json");
  const provenance = checkProvenance({ results, manifest, notBefore: null, where });
  if (provenance.trouble !== "none") throw notPublished(provenance.sentence);
  if (target !== null && results.target !== null && results.target !== target)
    throw notPublished(`${where} is of target ${results.target}, not of ${target}`);
  const facts = { exitCode: null, startedAt: 0, seconds: 0, trouble: "none", lastWords: null, source: null } as const;
  const run = { ...facts, command: "build", results: results.results, manifest };
  const why = whyUnfit({ runs: [run], verdict: null, ids: null });
  if (why !== null) throw notPublished(`${where} says that ${why}`);
  return files;
}

/**
 * The artifacts of the work folder's last build, with its verdict. Throws an artifacts error where a later check could not
 * be compared with it, or read from what it built.
 */
export async function filesOfBuild(context: Context): Promise<BundleFiles> {
  const build = await readBuildFile(context.work);
  if (build === null) throw notPublished("there is no build in the work folder");
  const verdict = await verdictOf(context, build.runs);
  const why = whyUnfit({ runs: build.runs, verdict, ids: null });
  if (why !== null) throw notPublished(why);
  return filesOfStarts(build.dirs, verdict === null ? null : context.work.path("verdict.json"));
}

/** The artifacts of starts of dbt, of which a later one's win, with the file of their verdict. */
export async function filesOfStarts(dirs: readonly string[], verdictFile: string | null): Promise<BundleFiles> {
  const files = await filesIn(dirs);
  if (verdictFile !== null) files.set("verdict.json", verdictFile);
  return files;
}

/** The work folder's verdict, where it is of these runs and not of earlier ones. */
async function verdictOf(context: Context, runs: readonly DbtRun[]): Promise<VerdictResult | null> {
  const file = context.work.path("verdict.json");
  if (!(await isFile(file))) return null;
  const verdict = await readVerdictFile(file);
  const judged = new Set(verdict.sources.map(({ generatedAt }) => generatedAt));
  return runs.every(({ source }) => source === null || judged.has(source.generatedAt)) ? verdict : null;
}

async function filesIn(places: readonly string[]): Promise<BundleFiles> {
  const found: BundleFiles = new Map();
  for (const name of BUNDLE_FILES) {
    for (const place of places) {
      if (await isFile(join(place, name))) found.set(name, join(place, name));
    }
  }
  return found;
}

function notPublished(why: string): SignalboxError {
  return new SignalboxError("artifacts", `nothing is published: ${why}`, {
    hint: "build everything on the base branch first, without an error: signalbox ci",
  });
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
