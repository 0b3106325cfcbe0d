import { rm, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { DbtRun } from "../../artifacts/dbt-run.ts";
import type { Manifest } from "../../artifacts/manifest.ts";
import type { DbtFolders } from "../../dbt/folders.ts";
import { redactRun } from "../../dbt/record.ts";
import { annotationsOf } from "../../render/annotations.ts";
import { renderJunit } from "../../render/junit.ts";
import { renderSummary, type Summary } from "../../render/markdown.ts";
import { locateFindings } from "../../render/source-lines.ts";
import type { Context } from "../../setup/context.ts";
import { judge } from "../../severity/judge.ts";
import { countVerdict } from "../../severity/outcome.ts";
import { expiredRules } from "../../severity/rules.ts";
import { findSourcesWithoutRow } from "../../severity/run-findings.ts";
import type { JudgedSource, Verdict, VerdictResult } from "../../severity/verdict.ts";
import { SignalboxError } from "../../support/errors.ts";
import { writeFileAtomic } from "../../support/files.ts";
import { createGit } from "../../support/git.ts";
import { matchesGlob } from "../../support/globs.ts";
import { redactAll } from "../../support/redact.ts";
import { createReader, findPackageFolders, nameCompiled } from "./project-files.ts";

const JUNIT = "dbt.xml";

export interface ReportInputs {
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
  readonly folders: DbtFolders;
  /** The verdict of the base, to tell new findings from old. */
  readonly base: Verdict | null;
  /** Why the runs may not be the last ones: what is not red is refused then. */
  readonly doubt?: string | null;
}

/**
 * Judges, writes verdict.json and JUnit, and annotates. The summary is the caller's: it tells of the whole run. Throws an
 * artifacts error for a verdict that is not red on results that may be old.
 */
export async function reportStep(
  context: Context,
  { runs, manifest, folders, base, doubt = null }: ReportInputs,
): Promise<VerdictResult> {
  const { redact } = context;
  const { given, config } = context.settings;
  const now = context.clock.now();
  for (const rule of expiredRules(config.rules, now)) {
    context.log.warn(
      "rules",
      `the rule for ${JSON.stringify(rule.match)} ended on ${rule.until}: it no longer applies; take it out, or renew it`,
    );
  }
  const { projectDir } = folders;
  const git = createGit(await nearestFolder(projectDir), context.env);
  // On Windows git writes it with slashes.
  const top = resolve((await git.ask("rev-parse", "--show-toplevel")) ?? projectDir);
  const packages = await findPackageFolders(folders, top, manifest);
  // The messages before they are cleaned and cut, and all that a manifest says behind it.
  const known = runs.map((run) => redactRun(run, redact));
  const { rules } = config;
  const judged = redactAll(judge({ runs: known, manifest, packages, rules, matches: matchesGlob, now, base }), redact);
  if (doubt !== null) {
    if (judged.level !== "error")
      throw new SignalboxError("artifacts", doubt, {
        hint: "run dbt again; to judge these results all the same, say since when they count: --since TIME",
      });
    context.log.warn("report", doubt);
  }
  const verdict = nameCompiled(locateFindings(judged, createReader(projectDir, top)), manifest, folders, top);
  const result: VerdictResult = {
    schema: 1,
    ...verdict,
    counts: countVerdict(verdict),
    sources: runs.flatMap((run) => judgedSource(run, manifest, now)),
  };
  await context.outputs.write("verdict.json", () => context.work.writeJson("verdict.json", result));

  const projectDirFromRepo = projectDir.startsWith(`${top}${sep}`)
    ? projectDir.slice(top.length + 1).replaceAll(sep, "/")
    : "";
  const xml = renderJunit(verdict, {
    warnAs: given.junitWarn,
    projectDirFromRepo,
    timestamp: new Date(now).toISOString(),
  });
  const { outputs } = context;
  await outputs.write("the JUnit file", () => writeFileAtomic(join(junitDirOf(context), JUNIT), redact(xml)));
  if (given.annotations !== "off") context.runner.annotate(annotationsOf(verdict, { projectDirFromRepo }));
  return result;
}

/**
 * Takes away what an earlier report left. Should the results be refused now, it must not stand for them: `notify` would send
 * it, and a CI would keep its JUnit file.
 */
export async function forgetVerdict(context: Context): Promise<void> {
  const { work } = context;
  const files = [work.path("verdict.json"), work.path("summary.md"), join(junitDirOf(context), JUNIT)];
  await Promise.all(files.map((file) => rm(file, { force: true })));
}

function judgedSource(run: DbtRun, manifest: Manifest | null, now: number): JudgedSource[] {
  if (run.source === null) return [];
  const writtenAt = Date.parse(run.source.generatedAt);
  const ageSeconds = Number.isNaN(writtenAt) ? null : Math.max(0, Math.round((now - writtenAt) / 1000));
  return [{ ...run.source, ageSeconds, withoutRow: findSourcesWithoutRow(run, manifest) }];
}

/** summary.md (or the file that --summary names), and the job's page where the CI has one. */
export async function writeSummary(context: Context, of: Summary): Promise<void> {
  const markdown = context.redact(renderSummary(redactAll(of, context.redact)));
  const { summary } = context.settings.given;
  const file = summary === undefined ? context.work.path("summary.md") : resolve(context.cwd, summary);
  await context.outputs.write("the summary", () => writeFileAtomic(file, markdown));
  await context.outputs.write("the job's summary page", () => context.runner.summary(markdown));
}

/** Absolute folder of the JUnit file. */
export function junitDirOf(context: Context): string {
  return resolve(context.cwd, context.settings.config.report.junit);
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
