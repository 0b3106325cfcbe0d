import { shortName } from "../artifacts/node-name.ts";
import { cleanLine } from "../text/clean.ts";
import { duration, hasWaited } from "./words.ts";

/** Where the time of a run went. Seconds throughout. */
export interface RunTimes {
  readonly total: number;
  /** null: it did not queue. */
  readonly waited: number | null;
  /** Each start of dbt. */
  readonly starts: readonly { readonly command: string; readonly seconds: number }[];
  /** The build that the baseline is of; null: nothing tells. */
  readonly baseline: number | null;
  readonly nodes: readonly { readonly id: string; readonly seconds: number }[];
}

const SLOWEST = 3;
/** What builds nothing. */
const ON_THE_WAY: ReadonlySet<string> = new Set(["parse", "ls", "deps"]);

/** Whether one of the starts was of a build: only that is told beside the baseline's. */
export function hasBuilt(starts: RunTimes["starts"]): boolean {
  return starts.some(({ command }) => !ON_THE_WAY.has(command));
}

/**
 * `12 s: waited 2.0 s, parse 4.1 s, build 4.4 s (the baseline's was 9.8 s); slowest: fct_orders 3.1 s, dim_customers 2.0 s`;
 * null where dbt was not started.
 */
export function describeTimes({ total, waited, starts, baseline, nodes }: RunTimes): string | null {
  if (starts.length === 0) return null;
  const parse = starts.filter(({ command }) => ON_THE_WAY.has(command));
  const build = starts.filter(({ command }) => !ON_THE_WAY.has(command));
  const sum = (of: RunTimes["starts"]) => duration(of.reduce((seconds, each) => seconds + each.seconds, 0));
  const usual = baseline === null ? "" : ` (the baseline's was ${duration(baseline)})`;
  const parts = [
    ...(waited === null || !hasWaited(waited) ? [] : [`waited ${duration(waited)}`]),
    ...(parse.length === 0 ? [] : [`parse ${sum(parse)}`]),
    ...(build.length === 0 ? [] : [`build ${sum(build)}${usual}`]),
  ];
  const slowest = nodes
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST)
    .map(({ id, seconds }) => `${cleanLine(shortName(id), 100)} ${duration(seconds)}`);
  const named = slowest.length === 0 ? "" : `; slowest: ${slowest.join(", ")}`;
  return `${duration(total)}: ${parts.join(", ")}${named}`;
}
