import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../src/support/globs.ts";

describe("a glob of signalbox.yml", () => {
  it.each<[glob: string, text: string, expected: boolean]>([
    ["orders", "orders", true],
    ["orders", "orders_2", false],
    ["orders", "stg_orders", false],
    ["orders", "Orders", false],
    ["not_null_orders_*", "not_null_orders_id", true],
    ["not_null_orders_*", "not_null_orders_", true],
    ["not_null_orders_*", "x_not_null_orders_id", false],
    ["*", "anything-at_all.v2", true],
    ["*", ".hidden", true],
    ["*", "", false],
    ["?rders", "orders", true],
    ["stg_{a,b}", "stg_b", true],
    ["stg_{a,b}", "stg_c", false],
    ["stg_[ab]", "stg_a", true],
    ["models/*", "models/orders.sql", true],
    ["models/*", "models/marts/orders.sql", false],
    ["models/**", "models/marts/finance/orders.sql", true],
    ["**/orders.sql", "models/marts/orders.sql", true],
    ["**/orders.sql", "orders.sql", true],
    ["models/marts", "models/marts/orders.sql", false],
    ["!orders", "!orders", true],
    ["!orders", "customers", false],
    ["#team", "#team", true],
    ["[unclosed", "[unclosed", true],
    ["[unclosed", "u", false],
    ["runtime error", "runtime error", true],
    ["orders.id", "ordersxid", false],
    ["a+b$", "a+b$", true],
    ["데이터_*", "데이터_팀", true],
  ])("%j and %j: %s", (glob, text, expected) => {
    expect(matchesGlob(glob, text)).toBe(expected);
  });

  it("answers the same when it is asked again, whatever was asked between", () => {
    const ask = () => [matchesGlob("a*", "ab"), matchesGlob("b*", "ab"), matchesGlob("__proto__", "__proto__")];

    expect([ask(), ask()]).toEqual([
      [true, false, true],
      [true, false, true],
    ]);
  });
});
