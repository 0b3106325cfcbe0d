import { expect, it } from "vitest";
import { nameInSelector, shortName } from "../../src/artifacts/node-name.ts";

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

it("is written in a selector without its type", () => {
  expect(nameInSelector("source.shop.raw.orders")).toBe("shop.raw.orders");
});
