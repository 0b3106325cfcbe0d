import { count } from "../render/words.ts";
import { cleanLine } from "../text/clean.ts";
import type { BuildProgress } from "./watch.ts";

/** When a node that runs is late. */
export interface Patience {
  /** Seconds that any node may take. */
  readonly stallAfterSeconds: number;
  /** By id, how long nodes take otherwise; one that is not in it: nobody knows. */
  readonly usualSeconds: ReadonlyMap<string, number>;
}

/** What is this much slower than it was is not slow as it always is. */
const TIMES_USUAL = 3;
const MOST_NAMED = 3;

/** Nodes that have been running for longer than `seconds`, oldest first. */
export function runningLongerThan({ running }: BuildProgress, seconds: number, now: number): readonly string[] {
  return [...running]
    .filter(([, { since }]) => now - since >= seconds * 1000)
    .sort(([, a], [, b]) => a.since - b.since)
    .map(([id]) => id);
}

/** Nodes that are late, oldest first. */
export function lateNodes(
  progress: BuildProgress,
  { stallAfterSeconds, usualSeconds }: Patience,
  now: number,
): readonly string[] {
  return runningLongerThan(progress, stallAfterSeconds, now).filter((id) => {
    const seconds = (now - (progress.running.get(id)?.since ?? now)) / 1000;
    return seconds >= TIMES_USUAL * (usualSeconds.get(id) ?? 0);
  });
}

/** `model.shop.orders (130 s, usually 12 s, waits for https://…)`, the page being that of the warehouse's job. */
export function describeLate(id: string, progress: BuildProgress, patience: Patience, now: number): string {
  const { since = now, job = null } = progress.running.get(id) ?? {};
  const usual = patience.usualSeconds.get(id);
  return `${id} (${[
    secondsSince(since, now),
    ...(usual === undefined ? [] : [`usually ${Math.max(1, Math.round(usual))} s`]),
    ...(job === null ? [] : [`waits for ${job}`]),
  ].join(", ")})`;
}

/** `12 of 34 nodes done; running: fct_orders (95 s), dim_customers (61 s), +2 more`. What is late comes first, with more words. */
export function describeProgress(progress: BuildProgress, now: number, patience: Patience): string {
  const { total, finished, running } = progress;
  const done = total === null ? `${count(finished, "node")} done` : `${finished} of ${count(total, "node")} done`;
  if (running.size === 0) return done;
  const late = lateNodes(progress, patience, now);
  const ids = [...new Set([...late, ...runningLongerThan(progress, 0, now)])];
  const named = ids.slice(0, MOST_NAMED).map((id) => {
    const { name, since } = running.get(id) ?? { name: id, since: now };
    return late.includes(id) ? describeLate(id, progress, patience, now) : `${name} (${secondsSince(since, now)})`;
  });
  const more = ids.length > MOST_NAMED ? `, +${ids.length - MOST_NAMED} more` : "";
  return `${done}; running: ${named.join(", ")}${more}`;
}

/** `12/52 · orders 3 s, customers 1 s, +2 more`, the oldest first; `dbt parse · 4 s` where nothing is known of nodes. */
export function progressLine(
  progress: BuildProgress,
  { command, seconds, now }: { readonly command: string; readonly seconds: number; readonly now: number },
): string {
  const { total, finished, running } = progress;
  if (finished === 0 && running.size === 0) return `dbt ${command} · ${Math.round(seconds)} s`;
  const named = runningLongerThan(progress, 0, now)
    .slice(0, MOST_NAMED)
    .flatMap((id) => running.get(id) ?? [])
    .map(({ name, since }) => `${cleanLine(name, 100)} ${secondsSince(since, now)}`);
  const more = running.size > MOST_NAMED ? [`+${running.size - MOST_NAMED} more`] : [];
  const done = total === null ? `${finished} done` : `${finished}/${total}`;
  return [done, ...(named.length === 0 ? [] : [[...named, ...more].join(", ")])].join(" · ");
}

function secondsSince(since: number, now: number): string {
  return `${Math.round((now - since) / 1000)} s`;
}
