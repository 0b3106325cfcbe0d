import { cleanLine } from "../text/clean.ts";
import { readSarif } from "./sarif.ts";
import { readSqlfluff } from "./sqlfluff.ts";
import type { ToolReport } from "./tool-report.ts";

const FORMATS = { sqlfluff: readSqlfluff, sarif: readSarif } as const;
export type ReportFormat = keyof typeof FORMATS;

/** How a tool ended, and what it left as its report. */
export interface ToolEnd {
  /** null: a signal ended it. */
  readonly exitCode: number | null;
  /** null: it wrote none. */
  readonly report: string | null;
  /** The end of what it said beside it. */
  readonly lastWords: string;
}

/**
 * The report of a tool that has ended. 0 and 1 are the exit codes of one that has looked: without and with violations
 * (sqlfluff and dbt-bouncer end with 2 or more where they fail; sqruff's crash is a 1 too, and prints nothing).
 */
export function readToolEnd(
  { exitCode, report, lastWords }: ToolEnd,
  format: ReportFormat,
  redact: (text: string) => string,
): ToolReport {
  const said = cleanLine(lastWords, 500);
  const unread = (why: string): ToolReport => ({ kind: "unread", why: said === "" ? why : `${why}: ${said}` });
  if (exitCode === null) return unread("was ended by a signal");
  if (exitCode !== 0 && exitCode !== 1) return unread(`failed with exit code ${exitCode}`);
  const text = (report ?? "").replace(/^\uFEFF/, "").trim();
  if (text === "") return unread(`ended with exit code ${exitCode} and gave no report`);
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return unread(
      `gave no JSON (its format has to be ${WANTED[format]}), but ${JSON.stringify(cleanLine(redact(text.slice(0, 1000)), 60))}`,
    );
  }
  const read = FORMATS[format](root);
  const isSilent = read.kind === "read" && read.remarks.length === 0 && exitCode === 1;
  return isSilent ? unread("ended with exit code 1 and a report of nothing") : read;
}

const WANTED: Readonly<Record<ReportFormat, string>> = { sqlfluff: "--format json", sarif: "SARIF 2.1.0" };
