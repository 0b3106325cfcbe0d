import { type Fields, fieldsOf, numberOf, preciseTimeOf, textOf, timeOf } from "./fields.ts";
import { parseJson } from "./json.ts";
import { commonFields, type RunResults, readResultsFile } from "./run-results.ts";

/**
 * Reads sources.json v1 to v3, which `dbt source freshness` writes (and no run_results.json beside it). Since dbt 1.8 it
 * leaves out the sources whose query failed. Throws an artifacts error for what is none.
 */
export function readSources(text: string, where: string): RunResults {
  return readResultsFile(parseJson(text, where), "sources", where, {
    command: "source freshness",
    readRow: (row, id) => {
      const loadedAt = preciseTimeOf(row.max_loaded_at);
      const facts = { ...commonFields(row, id), message: messageOf(row), failures: null, relation: null };
      return loadedAt === null ? facts : { ...facts, loadedAt };
    },
  });
}

function messageOf(row: Fields): string | null {
  if (row.error != null) return String(row.error);
  const age = numberOf(row.max_loaded_at_time_ago_in_s);
  const loadedAt = timeOf(row.max_loaded_at) ?? textOf(row.max_loaded_at);
  const loaded = age === null ? (loadedAt === null ? null : `loaded at ${loadedAt}`) : `loaded ${describeAge(age)} ago`;
  const parts = [loaded, describeFreshness(row.criteria)].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}

const UNITS: Readonly<Record<string, string>> = { minute: "min", hour: "h", day: "d" };

/** A source's thresholds in words, `warn after 24 h, error after 3 d`; null where none is set. */
export function describeFreshness(criteria: unknown): string | null {
  const parts = (["warn", "error"] as const).flatMap((level) => {
    const { count, period } = fieldsOf(fieldsOf(criteria)[`${level}_after`]);
    const number = numberOf(count);
    return number === null ? [] : [`${level} after ${number} ${UNITS[String(period)] ?? String(period)}`];
  });
  return parts.length === 0 ? null : parts.join(", ");
}

/** `45 s`, `12 min`, `3 h 20 min`, `3 d 4 h`: at most two units, rounded down. */
function describeAge(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return `${Math.max(0, Math.floor(seconds))} s`;
  if (hours < 1) return `${minutes} min`;
  const [large, small] =
    days < 1 ? [`${hours} h`, minutes % 60 && `${minutes % 60} min`] : [`${days} d`, hours % 24 && `${hours % 24} h`];
  return small === 0 ? large : `${large} ${small}`;
}
