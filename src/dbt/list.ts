import { SignalboxError } from "../support/errors.ts";

export const LIST_FORMAT = ["--output", "json", "--output-keys", "unique_id"] as const;

/**
 * The ids in the answer of `dbt ls` in LIST_FORMAT: one JSON object a line.
 * Throws a dbt error for a line that is something else; log lines of dbt do not begin with `{`.
 */
export function parseList(stdout: string): readonly string[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map(parseLine);
}

function parseLine(line: string): string {
  try {
    const { unique_id: id } = JSON.parse(line) as { unique_id?: unknown };
    if (typeof id === "string") return id;
  } catch {
    // Said below.
  }
  throw new SignalboxError("dbt", `dbt ls printed a line that is no node: ${line.slice(0, 200)}`, {
    hint: "does dbt.args in signalbox.yml change its output?",
  });
}
