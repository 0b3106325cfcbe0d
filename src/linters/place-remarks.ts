import { fromRepository } from "../severity/node-path.ts";
import type { Remark } from "../severity/tool-findings.ts";
import { cleanLine, cleanText } from "../text/clean.ts";
import { type ChangedLines, firstChanged } from "./changed-lines.ts";
import type { ReportedRemark, ToolReport } from "./tool-report.ts";

/** Where the tool was started. */
export interface ToolPlace {
  /** Of the project's folder and of the repository's top, absolute, each also without links. */
  readonly projectDirs: readonly string[];
  readonly tops: readonly string[];
  /** The project's folder from the top, with `/`; empty: the top itself. */
  readonly fromTop: string;
}

export type PlacedReport =
  | { readonly kind: "placed"; readonly remarks: readonly Remark[]; readonly elsewhere: number }
  | { readonly kind: "too-many" };

const LONGEST_NAME = 4000;

/** More than people read of a tool, and than a file of the run may hold. */
export const MOST_REMARKS = 20_000;

/**
 * What a report says of the lines that a branch changed, each remark once, with clean texts; how many others there are.
 * `redact`: for texts as the tool wrote them.
 */
export function placeRemarks(
  { remarks }: Extract<ToolReport, { kind: "read" }>,
  changed: ChangedLines,
  place: ToolPlace,
  redact: (text: string) => string,
): PlacedReport {
  const placed = new Map<string, Remark>();
  const files = new Map<string, string | null>();
  let elsewhere = 0;
  for (const remark of remarks) {
    const file =
      remark.file === null ? null : remembered(files, remark.file, (name) => changedFile(name, changed, place));
    const ranges = file === null ? undefined : changed.get(file);
    const line = ranges === undefined || remark.isOfFile ? null : lineOf(remark, ranges);
    if (file === null || ranges === undefined || (line === null && !remark.isOfFile)) {
      elsewhere += 1;
      continue;
    }
    const { firstLine, column, rule, message, isMild } = remark;
    const shown = remark.isOfFile ? firstLine : line;
    const path = place.fromTop === "" ? file : file.slice(place.fromTop.length + 1);
    const key = JSON.stringify([path, shown, column, rule, message]);
    if (placed.has(key)) continue;
    if (placed.size === MOST_REMARKS) return { kind: "too-many" };
    placed.set(key, {
      rule: cleanLine(redact(rule), 100),
      message: cleanText(redact(message)),
      isMild,
      path,
      line: shown,
      column: shown === firstLine ? column : null,
    });
  }
  return { kind: "placed", remarks: [...placed.values()], elsewhere };
}

function lineOf({ firstLine, lastLine }: ReportedRemark, ranges: Parameters<typeof firstChanged>[0]): number | null {
  return firstLine === null ? null : firstChanged(ranges, firstLine, Math.max(firstLine, lastLine ?? firstLine));
}

/** The changed file that a tool means; null: another one, or none of the project. */
export function changedFile(
  name: string,
  changed: ChangedLines,
  { projectDirs, tops, fromTop }: ToolPlace,
): string | null {
  if (name.length > LONGEST_NAME) return null;
  const below = (dirs: readonly string[]) => dirs.find((dir) => name.startsWith(`${dir}/`));
  const [project, top] = [below(projectDirs), below(tops)];
  const candidates = [
    project === undefined ? fromRepository(fromTop, name) : fromRepository(fromTop, name.slice(project.length + 1)),
    fromRepository("", top === undefined ? name : name.slice(top.length + 1)),
  ];
  return candidates.find((path) => path !== null && changed.has(path) && isInside(path, fromTop)) ?? null;
}

/** Whether a path from the top lies in the project's folder. */
export function isInside(path: string, fromTop: string): boolean {
  return fromTop === "" || path.startsWith(`${fromTop}/`);
}

function remembered<T>(known: Map<string, T>, key: string, make: (key: string) => T): T {
  const value = known.get(key);
  if (value !== undefined) return value;
  const made = make(key);
  known.set(key, made);
  return made;
}
