import { readFileSync, realpathSync, statSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { DbtRun } from "../../artifacts/dbt-run.ts";
import type { Manifest } from "../../artifacts/manifest.ts";
import { annotationsOf } from "../../render/annotations.ts";
import { renderJunit } from "../../render/junit.ts";
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

const JUNIT = "dbt.xml";

export interface ReportInputs {
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
  readonly projectDir: string;
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
  { runs, manifest, projectDir, base, doubt = null }: ReportInputs,
): Promise<VerdictResult> {
  const { given, config } = context.settings;
  const now = context.clock.now();
  for (const rule of expiredRules(config.rules, now)) {
    context.log.warn(
      "rules",
      `the rule for ${JSON.stringify(rule.match)} ended on ${rule.until}: it no longer applies; take it out, or renew it`,
    );
  }
  const judged = judge({ runs, manifest, rules: config.rules, matches: matchesGlob, now, base });
  if (doubt !== null) {
    if (judged.level !== "error")
      throw new SignalboxError("artifacts", doubt, {
        hint: "run dbt again; to judge these results all the same, say since when they count: --since TIME",
      });
    context.log.warn("report", doubt);
  }
  const verdict = locateFindings(judged, createReader(projectDir));
  const result: VerdictResult = {
    schema: 1,
    ...verdict,
    counts: countVerdict(verdict),
    sources: runs.flatMap((run) => judgedSource(run, manifest, now)),
  };
  await context.work.writeJson("verdict.json", result);

  const top =
    (await createGit(await nearestFolder(projectDir), context.env).ask("rev-parse", "--show-toplevel")) ?? projectDir;
  const projectDirFromRepo = projectDir.startsWith(`${top}${sep}`)
    ? projectDir.slice(top.length + 1).replaceAll(sep, "/")
    : "";
  const xml = renderJunit(verdict, {
    warnAs: given.junitWarn,
    projectDirFromRepo,
    timestamp: new Date(now).toISOString(),
  });
  await writeFileAtomic(join(junitDirOf(context), JUNIT), xml);
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
export async function writeSummary(context: Context, markdown: string): Promise<void> {
  const { summary } = context.settings.given;
  await writeFileAtomic(
    summary === undefined ? context.work.path("summary.md") : resolve(context.cwd, summary),
    markdown,
  );
  await context.runner.summary(markdown);
}

/** Absolute folder of the JUnit file. */
export function junitDirOf(context: Context): string {
  return resolve(context.cwd, context.settings.config.report.junit);
}

/** Nobody writes a longer file by hand; a line in it is not worth the memory. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Reads files of the project by paths that come out of artifacts: nothing outside the project's folder, also behind links,
 * and nothing that is no file, such as a pipe without an end.
 */
function createReader(projectDir: string): (path: string) => string | null {
  return (path) => {
    try {
      const full = realpathSync(resolve(projectDir, path.replaceAll("\\", "/")));
      if (!full.startsWith(`${realpathSync(projectDir)}${sep}`)) return null;
      const found = statSync(full);
      return found.isFile() && found.size <= MOST_BYTES ? readFileSync(full, "utf8") : null;
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
