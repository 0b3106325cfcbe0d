import { fieldsOf, isFields, listOf, textOf } from "../artifacts/fields.ts";
import { MOST_MESSAGE, positionOf, type ReportedRemark, type ToolReport, unlessNotLinted } from "./tool-report.ts";

/**
 * `sqlfluff lint --format json`: a list of files, clean ones too, each with its violations. Version 3 renamed `line_no` and
 * `line_pos`. https://docs.sqlfluff.com/en/stable/reference/cli.html
 */
export function readSqlfluff(root: unknown): ToolReport {
  if (!Array.isArray(root)) return { kind: "unread", why: "printed JSON that is not sqlfluff's: no list of files" };
  const files: string[] = [];
  const remarks: ReportedRemark[] = [];
  for (const entry of root) {
    const { filepath, violations } = fieldsOf(entry);
    const file = textOf(filepath);
    if (file === null || !Array.isArray(violations))
      return { kind: "unread", why: "printed JSON that is not sqlfluff's: a file without filepath or violations" };
    files.push(file);
    for (const remark of unlessNotLinted(listOf(violations).map((each) => remarkOf(file, each)))) remarks.push(remark);
  }
  return { kind: "read", remarks, files };
}

function remarkOf(file: string, value: unknown): ReportedRemark {
  const violation = isFields(value) ? value : {};
  const line = positionOf(violation.start_line_no ?? violation.line_no);
  return {
    rule: textOf(violation.code)?.slice(0, 200) ?? "unnamed",
    message: (textOf(violation.description) ?? "").slice(0, MOST_MESSAGE),
    isMild: violation.warning === true,
    file,
    firstLine: line,
    lastLine: positionOf(violation.end_line_no) ?? line,
    column: positionOf(violation.start_line_pos ?? violation.line_pos),
    isOfFile: line === null,
  };
}
