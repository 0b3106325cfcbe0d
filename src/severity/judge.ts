import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { mergeAttempts } from "./attempts.ts";
import { findOverBudget, type RunBudget } from "./budget.ts";
import { type Causes, findCauses } from "./cause.ts";
import { type BaseBuild, costOf } from "./cost.ts";
import { withDiagnostics } from "./diagnostic-findings.ts";
import { alertKeyOf, findNodeProblems, type LastRow, type NodeJudgeInput, nodeFactsOf } from "./node-findings.ts";
import type { ProjectPath } from "./node-path.ts";
import { reproduceCommand, targetOf } from "./reproduce.ts";
import { applyRules, type Matches, type Rule } from "./rules.ts";
import { findRunProblems, hasOwnResults } from "./run-findings.ts";
import { isFailed, kindOf } from "./status.ts";
import { judgeTools, type ToolRun } from "./tool-findings.ts";
import type { Finding, NodeFacts, Subject, ToolSubject, Verdict } from "./verdict.ts";

export interface JudgeInput {
  /** Every start of dbt, in any order: they are laid over each other by time. */
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
  readonly place: ProjectPath;
  readonly rules: readonly Rule[];
  readonly matches: Matches;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The verdict in the baseline's bundle; null without one. */
  readonly base: Pick<Verdict, "findings"> | null;
  /** What dbt said when the baseline was built; absent or null: that is not known. */
  readonly baseBuild?: BaseBuild | null;
  /** Absent or null: none is set. */
  readonly budget?: RunBudget | null;
  /** What other tools found in what was changed; absent: none was to be started. */
  readonly tools?: readonly ToolRun[] | undefined;
}

/**
 * The verdict on one or several starts of dbt. The status decides, never the manifest's severity; the last row of a node
 * wins, and what a second start replaced is kept; a skipped node belongs to its cause; dbt's exit code can only make it worse.
 */
export function judge(input: JudgeInput): Verdict {
  const { runs, manifest, place, rules, matches, now, base, baseBuild = null, budget = null, tools = [] } = input;
  const ordered = [...runs].sort(byTime);
  const { runs: merged, retried } = mergeAttempts(ordered, manifest);
  const rows = overlay(merged);
  const held = heldIn(ordered).filter(({ id }) => !rows.has(id));
  const causes = withHeld(
    findCauses(
      [...rows.values()].map(({ row }) => row),
      manifest,
    ),
    held,
  );
  const ofNodes: NodeJudgeInput = { manifest, place, rows, causes, rules, matches, now };
  const factsOf = (id: string, { seconds, startedAt }: Pick<NodeResult, "seconds" | "startedAt">): NodeFacts => ({
    ...nodeFactsOf(id, manifest?.nodes.get(id) ?? null, ofNodes),
    seconds,
    startedAt,
  });
  const unknownKeys = merged.some(isCutOff) ? keysWithoutRow(manifest, rows) : [];

  const ofTools = judgeTools(tools, { manifest, place, rules, matches, now });

  const known = new Set(base?.findings.map(({ subject }) => keyOf(subject)));
  const cost = runs.some(hasOwnResults) ? costOf(ordered, manifest, baseBuild) : null;
  const overBudget = cost === null || budget === null ? null : findOverBudget(cost, budget, manifest);
  const ofRows = [...findRunProblems(merged, manifest, place), ...findNodeProblems(ofNodes)];
  const findings = [
    // Where nothing was built that is no warning.
    ...(rows.size === 0 ? ofRows : withDiagnostics(ofRows, ordered, ofNodes)),
    ...(overBudget === null ? [] : applyRules(overBudget, ofNodes)),
  ]
    .map((finding): Finding => ({ ...finding, isNew: base === null ? null : !known.has(keyOf(finding.subject)) }))
    // A base's verdict is a deploy's, for which no tool is started: what is new there is not known.
    .concat(ofTools.findings.map((finding) => ({ ...finding, isNew: null })))
    .sort(byWeight);

  const found = new Set(findings.map(({ subject }) => keyOf(subject)));
  const quiet = [...rows.values()].map(({ row }) => row).filter(({ id }) => !found.has(id) && !causes.of.has(id));
  const idsOf = (isPassed: boolean) =>
    quiet
      .filter(({ status }) => (kindOf(status) === "passed") === isPassed)
      .map(({ id }) => id)
      .sort();
  return {
    level: levelOf(findings, rows.size),
    findings,
    passed: idsOf(true),
    neutral: idsOf(false),
    nodes: {
      ...Object.fromEntries(
        held
          // It never has a row.
          .filter(({ id }) => manifest?.nodes.get(id)?.materialized !== "ephemeral")
          .map(({ id }) => [id, factsOf(id, { seconds: 0, startedAt: null })]),
      ),
      ...Object.fromEntries([...rows].map(([id, { row }]) => [id, factsOf(id, row)])),
    },
    ...(unknownKeys.length === 0 ? {} : { unknownKeys }),
    known: [...(manifest?.nodes.keys() ?? [])].sort(),
    disabled: [...(manifest?.disabled.keys() ?? [])].filter((id) => manifest?.nodes.has(id) !== true).sort(),
    dbt: {
      version: manifest?.dbtVersion || null,
      commands: ordered.map(({ command }) => command),
      exitCodes: ordered.map(({ exitCode }) => exitCode),
    },
    reproduce: reproduceCommand(findings, targetOf(ordered.flatMap(({ source }) => source ?? []))),
    ...(retried === null ? {} : { retried }),
    ...(cost === null ? {} : { cost }),
    ...(tools.length === 0 ? {} : { tools: ofTools.facts }),
  };
}

