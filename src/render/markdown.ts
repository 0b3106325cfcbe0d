import { shortName } from "../artifacts/node-name.ts";
import type { Mode } from "../run/mode.ts";
import type { PlanResult } from "../selection/plan.ts";
import type { Finding, NodeFacts, Verdict } from "../severity/verdict.ts";
import { cleanText, cutText } from "../text/clean.ts";
import { markdownBlock, markdownCode, markdownText } from "../text/markdown.ts";
import { isPlainUrl } from "../text/url.ts";
import { describeFinding, type FindingWords, totalsOf } from "./finding-words.ts";
import { describePlan } from "./plan-words.ts";
import { describeRetried } from "./retried-words.ts";
import { describeTools } from "./tool-words.ts";
import { within } from "./within.ts";
import { duration, listed } from "./words.ts";

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
  /** Where report.html is among the artifacts of the run; absent or null: nothing is known to keep it. */
  readonly artifactsUrl?: string | null;
}

/** GitHub drops a step's whole summary above 1 MiB. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits */
const SUMMARY_BYTES = { errors: 450_000, warnings: 250_000, plan: 100_000, planWarnings: 50_000 };

/** How long each part may be, in bytes; what does not fit is counted. */
export type PartBytes = Readonly<typeof SUMMARY_BYTES>;

const MOST_MESSAGE = 4000;
const MOST_MESSAGE_LINES = 60;
const MOST_NAMES = 10;
const SLOWEST = 5;
/** Two spaces at the end of a line. https://github.github.com/gfm/#hard-line-breaks */
const LINE_BREAK = "  \n";

/** The job's summary page in GitHub's Markdown, under 900 kB, worst first. Also kept as summary.md. */
export function renderSummary(summary: Summary, mostBytes: PartBytes = SUMMARY_BYTES): string {
  const { verdict, plan, nodesInProject } = summary;
  const of = (severity: Finding["severity"]) =>
    (verdict?.findings ?? []).filter((finding) => finding.severity === severity);
  const sections = [
    [
      `## ${title(summary)}`,
      contextLine(summary),
      ...endedLines(summary),
      ...judgedLines(summary),
      ...retriedLines(summary),
      ...toolLines(summary),
    ],
    errorSection(of("error"), mostBytes),
    warningSection(of("warn"), mostBytes),
    verdict === null ? [] : slowestSection(verdict),
    plan === null ? [] : planSection(plan, nodesInProject, mostBytes),
    verdict === null || verdict.reproduce === null ? [] : ["### Reproduce", block(verdict.reproduce)],
  ];
  return `${sections.flat().join("\n\n")}\n`;
}

function title({ verdict, ended }: Summary): string {
  if (verdict === null) return markdownText(ended?.split("\n")[0] ?? "No verdict");
  const mark = { error: "❌ ERROR", warn: "⚠️ WARN", pass: "✅ PASS", nothing: "➖ NONE" }[verdict.level];
  return `${mark} · ${totalsOf(verdict)}`;
}

/** Why it ended, as far as the title does not say it: what to do stands in its further lines. */
function endedLines({ verdict, ended }: Summary): string[] {
  const lines = (ended ?? "").split("\n").slice(verdict === null ? 1 : 0);
  const shown = lines.map(markdownText).filter((line) => line !== "");
  return shown.length === 0 ? [] : [shown.join(LINE_BREAK)];
}

function contextLine({ mode, modeReason, target, verdict, queue, artifactsUrl }: Summary): string {
  return [
    mode === null ? null : `mode ${mode}: ${markdownText(modeReason)}`,
    target === null ? null : `target ${markdownCode(target)}`,
    verdict === null || verdict.dbt.version === null ? null : `dbt ${markdownCode(verdict.dbt.version)}`,
    queue === null ? null : queueWords(queue),
    artifactsUrl != null && isPlainUrl(artifactsUrl) ? `[report.html](${artifactsUrl})` : null,
  ]
    .filter((fact) => fact !== null)
    .join(" · ");
}

function retriedLines({ verdict }: Summary): string[] {
  const lines = verdict === null ? [] : describeRetried(verdict);
  return lines.length === 0 ? [] : [lines.map(markdownText).join(LINE_BREAK)];
}

