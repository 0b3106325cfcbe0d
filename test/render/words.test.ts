import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortName } from "../../src/render/words.ts";
import { fromRepository } from "../../src/severity/node-path.ts";

it.each([
  ["model.shop.fct_orders", "fct_orders"],
  ["model.shop.fct_orders.v2", "fct_orders.v2"],
  ["source.shop.raw.orders", "raw.orders"],
  ["test.shop.not_null_orders_id.5c9bf9911d", "not_null_orders_id"],
  ["test.shop.a.b.0123456789", "a.b"],
  ["test.shop.assert_totals", "assert_totals"],
  ["test.shop.assert.totals", "assert.totals"],
  ["test.shop.0123456789", "0123456789"],
  ["unit_test.shop.orders.adds_up", "orders.adds_up"],
  ["nothing", "nothing"],
])("%s is known as %s", (id, name) => {
  expect(shortName(id)).toBe(name);
});

describe("a file as it is named from the repository's root", () => {
  it.each([
    ["in the top folder", ".", "models/a.sql", "models/a.sql"],
    ["in a folder", "transform/dbt/", "models/a.sql", "transform/dbt/models/a.sql"],
    ["of Windows", "transform\\dbt", "models\\staging\\a.sql", "transform/dbt/models/staging/a.sql"],
    ["beside the project", "transform/dbt", "../shared/models/a.sql", "transform/shared/models/a.sql"],
    ["with a comma and a colon", ".", "models/a,b:c.sql", "models/a,b:c.sql"],
    ["that is absolute", ".", "/etc/passwd", null],
    ["outside", "dbt", "../../etc/passwd", null],
    ["outside, in the words of Windows", "dbt", "..\\..\\x.sql", null],
    ["that goes out and comes back", ".", "../shop/models/a.sql", null],
    ["on a drive", ".", "C:\\x.sql", null],
    ["on a drive, from its folder", ".", "C:x.sql", null],
    ["on another machine", ".", "\\\\host\\share\\x.sql", null],
    ["with a scheme", ".", "file:///etc/passwd", null],
    ["that is outside once it is cleaned", ".", "..\u200b/..\u001b[0m/x.sql", null],
    ["of two lines", ".", "a\nb.sql", null],
    ["that is a folder", ".", "./", null],
  ])("%s", (_, projectDir, path, file) => {
    expect(fromRepository(projectDir, path)).toBe(file);
  });

  it("never leaves the repository", () => {
    const parts = fc.constantFrom("..", ".", "/", "\\", "a", "C:", "~", "\u200b", "\u001b[0m", "%2e%2e", "\0", " ");
    fc.assert(
      fc.property(fc.constantFrom(".", "", "dbt", "transform/dbt"), fc.array(parts), (projectDir, words) => {
        const file = fromRepository(projectDir, words.join(""));

        if (file !== null) expect(file).toMatch(/^(?!\/)(?!.*\\)(?!(?:.*\/)?\.\.(?:\/|$))[^\p{C}]+$/u);
      }),
      { numRuns: 1000 },
    );
  });
});
