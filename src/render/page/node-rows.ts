import { shortName } from "../../artifacts/node-name.ts";
import { ungroup } from "../../severity/one-cause.ts";
import type { Verdict } from "../../severity/verdict.ts";
import { cleanLine } from "../../text/clean.ts";

/** How a node is shown: the worst first. */
export const STATES = ["error", "warn", "skipped", "neutral", "passed"] as const;
export type State = (typeof STATES)[number];

export const STATE_WORDS: Readonly<Record<State, string>> = {
  error: "error",
  warn: "warning",
  skipped: "skipped",
  neutral: "neutral",
  passed: "passed",
};

export interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly state: State;
  readonly seconds: number;
  /** Milliseconds since the epoch; null: not known. */
  readonly startedAt: number | null;
}

/** Every node with a row in dbt's results: what went wrong first, then what took longest. */
export function nodeRowsOf(verdict: Verdict): readonly NodeRow[] {
  const states = statesOf(verdict);
  return Object.entries(verdict.nodes)
    .map(
      ([id, { path, seconds, startedAt }]): NodeRow => ({
        id: anchorOf(id),
        name: cleanLine(shortName(id), 200),
        path: cleanLine(path ?? "", 300),
        state: states.get(id) ?? "neutral",
        seconds,
        startedAt: timeOf(startedAt),
      }),
    )
    .sort(byWeight);
}

/** The name by which an address leads to a node: `report.html#model.shop.orders`. */
export function anchorOf(id: string): string {
  return cleanLine(id, 400);
}

function statesOf({ findings, passed }: Verdict): ReadonlyMap<string, State> {
  const states = new Map<string, State>(passed.map((id) => [id, "passed"]));
  const all = ungroup(findings);
  for (const id of findings.flatMap(({ skipped }) => skipped)) states.set(id, "skipped");
  for (const { subject, severity } of all) if (subject.kind === "node") states.set(subject.id, severity);
  return states;
}

function timeOf(text: string | null): number | null {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? null : time;
}

function byWeight(a: NodeRow, b: NodeRow): number {
  return STATES.indexOf(a.state) - STATES.indexOf(b.state) || b.seconds - a.seconds || (a.id < b.id ? -1 : 1);
}
