import type { Alert, AlertItem } from "./alert.ts";
import { isOver } from "./item.ts";

/** An error as tools for incidents know it: it is there, or it is over. */
export interface Incident {
  readonly status: "firing" | "resolved";
  readonly item: AlertItem;
}

/**
 * The errors that these messages tell of, each once. What is told again is said again: whoever gets it knows it by its
 * fingerprint. Warnings are none, and a muted error begins none.
 */
export function incidentsOf(alerts: readonly Alert[]): readonly Incident[] {
  const found = new Map<string, Incident>();
  for (const item of alerts.flatMap(({ items }) => items)) {
    const status = statusOf(item);
    if (status !== null) found.set(item.fingerprint, { status, item });
  }
  return [...found.values()];
}

function statusOf({ severity, state, news, isMuted, isFlapping }: AlertItem): Incident["status"] | null {
  // Only a warning now: there is nothing to get up for.
  if (news === "better") return "resolved";
  if (severity === "warn") return null;
  // What comes and goes is over when that has stopped.
  if (news === "flapping") return isMuted ? null : "firing";
  if (isFlapping && news === null) return null;
  if (isOver({ state })) return "resolved";
  return !isMuted && (news === "opened" || news === "worse" || news === "again") ? "firing" : null;
}
