import { shortName } from "../artifacts/node-name.ts";
import type { NewerSource } from "../selection/newer-data.ts";
import type { Origin, PlannedNode, PlanResult, Reason } from "../selection/plan.ts";
import { cleanLine } from "../text/clean.ts";
import { count, duration, grouped, listed } from "./words.ts";

/** What a plan says, for every surface. All texts are clean and one line, none is escaped. */
export interface PlanWords {
  /** `6 of 38 nodes: 1 changed, 5 follow; about 12 s`. */
  readonly headline: string;
  /** The nodes that are there for a reason of their own; models before tests. */
  readonly roots: readonly PlanRoot[];
  /** What was compared, where unbuilt parents are read, who decided. Each begins with a word of ours. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

export interface PlanRoot {
  readonly name: string;
  /** `body changed; config changed: materialized`. */
  readonly why: string;
  /** `5 follow and 14 tests`; null where none does. A node that follows two roots is told at both. */
  readonly follow: { readonly words: string; readonly names: readonly string[] } | null;
}

const REASONS: Readonly<Record<Exclude<Reason["kind"], "config" | "macro" | "downstream">, string>> = {
  new: "new",
  body: "body changed",
  relation: "database, schema or alias changed",
  description: "persisted description changed",
  contract: "contract changed",
  moved: "moved to another file or folder",
  checksum: "content changed",
  "missing-in-production": "missing in production, so it is built here",
  "nothing-deferred": "built too, as production is not read",
};

/** `total`: how many nodes the project has; null where that is not known. */
export function describePlan(
  plan: PlanResult,
  total: number | null,
  nameOf: (id: string) => string = shortName,
): PlanWords {
  const name = (id: string) => cleanLine(nameOf(id), 100);
  const followers = followersByRoot(plan.nodes);
  const roots = plan.nodes.filter((node) => !isFollower(node)).sort(modelsFirst);
  const planned = new Set(plan.ids);
  const outside = [...followers.keys()].filter((id) => !planned.has(id)).sort();
  const rootOf = (id: string, why: string): PlanRoot => ({
    name: name(id),
    why,
    follow: followWords(followers.get(id) ?? [], name),
  });
  return {
    headline: planHeadline(plan, total),
    roots: [
      ...outside.map((id) => rootOf(id, outsideWords(id, plan.newer ?? []))),
      ...roots.map(({ id, reasons }) => rootOf(id, whyWords(reasons, name))),
    ],
    notes: notesOf(plan),
    warnings: plan.warnings.map((warning) => cleanLine(warning, 500)),
  };
}

function planHeadline({ kind, ids, nodes, estimate }: PlanResult, total: number | null): string {
  const outOf = (number: number) =>
    total === null ? count(number, "node") : `${grouped(number)} of ${count(total, "node")}`;
  switch (kind) {
    case "everything":
      return total === null ? "everything" : `everything: ${count(total, "node")}`;
    case "nothing":
      return `nothing changed: ${outOf(0)}`;
    case "selected": {
      const shares = Object.entries(PARTS).flatMap(([part, [one, many]]) => {
        const number = nodes.filter((node) => partOf(node) === part).length;
        return number === 0 ? [] : [`${grouped(number)} ${number === 1 ? one : many}`];
      });
      const time = estimate === null ? "" : `; about ${duration(estimate.seconds)}`;
      return `${[outOf(ids.length), ...(shares.length === 0 ? [] : [shares.join(", ")])].join(": ")}${time}`;
    }
  }
}

/** Why a node is in the plan, in the coarsest words: of one node, and of several. */
const PARTS = {
  changed: ["changed", "changed"],
  selected: ["selected", "selected"],
  missing: ["missing in production", "missing in production"],
  parent: ["parent", "parents"],
  follower: ["follows", "follow"],
} as const;
type PlanSection = keyof typeof PARTS;

/** Without reasons only dbt knows: it was selected. */
function partOf({ reasons }: PlannedNode): PlanSection {
  const parts = reasons.map(({ kind }): PlanSection => {
    if (kind === "downstream") return "follower";
    if (kind === "nothing-deferred") return "parent";
    return kind === "missing-in-production" ? "missing" : "changed";
  });
  return (["changed", "missing", "parent", "follower"] as const).find((part) => parts.includes(part)) ?? "selected";
}

function outsideWords(id: string, newer: readonly NewerSource[]): string {
  const found = newer.find(({ source }) => source === id);
  if (found !== undefined) return newerWords(found);
  return id.startsWith("source.") ? "source changed" : "changed, and not selected itself";
}

