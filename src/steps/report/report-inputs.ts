import { dirname, join, resolve } from "node:path";
import type { Invocation } from "../../artifacts/dbt-log.ts";
import { type DbtRun, lastManifest } from "../../artifacts/dbt-run.ts";
import type { Manifest } from "../../artifacts/manifest.ts";
import { checkProvenance, type Provenance } from "../../artifacts/provenance.ts";
import { type RunResults, readRunResults } from "../../artifacts/run-results.ts";
import { readSources } from "../../artifacts/sources.ts";
import { readManifestFile, readManifestIfAny } from "../../bundles/manifest-file.ts";
import type { DbtFolders } from "../../dbt/folders.ts";
import { readDbtLogs } from "../../dbt/log-file.ts";
import type { PlanResult } from "../../selection/plan.ts";
import type { Settings, SettingsPart } from "../../settings/resolve.ts";
import { dbtFoldersOf, type FolderParts, type ProjectFolders } from "../../setup/dbt-project.ts";
import type { ToolRun } from "../../severity/tool-findings.ts";
import { SignalboxError } from "../../support/errors.ts";
import { readFileIfAny, writtenAt } from "../../support/files.ts";
import type { Log } from "../../support/log.ts";
import { cleanText } from "../../text/clean.ts";
import { readBuildFile } from "../../work/build-file.ts";
import type { WorkFolder } from "../../work/folder.ts";
import { type Leftover, readLeftover } from "../../work/leftover.ts";
import { readPlanFile } from "../../work/plan-file.ts";
import { readToolsFile } from "../../work/tools-file.ts";

/** What `report` judges: starts of dbt, and the manifest that names their nodes. */
export interface Inputs {
  readonly folders: ProjectFolders;
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
  /** What was to be built; null where the files are of a dbt that something else started. */
  readonly plan: PlanResult | null;
  /** What other tools found after that build. */
  readonly tools: readonly ToolRun[];
  /** Why the runs may not be the last ones: nothing is green then. */
  readonly doubt: string | null;
}

export interface InputParts extends FolderParts {
  readonly settings: Pick<Settings, "words"> & SettingsPart<"sources" | "manifest" | "since" | "dbtExit", "dbt">;
  readonly cwd: string;
  readonly work: WorkFolder;
  readonly log: Pick<Log, "warn">;
}

/** The files that were named; else the work folder's last build; else dbt's target folder. */
export async function readInputs(parts: InputParts): Promise<Inputs> {
  const { settings, cwd } = parts;
  const { words, given } = settings;
  const folders = await dbtFoldersOf(parts);
  const isNamed = words.length > 0 || given.sources !== undefined;
  const inTarget = join(folders.targetPath, "run_results.json");
  if (!isNamed) {
    const own = await readOwnBuild(parts, inTarget);
    if (own !== null) return { ...own, folders, tools: await readToolsFile(parts.work) };
  }
  const names = isNamed ? words.map((word) => resolve(cwd, word)) : [inTarget];
  const sources = given.sources === undefined ? [] : [resolve(cwd, given.sources)];
  const files = await Promise.all([
    ...names.map((file) => readResults(file, "run_results.json")),
    ...sources.map((file) => readResults(file, "sources.json")),
  ]);
  const beside = names[0] ?? sources[0];
  const manifest = await readNamedManifest(parts, beside === undefined ? null : dirname(beside));
  if (!isNamed) assertOwnProject(folders, manifest, inTarget);

  const log = await readLogFor(folders, files);
  const knownIds = new Set(files.map(({ results }) => results?.invocationId ?? ""));
  for (const id of await idsBeside(parts, files)) knownIds.add(id);
  const newest = newestOf(files);
  const read = files.map((file) => {
    const ofKind = files.filter(({ name }) => name === file.name);
    const isNewest = file === newestOf(ofKind);
    const folder = folderOf(file, log);
    const isNewestThere = file === newestOf(ofKind.filter((other) => folderOf(other, log) === folder));
    const provenance = checkProvenance({
      ...{ results: file.results, manifest, notBefore: given.since ?? null, where: file.file, log, knownIds },
      ...{ isNewest, isNewestThere },
      ...{ folder: dirname(file.file), targetPath: folders.targetPath },
    });
    return { run: toRun(parts, { file, manifest, provenance, isNewest: file === newest }), provenance };
  });
  const doubts = read.flatMap(({ run, provenance }, index) => {
    const of = provenance.trouble === "none" ? provenance.doubt : null;
    return of ?? doubtOfEmpty(run, files[index]?.results ?? null) ?? [];
  });
  return { runs: read.map(({ run }) => run), manifest, plan: null, tools: [], doubt: doubts[0] ?? null, folders };
}

