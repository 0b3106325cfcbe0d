import { resolve } from "node:path";
import type { DbtRun } from "../../artifacts/dbt-run.ts";
import type { Manifest } from "../../artifacts/manifest.ts";
import { redactRun } from "../../dbt/record.ts";
import type { Runner } from "../../platforms/ports.ts";
import { annotationsOf } from "../../render/annotations.ts";
import { renderJunit } from "../../render/junit.ts";
import { renderSummary, type Summary } from "../../render/markdown.ts";
import { locateFindings } from "../../render/source-lines.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import type { ProjectFolders } from "../../setup/dbt-project.ts";
import { isUncounted } from "../../severity/budget.ts";
import type { BaseBuild } from "../../severity/cost.ts";
import { judge } from "../../severity/judge.ts";
import { groupByCause } from "../../severity/one-cause.ts";
import { countVerdict } from "../../severity/outcome.ts";
import { expiredRules } from "../../severity/rules.ts";
import { findSourcesWithoutRow } from "../../severity/run-findings.ts";
import type { ToolRun } from "../../severity/tool-findings.ts";
import type { JudgedSource, Verdict, VerdictResult } from "../../severity/verdict.ts";
import type { Clock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import { pathFrom, removeFile, writeFileAtomic } from "../../support/files.ts";
import { matchesGlob } from "../../support/globs.ts";
import type { Log } from "../../support/log.ts";
import type { Outputs } from "../../support/outputs.ts";
import { type Redact, redactAll } from "../../support/redact.ts";
import { outlineOf } from "../../support/yaml-outline.ts";
import type { WorkFolder } from "../../work/folder.ts";
import { type PageFileParts, pageFileOf } from "./page-file.ts";
import { createReader, findPackageFolders, nameCompiled } from "./project-files.ts";

export interface ReportInputs {
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
  readonly folders: ProjectFolders;
  /** The verdict of the base, to tell new findings from old. */
  readonly base: Verdict | null;
  /** What dbt said when the baseline was built, or else the newest bundle; null: that is not known. */
  readonly baseBuild: BaseBuild | null;
  /** What other tools found; absent: none was to be started. */
  readonly tools?: readonly ToolRun[];
  /** Why the runs may not be the last ones: what is not red is refused then. */
  readonly doubt?: string | null;
  /** Puts beside the findings what earlier runs tell; absent: nobody remembers. */
  readonly recall?: (verdict: Verdict) => Promise<Verdict>;
}

export interface ReportParts extends JunitParts {
  readonly settings: SettingsPart<"junitWarn" | "annotations", "report" | "rules" | "budget">;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  readonly outputs: Outputs;
  readonly work: Pick<WorkFolder, "writeJson">;
  readonly runner: Pick<Runner, "annotate">;
  readonly redact: Redact;
}

/**
 * Judges, writes verdict.json and JUnit, and annotates. The summary is the caller's: it tells of the whole run. Throws an
 * artifacts error for a verdict that is not red on results that may be old.
 */
export async function reportStep(
  parts: ReportParts,
  { runs, manifest, folders, base, baseBuild, tools = [], doubt = null, recall }: ReportInputs,
): Promise<VerdictResult> {
  const { redact, log, outputs } = parts;
  const { given, config } = parts.settings;
  const now = parts.clock.now();
  for (const rule of expiredRules(config.rules, now)) {
    log.warn(
      "rules",
      `the rule for ${JSON.stringify(rule.match)} ended on ${rule.until}: it no longer applies; take it out, or renew it`,
    );
  }
  const { projectDir, top, fromTop: projectDirFromRepo } = folders;
  const place = {
    folders: await findPackageFolders(folders, top, manifest),
    packages: pathFrom(projectDir, folders.packagesPath),
    projectDir: projectDirFromRepo,
  };
  // The messages before they are cleaned and cut, and all that a manifest says behind it.
  const known = runs.map((run) => redactRun(run, redact));
  const { rules, budget } = config;
  const judged = redactAll(
    judge({ runs: known, manifest, place, rules, matches: matchesGlob, now, base, baseBuild, budget, tools }),
    redact,
  );
  if (budget !== null && judged.cost !== undefined && isUncounted(judged.cost, budget))
    log.warn("report", "budget.bytes is not looked at: dbt's results of this warehouse tell no bytes");
  if (doubt !== null) {
    if (judged.level !== "error")
      throw new SignalboxError("artifacts", doubt, {
        hint: "run dbt again; to judge these results all the same, say since when they count: --since TIME",
      });
    log.warn("report", doubt);
  }
  const located = nameCompiled(
    locateFindings(judged, createReader(projectDir, top), outlineOf),
    manifest,
    folders,
    top,
  );
  const grouped = groupByCause(located, manifest?.adapter ?? null);
  const verdict = (await recall?.(grouped)) ?? grouped;
  const result: VerdictResult = {
    schema: 1,
    ...verdict,
    counts: countVerdict(verdict),
    sources: runs.flatMap((run) => judgedSource(run, manifest, now)),
  };
  await outputs.write("verdict.json", () => parts.work.writeJson("verdict.json", result));

  const xml = renderJunit(verdict, {
    warnAs: given.junitWarn,
    projectDirFromRepo,
    timestamp: new Date(now).toISOString(),
  });
  await outputs.write("the JUnit file", () => writeFileAtomic(junitFileOf(parts), redact(xml)));
  if (given.annotations !== "off") parts.runner.annotate(annotationsOf(verdict, { projectDirFromRepo }));
  return result;
}

/**
 * Takes away what an earlier report left. Should the results be refused now, it must not stand for them: `notify` would send
 * it, and a CI would keep its JUnit file.
 */
export async function forgetVerdict(parts: JunitParts & PageFileParts & { readonly outputs: Outputs }): Promise<void> {
  const { work, outputs } = parts;
  const places = [
    ["verdict.json", work.path("verdict.json")],
    ["the summary", work.path("summary.md")],
    ["the comment", work.path("comment.md")],
    ["the page", pageFileOf(parts) ?? work.path("report.html")],
    ["the JUnit file", junitFileOf(parts)],
  ] as const;
  for (const [what, file] of places) await outputs.write(what, () => removeFile(file));
}

function judgedSource(run: DbtRun, manifest: Manifest | null, now: number): JudgedSource[] {
  if (run.source === null) return [];
  const writtenAt = Date.parse(run.source.generatedAt);
  const ageSeconds = Number.isNaN(writtenAt) ? null : Math.max(0, Math.round((now - writtenAt) / 1000));
  return [{ ...run.source, ageSeconds, withoutRow: findSourcesWithoutRow(run, manifest) }];
}

export interface SummaryParts {
  readonly settings: SettingsPart<"summary">;
  readonly cwd: string;
  readonly work: Pick<WorkFolder, "path">;
  readonly outputs: Outputs;
  readonly runner: Pick<Runner, "summary">;
  readonly redact: Redact;
}

/** summary.md (or the file that --summary names), and the job's page where the CI has one. */
export async function writeSummary(
  { settings, cwd, work, outputs, runner, redact }: SummaryParts,
  of: Summary,
): Promise<void> {
  const markdown = redact(renderSummary(redactAll(of, redact)));
  const { summary } = settings.given;
  const file = summary === undefined ? work.path("summary.md") : resolve(cwd, summary);
  await outputs.write("the summary", () => writeFileAtomic(file, markdown));
  await outputs.write("the job's summary page", () => runner.summary(markdown));
}

export interface JunitParts {
  readonly settings: SettingsPart<never, "report">;
  readonly cwd: string;
}

/** Absolute. */
export function junitFileOf({ settings, cwd }: JunitParts): string {
  return resolve(cwd, settings.config.report.junit, "dbt.xml");
}
