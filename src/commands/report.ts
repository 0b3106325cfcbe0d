import { resolve } from "node:path";
import { projectNameOf } from "../dbt/folders.ts";
import { describeJudged } from "../render/judged-words.ts";
import { renderVerdict } from "../render/terminal.ts";
import { describeTools } from "../render/tool-words.ts";
import { builtNodes } from "../selection/buildable-nodes.ts";
import type { Context } from "../setup/context.ts";
import { learnRun } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { exitCodeOf } from "../severity/outcome.ts";
import { touchedBy } from "../severity/touched.ts";
import { openComment } from "../steps/comment.ts";
import { readEvidence, writePage } from "../steps/report/page.ts";
import { artifactsUrlOfJob } from "../steps/report/page-file.ts";
import { forgetVerdict, reportStep, writeSummary } from "../steps/report/report.ts";
import { holdsVerdictOfCi, readInputs } from "../steps/report/report-inputs.ts";
import { readBaseBuild, usualSecondsOf } from "../steps/usual-times.ts";
import { defuse } from "../text/terminal-line.ts";
import { readVerdictFile } from "../work/verdict-file.ts";

/** Judges what dbt left, or what `signalbox build` recorded. */
export async function run(context: Context): Promise<number> {
  const { settings, cwd } = context;
  const { given, config } = settings;
  return withWork(context, async () => {
    // It may be the verdict that lies in the work folder.
    const base = given.base === undefined ? null : await readVerdictFile(resolve(cwd, given.base));
    if (!(await holdsVerdictOfCi(context))) await forgetVerdict(context);
    const inputs = await readInputs(context);
    const { plan, manifest } = inputs;
    const baseBuild = plan === null ? null : await readBaseBuild(context.log, plan);
    const result = await reportStep(context, { ...inputs, base, baseBuild });
    const ofThis = {
      verdict: result,
      plan,
      nodesInProject: manifest === null ? null : builtNodes(manifest).length,
      touched: plan === null ? null : touchedBy(plan, manifest),
    };
    const judged = describeJudged(result.sources, cwd);
    const ofRun = { mode: null, modeReason: "", target: null, queue: null, ended: null };
    const summary = { ...ofThis, ...ofRun, judged, artifactsUrl: artifactsUrlOfJob(context) };
    await writeSummary(context, summary);
    const usualSeconds = usualSecondsOf(baseBuild?.results ?? []);
    const evidence = readEvidence(context, result, { ...inputs, usualSeconds });
    await writePage(context, {
      ...summary,
      verdict: result,
      project: projectNameOf(inputs.folders),
      run: null,
      evidence,
    });
    if (config.report.comment) {
      const { run: thisRun } = await learnRun(context, { baseBranch: false, trigger: false, trust: true });
      await openComment(context, thisRun, projectNameOf(inputs.folders)).put(summary, context.work);
    }
    context.result(
      [...[...judged, ...describeTools(result)].map(defuse), ...renderVerdict(result, context.paint)],
      result,
    );
    const mode = given.mode === "auto" ? null : config.modes[given.mode];
    const failOn = given.failOn ?? mode?.failOn ?? "error";
    return exitCodeOf({ kind: "verdict", verdict: result }, { failOn, nothing: "fine", undelivered: false });
  });
}