/** Whether the verdict in the work folder is that of a `ci` which ended before a build: `report` puts nothing in its place. */
export async function holdsVerdictOfCi({ work, settings }: Pick<InputParts, "work" | "settings">): Promise<boolean> {
  if (settings.words.length > 0 || settings.given.sources !== undefined) return false;
  if ((await readFileIfAny(work.path("build.json"))) !== null) return false;
  const leftover = await readLeftover(work);
  return leftover.kind === "ended" && !(await isNewerThan(work.path("verdict.json"), leftover.endedAt));
}

/** What dbt's log tells of the starts around these results: the project's log, and the one that a file names as its own. */
export function readLogFor(
  { projectDir, logPath }: DbtFolders,
  files: readonly { readonly results: Pick<RunResults, "logPath"> | null }[],
): Promise<readonly Invocation[]> {
  const named = files.flatMap(({ results }) => results?.logPath ?? []).map((path) => resolve(projectDir, path));
  return readDbtLogs({ folders: [...new Set([logPath, ...named])], projectDir });
}

/** What signalbox itself built, in the work folder; null where it left nothing that is to be judged. */
async function readOwnBuild(parts: InputParts, inTarget: string): Promise<Omit<Inputs, "folders" | "tools"> | null> {
  const { work } = parts;
  const recorded = await readBuildFile(work);
  const plan = await readPlanFile(work.path("plan.json"));
  if (recorded !== null && recorded.runs.length > 0) {
    const manifest = (await readNamedManifest(parts, null)) ?? lastManifest(recorded.runs);
    return { runs: recorded.runs, manifest, plan, doubt: null };
  }
  const leftover: Leftover = recorded === null ? await readLeftover(work) : await builtNothing(work);
  switch (leftover.kind) {
    case "none":
      return null;
    case "cut-off":
      throw new SignalboxError("artifacts", `${work.dir} is of a signalbox that was stopped: ${leftover.why}`, {
        hint: `run it again; to judge what dbt itself left, name it: signalbox report ${inTarget}`,
      });
    case "ended": {
      // A dbt that was started by hand since then is what is meant.
      if (await isNewerThan(inTarget, leftover.endedAt)) return null;
      if (leftover.isFine) return { runs: [], manifest: null, plan, doubt: null };
      throw new SignalboxError(
        "artifacts",
        `${work.dir} is of a signalbox ci that ended before a build (${leftover.outcome}): there are no results`,
        {
          hint: `its verdict and summary are in ${work.dir}; or name what to judge: signalbox report ${inTarget}`,
        },
      );
    }
  }
}

/** `build` on a plan that holds nothing. */
async function builtNothing(work: WorkFolder): Promise<Leftover> {
  const endedAt = (await writtenAt(work.path("build.json"))) ?? 0;
  return { kind: "ended", outcome: "nothing", isFine: true, endedAt };
}

async function isNewerThan(file: string, time: number): Promise<boolean> {
  return ((await writtenAt(file)) ?? 0) > time;
}

interface ResultsFile {
  readonly file: string;
  readonly name: "run_results.json" | "sources.json";
  readonly results: RunResults | null;
}

async function readResults(file: string, name: ResultsFile["name"]): Promise<ResultsFile> {
  const text = await readFileIfAny(file);
  const read = name === "sources.json" ? readSources : readRunResults;
  return { file, name, results: text === null ? null : read(text, file) };
}

/** The folder in which dbt wrote the file, as its log says: results are copied to where the next start leaves them alone. */
function folderOf({ file, results }: ResultsFile, log: readonly Invocation[]): string {
  const own = log.findLast(({ id }) => id !== null && id === results?.invocationId);
  return own?.wroteIn ?? dirname(file);
}

function newestOf(files: readonly ResultsFile[]): ResultsFile | undefined {
  return [...files].sort((a, b) => generatedAt(a) - generatedAt(b)).at(-1);
}

/** Milliseconds since the epoch; files that do not say come first. */
function generatedAt({ results }: ResultsFile): number {
  return Date.parse(results?.generatedAt ?? "") || 0;
}

