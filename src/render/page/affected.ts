import type { Manifest } from "../../artifacts/manifest.ts";
import { ungroup } from "../../severity/one-cause.ts";
import type { Finding, Subject, Verdict } from "../../severity/verdict.ts";

/** A node that failed or warned, that was kept from running, or that stands right before one that failed or warned. */
export interface AffectedNode {
  readonly id: string;
  /** The worst of its own and of its tests'; `around`: not built in this run. */
  readonly state: "error" | "warn" | "skipped" | "passed" | "around";
  readonly isSkipped: boolean;
  /** Of its tests. */
  readonly failed: number;
  readonly warned: number;
  /** The id whose card tells more: its own, or that of its first test; null: it has none. */
  readonly card: string | null;
  /** Its parents among the affected nodes. */
  readonly parents: readonly string[];
}

/** An ephemeral model has no result: what reads it reads its parents. So many steps are looked up. */
const MOST_STEPS = 200;

/**
 * The nodes of the graph, in the verdict's order: what failed first. A test stands at the node that it guards. None where
 * nothing failed and nothing was kept from running: a warning stops nobody.
 */
export function affectedNodes(
  verdict: Pick<Verdict, "findings" | "passed">,
  manifest: Manifest | null,
): readonly AffectedNode[] {
  const passed = new Set(verdict.passed);
  const found = new Map<string, AffectedDraft>();
  const draft = (id: string): AffectedDraft => {
    const known = found.get(id) ?? { isSkipped: false, own: null, failed: 0, warned: 0, card: null, cause: null };
    found.set(id, known);
    return known;
  };
  const parentsOf = (id: string) => (manifest?.nodes.get(id)?.parents ?? []).filter((parent) => !isTest(parent));

  if (!verdict.findings.some(({ severity, skipped }) => severity === "error" || skipped.length > 0)) return [];
  for (const finding of ungroup(verdict.findings)) {
    const { subject, severity } = finding;
    if (subject.kind !== "node") continue;
    for (const id of placesOf(subject, parentsOf)) {
      const at = draft(id);
      at.card ??= subject.id;
      if (!isTest(subject.id)) at.own = severity;
      else if (severity === "error") at.failed += 1;
      else at.warned += 1;
    }
  }
  const troubled = [...found.keys()];
  for (const { skipped, subject } of verdict.findings) {
    const [cause = null] = subject.kind === "node" ? placesOf(subject, parentsOf) : [];
    for (const id of skipped.filter((each) => !isTest(each))) {
      const at = draft(id);
      at.isSkipped = true;
      at.cause ??= cause;
    }
  }
  for (const id of troubled) for (const parent of parentsOf(id)) draft(parent);
  return [...found].map(([id, at]) => {
    const parents = nearestIn(found, id, (each) => (isThrough(manifest, each) ? parentsOf(each) : []), parentsOf(id));
    const { isSkipped, failed, warned, card, cause } = at;
    const isAlone = isSkipped && parents.length === 0 && cause !== null && cause !== id;
    return {
      id,
      state: stateOf(at) ?? (passed.has(id) ? "passed" : "around"),
      isSkipped,
      failed,
      warned,
      card,
      parents: isAlone ? [cause] : parents,
    };
  });
}

interface AffectedDraft {
  isSkipped: boolean;
  own: Finding["severity"] | null;
  failed: number;
  warned: number;
  card: string | null;
  /** Where the finding stands that kept it from running. */
  cause: string | null;
}

/** null: nothing is wrong with it. */
function stateOf({ own, failed, warned, isSkipped }: AffectedDraft): AffectedNode["state"] | null {
  if (own === "error" || failed > 0) return "error";
  if (isSkipped) return "skipped";
  return own === "warn" || warned > 0 ? "warn" : null;
}

/** A test is shown at the node that it guards; one of several nodes, or of none that is known, at all that it reads. */
function placesOf(
  { id, attachedTo }: Extract<Subject, { kind: "node" }>,
  parentsOf: (id: string) => readonly string[],
): readonly string[] {
  if (!isTest(id)) return [id];
  if (attachedTo !== null) return [attachedTo];
  const parents = parentsOf(id);
  return parents.length === 0 ? [id] : parents;
}

function isThrough(manifest: Manifest | null, id: string): boolean {
  return manifest?.nodes.get(id)?.materialized === "ephemeral";
}

/** The first nodes on each way up that are among the affected ones. */
function nearestIn(
  found: ReadonlyMap<string, unknown>,
  id: string,
  next: (id: string) => readonly string[],
  first: readonly string[],
): readonly string[] {
  const nearest = new Set<string>();
  const seen = new Set([id]);
  const queue = [...first];
  for (let at = 0; at < queue.length && at < MOST_STEPS; at += 1) {
    const each = queue[at] ?? "";
    if (seen.has(each)) continue;
    seen.add(each);
    if (found.has(each)) nearest.add(each);
    else for (const parent of next(each)) queue.push(parent);
  }
  return [...nearest];
}

function isTest(id: string): boolean {
  return id.startsWith("test.") || id.startsWith("unit_test.");
}