function toolLines({ verdict }: Summary): string[] {
  const lines = verdict === null ? [] : describeTools(verdict);
  return lines.length === 0 ? [] : [lines.map(markdownText).join(LINE_BREAK)];
}

function judgedLines({ judged = [] }: Summary): string[] {
  return judged.length === 0 ? [] : [judged.map(markdownText).join(LINE_BREAK)];
}

function queueWords({ decision, reason, waitedSeconds }: NonNullable<Summary["queue"]>): string {
  if (decision === "entered")
    return waitedSeconds < 1 ? "no wait in the queue" : `${duration(waitedSeconds)} in the queue`;
  return `queue ${markdownText(`${decision}: ${reason}`)}`;
}

function errorSection(findings: readonly Finding[], mostBytes: PartBytes): string[] {
  if (findings.length === 0) return [];
  const entries = findings.map((finding) => {
    const words = describeFinding(finding);
    return headOf(words).join(LINE_BREAK) + (words.message === null ? "" : `\n\n${block(words.message)}`);
  });
  return ["### Errors", ...within(mostBytes.errors, entries, (more) => `+${more} more errors in verdict.json`)];
}

function warningSection(findings: readonly Finding[], mostBytes: PartBytes): string[] {
  if (findings.length === 0) return [];
  const entries = findings.map((finding) => {
    const words = describeFinding(finding);
    return `- ${[...headOf(words), ...(words.message === null ? [] : [markdownText(words.message)])].join(`${LINE_BREAK}  `)}`;
  });
  return ["### Warnings", within(mostBytes.warnings, entries, (more) => `- +${more} more in verdict.json`).join("\n")];
}

/** What and how bad, where and whose, and what it kept from running. */
function headOf({
  where,
  what,
  fault,
  place,
  compiled,
  owner,
  news,
  muted,
  history,
  caused,
  skipped,
}: FindingWords): string[] {
  const facts = [
    place === null ? null : markdownCode(place),
    news === "new" ? "**new**" : news,
    owner === null ? null : `owner ${markdownCode(owner)}`,
    muted === null ? null : markdownText(muted),
  ].filter((fact) => fact !== null);
  return [
    [`**${markdownCode(where)}**`, markdownText(what), ...(fault === null ? [] : [markdownText(fault)])].join(" · "),
    ...(facts.length === 0 ? [] : [facts.join(" · ")]),
    ...(history === null ? [] : [markdownText(history)]),
    ...(compiled === null ? [] : [`compiled: ${markdownCode(compiled)}`]),
    ...(caused === null ? [] : [`${caused}: ${listed(skipped.map(markdownCode), MOST_NAMES)}`]),
  ];
}

function slowestSection({ nodes }: Verdict): string[] {
  const slowest = Object.entries(nodes)
    .filter(([, { seconds }]) => seconds > 0)
    .sort(([, a], [, b]) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  if (slowest.length === 0) return [];
  const items = slowest.map(([id, facts]) => `- ${markdownCode(nameOf(id, facts))} ${duration(facts.seconds)}`);
  return ["### Slowest", items.join("\n")];
}

function nameOf(id: string, { name, type }: NodeFacts): string {
  return type === "test" || type === "unit_test" ? name : shortName(id);
}

function planSection(plan: PlanResult, total: number | null, mostBytes: PartBytes): string[] {
  const { headline, roots, notes, warnings } = describePlan(plan, total);
  const rows = roots.map(({ name, why, follow }) => {
    const names =
      follow === null || follow.names.length === 0 ? "" : `: ${listed(follow.names.map(markdownCode), MOST_NAMES)}`;
    return `- ${markdownCode(name)} ${markdownText(why)}${follow === null ? "" : `${LINE_BREAK}  → ${follow.words}${names}`}`;
  });
  const cautions = warnings.map((warning) => `⚠️ ${markdownText(warning)}`);
  return [
    "### Plan",
    [
      headline,
      ...notes.map(markdownText),
      ...within(mostBytes.planWarnings, cautions, (more) => `+${more} more warnings in plan.json`),
    ].join(LINE_BREAK),
    ...(rows.length === 0 ? [] : [within(mostBytes.plan, rows, (more) => `- +${more} more in plan.json`).join("\n")]),
  ];
}

function block(text: string): string {
  return markdownBlock(cutText(cleanText(text), MOST_MESSAGE, MOST_MESSAGE_LINES));
}
