import { shortName } from "../artifacts/node-name.ts";
import type { JudgedSource } from "../severity/verdict.ts";
import { cleanLine } from "../text/clean.ts";
import { count, duration, listed } from "./words.ts";

const MOST_NAMES = 5;
const DAY_SECONDS = 86_400;

/** What a report judged, one line for each file: command, target, time, age and path (`from`: what paths start from). */
export function describeJudged(sources: readonly JudgedSource[], from: string): readonly string[] {
  return sources.flatMap((source) => {
    const { file, command, target, generatedAt, ageSeconds, withoutRow } = source;
    const facts = [
      `judged: ${command === "" ? "a dbt command that the file does not name" : `dbt ${cleanLine(command, 40)}`}`,
      target === null ? null : `target ${cleanLine(target, 60)}`,
      generatedAt === ""
        ? "of an unknown time"
        : `${generatedAt.slice(0, 16).replace("T", " ")} UTC${ageSeconds === null ? "" : `, ${ageWords(ageSeconds)} ago`}`,
      cleanLine(file.startsWith(`${from}/`) ? file.slice(from.length + 1) : file, 300),
    ].filter((fact) => fact !== null);
    const names = listed(
      withoutRow.map((id) => cleanLine(shortName(id), 100)),
      MOST_NAMES,
    );
    const note =
      withoutRow.length === 0
        ? []
        : [
            `${count(withoutRow.length, "source")} with freshness thresholds ${withoutRow.length === 1 ? "has" : "have"} no row (${names}): not selected, or the query failed (--dbt-exit 0 would tell)`,
          ];
    return [facts.join(" · "), ...note];
  });
}

function ageWords(seconds: number): string {
  if (seconds < 2 * DAY_SECONDS) return duration(seconds);
  return count(Math.floor(seconds / DAY_SECONDS), "day");
}
