import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changedVars } from "../../src/selection/blind-spots.ts";

const SAID = "changed vars; dbt does not see which nodes read them";

describe("vars that changed", () => {
  it.each([
    ["a value", { currency: "USD" }, { currency: "EUR" }, "currency"],
    ["a new one", { currency: "EUR", since: 2020 }, { currency: "EUR" }, "since"],
    ["one that is gone", null, { currency: "EUR" }, "currency"],
    ["one of a package", { shop: { since: 2021 }, x: 1 }, { shop: { since: 2020 }, x: 1 }, "shop.since"],
    ["a list", { countries: ["de", "at"] }, { countries: ["at", "de"] }, "countries"],
    ["a mapping that became a value", { shop: 1 }, { shop: { since: 2020 } }, "shop, shop.since"],
  ])("are named: %s", (_, now, before, names) => {
    expect(changedVars(now, before)).toBe(`${names}: ${SAID}`);
  });

  it.each([
    ["none at all", null, undefined],
    ["another order", { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ["a number written otherwise", { a: 1.0 }, { a: 1 }],
    ["what is no mapping", "x", ["y"]],
  ])("are none: %s", (_, now, before) => {
    expect(changedVars(now, before)).toBeNull();
  });

  it("are none between a file and itself, whatever it holds", () => {
    fc.assert(fc.property(fc.jsonValue(), (vars) => changedVars(vars, vars) === null));
  });
});
