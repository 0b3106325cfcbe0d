import type { Manifest } from "../artifacts/manifest.ts";
import { SignalboxError } from "../support/errors.ts";

/** What `dbt build` builds of what `dbt ls` lists. An exposure is a row in its results, without work. */
const BUILT: ReadonlySet<string> = new Set([
  "model",
  "seed",
  "snapshot",
  "test",
  "unit_test",
  "function",
  "saved_query",
  "exposure",
]);

export const LIST_FORMAT = ["--output", "json", "--output-keys", "unique_id", "resource_type"] as const;

export interface Listed {
  readonly id: string;
  readonly type: string;
}

/**
 * The answer of `dbt ls` in LIST_FORMAT: one JSON object a line.
 * Throws a dbt error for a line that is something else; log lines of dbt do not begin with `{`.
 */
export function parseList(stdout: string, as: "build" | "ls"): readonly Listed[] {
  const listed = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map(parseLine);
  return as === "ls" ? listed : listed.filter(({ type }) => BUILT.has(type));
}

/** How many nodes of a project `dbt build` has a row for. */
export function countBuilt({ nodes }: Manifest): number {
  return [...nodes.values()].filter(({ type }) => BUILT.has(type)).length;
}

function parseLine(line: string): Listed {
  try {
    const { unique_id: id, resource_type: type } = JSON.parse(line) as { unique_id?: unknown; resource_type?: unknown };
    if (typeof id === "string" && typeof type === "string") return { id, type };
  } catch {
    // Said below.
  }
  throw new SignalboxError("dbt", `dbt ls printed a line that is no node: ${line.slice(0, 200)}`, {
    hint: "does dbt.args in signalbox.yml change its output?",
  });
}
