import fc from "fast-check";
import { expect, it } from "vitest";
import { markSql } from "../../../src/render/page/sql.ts";
import { markupOf } from "../../../src/text/html.ts";

const marked = (sql: string) => markupOf(markSql(sql));

it.each([
  ["key words", "Select a from b", "<b>Select</b> a <b>from</b> b"],
  ["no part of a name", "select selected, from_date", "<b>select</b> selected, from_date"],
  ["texts", "a = 'it''s'", "a = <span>'it'</span><span>'s'</span>"],
  ["comments, and what is in them", "a -- select 'x'\nb", "a <i>-- select 'x'</i>\nb"],
  ["comments over lines", "a /* from\n* b */ c", "a <i>/* from\n* b */</i> c"],
  ["what does not end", "a /* from 'x'", "a <i>/* from 'x'</i>"],
])("marks %s", (_, sql, html) => {
  expect(marked(sql)).toBe(html);
});

it("loses and adds no word", () => {
  const piece = fc.constantFrom("select", " ", "'", "--", "/*", "*/", "\n", "a", "<b>", "&");
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const sql = pieces.join("");

      expect(marked(sql).replace(/<\/?(?:b|i|span)>/g, "")).toBe(markupOf(sql));
    }),
  );
});
