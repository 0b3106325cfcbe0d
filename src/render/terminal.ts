import type { Placed } from "../selection/placement.ts";
import type { PlanResult } from "../selection/plan.ts";
import type { Finding, Verdict } from "../severity/verdict.ts";
import { cleanLine, cutText } from "../text/clean.ts";
import { defuse } from "../text/terminal-line.ts";
import type { Paint } from "./colors.ts";
import { costLine, tellsBytes } from "./cost-words.ts";
import { describeFinding, totalsOf } from "./finding-words.ts";
import { describeSchemas } from "./placement-words.ts";
import { describePlan } from "./plan-words.ts";
import { describeRetried } from "./retried-words.ts";
import { count, grouped, listed } from "./words.ts";

const MOST_ERRORS = 25;
const MOST_WARNINGS = 25;
const MOST_MESSAGE_LINES = 14;
const MOST_MESSAGE = 2000;
const MOST_NAMES = 4;
const MOST_ROOTS = 20;
const COLUMN = 7;

/**
 * The verdict for a log: errors, warnings, one line of totals, how to see it again. A line never begins with text from
 * outside, so that no CI's runner can take it for a command.
 */
export function renderVerdict(verdict: Verdict, paint: Paint): string[] {
  const of = (severity: Finding["severity"]) => verdict.findings.filter((finding) => finding.severity === severity);
  const lines = [
    ...findingLines(of("error"), MOST_ERRORS, "error", paint),
    ...findingLines(of("warn"), MOST_WARNINGS, "warning", paint),
    `${levelWord(verdict.level, paint)}${paint.bold(totalsOf(verdict))}`,
    ...describeRetried(verdict).map(below),
    ...costLines(verdict).map(below),
    ...(verdict.reproduce === null ? [] : [below(`reproduce: ${paint.cyan(cleanLine(verdict.reproduce, 1000))}`)]),
  ];
  return lines.map(defuse);
}

/** Where it says more than the times of a run: a warehouse told bytes, or there is a build to compare with. */
function costLines({ cost }: Verdict): string[] {
  if (cost === undefined || (cost.against === null && !tellsBytes(cost))) return [];
  const line = costLine(cost);
  return line === null ? [] : [`cost: ${line}`];
}

function findingLines(findings: readonly Finding[], most: number, noun: string, paint: Paint): string[] {
  const more = findings.length - most;
  return [
    ...findings.slice(0, most).flatMap((finding, index, shown) => {
      // What tools remark on is short, and there may be much of it.
      const isOfList = finding.subject.kind === "tool" && shown[index + 1]?.subject.kind === "tool";
      return [...oneFinding(finding, paint), ...(isOfList ? [] : [""])];
    }),
    ...(more > 0 ? [below(`+${grouped(more)} more ${noun}${more === 1 ? "" : "s"} in verdict.json`), ""] : []),
  ];
}

function oneFinding(finding: Finding, paint: Paint): string[] {
  const { where, what, fault, message, place, compiled, owner, news, muted, history, caused, skipped } =
    describeFinding(finding);
  const facts = [place === null ? null : `at ${place}`, news, owner === null ? null : `owner ${owner}`, muted].filter(
    (fact) => fact !== null,
  );
  return [
    `${levelWord(finding.severity, paint)}${[paint.bold(where), what, fault].filter((part) => part !== null).join(" · ")}`,
    ...(facts.length === 0 ? [] : [below(paint.dim(facts.join(" · ")))]),
    ...(history === null ? [] : [below(history)]),
    ...(compiled === null ? [] : [below(paint.dim(`compiled: ${compiled}`))]),
    ...(caused === null ? [] : [below(`${caused}: ${listed(skipped, MOST_NAMES)}`)]),
    ...(message === null ? [] : messageLines(message, paint)),
  ];
}

function messageLines(message: string, paint: Paint): string[] {
  const lines = message.split("\n");
  const kept = cutText(message, MOST_MESSAGE, MOST_MESSAGE_LINES).split("\n");
  const isCut = kept.length < lines.length || kept.at(-1) !== lines.at(-1);
  return [
    ...kept.map((line) => below(`${paint.dim("│")} ${line}`.trimEnd())),
    ...(isCut ? [below(paint.dim("whole message in verdict.json"))] : []),
  ];
}

/** The plan as a short tree: what changed and why, and what follows it. `total`: nodes in the project. */
export function renderPlan(
  plan: PlanResult,
  {
    total,
    paint,
    names,
    places = [],
  }: {
    readonly total: number | null;
    readonly paint: Paint;
    readonly names?: (id: string) => string;
    readonly places?: readonly Placed[];
  },
): string[] {
  const { headline, roots, notes, warnings } = describePlan(plan, total, names);
  const schemas = describeSchemas(places);
  const shown = roots.slice(0, MOST_ROOTS);
  const width = Math.min(40, Math.max(0, ...shown.map(({ name }) => name.length)));
  const lines = [
    paint.bold(headline),
    ...shown.flatMap(({ name, why, follow }) => [
      `  ${paint.cyan("●")} ${name.padEnd(width)}   ${paint.dim(why)}`,
      ...(follow === null
        ? []
        : [`    → ${follow.words}${follow.names.length === 0 ? "" : `: ${listed(follow.names, MOST_NAMES)}`}`]),
    ]),
    ...(roots.length > shown.length
      ? [`  +${count(roots.length - shown.length, "more changed node")} in plan.json`]
      : []),
    ...[...notes, ...(schemas === null ? [] : [schemas])].map((note) => `  ${paint.dim(note)}`),
    ...warnings.map((warning) => `  ${paint.yellow("warning:")} ${warning}`),
  ];
  return lines.map(defuse);
}

function levelWord(level: Verdict["level"], paint: Paint): string {
  const colour = { error: paint.red, warn: paint.yellow, pass: paint.green, nothing: paint.dim }[level];
  return paint.bold(colour((level === "nothing" ? "NONE" : level).toUpperCase().padEnd(COLUMN)));
}

function below(text: string): string {
  return `${" ".repeat(COLUMN)}${text}`;
}