/** Invocation ids of the results beside the files and the manifest: `dbt retry` leaves the newer ones of its own there. */
async function idsBeside({ cwd, settings }: InputParts, files: readonly ResultsFile[]): Promise<readonly string[]> {
  const { manifest } = settings.given;
  const folders = new Set(files.map(({ file }) => dirname(file)));
  if (manifest !== undefined) folders.add(dirname(resolve(cwd, manifest)));
  const read = await Promise.all(
    [...folders].flatMap((folder) =>
      (["run_results.json", "sources.json"] as const).map((name) =>
        // A file that was not named is only read for its id.
        readResults(join(folder, name), name).catch((error: unknown) => {
          if (error instanceof SignalboxError) return null;
          throw error;
        }),
      ),
    ),
  );
  return read.flatMap((file) => file?.results?.invocationId || []);
}

/** Two projects can share a target folder, by DBT_TARGET_PATH for one. */
function assertOwnProject({ projectName, projectDir }: DbtFolders, manifest: Manifest | null, file: string): void {
  if (projectName === null || manifest === null || manifest.projectName === null) return;
  if (manifest.projectName === projectName) return;
  throw new SignalboxError(
    "artifacts",
    `${file} is of the project ${JSON.stringify(manifest.projectName)}, and ${projectDir} holds ${JSON.stringify(projectName)}`,
    { hint: "name the results of this project, or set dbt.project_dir in signalbox.yml" },
  );
}

interface ReadFile {
  readonly file: ResultsFile;
  readonly manifest: Manifest | null;
  readonly provenance: Provenance;
  /** The exit code that was handed in is of the newest file's start. */
  readonly isNewest: boolean;
}

/** A file that somebody else's dbt wrote. Throws an artifacts error for one that is not what it is taken for. */
function toRun({ settings, log }: InputParts, { file: read, manifest, provenance, isNewest }: ReadFile): DbtRun {
  const { file, results } = read;
  const given = isNewest ? (settings.given.dbtExit ?? null) : null;
  const facts = { command: results?.command ?? "build", startedAt: generatedAt(read), seconds: 0, manifest };
  if (provenance.trouble === "none" && results !== null) {
    for (const warning of provenance.warnings) log.warn("report", warning);
    const { own } = provenance;
    const { command, generatedAt } = results;
    const source = { file, command, generatedAt, target: results.target ?? own?.target ?? null };
    const exitCode = exitCodeFrom(given, own);
    return { ...facts, exitCode, results: results.results, trouble: "none", lastWords: own?.error ?? null, source };
  }
  const sentence = provenance.trouble === "none" ? `${file} holds no results` : provenance.sentence;
  // dbt that does not compile leaves the old file in place: then it is the run that failed, not the file.
  if (given === 2 && provenance.trouble !== "foreign") {
    return { ...facts, exitCode: given, results: null, trouble: "missing", lastWords: sentence, source: null };
  }
  throw new SignalboxError("artifacts", cleanText(sentence), {
    hint:
      provenance.trouble === "stale"
        ? "run dbt again; to judge these results all the same, say since when they count: --since TIME"
        : "name the right files: signalbox report target/run_results.json --manifest target/manifest.json",
  });
}

/** dbt 2 writes results without a row where nothing was selected, and where the project does not compile. */
function doubtOfEmpty({ exitCode, source }: DbtRun, results: RunResults | null): string | null {
  if (exitCode !== null || source === null || results?.results.length !== 0) return null;
  return /^[2-9]\./.test(results.dbtVersion)
    ? `${source.file} has no row, which dbt ${results.dbtVersion} writes also where a project does not compile, and dbt's log does not tell: name its exit code (--dbt-exit)`
    : null;
}

/** dbt's log says how it ended, not with which code: 1 is the one that a failed node explains. The worse word wins. */
function exitCodeFrom(given: number | null, own: Invocation | null): number | null {
  if (own?.end === "failed") return given === null || given === 0 ? 1 : given;
  return given ?? (own?.end === "succeeded" ? 0 : null);
}

/** The manifest that was named, else the one in the folder, where there is one. */
async function readNamedManifest({ cwd, settings }: InputParts, beside: string | null): Promise<Manifest | null> {
  const { manifest: named } = settings.given;
  if (named === undefined) return beside === null ? null : readManifestIfAny(join(beside, "manifest.json"));
  return readManifestFile(resolve(cwd, named), "name the manifest.json that dbt wrote, or leave --manifest out");
}
