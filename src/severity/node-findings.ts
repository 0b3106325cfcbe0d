import { fieldsOf, textOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { describeFreshness } from "../artifacts/sources.ts";
import { cleanText } from "../text/clean.ts";
import { shortenCrash } from "../text/crash.ts";
import type { Causes } from "./cause.ts";
import { failureClassOf } from "./failure.ts";
import { ownerOf, slackOf } from "./node-owner.ts";
import { type ProjectPath, pathOfNode } from "./node-path.ts";
import { applyRules, type RuleInput } from "./rules.ts";
import { kindOf } from "./status.ts";
import type { FailureClass, Finding, NodeFacts, Subject } from "./verdict.ts";

/** The row that counts for a node, and how the start that wrote it ended. */
export interface LastRow {
  readonly row: NodeResult;
  readonly exitCode: number | null;
}

/** What every finding about a node is made from. */
export interface NodeJudgeInput extends RuleInput {
  readonly manifest: Manifest | null;
  readonly place: ProjectPath;
  readonly rows: ReadonlyMap<string, LastRow>;
  readonly causes: Causes;
}

export type NodeFinding = Omit<Finding, "isNew">;

/** dbt's word and what it weighs before the rules have been asked. */
interface NodeProblem {
  readonly id: string;
  readonly status: string;
  readonly severity: "error" | "warn";
  readonly failureClass: FailureClass;
  readonly message: string;
  readonly failures: number | null;
}

/** One finding for each node that failed, warned or has an unknown status, less what the rules ignore. */
export function findNodeProblems(input: NodeJudgeInput): readonly NodeFinding[] {
  const skipped = new Map<string, string[]>();
  for (const [id, cause] of [...input.causes.of].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const others = skipped.get(cause);
    if (others === undefined) skipped.set(cause, [id]);
    else others.push(id);
  }
  return [...input.rows.values()].flatMap((last) => {
    const status = problemOf(last, input);
    return status === null ? [] : judgeProblem(status, skipped.get(status.id) ?? [], input);
  });
}

function problemOf({ row, exitCode }: LastRow, { manifest, rows, causes }: NodeJudgeInput): NodeProblem | null {
  const kind = kindOf(row.status);
  if (kind === "passed" || (kind === "skipped" && !causes.failed.has(row.id))) return null;
  const message = shortenCrash(cleanText(row.message ?? "").trim());
  const isMild = kind === "warned" || (kind === "unknown" && exitCode === 0);
  return {
    id: row.id,
    status: row.status === "" ? "no status" : row.status,
    severity: isMild ? "warn" : "error",
    failureClass:
      kind === "unknown"
        ? "unknown"
        : refine(failureClassOf({ ...row, message }, manifest?.adapter ?? null), row.id, manifest, rows),
    message:
      message !== ""
        ? message
        : row.failures === null
          ? "dbt gave no message"
          : `${row.failures} failure${row.failures === 1 ? "" : "s"}`,
    failures: row.failures,
  };
}

/** A relation that is missing is a deferred one only where a parent was not built in this run. */
function refine(
  failureClass: FailureClass,
  id: string,
  manifest: Manifest | null,
  rows: NodeJudgeInput["rows"],
): FailureClass {
  if (failureClass !== "deferred-relation-missing" || manifest === null) return failureClass;
  const waiting = [...(manifest.nodes.get(id)?.parents ?? [])];
  const seen = new Set<string>();
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    const node = manifest.nodes.get(parent);
    if (node === undefined || node.type === "source" || seen.has(parent)) continue;
    seen.add(parent);
    if (node.materialized === "ephemeral") {
      for (const each of node.parents) waiting.push(each);
    } else if (!rows.has(parent)) return failureClass;
  }
  return "code";
}

/** The finding of a problem, as the rules leave it. */
function judgeProblem(status: NodeProblem, skipped: readonly string[], input: NodeJudgeInput): readonly NodeFinding[] {
  const node = input.manifest?.nodes.get(status.id) ?? null;
  const finding: NodeFinding = {
    subject: subjectOf(status.id, node, input),
    severity: status.severity,
    failureClass: status.failureClass,
    status: status.status,
    message: status.message,
    failures: status.failures,
    threshold: node === null ? null : thresholdOf(node),
    skipped,
    muted: null,
  };
  return applyRules(finding, input);
}

export function subjectOf(id: string, node: Node | null, input: Pick<NodeJudgeInput, "manifest" | "place">): Subject {
  const { manifest } = input;
  const { name, type, path, attachedTo, column, test, alertKey } = nodeFactsOf(id, node, input);
  const guarded = manifest?.nodes.get(attachedTo ?? "");
  return {
    kind: "node",
    id,
    name,
    attachedTo,
    column,
    path,
    line: null,
    compiled: null,
    owner: node === null || manifest === null ? null : ownerOf(node, manifest),
    ownerSlack: node === null || manifest === null ? null : slackOf(node, manifest),
    tags: [...new Set([...(node?.tags ?? []), ...(guarded?.tags ?? [])])],
    group: node?.group ?? guarded?.group ?? null,
    test,
    type,
    alertKey,
  };
}

/** What the manifest knows of a node; for an id that it does not know, what the id itself says. */
export function nodeFactsOf(
  id: string,
  node: Node | null,
  { manifest, place }: Pick<NodeJudgeInput, "manifest" | "place">,
): Omit<NodeFacts, "seconds" | "startedAt"> {
  if (node !== null && manifest !== null) {
    const { name, type, package: packageName, fqn, attachedTo, column } = node;
    const path = pathOfNode(node, manifest, place);
    const test = node.test?.name ?? null;
    return { name, type, package: packageName, path, fqn, attachedTo, column, test, alertKey: alertKeyOf(node) };
  }
  const [, packageName = "", name = id] = id.split(".");
  const nothing = { type: null, path: null, fqn: [], attachedTo: null, column: null, test: null, alertKey: null };
  return { name, package: packageName, ...nothing };
}

const MOST_OF_KEY = 200;

/** The node's `meta.alert_key`, cut; null without one. */
export function alertKeyOf({ meta }: Node): string | null {
  const key = textOf(meta.alert_key)?.trim() ?? "";
  return key === "" ? null : key.slice(0, MOST_OF_KEY);
}

function thresholdOf(node: Node): string | null {
  if (node.type === "source") return describeFreshness(node.raw.freshness ?? fieldsOf(node.raw.config).freshness);
  const { severity, warnIf, errorIf } = node;
  const warns = warnIf === null ? null : `warn if ${warnIf}`;
  const errs = errorIf === null ? null : `error if ${errorIf}`;
  // With severity warn dbt never looks at error_if. https://docs.getdbt.com/reference/resource-configs/severity
  if (severity === "warn") return warns;
  return warnIf === errorIf || warns === null ? errs : errs === null ? warns : `${warns}, ${errs}`;
}
