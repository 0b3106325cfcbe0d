import type { Paint } from "../render/colors.ts";
import { type Check, type Level, summaryOf } from "./check.ts";

const LEVEL = 6;

/** One line a check, its topic in front, the fix below it, and a last line that sums up. */
export function renderChecks(checks: readonly Check[], paint: Paint): readonly string[] {
  const width = Math.max(0, ...checks.map((check) => topicOf(check).length)) + 2;
  const isFailing = checks.some(({ level }) => level === "fail");
  return [
    ...checks.flatMap((check) => linesOf(check, width, paint)),
    "",
    `${paint.bold(summaryOf(checks))}${isFailing ? "; exit 1" : ""}`,
  ];
}

function linesOf(check: Check, width: number, paint: Paint): readonly string[] {
  const { level, found, fix } = check;
  const topic = topicOf(check).padEnd(width);
  return [
    level === "ok"
      ? `${wordOf(level, paint)}${paint.dim(topic)}${found}`
      : `${wordOf(level, paint)}${topic}${paint.bold(found)}`,
    ...(fix === null ? [] : [`${" ".repeat(LEVEL + width)}→ ${fix}`]),
  ];
}

function topicOf({ id }: Check): string {
  return id.split(":")[0] ?? id;
}

function wordOf(level: Level, paint: Paint): string {
  const colour = { ok: paint.green, warn: paint.yellow, fail: paint.red }[level];
  return colour((level === "ok" ? "ok" : level.toUpperCase()).padEnd(LEVEL));
}
