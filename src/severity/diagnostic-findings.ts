import type { DbtRun } from "../artifacts/dbt-run.ts";
import { type Diagnostic, describeDiagnostic } from "../artifacts/diagnostics.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import { groupBy } from "../support/group-by.ts";
import { type NodeFinding, type NodeJudgeInput, subjectOf } from "./node-findings.ts";
import { fromRepository, type ProjectPath } from "./node-path.ts";
import { factsOf, type Rule, ruleFor } from "./rules.ts";
import type { FindingPlace } from "./verdict.ts";

type DiagnosticInput = Pick<NodeJudgeInput, "manifest" | "place" | "rules" | "matches" | "now">;

/** A warning of dbt's, the node that it is about, and what the rules make of it. */
interface JudgedDiagnostic {
  readonly diagnostic: Diagnostic;
  readonly node: Node | null;
  readonly rule: Rule | null;
}

/** Of those that no node has. */
const MOST_SAID = 20;

/**
 * The findings with what dbt warns about in the project's code: of a node in its own finding, the rest in one about the
 * project. The rules are asked for each by itself, as for a remark of another tool: dbt's name and number for it. The code
 * of packages is not the project's to mend.
 */
export function withDiagnostics(
  findings: readonly NodeFinding[],
  runs: readonly DbtRun[],
  input: DiagnosticInput,
): readonly NodeFinding[] {
  const found = warningsOf(runs, input).filter(({ rule }) => rule?.severity !== "ignore");
  if (found.length === 0) return findings;
  const groups = groupBy(found, ({ node }) => node?.id ?? "");
  const known = new Set(findings.flatMap(({ subject }) => (subject.kind === "node" ? [subject.id] : [])));
  const merged = findings.map((finding) => {
    const group = finding.subject.kind === "node" ? groups.get(finding.subject.id) : undefined;
    return group === undefined ? finding : merge(finding, group, input);
  });
  const others = [...groups].filter(([id]) => !known.has(id)).map(([, group]) => findingOf(group, input));
  return [...merged, ...others];
}

function warningsOf(runs: readonly DbtRun[], input: DiagnosticInput): readonly JudgedDiagnostic[] {
  const { manifest, place, rules, matches, now } = input;
  const paths = new Map<string, Node | null>();
  // Of a file with several nodes it is not known which is meant, and what yml declares is more than its nodes.
  for (const node of manifest?.nodes.values() ?? [])
    if (!/\.ya?ml$/i.test(node.path)) paths.set(node.path, paths.has(node.path) ? null : node);
  const seen = new Set<string>();
  return runs.flatMap(({ diagnostics = [] }) =>
    diagnostics.flatMap((diagnostic): JudgedDiagnostic[] => {
      if (diagnostic.severity !== "warn") return [];
      const node = manifest?.nodes.get(diagnostic.id ?? "") ?? paths.get(diagnostic.place?.path ?? "") ?? null;
      if (node === null ? !isOwnPlace(diagnostic, place) : isForeign(node, manifest)) return [];
      const said = `${node?.id} ${describeDiagnostic(diagnostic)}`;
      if (seen.has(said)) return [];
      seen.add(said);
      return [{ diagnostic, node, rule: ruleFor(rules, factsOfDiagnostic(diagnostic, node, input), matches, now) }];
    }),
  );
}

function factsOfDiagnostic(diagnostic: Diagnostic, node: Node | null, input: DiagnosticInput) {
  const subject = node === null ? ({ kind: "run", what: "project" } as const) : subjectOf(node.id, node, input);
  const facts = { ...factsOf({ subject, status: "warn" }), tool: ["dbt"], rule: [diagnostic.name, diagnostic.code] };
  return node === null && diagnostic.place !== null ? { ...facts, path: [diagnostic.place.path] } : facts;
}

function isForeign(node: Node, manifest: Manifest | null): boolean {
  const own = manifest?.projectName ?? "";
  return own !== "" && node.package !== "" && node.package !== own;
}

/** Where dbt 2 has the macros of its adapters. */
const OF_ADAPTERS = "dbt_internal_packages";

function isOwnPlace({ place }: Diagnostic, { folders, packages, projectDir }: ProjectPath): boolean {
  if (place === null || fromRepository(projectDir, place.path) === null) return false;
  const foreign = [OF_ADAPTERS, ...(packages === undefined ? [] : [packages]), ...folders.values()];
  return !foreign.some((folder) => place.path.startsWith(`${folder}/`));
}

function findingOf(group: readonly JudgedDiagnostic[], input: DiagnosticInput): NodeFinding {
  const node = group[0]?.node ?? null;
  const said = group.map(({ diagnostic }) => describeDiagnostic(diagnostic));
  const more = said.length > MOST_SAID ? [`+${said.length - MOST_SAID} more, in dbt's log`] : [];
  return {
    subject: node === null ? { kind: "run", what: "project" } : located(subjectOf(node.id, node, input), group),
    severity: severityOf(group),
    failureClass: "code",
    status: "warn",
    message: [...said.slice(0, MOST_SAID), ...more].join("\n"),
    failures: null,
    threshold: null,
    skipped: [],
    muted: mutedOf(group),
    places: placesOf(group, input),
  };
}

/** What went wrong with the node comes first, and keeps its words. */
function merge(finding: NodeFinding, group: readonly JudgedDiagnostic[], input: DiagnosticInput): NodeFinding {
  const said = group.map(({ diagnostic }) => describeDiagnostic(diagnostic)).slice(0, MOST_SAID);
  const isMuted = finding.muted !== null && mutedOf(group) !== null;
  return {
    ...finding,
    subject: located(finding.subject, group),
    severity: severityOf(group) === "error" ? "error" : finding.severity,
    message: [finding.message, ...said].join("\n"),
    muted: isMuted ? finding.muted : null,
    places: placesOf(group, input),
  };
}

/** The line that dbt names, where that is in the node's own file. */
function located(subject: NodeFinding["subject"], group: readonly JudgedDiagnostic[]): NodeFinding["subject"] {
  if (subject.kind === "run") return subject;
  const own = group.find(({ diagnostic }) => diagnostic.place?.path === subject.path);
  return { ...subject, line: own?.diagnostic.place?.line ?? subject.line };
}

function severityOf(group: readonly JudgedDiagnostic[]): "error" | "warn" {
  return group.some(({ rule }) => rule?.severity === "error") ? "error" : "warn";
}

/** Muted where all of them are. */
function mutedOf(group: readonly JudgedDiagnostic[]): NodeFinding["muted"] {
  const rules = group.map(({ rule }) => rule);
  const [first] = rules;
  return first?.until !== undefined && rules.every((rule) => rule?.mute && rule.until !== undefined)
    ? { until: first.until, reason: first.reason ?? "" }
    : null;
}

function placesOf(
  group: readonly JudgedDiagnostic[],
  { place }: Pick<DiagnosticInput, "place">,
): readonly FindingPlace[] {
  return placesOfDiagnostics(
    group.map(({ diagnostic }) => diagnostic),
    place,
  );
}

/** Where these are, as far as that is in the repository. */
export function placesOfDiagnostics(
  diagnostics: readonly Diagnostic[],
  { projectDir }: Pick<ProjectPath, "projectDir">,
): readonly FindingPlace[] {
  return diagnostics.slice(0, MOST_SAID).flatMap((diagnostic) => {
    const { place, name, code, text } = diagnostic;
    if (place === null || fromRepository(projectDir, place.path) === null) return [];
    return [{ ...place, message: `${name} (${code}): ${text}` }];
  });
}
