import { fieldsIn, fieldsOf, textOf } from "../artifacts/fields.ts";
import { shortenCrash } from "../text/crash.ts";

/** dbt 2's log in words, where it prints JSON: pure, a line in, lines out. */

/** Said by another line too. */
const HIDDEN: ReadonlySet<string> = new Set(["MainReportVersion", "MainReportArgs", "LogStartLine", "ArtifactWritten"]);
const SHOWN: ReadonlySet<string> = new Set(["info", "warn", "error"]);

/** What an event of the log says to people, none where that is nothing; null: the line is no event. */
export function wordsOfEvent(line: string): readonly string[] | null {
  const info = line.startsWith("{") ? infoOf(line) : null;
  if (info === null) return null;
  const { level, name, msg } = info;
  if (!SHOWN.has(level) || HIDDEN.has(name)) return [];
  const text = level === "info" ? msg : shortenCrash(msg).trimEnd();
  return text === "" ? [] : text.split("\n");
}

function infoOf(line: string): { readonly level: string; readonly name: string; readonly msg: string } | null {
  const info = fieldsOf(fieldsIn(line)?.info);
  const [level, name] = [textOf(info.level), textOf(info.name)];
  return level === null || name === null ? null : { level, name, msg: textOf(info.msg) ?? "" };
}
