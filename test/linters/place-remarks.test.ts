import { describe, expect, it } from "vitest";
import { MOST_REMARKS, placeRemarks, type ToolPlace } from "../../src/linters/place-remarks.ts";
import type { ReportedRemark } from "../../src/linters/tool-report.ts";

const PLACE: ToolPlace = {
  projectDirs: ["/link/dbt", "/real/dbt"],
  tops: ["/link", "/real"],
  fromTop: "dbt",
};
const CHANGED = new Map([
  ["dbt/models/a.sql", [{ first: 3, last: 5 }]],
  ["models/a.sql", [{ first: 1, last: 9 }]],
]);

function remark(overrides: Partial<ReportedRemark> = {}): ReportedRemark {
  const place = { file: "models/a.sql", firstLine: 3, lastLine: 3, column: 7, isOfFile: false };
  return { rule: "LT01", message: "no", isMild: false, ...place, ...overrides };
}

function place(remarks: readonly ReportedRemark[], at: ToolPlace = PLACE) {
  return placeRemarks({ kind: "read", remarks, files: null }, CHANGED, at, (text) => text.replaceAll("s3cr3t", "***"));
}

describe("a remark", () => {
  it.each<[string, Partial<ReportedRemark>, string | null]>([
    ["on a changed line", {}, "models/a.sql:3:7"],
    ["on another line", { firstLine: 2, lastLine: 2 }, null],
    ["that ends on a changed line is shown there", { firstLine: 1, lastLine: 9 }, "models/a.sql:3:null"],
    ["that ends before it begins", { firstLine: 4, lastLine: 1 }, "models/a.sql:4:7"],
    ["on all lines there can be", { firstLine: 1, lastLine: 1e9 }, "models/a.sql:3:null"],
    ["on the whole file", { isOfFile: true, firstLine: null, column: null }, "models/a.sql:null:null"],
    ["on a file that could not be read", { isOfFile: true, firstLine: 1 }, "models/a.sql:1:7"],
    ["by its path from the top", { file: "dbt/models/a.sql" }, "models/a.sql:3:7"],
    ["with a dot before", { file: "./models/a.sql" }, "models/a.sql:3:7"],
    ["as Windows writes it", { file: "models\\a.sql" }, "models/a.sql:3:7"],
    ["by its whole path", { file: "/real/dbt/models/a.sql" }, "models/a.sql:3:7"],
    ["by its whole path behind a link", { file: "/link/dbt/models/../models/a.sql" }, "models/a.sql:3:7"],
    ["of a file beside the project", { file: "../models/a.sql" }, null],
    ["of another repository", { file: "/etc/passwd" }, null],
    ["of what lies above", { file: "../../../../etc/passwd" }, null],
    ["of an address", { file: "https://evil.example/models/a.sql" }, null],
    ["of no file", { file: null }, null],
    ["of a name without an end", { file: `models/a.sql${"/x".repeat(1e6)}` }, null],
    ["of a name with a line break", { file: "models/a.sql\n::error::" }, null],
  ])("%s", (_, overrides, expected) => {
    const placed = place([remark(overrides)]);

    if (placed.kind !== "placed") throw new Error("too many");
    expect(placed.remarks.map(({ path, line, column }) => `${path}:${line}:${column}`)).toEqual(
      expected === null ? [] : [expected],
    );
    expect(placed.elsewhere).toBe(expected === null ? 1 : 0);
  });

  it("is told once, clean, and without secrets", () => {
    const placed = place([
      remark({ rule: "LT\u001b[31m01", message: "a \u001b[2Js3cr3t\u202e\u0000" }),
      remark({ rule: "LT\u001b[31m01", message: "a \u001b[2Js3cr3t\u202e\u0000" }),
      remark(),
    ]);

    expect(placed.kind === "placed" && placed.remarks.map(({ rule, message }) => [rule, message])).toEqual([
      ["LT01", "a ***"],
      ["LT01", "no"],
    ]);
  });

  it("is too much where there are more than people read", () => {
    const remarks = Array.from({ length: MOST_REMARKS + 1 }, (_, index) => remark({ column: index + 1 }));

    expect(place(remarks).kind).toBe("too-many");
    expect(place(remarks.slice(1)).kind).toBe("placed");
  });
});
