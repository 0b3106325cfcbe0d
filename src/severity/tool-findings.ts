import type { Manifest, Node } from "../artifacts/manifest.ts";
import { ownerOf, slackOf } from "./node-owner.ts";
import { type ProjectPath, pathOfNode } from "./node-path.ts";
import { applyRules, type RuleInput } from "./rules.ts";
import type { Finding, ToolFacts, ToolSubject } from "./verdict.ts";

/** What a tool says of a changed place: clean texts, a path from the project's folder. */
export interface Remark {
  readonly rule: string;
  readonly message: string;
  /** The tool itself takes it for a warning or less. */
  readonly isMild: boolean;
  readonly path: string;
  /** null: the whole file. */
  readonly line: number | null;
  readonly column: number | null;
}

/** A tool of `findings` as it was run, or why it was not. */
export interface ToolRun extends Omit<ToolFacts, "found" | "cut"> {
  /** The most that one of its remarks counts as. */
  readonly severity: "error" | "warn";
  readonly remarks: readonly Remark[];
}

export interface ToolJudgeInput extends RuleInput {
  readonly manifest: Manifest | null;
  readonly place: ProjectPath;
}

/** A page, a comment and a person take no more of one tool; the others are counted. */
const MOST_FINDINGS = 500;

/**
 * A finding for each remark, less what the rules ignore, the worst of each tool where there are too many; and one for a
 * tool that failed, which no rule changes: without its report nobody knows what it would have found.
 */
export function judgeTools(
  tools: readonly ToolRun[],
  input: ToolJudgeInput,
): { readonly findings: readonly Omit<Finding, "isNew">[]; readonly facts: readonly ToolFacts[] } {
  const nodes = nodesByPath(input);
  const judged = tools.map((run) => {
    const { severity: _, remarks, ...facts } = run;
    if (run.state === "failed") return { findings: [failureOf(run)], facts: { ...facts, found: 0, cut: 0 } };
    const found = remarks.flatMap((remark) => applyRules(findingOf(run, remark, nodes, input), input));
    const kept = [...found].sort(bySeverity).slice(0, MOST_FINDINGS);
    return { findings: kept, facts: { ...facts, found: remarks.length, cut: found.length - kept.length } };
  });
  return { findings: judged.flatMap(({ findings }) => findings), facts: judged.map(({ facts }) => facts) };
}

function failureOf({ tool, why }: ToolRun): Omit<Finding, "isNew"> {
  return {
    ...NOTHING_OF_DBT,
    subject: { ...NOBODYS, kind: "tool", tool, rule: null, path: null, line: null, column: null, name: tool },
    severity: "error",
    failureClass: "unknown",
    status: "failed",
    message: why ?? "",
  };
}

function findingOf(
  { tool, severity }: ToolRun,
  { rule, message, isMild, path, line, column }: Remark,
  nodes: ReadonlyMap<string, Node | null>,
  { manifest }: ToolJudgeInput,
): Omit<Finding, "isNew"> {
  const node = nodes.get(path) ?? null;
  return {
    ...NOTHING_OF_DBT,
    subject: {
      ...(node === null || manifest === null ? NOBODYS : factsOfNode(node, manifest)),
      ...{ kind: "tool", tool, rule, path, line, column },
      name: node?.name ?? (path.split("/").at(-1) || path),
    },
    severity: isMild ? "warn" : severity,
    failureClass: "code",
    status: rule,
    message,
  };
}

const NOTHING_OF_DBT = { failures: null, threshold: null, skipped: [], muted: null } as const;
const NOBODYS = { id: null, owner: null, ownerSlack: null, tags: [], group: null, type: null } as const;

function factsOfNode(node: Node, manifest: Manifest): Pick<ToolSubject, keyof typeof NOBODYS> {
  const { id, tags, group, type } = node;
  return { id, owner: ownerOf(node, manifest), ownerSlack: slackOf(node, manifest), tags, group, type };
}

/** By its file, the node that it holds; null: it holds several, such as the tests of a yml. */
function nodesByPath({ manifest, place }: ToolJudgeInput): ReadonlyMap<string, Node | null> {
  const nodes = new Map<string, Node | null>();
  for (const node of manifest?.nodes.values() ?? []) {
    const path = manifest === null ? null : pathOfNode(node, manifest, place);
    if (path !== null) nodes.set(path, nodes.has(path) ? null : node);
  }
  return nodes;
}

function bySeverity(a: Omit<Finding, "isNew">, b: Omit<Finding, "isNew">): number {
  return Number(a.severity === "warn") - Number(b.severity === "warn");
}
