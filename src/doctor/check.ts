import { count } from "../render/words.ts";
import { cleanLine } from "../text/clean.ts";

export type Level = "ok" | "warn" | "fail";

/** One line of `doctor`: what was looked at, what was found there, and what to do about it. */
export interface Check {
  /** Stable and unique: the topic, and behind a colon which one of several. */
  readonly id: string;
  readonly level: Level;
  readonly found: string;
  /** null: there is nothing to do. */
  readonly fix: string | null;
}

const LONGEST = 600;

/** All in good order; `found` says what was seen, so that a reader can tell it from what was not looked at. */
export function ok(id: string, found: string): Check {
  return { id: clean(id), level: "ok", found: clean(found), fix: null };
}

/** Works for now, or cannot be told from here. */
export function warn(id: string, found: string, fix: string): Check {
  return { id: clean(id), level: "warn", found: clean(found), fix: clean(fix) };
}

/** A run in CI will end with an error, or do harm. */
export function fail(id: string, found: string, fix: string): Check {
  return { id: clean(id), level: "fail", found: clean(found), fix: clean(fix) };
}

/** Names of files, jobs, schemas and channels come from outside. */
function clean(text: string): string {
  return cleanLine(text, LONGEST);
}

/** 1 where something fails. */
export function exitCodeOf(checks: readonly Check[]): 0 | 1 {
  return checks.some(({ level }) => level === "fail") ? 1 : 0;
}

/** The last line: `1 of 14 fails, 2 warnings: exit 1`. */
export function summaryOf(checks: readonly Check[]): string {
  const of = (level: Level) => checks.filter((check) => check.level === level).length;
  const [fails, warnings] = [of("fail"), of("warn")];
  const parts = [
    ...(fails > 0 ? [count(fails, "problem")] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
    `${of("ok")} fine`,
  ];
  return `${count(checks.length, "check")}: ${parts.join(", ")}`;
}
