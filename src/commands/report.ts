import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { z } from "zod";
import type { DbtRun } from "../artifacts/dbt-run.ts";
import { type Manifest, readManifest } from "../artifacts/manifest.ts";
import { checkProvenance } from "../artifacts/provenance.ts";
import { type RunResults, readRunResults } from "../artifacts/run-results.ts";
import { readSources } from "../artifacts/sources.ts";
import { readRecord } from "../dbt/record.ts";
import { annotationsOf } from "../render/annotations.ts";
import { renderJunit } from "../render/junit.ts";
import { locateFindings } from "../render/locate.ts";
import { renderVerdict } from "../render/terminal.ts";
import { judge } from "../severity/judge.ts";
import { countVerdict, exitCodeOf } from "../severity/outcome.ts";
import type { Verdict, VerdictResult } from "../severity/verdict.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny, writeFileAtomic } from "../support/files.ts";
import { createGit } from "../support/git.ts";
import type { Context } from "./context.ts";
import { matchesGlob } from "./globs.ts";
import { readVerdictFile } from "./verdict-file.ts";

export async function run(context: Context): Promise<number> {
  const { given, config } = context.settings;
  const inputs = await readInputs(context);
  await context.work.open();
  const projectDir = resolve(context.baseDir, config.dbt.projectDir);
  const base = given.base === undefined ? null : await readVerdictFile(resolve(context.cwd, given.base));
  const result = await reportStep(context, { ...inputs, projectDir, base });
  context.result(renderVerdict(result, context.paint), result);
  const mode = given.mode === undefined || given.mode === "auto" ? null : config.modes[given.mode];
  const failOn = given.failOn ?? mode?.failOn ?? "error";
  return exitCodeOf({ kind: "verdict", verdict: result }, { failOn, nothing: "fine", undelivered: false });
}

export interface ReportInputs {
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
  readonly projectDir: string;
  /** The verdict of the base, to tell new findings from old. */
  readonly base: Verdict | null;
}

/** Judges, writes verdict.json and JUnit, and annotates. The summary is the caller's: it tells of the whole run. */
export async function reportStep(
  context: Context,
  { runs, manifest, projectDir, base }: ReportInputs,
): Promise<VerdictResult> {
  const { given, config } = context.settings;
  const now = context.clock.now();
  const judged = judge({ runs, manifest, rules: config.rules, matches: matchesGlob, now, base });
  const verdict = locateFindings(judged, createReader(projectDir));
  const result: VerdictResult = {
    schema: 1,
    ...verdict,
    counts: countVerdict(verdict),
    sources: runs.flatMap(({ source }) => (source === null ? [] : [source])),
  };
  await context.work.writeJson("verdict.json", result);

  const top =
    (await createGit(await nearestFolder(projectDir), context.env).ask("rev-parse", "--show-toplevel")) ?? projectDir;
  const projectDirFromRepo = projectDir.startsWith(`${top}${sep}`)
    ? projectDir.slice(top.length + 1).replaceAll(sep, "/")
    : "";
  const xml = renderJunit(verdict, {
    warnAs: given.junitWarn ?? "skipped",
    projectDirFromRepo,
    timestamp: new Date(now).toISOString(),
  });
  await writeFileAtomic(join(junitDirOf(context), "dbt.xml"), xml);
  if (given.annotations !== "off") context.runner.annotate(annotationsOf(verdict, { projectDirFromRepo }));
  return result;
}

/** Absolute folder of the JUnit file. */
export function junitDirOf(context: Context): string {
  return resolve(context.cwd, context.settings.config.report.junit);
}

/** Reads files of the project by paths that come out of artifacts: nothing outside the project's folder. */
function createReader(projectDir: string): (path: string) => string | null {
  return (path) => {
    const full = resolve(projectDir, path);
    if (!full.startsWith(`${projectDir}${sep}`)) return null;
    try {
      return readFileSync(full, "utf8");
    } catch {
      return null;
    }
  };
}

async function nearestFolder(path: string): Promise<string> {
  for (let dir = path; ; dir = dirname(dir)) {
    const isFolder = await stat(dir).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isFolder || dir === dirname(dir)) return dir;
  }
}

