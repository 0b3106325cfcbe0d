import type { Mode } from "../run/mode.ts";
import type { PlanResult } from "../selection/plan.ts";
import type { Touched } from "../severity/touched.ts";
import type { Verdict } from "../severity/verdict.ts";
import { cleanCut } from "../text/clean.ts";
import { markdownBlock, markdownCode, markdownText } from "../text/markdown.ts";
import { isPlainUrl } from "../text/url.ts";
import { type CostlyNode, costliest, describeCost } from "./cost-words.ts";
import { changeSections } from "./markdown-changes.ts";
import { errorSections, headlineOfVerdict, warningSections } from "./markdown-findings.ts";
import { details, LINE_BREAK } from "./markdown-parts.ts";
import { describeRetried } from "./retried-words.ts";
import { describeTools } from "./tool-words.ts";
import { byteLength } from "./within.ts";
import { duration, hasWaited } from "./words.ts";

export interface Summary {
  /** null: a report on a dbt that something else started. */
  readonly mode: Mode | null;
  /** Such as `pull request #12 into main`. */
  readonly modeReason: string;
  readonly target: string | null;
  /** null: the run ended before dbt had anything to say; `ended` tells why. */
  readonly verdict: Verdict | null;
  readonly plan: PlanResult | null;
  /** Nodes in the project, to say how many of how many; null where that is not known. */
  readonly nodesInProject: number | null;
  readonly queue: { readonly decision: string; readonly reason: string; readonly waitedSeconds: number } | null;
  /** What a report on somebody else's dbt judged, in lines. */
  readonly judged?: readonly string[];
  /** One sentence for a run without a verdict: `Nothing changed: dbt was not started.` */
  readonly ended: string | null;
  /** Whom the plan reaches; absent or null: everything is built, or that is not known. */
  readonly touched?: Touched | null;
  /** What the base's findings are told to be on; absent or null: that is not known. */
  readonly baseBranch?: string | null;
  /** Where report.html is among the artifacts of the run; absent or null: nothing is known to keep it. */
  readonly artifactsUrl?: string | null;
}

/** How much each part may take, that of errors half as much again; what does not fit is counted. */
export interface Rooms {
  readonly errors: number;
  readonly warnings: number;
  readonly plan: number;
  readonly planWarnings: number;
  readonly measure: (text: string) => number;
}

/** GitHub drops a step's whole summary above 1 MiB. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits */
const OF_SUMMARY: Rooms = {
  errors: 300_000,
  warnings: 250_000,
  plan: 100_000,
  planWarnings: 50_000,
  measure: byteLength,
};

const MOST_COSTLY = 5;
const MOST_COMMAND = 4000;
/** Lines that stand below the title. */
const MOST_LINES = 20;

/**
 * The job's summary page in GitHub's Markdown, under 900 kB: the verdict, what is new before what is known, what changed and
 * what follows, and what it took. What few need is there to be opened. Also kept as summary.md.
 */
export function renderSummary(summary: Summary, rooms: Rooms = OF_SUMMARY): string {
  const { verdict, plan, nodesInProject, touched = null, baseBranch = null } = summary;
  const room = (most: number) => ({ most, measure: rooms.measure });
  const sections = [
    [
      `## ${title(summary)}`,
      contextLine(summary),
      ...paragraph(endedLines(summary)),
      ...paragraph(summary.judged ?? []),
      ...paragraph(verdict === null ? [] : describeRetried(verdict)),
      ...paragraph(verdict === null ? [] : describeTools(verdict)),
    ],
    verdict === null ? [] : errorSections(verdict, baseBranch, room(rooms.errors)),
    verdict === null ? [] : warningSections(verdict, room(rooms.warnings)),
    plan === null
      ? []
      : changeSections(plan, {
          ...{ total: nodesInProject, touched },
          rooms: { plan: room(rooms.plan), warnings: room(rooms.planWarnings) },
        }),
    verdict === null ? [] : costSection(verdict),
    verdict === null || verdict.reproduce === null ? [] : ["### Reproduce", command(verdict.reproduce)],
  ];
  const parts = sections.flat().filter((part) => part !== "");
  return `${parts.join("\n\n")}\n`;
}

function title({ verdict, ended }: Summary): string {
  if (verdict === null) return markdownText(ended?.split("\n", 1)[0] ?? "No verdict");
  const mark = { error: "❌", warn: "⚠️", pass: "✅", nothing: "➖" }[verdict.level];
  return `${mark} ${headlineOfVerdict(verdict)}`;
}

/** Why it ended, as far as the title does not say it: what to do stands in its further lines. */
function endedLines({ verdict, ended }: Summary): readonly string[] {
  return (ended ?? "").split("\n").slice(verdict === null ? 1 : 0);
}

function paragraph(lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, MOST_LINES).map(markdownText);
  const full = shown.filter((line) => line !== "");
  return full.length === 0 ? [] : [full.join(LINE_BREAK)];
}

function contextLine({ mode, modeReason, target, verdict, queue, artifactsUrl }: Summary): string {
  return [
    mode === null ? null : `${mode}: ${markdownText(modeReason)}`,
    target === null ? null : `target ${markdownCode(target)}`,
    verdict === null || verdict.dbt.version === null ? null : `dbt ${markdownCode(verdict.dbt.version)}`,
    queue === null ? null : queueWords(queue),
    artifactsUrl != null && isPlainUrl(artifactsUrl) ? `[report.html](${artifactsUrl})` : null,
  ]
    .filter((fact) => fact !== null)
    .join(" · ");
}

function queueWords({ decision, reason, waitedSeconds }: NonNullable<Summary["queue"]>): string {
  if (decision === "entered")
    return hasWaited(waitedSeconds) ? `${duration(waitedSeconds)} in the queue` : "no wait in the queue";
  return `queue ${markdownText(`${decision}: ${reason}`)}`;
}

/** What the run took beside production's build of the same, and by which nodes. */
function costSection({ cost }: Verdict): readonly string[] {
  const words = cost === undefined ? null : describeCost(cost);
  if (cost === undefined || words === null) return [];
  const nodes = costliest(cost, MOST_COSTLY).map(costlyNode);
  return [
    "### Time and cost",
    [words.total, ...words.parts.map((part) => `- ${part}`)].join("\n"),
    details("The nodes that took most", [nodes.join("\n")]),
  ];
}

function costlyNode({ name, words, jobUrl, queryId }: CostlyNode): string {
  const query = queryId === null ? "" : ` · query ${markdownCode(queryId)}`;
  return `- ${markdownCode(name)} ${words}${jobUrl !== null && isPlainUrl(jobUrl) ? ` · [job](${jobUrl})` : query}`;
}

function command(line: string): string {
  return markdownBlock(cleanCut(line, MOST_COMMAND, 1));
}