/** `newer data in the source: max_loaded_at 2026-11-30 03:10 → 06:10 UTC`; seconds only where minutes are the same. */
function newerWords({ from, to }: NewerSource): string {
  const told = (time: string, length: number) => cleanLine(time.slice(0, length).replace("T", " "), 40);
  if (from === null) return `newer data in the source: max_loaded_at ${told(to, 16)} UTC, and no earlier one is known`;
  const length = [16, 19].find((each) => from.slice(0, each) !== to.slice(0, each)) ?? 26;
  const isSameDay = from.slice(0, 10) === to.slice(0, 10);
  const end = told(to, length);
  return `newer data in the source: max_loaded_at ${told(from, length)} → ${isSameDay ? end.slice(11) : end} UTC`;
}

const MOST_PASSED_OVER = 5;

/** What dbt's own `state:modified` leaves out although it looks changed; none: no warning. */
export function describePassedOver(nodes: readonly PlannedNode[], dbtVersion: string): readonly string[] {
  if (nodes.length === 0) return [];
  const name = (id: string) => cleanLine(shortName(id), 100);
  const named = nodes.map(({ id, reasons }) => `${name(id)} (${whyWords(reasons, name)})`);
  return [
    `dbt ${cleanLine(dbtVersion, 40)} does not call modified what looks changed, and it is not built: ${listed(named, MOST_PASSED_OVER)}`,
  ];
}

function whyWords(reasons: readonly Reason[], name: (id: string) => string): string {
  return reasons.length === 0
    ? "selected; no change seen"
    : reasons.map((reason) => reasonWords(reason, name)).join("; ");
}

function reasonWords(reason: Reason, name: (id: string) => string): string {
  switch (reason.kind) {
    case "config":
      return cleanLine(`config changed: ${reason.keys.join(", ")}`, 200);
    case "macro":
      return cleanLine(macroWords(reason), 200);
    case "downstream":
      return `follows ${name(reason.of)}`;
    default:
      return REASONS[reason.kind];
  }
}

/** A path of a package's macro starts in the package's folder: its name says more. */
function macroWords({ macro, path }: Extract<Reason, { kind: "macro" }>): string {
  const [owner = "", name] = macro.split(".");
  return name === undefined ? `macro ${owner} changed (${path})` : `macro ${name} of package ${owner} changed`;
}

function isFollower(node: PlannedNode): boolean {
  return partOf(node) === "follower";
}

function followersByRoot(nodes: readonly PlannedNode[]): ReadonlyMap<string, readonly PlannedNode[]> {
  const followers = new Map<string, PlannedNode[]>();
  for (const node of nodes.filter(isFollower)) {
    for (const reason of node.reasons) {
      if (reason.kind !== "downstream") continue;
      const known = followers.get(reason.of);
      if (known === undefined) followers.set(reason.of, [node]);
      else known.push(node);
    }
  }
  return followers;
}

function followWords(nodes: readonly PlannedNode[], name: (id: string) => string): PlanRoot["follow"] {
  if (nodes.length === 0) return null;
  const others = nodes.filter((node) => !isTest(node));
  const tests = nodes.length - others.length;
  if (others.length === 0)
    return { words: tests === 1 ? "1 test follows" : `${grouped(tests)} tests follow`, names: [] };
  const follow = `${grouped(others.length)} ${others.length === 1 ? "follows" : "follow"}`;
  return {
    words: tests === 0 ? follow : `${follow} and ${count(tests, "test")}`,
    names: others.map((node) => name(node.id)),
  };
}

function notesOf({ baselines, defer, estimate, delegatedToDbt }: PlanResult): readonly string[] {
  const { selection, deferral } = baselines;
  return [
    ...(selection === null ? [] : [`compared with ${originWords(selection)}`]),
    ...(defer && deferral !== null
      ? [`parents that are not built are read from production: ${originWords(deferral)}`]
      : []),
    ...(estimate === null || estimate.untimed === 0 ? [] : [untimedWords(estimate.untimed)]),
    ...(delegatedToDbt === null ? [] : [`decided by dbt: ${cleanLine(delegatedToDbt, 300)}`]),
  ];
}

function untimedWords(number: number): string {
  return `${count(number, "node")} ${number === 1 ? "has" : "have"} no earlier time: guessed by the type`;
}

function originWords({ kind, where, commit, distance, createdAt }: Origin): string {
  const short = commit === null ? null : cleanLine(commit, 80).slice(0, 8);
  const what =
    kind === "path"
      ? cleanLine(where, 200)
      : `${kind === "bundle" ? "the bundle of" : "commit"} ${short ?? cleanLine(where, 200)}`;
  const made =
    kind === "bundle" && createdAt !== null ? `, made ${cleanLine(createdAt).slice(0, 16).replace("T", " ")} UTC` : "";
  return `${what}${made}${distance ? `, ${count(distance, "commit")} behind` : ""}`;
}

function isTest(node: PlannedNode): boolean {
  return node.type === "test" || node.type === "unit_test";
}

function modelsFirst(a: PlannedNode, b: PlannedNode): number {
  return Number(isTest(a)) - Number(isTest(b));
}