/** The files that were named; else the work folder's last build; else dbt's target folder. */
async function readInputs(context: Context): Promise<{ runs: readonly DbtRun[]; manifest: Manifest | null }> {
  const { given, words } = { given: context.settings.given, words: context.settings.words };
  if (words.length === 0 && given.sources === undefined) {
    const recorded = await readBuild(context);
    if (recorded !== null)
      return { runs: recorded, manifest: (await namedManifest(context, null)) ?? lastManifest(recorded) };
  }
  const target = resolve(
    context.baseDir,
    context.settings.config.dbt.projectDir,
    context.env.DBT_TARGET_PATH || "target",
  );
  const files =
    words.length > 0 || given.sources !== undefined
      ? words.map((word) => resolve(context.cwd, word))
      : [join(target, "run_results.json")];
  const manifest = await namedManifest(context, files[0] === undefined ? null : dirname(files[0]));
  const read = await Promise.all(files.map((file) => readResults(file, readRunResults)));
  const sources =
    given.sources === undefined ? [] : [await readResults(resolve(context.cwd, given.sources), readSources)];
  const newest = [...read]
    .sort((a, b) => (a.results?.generatedAt ?? "").localeCompare(b.results?.generatedAt ?? ""))
    .at(-1);
  const runs = [...read, ...sources].map((file) =>
    toRun(context, file, manifest, file === newest || sources.includes(file)),
  );
  return { runs, manifest };
}

interface ResultsFile {
  readonly file: string;
  readonly results: RunResults | null;
}

async function readResults(file: string, read: (text: string, where: string) => RunResults): Promise<ResultsFile> {
  const text = await readFileIfAny(file);
  return { file, results: text === null ? null : read(text, file) };
}

/** A file that somebody else's dbt wrote. Throws an artifacts error for one that is not what it is taken for. */
function toRun(context: Context, { file, results }: ResultsFile, manifest: Manifest | null, isNewest: boolean): DbtRun {
  const { since = null, dbtExit = null } = context.settings.given;
  const provenance = checkProvenance({ results, manifest, notBefore: since, where: file, isNewest });
  const facts = {
    command: results?.command ?? "build",
    exitCode: dbtExit,
    startedAt: since ?? 0,
    seconds: 0,
    manifest,
  };
  if (provenance.trouble === "none" && results !== null) {
    for (const warning of provenance.warnings) context.log.warn("report", warning);
    return {
      ...facts,
      results: results.results,
      trouble: "none",
      lastWords: null,
      source: { file, command: results.command, generatedAt: results.generatedAt },
    };
  }
  const sentence = provenance.trouble === "none" ? `${file} holds no results` : provenance.sentence;
  // dbt that does not compile leaves the old file in place: then it is the run that failed, not the file.
  if (dbtExit === 2 && provenance.trouble !== "foreign")
    return { ...facts, results: null, trouble: "missing", lastWords: sentence, source: null };
  throw new SignalboxError("artifacts", sentence, {
    hint: "name the right files: signalbox report target/run_results.json --manifest target/manifest.json",
  });
}

async function namedManifest(context: Context, beside: string | null): Promise<Manifest | null> {
  const { manifest } = context.settings.given;
  if (manifest === undefined && beside === null) return null;
  const file = manifest === undefined ? join(beside ?? "", "manifest.json") : resolve(context.cwd, manifest);
  const text = await readFileIfAny(file);
  if (text !== null) return readManifest(text, file);
  if (manifest === undefined) return null;
  throw new SignalboxError("artifacts", `${file} does not exist`, {
    hint: "name the manifest.json that dbt wrote, or leave --manifest out",
  });
}

const buildFile = z.object({
  starts: z.array(
    z.object({
      command: z.string(),
      exitCode: z.number().nullable(),
      startedAt: z.string(),
      seconds: z.number(),
      trouble: z.enum(["none", "stale", "foreign", "missing", "unreadable", "killed", "timed-out"]),
      lastWords: z.string().nullable(),
      dir: z.string(),
    }),
  ),
});

/** The starts of the work folder's build.json, read again from their copies; null where there is no build. */
async function readBuild(context: Context): Promise<readonly DbtRun[] | null> {
  const value = await context.work.readJson("build.json");
  if (value === null) return null;
  const parsed = buildFile.safeParse(value);
  if (!parsed.success || parsed.data.starts.length === 0) return null;
  return Promise.all(
    parsed.data.starts.map((start) => readRecord({ ...start, startedAt: Date.parse(start.startedAt) })),
  );
}

export function lastManifest(runs: readonly DbtRun[]): Manifest | null {
  return runs.findLast(({ manifest }) => manifest !== null)?.manifest ?? null;
}