interface HeldNode {
  readonly id: string;
  /** The stale one that it lies below. */
  readonly source: string;
}

function heldIn(runs: readonly DbtRun[]): readonly HeldNode[] {
  return runs.flatMap(({ held = [] }) => held.flatMap(({ source, ids }) => ids.map((id) => ({ id, source }))));
}

/** The source is the cause of what was held back behind it. */
function withHeld({ of, failed }: Causes, held: readonly HeldNode[]): Causes {
  return { failed, of: new Map([...held.map(({ id, source }) => [id, source] as const), ...of]) };
}

/** Whether nodes that dbt was to run may be without a row. */
function isCutOff({ trouble, flags, results }: DbtRun): boolean {
  return trouble !== "none" || (flags?.failFast === true && results?.some(isFailed) === true);
}

/** The alert_keys of nodes that the project has and that left no row, sorted. */
function keysWithoutRow(manifest: Manifest | null, rows: ReadonlyMap<string, LastRow>): readonly string[] {
  const without = [...(manifest?.nodes.values() ?? [])].filter(({ id }) => !rows.has(id));
  return [...new Set(without.flatMap((node) => alertKeyOf(node) ?? []))].sort();
}

/** By start; files of which only the end is known, by that. */
function byTime(a: DbtRun, b: DbtRun): number {
  const [first, second] = [a.source?.generatedAt ?? "", b.source?.generatedAt ?? ""];
  return a.startedAt - b.startedAt || Number(first > second) - Number(first < second);
}

/** The last row of each node, in the order of time. */
function overlay(runs: readonly DbtRun[]): ReadonlyMap<string, LastRow> {
  const rows = new Map<string, LastRow>();
  for (const run of runs.filter(hasOwnResults)) {
    for (const row of run.results ?? []) {
      rows.delete(row.id);
      rows.set(row.id, { row, exitCode: run.exitCode });
    }
  }
  return rows;
}

function levelOf(findings: readonly Finding[], rows: number): Verdict["level"] {
  if (findings.some(({ severity }) => severity === "error")) return "error";
  if (findings.length > 0) return "warn";
  return rows === 0 ? "nothing" : "pass";
}

/** What makes two findings be about the same thing. */
function keyOf(subject: Subject): string {
  if (subject.kind === "tool") return placeOfRemark(subject);
  return subject.kind === "node" ? subject.id : `run:${subject.what}`;
}

/** In the order of a file, whatever number its lines have. */
function placeOfRemark({ tool, path, line, column, rule }: ToolSubject): string {
  const padded = (number: number | null) => String(number ?? 0).padStart(10, "0");
  return [tool, path ?? "", padded(line), padded(column), rule ?? ""].join("\u0000");
}

function byWeight(a: Finding, b: Finding): number {
  return (
    Number(a.severity === "warn") - Number(b.severity === "warn") ||
    Number(isRemark(a)) - Number(isRemark(b)) ||
    b.skipped.length - a.skipped.length ||
    (b.failures ?? 0) - (a.failures ?? 0) ||
    (keyOf(a.subject) < keyOf(b.subject) ? -1 : 1)
  );
}

function isRemark({ subject }: Finding): boolean {
  return subject.kind === "tool" && subject.rule !== null;
}
