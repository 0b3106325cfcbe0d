import { expect, it } from "vitest";
import { cutToColumns } from "../../src/text/columns.ts";

it.each<[what: string, line: string, columns: number, cut: string]>([
  ["leaves what fits", "12/52 · orders 3 s", 18, "12/52 · orders 3 s"],
  ["cuts what does not", "12/52 · orders 3 s", 17, "12/52 · orders 3…"],
  ["counts what may be wide as wide", "表表表", 5, "表表…"],
  ["leaves it where there is room", "表表表", 6, "表表表"],
  ["never cuts a character in two", "a😀😀", 4, "a😀…"],
  ["has no room for a wide character and the mark", "表表", 3, "表…"],
  ["has room for the mark alone", "abc", 1, "…"],
  ["has no room", "abc", 0, ""],
  ["has nothing to cut", "", 0, ""],
])("%s", (_, line, columns, cut) => {
  expect(cutToColumns(line, columns)).toBe(cut);
});
