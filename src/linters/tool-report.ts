/** What a tool has printed, read leniently: texts and paths as it wrote them. */
export type ToolReport =
  | {
      readonly kind: "read";
      readonly remarks: readonly ReportedRemark[];
      /** The files that it says it looked at; null: its format does not tell. */
      readonly files: readonly string[] | null;
    }
  /** It is no report, or one that says that it failed: an empty one would be green. `why` follows the tool's name. */
  | { readonly kind: "unread"; readonly why: string };

export interface ReportedRemark {
  readonly rule: string;
  readonly message: string;
  /** The tool itself takes it for a warning or less. */
  readonly isMild: boolean;
  /** As the tool names it: from the project's folder, from the repository's top, or absolute; null: it names none. */
  readonly file: string | null;
  readonly firstLine: number | null;
  readonly lastLine: number | null;
  readonly column: number | null;
  /** It is about the whole file, whatever line it names. */
  readonly isOfFile: boolean;
}

/** Of a text that a tool wrote. */
export const MOST_MESSAGE = 2000;

/**
 * sqlfluff's and sqruff's rules for a file that they could not read: macros of a package are not known to their jinja
 * templater. Then nothing else that they say of it counts. https://docs.sqlfluff.com/en/stable/reference/rules.html
 * sqruff has no rule for a bracket without an end, and writes ????.
 */
const NOT_LINTED: readonly string[] = ["TMP", "LXR", "PRS", "????"];

/** The remarks on one file; one alone where the file could not be read, which is said whatever lines were changed. */
export function unlessNotLinted(remarks: readonly ReportedRemark[]): readonly ReportedRemark[] {
  const [first] = NOT_LINTED.flatMap((rule) => remarks.find((remark) => remark.rule === rule) ?? []);
  if (first === undefined) return remarks;
  return [{ ...first, message: `not linted: ${first.message}`, isMild: true, isOfFile: true }];
}

/** A line or a column: 1 or more, and no more than a file can have. */
export function positionOf(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 1e9 ? value : null;
}
